; Tricks with the beam, to look at and to compare: each announces itself on port E9h as "SCREEN name", runs until a key,
; and changes registers only in horizontal blanking, so that the picture is the same on fast and slow processors.
; Source: IBM PS/2 Hardware Interface Technical Reference, Video Subsystem.
%include "bios_test.inc"

%macro SHOW 1                   ; announces the picture
        call    announce
        db      %1, 10, 0
%endmacro

; Frames of the routine %1 with interrupts off, twenty at a time, until a key is pressed.
%macro UNTIL_KEY 1
%%more: mov     cx, 20
        cli
%%frame:
        push    cx
        call    wait_retrace
        call    %1
        pop     cx
        loop    %%frame
        sti
        mov     ah, 1
        int     0x16
        jz      %%more
        mov     ah, 0
        int     0x16
%endmacro

tests:
        ; A colour for each line: 400 colours on a screen that has 256.
        mov     ax, 0x13
        int     0x10
        call    ramp
        SHOW    "bars"
        UNTIL_KEY bars

        ; The border has sixteen colours, the text one.
        mov     ax, 3
        int     0x10
        call    no_cursor
        SHOW    "border"
        UNTIL_KEY border

        ; The upper half with every line twice, the lower half with every line four times.
        mov     ax, 0x13
        int     0x10
        call    pattern
        SHOW    "rows"
        UNTIL_KEY rows

        ; Each line panned by another amount.
        mov     ax, 0x0D
        int     0x10
        call    stripes
        SHOW    "wave"
        UNTIL_KEY wave

        ; A split below which nothing is panned (attribute mode control bit 5), above it a window panned by three dots.
        mov     ax, 0x0D
        int     0x10
        call    stripes
        mov     dx, 0x3D4
        mov     ax, 0x0B18              ; line compare 523 - 256 = 267: bit 8 in CR07, bit 9 (clear) in CR09
        out     dx, ax
        mov     ax, 0x0011
        out     dx, ax
        mov     ax, 0x1F07
        out     dx, ax
        mov     ax, 0x8009
        out     dx, ax
        mov     ax, 0x040C              ; start 0400h
        out     dx, ax
        mov     ax, 0x2113
        call    attribute               ; bit 5 and graphics
        mov     ax, 0x2110
        call    attribute
        mov     ax, 0x0313
        call    attribute
        SHOW    "split"
        call    key

        ; 256 colours unchained, 360 dots of 480 lines at 28 MHz, drawn through the four planes.
        mov     ax, 0x13
        int     0x10
        call    mode_360x480
        SHOW    "360x480"
        call    key

        ; Two pages in turn at each retrace, each one colour all over.
        mov     ax, 0x13
        int     0x10
        call    two_pages
        SHOW    "flip"
        UNTIL_KEY flip

        mov     ax, 3
        int     0x10
        ret

; Text follows the call.
announce:
        pop     si
        push    ax
        push    cs
        pop     ds
        cld
        mov     ax, .prefix
        push    si
        mov     si, ax
        call    say
        pop     si
.next:  lodsb
        test    al, al
        jz      .done
        out     0xE9, al
        jmp     .next
.done:  pop     ax
        jmp     si
.prefix:
        db      'SCREEN ', 0

key:    mov     ah, 0
        int     0x16
        ret

no_cursor:
        mov     ah, 1
        mov     cx, 0x2000
        int     0x10
        ret

; AL: register, AH: value.
attribute:
        push    dx
        mov     dx, 0x3DA
        push    ax
        in      al, dx
        pop     ax
        mov     dx, 0x3C0
        or      al, 0x20
        out     dx, al
        mov     al, ah
        out     dx, al
        pop     dx
        ret

; Returns when vertical retrace begins.
wait_retrace:
        mov     dx, 0x3DA
.busy:  in      al, dx
        test    al, 8
        jnz     .busy
.wait:  in      al, dx
        test    al, 8
        jz      .wait
        ret

; Returns when line 0 is being displayed, DX = 3DAh.
wait_display:
        mov     dx, 0x3DA
.wait:  in      al, dx
        test    al, 1
        jnz     .wait
        ret

; DX = 3DAh. Return at the beginning of blanking, and of display.
%macro BLANK 0
%%wait: in      al, dx
        test    al, 1
        jz      %%wait
%endmacro
%macro DISPLAY 0
%%wait: in      al, dx
        test    al, 1
        jnz     %%wait
%endmacro
; NEXT_LINE label: waits for the next line's display, then to the label until BX has counted 398 lines.
%macro NEXT_LINE 1
        DISPLAY
        inc     bx
        cmp     bx, 398
        jb      %1
%endmacro

; The last of three components is written in blanking: all of the colour changes then.
bars:   call    wait_display
        xor     bx, bx
.line:  mov     dx, 0x3C8
        mov     al, 0
        out     dx, al
        inc     dx
        mov     ax, bx
        shr     ax, 2
        and     al, 63
        out     dx, al
        mov     ax, bx
        and     al, 63
        out     dx, al
        mov     dx, 0x3DA
        BLANK
        mov     al, bl
        shr     al, 3
        not     al
        mov     dx, 0x3C9
        out     dx, al
        mov     dx, 0x3DA
        NEXT_LINE .line
        ret

border: call    wait_display
        xor     bx, bx
.line:  BLANK
        mov     dx, 0x3C0
        mov     al, 0x31
        out     dx, al
        mov     al, bl
        shr     al, 4
        out     dx, al
        mov     dx, 0x3DA
        NEXT_LINE .line
        BLANK
        mov     ax, 0x0011
        jmp     attribute

rows:   mov     dx, 0x3D4
        mov     ax, 0x4109
        out     dx, ax
        call    wait_display
        mov     cx, 200
.line:  BLANK
        cmp     cx, 1
        jne     .go
        mov     dx, 0x3D4
        mov     ax, 0x4309
        out     dx, ax
        mov     dx, 0x3DA
.go:    DISPLAY
        loop    .line
        ret

wave:   call    wait_display
        xor     bx, bx
.line:  BLANK
        mov     dx, 0x3C0
        mov     al, 0x33
        out     dx, al
        mov     si, bx
        shr     si, 3
        and     si, 15
        mov     al, [.shape + si]
        out     dx, al
        mov     dx, 0x3DA
        NEXT_LINE .line
        ret
.shape: db      0, 1, 2, 4, 5, 6, 7, 7, 7, 7, 6, 5, 4, 2, 1, 0

flip:   xor     byte [.page], 0x40
        mov     dx, 0x3D4               ; just after retrace has begun: shows one frame later
        mov     ah, [.page]
        mov     al, 0x0C
        out     dx, ax
        ret
.page:  db      0

; Dots of colours 32 to 255 in the middle of colour 0.
ramp:   push    es
        mov     ax, 0xA000
        mov     es, ax
        mov     di, 320 * 80 + 48
        mov     cx, 40
.row:   push    cx
        mov     al, 32
        mov     cx, 224
.dot:   stosb
        inc     al
        loop    .dot
        add     di, 96
        pop     cx
        loop    .row
        pop     es
        ret

pattern:
        push    es
        mov     ax, 0xA000
        mov     es, ax
        xor     di, di
        xor     bx, bx
.row:   mov     cx, 320
.dot:   mov     ax, bx
        shr     ax, 2
        add     al, cl
        and     al, 63
        add     al, 32
        stosb
        loop    .dot
        inc     bx
        cmp     bx, 200
        jb      .row
        pop     es
        ret

; Mode 0Dh: vertical stripes, a colour for each sixteen lines, and a diagonal.
stripes:
        push    es
        mov     ax, 0xA000
        mov     es, ax
        xor     di, di
        xor     bx, bx
.row:   mov     dx, 0x3C4
        mov     ax, bx
        shr     ax, 4
        inc     al
        mov     ah, al
        mov     al, 2
        out     dx, ax
        mov     cx, 40
        mov     al, 0x81
        rep     stosb
        inc     bx
        cmp     bx, 204
        jb      .row
        mov     ax, 0x0F02
        out     dx, ax
        pop     es
        xor     bx, bx
.diagonal:
        mov     ax, 0x0C0F
        mov     cx, bx
        mov     dx, bx
        push    bx
        mov     bh, 0
        int     0x10
        pop     bx
        inc     bx
        cmp     bx, 200
        jb      .diagonal
        ret

; Unchained: sequencer 4 without chain 4, byte addressing.
unchain:
        mov     dx, 0x3C4
        mov     ax, 0x0604
        out     dx, ax
        mov     dx, 0x3D4
        mov     ax, 0x0014
        out     dx, ax
        mov     ax, 0xE317
        out     dx, ax
        ret

two_pages:
        call    unchain
        push    es
        mov     ax, 0xA000
        mov     es, ax
        mov     dx, 0x3C4
        mov     ax, 0x0F02
        out     dx, ax
        xor     di, di
        mov     cx, 0x2000
        mov     ax, 0x2020
        rep     stosw
        mov     cx, 0x2000
        mov     ax, 0x2828
        rep     stosw
        pop     es
        ret

; Register values: a frame of 525 lines at 28.322 MHz, 90 character clocks shown of 108.
mode_360x480:
        call    unchain
        mov     dx, 0x3C4
        mov     ax, 0x0100
        out     dx, ax
        mov     dx, 0x3C2
        mov     al, 0xE7
        out     dx, al
        mov     dx, 0x3C4
        mov     ax, 0x0300
        out     dx, ax
        mov     dx, 0x3D4
        mov     ax, 0x0011
        out     dx, ax
        mov     si, .crtc
.next:  lodsw
        cmp     al, 0xFF
        je      .draw
        out     dx, ax
        jmp     .next
.draw:  push    es
        mov     ax, 0xA000
        mov     es, ax
        xor     bp, bp                  ; plane
.plane: mov     cx, bp
        mov     ah, 1
        shl     ah, cl
        mov     al, 2
        mov     dx, 0x3C4
        out     dx, ax
        xor     di, di
        xor     bx, bx                  ; row
.row:   mov     cx, 90
        mov     si, bp                  ; column
.dot:   mov     ax, si
        xor     ax, bx
        shr     ax, 2
        and     al, 0x7F
        add     al, 32
        stosb
        add     si, 4
        loop    .dot
        inc     bx
        cmp     bx, 480
        jb      .row
        inc     bp
        cmp     bp, 4
        jb      .plane
        pop     es
        ret
.crtc:  db      0x00,0x6B, 0x01,0x59, 0x02,0x5A, 0x03,0x8E, 0x04,0x5E, 0x05,0x8A, 0x06,0x0D, 0x07,0x3E, 0x09,0x40
        db      0x10,0xEA, 0x11,0xAC, 0x12,0xDF, 0x13,0x2D, 0x15,0xE7, 0x16,0x06, 0xFF,0xFF

program_end:
        times   SPT * CYLS * 2 * 512 - ($ - $$) db 0
