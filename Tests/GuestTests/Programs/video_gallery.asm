; One picture for each standard mode, to look at: text in all colours, a frame of pixels, a diagonal, a scrolled window.
; Writes "MODE nn" to port E9h when a picture stands and goes on at a key.

%include "video_common.inc"

test_main:
        mov     si, modes
.next:  lodsb
        cmp     al, 0xFF
        je      .return
        push    si
        mov     [mode], al
        xor     ah, ah
        int     0x10
        call    picture
        mov     si, .mode
        call    print
        movzx   ax, byte [mode]
        call    print_hex
        mov     al, 10
        out     0xE9, al
        xor     ah, ah
        int     0x16
        pop     si
        jmp     .next
.return:
        mov     ax, 3
        int     0x10
        ret
.mode:  db      'MODE ', 0

say:    lodsb
        test    al, al
        jz      .return
        mov     ah, 0x0E
        mov     bl, [ink]
        mov     bh, 0
        int     0x10
        jmp     say
.return:
        ret

picture:
        mov     byte [ink], 15
        cmp     byte [mode], 4
        je      .few
        cmp     byte [mode], 5
        je      .few
        cmp     byte [mode], 6
        je      .one
        cmp     byte [mode], 0x11
        jne     .ink
.one:   mov     byte [ink], 1
        jmp     .ink
.few:   mov     byte [ink], 3
.ink:   mov     dx, 0x0102
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     si, .hello
        call    say
        ; A character in each of 16 colours.
        xor     di, di
.colour:
        mov     ax, di
        add     al, 2
        mov     dl, al
        mov     dh, 3
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     ax, di
        mov     bl, al
        add     al, 'A'
        mov     ah, 9
        mov     bh, 0
        mov     cx, 1
        int     0x10
        inc     di
        cmp     di, 16
        jb      .colour
        ; All characters from 80h on.
        mov     di, 0x80
        mov     dx, 0x0502
.upper: mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     ax, di
        mov     ah, 0x0A
        mov     bl, [ink]
        mov     cx, 1
        int     0x10
        inc     di
        inc     dl
        cmp     dl, 34
        jb      .same_row
        mov     dl, 2
        inc     dh
.same_row:
        cmp     di, 0x100
        jb      .upper
        ; Scrolled rows.
        mov     dx, 0x0B02
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     cx, 12
.rows:  push    cx
        mov     si, .row
        call    say
        mov     al, 12
        sub     al, cl
        add     al, 'a'
        mov     [.row + 2], al
        pop     cx
        loop    .rows
        mov     ax, 0x0602
        mov     bh, 5
        mov     cx, 0x0D08
        mov     dx, 0x1010
        int     0x10
        ; A frame and a diagonal, in graphics.
        mov     al, [mode]
        cmp     al, 7
        je      .return
        cmp     al, 4
        jb      .return
        mov     ah, 0x0F
        int     0x10
        movzx   ax, ah
        shl     ax, 3
        dec     ax
        mov     [right], ax
        movzx   ax, byte [0x484]
        inc     ax
        mul     byte [0x485]
        dec     ax
        mov     [bottom], ax
        xor     cx, cx
.across:
        xor     dx, dx
        call    plot
        mov     dx, [bottom]
        call    plot
        mov     dx, cx
        cmp     dx, [bottom]
        ja      .no_diagonal
        call    plot
.no_diagonal:
        inc     cx
        cmp     cx, [right]
        jbe     .across
        xor     dx, dx
.down:  xor     cx, cx
        call    plot
        mov     cx, [right]
        call    plot
        inc     dx
        cmp     dx, [bottom]
        jbe     .down
        ; 256 colours.
        cmp     byte [mode], 0x13
        jne     .return
        xor     di, di
.block: mov     ax, di
        and     ax, 15
        imul    cx, ax, 8
        add     cx, 180
        mov     dx, di
        shr     dx, 4
        imul    dx, dx, 6
        add     dx, 96
        mov     bp, 8
.block_x:
        push    dx
        mov     bx, 6
.block_y:
        push    bx
        mov     ax, di
        mov     ah, 0x0C
        mov     bh, 0
        int     0x10
        pop     bx
        inc     dx
        dec     bx
        jnz     .block_y
        pop     dx
        inc     cx
        dec     bp
        jnz     .block_x
        inc     di
        cmp     di, 256
        jb      .block
.return:
        ret
.hello: db      'Heirloom VGA BIOS, 0123456789', 13, 10, 0
.row:   db      ' #a  scrolling rows', 13, 10, 0

plot:   mov     al, [ink]
        mov     ah, 0x0C
        mov     bh, 0
        int     0x10
        ret

mode:   db      0
ink:    db      0
right:  dw      0
bottom: dw      0
modes:
%ifdef FOREIGN                  ; for BIOSes that can't go on from mode 7: see the test
        db      0, 3, 4, 5, 6, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13, 3, 7, 0xFF
%endif
        db      0, 3, 7, 4, 5, 6, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13, 0xFF

        END_OF_PROGRAM
