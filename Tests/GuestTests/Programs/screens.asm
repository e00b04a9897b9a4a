; Pictures of the text modes, to look at and to compare: each announces itself on port E9h as "SCREEN name" when it
; stands and goes on at a key. Everything below the mode set is done at the registers.
; Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem.
%include "bios_test.inc"

%macro SHOW 1                   ; announces the picture and waits for a key
        call    announce
        db      %1, 10, 0
%endmacro

tests:
        mov     ax, 3
        int     0x10
        call    no_cursor
        call    chart
        SHOW    "80x25"

        mov     ax, 1
        int     0x10
        call    no_cursor
        call    chart
        SHOW    "40x25"

        mov     ax, 3
        int     0x10
        mov     ax, 0x1112
        mov     bl, 0
        int     0x10
        call    no_cursor
        call    chart
        SHOW    "80x50"

        mov     ax, 3                   ; sixteen backgrounds instead of blinking
        int     0x10
        call    no_cursor
        mov     ax, 0x1003
        mov     bl, 0
        int     0x10
        mov     byte [blinks], 0
        call    chart
        mov     byte [blinks], 1
        SHOW    "bright"

        mov     ax, 3
        int     0x10
        call    no_cursor
        call    chart
        mov     dx, 0x3DA               ; attribute controller: colour n shows palette entry 15 - n of the EGA's
        in      al, dx
        mov     dx, 0x3C0
        mov     bl, 0
.entry: mov     al, bl
        out     dx, al
        mov     al, 15
        sub     al, bl
        out     dx, al
        inc     bl
        cmp     bl, 16
        jb      .entry
        mov     al, 0x20
        out     dx, al
        mov     dx, 0x3C8               ; and entries 0 to 15 of the DAC fade from blue to yellow
        mov     al, 0
        out     dx, al
        inc     dx
        mov     bl, 0
.dac:   mov     al, bl
        shl     al, 2
        out     dx, al
        out     dx, al
        xor     al, 0x3C
        out     dx, al
        inc     bl
        cmp     bl, 16
        jb      .dac
        SHOW    "palette"

        mov     ax, 3                   ; two fonts at once: attribute bit 3 chooses block 1, 8x8 glyphs in 16 lines
        int     0x10
        call    no_cursor
        mov     ax, 0x1102
        mov     bl, 1
        int     0x10
        mov     ax, 0x1103
        mov     bl, 0x04                ; block 0 and block 1
        int     0x10
        mov     ax, 0x1000              ; bit 3 is no colour any more
        mov     bx, 0x0712
        int     0x10
        call    chart
        SHOW    "fonts"

        mov     ax, 7                   ; underline, intensity, reverse
        int     0x10
        call    no_cursor
        mov     word [screen], 0xB000
        call    chart
        mov     word [screen], 0xB800
        SHOW    "mono"

        mov     ax, 3                   ; split screen with a window panned by half a character and four lines
        int     0x10
        call    no_cursor
        call    chart
        mov     dx, 0x3D4
        mov     ax, 0x010C              ; start address 0100h: three rows and 16 characters down
        out     dx, ax
        mov     ax, 0x000D
        out     dx, ax
        mov     ax, 0x0408              ; preset row scan
        out     dx, ax
        mov     al, 0x07                ; line compare 300: bit 8 in overflow, bit 9 in maximum scan line
        out     dx, al
        inc     dx
        in      al, dx
        or      al, 0x10
        out     dx, al
        dec     dx
        mov     al, 0x09
        out     dx, al
        inc     dx
        in      al, dx
        and     al, 0xBF
        out     dx, al
        dec     dx
        mov     ax, 0x2C18
        out     dx, ax
        mov     dx, 0x3DA
        in      al, dx
        mov     dx, 0x3C0
        mov     al, 0x33                ; horizontal panning 3, screen on
        out     dx, al
        mov     al, 3
        out     dx, al
        SHOW    "split"

        mov     ax, 3                   ; the cursor in full height at row 2, column 10, and nothing else
        int     0x10
        mov     ah, 0x01
        mov     cx, 0x0007
        int     0x10
        mov     ah, 0x02
        mov     bh, 0
        mov     dx, 0x020A
        int     0x10
        SHOW    "cursor"

        call    no_cursor               ; a blinking full block at row 2, column 10
        push    0xB800
        pop     es
        mov     word [es:(2*80+10)*2], 0x87DB
        SHOW    "blink"

        mov     ax, 3
        int     0x10
        ret

no_cursor:
        mov     ah, 0x01
        mov     cx, 0x2000
        int     0x10
        ret

announce:
        mov     si, .screen
        call    say
        pop     si
        call    say
.skip:  lodsb
        test    al, al
        jnz     .skip
        push    si
        mov     ah, 0
        int     0x16
        ret
.screen: db     "SCREEN ", 0

; Every row numbered at its left; all 256 characters; all attributes (the blinking ones only where they don't blink);
; a line of letters below.
chart:  mov     es, [screen]
        mov     al, [0x44A]
        mov     ah, 0
        mov     [columns], ax
        mov     al, [0x484]
        inc     al
        mov     ah, 0
        mov     [rows], ax
        xor     bx, bx                  ; row
.row:   mov     ax, bx
        mul     word [columns]
        mov     di, ax
        add     di, di
        mov     ax, bx
        mov     cl, 10
        div     cl
        add     ax, 0x3030
        mov     dl, ah
        mov     ah, 0x0E
        stosw
        mov     al, dl
        stosw
        mov     ax, 0x0720
        stosw
        mov     dx, bx                  ; what this row holds
        sub     dx, 1
        jb      .next
        cmp     dx, 8
        jb      .characters
        sub     dx, 8
        cmp     dx, 8
        jb      .attributes
        mov     cx, 32                  ; letters, shifted from row to row
        mov     al, bl
        add     al, 'A' - 17
        mov     ah, 0x0A
.letter:
        stosw
        inc     al
        loop    .letter
        jmp     .next
.characters:
        mov     al, dl
        shl     al, 5
        mov     ah, 0x07
        mov     cx, 32
.character:
        stosw
        inc     al
        loop    .character
        jmp     .next
.attributes:
        mov     ah, dl
        shl     ah, 5
        mov     cx, 32
.attribute:
        mov     dl, ah
        cmp     byte [blinks], 0
        je      .put
        and     ah, 0x7F
.put:   mov     al, 'A'
        stosw
        mov     ah, dl
        inc     ah
        loop    .attribute
.next:  inc     bx
        cmp     bx, [rows]
        jb      .row
        ret

screen: dw      0xB800
columns: dw     0
rows:   dw      0
blinks: db      1
program_end:
        times   CYLS*2*SPT*512-($-$$) db 0
