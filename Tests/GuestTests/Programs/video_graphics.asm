; Every graphics mode through INT 10h: pixels with and without exclusive-or, characters written and read back,
; teletype, scrolling up and down in a window, the untouched rest.

%include "video_common.inc"

test_main:
        mov     bx, cases
.next:  mov     al, [bx]
        cmp     al, 0xFF
        je      .return
        mov     [context], al
        mov     [colour], al
        mov     ah, 0
        int     0x10
        mov     al, [bx + 1]
        mov     [colour], al
        mov     ax, [bx + 2]
        mov     [width], ax
        mov     ax, [bx + 4]
        mov     [height], ax
        push    bx
        call    pixels
        call    characters
        call    scrolling
        pop     bx
        add     bx, 6
        jmp     .next
.return:
        mov     ax, 3
        int     0x10
        ret

; A pixel at CX, DX is AL? Name in the failure: "pixel".
%macro PIXEL 3                                  ; column, row, expected
        mov     cx, %1
        mov     dx, %2
        mov     ax, 0x0D00
        mov     bh, 0
        int     0x10
        xor     ah, ah
        mov     bp, ax
        movzx   di, byte %3
        EXPECT  'pixel', bp, di
%endmacro
%macro PLOT 3                                   ; column, row, colour
        mov     cx, %1
        mov     dx, %2
        mov     al, %3
        mov     ah, 0x0C
        mov     bh, 0
        int     0x10
%endmacro

pixels:
        PLOT    0, 0, [colour]
        PLOT    13, 57, [colour]
        mov     si, [width]
        dec     si
        mov     di, [height]
        dec     di
        mov     [last_x], si
        mov     [last_y], di
        PLOT    [last_x], [last_y], [colour]
        PIXEL   0, 0, [colour]
        PIXEL   1, 0, [zero]
        PIXEL   0, 1, [zero]
        PIXEL   13, 57, [colour]
        PIXEL   12, 57, [zero]
        PIXEL   14, 57, [zero]
        PIXEL   [last_x], [last_y], [colour]
        cmp     byte [0x449], 0x13
        je      .return
        mov     al, [colour]
        or      al, 0x80
        mov     [xor_colour], al
        PLOT    13, 57, [xor_colour]
        PIXEL   13, 57, [zero]
        PLOT    12, 57, [xor_colour]
        PIXEL   12, 57, [colour]
        PLOT    12, 57, [zero]
        PIXEL   12, 57, [zero]
.return:
        ret

; Reads the character at DX into AX.
read_at:
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     ah, 8
        mov     bh, 0
        int     0x10
        xor     ah, ah
        ret

characters:
        mov     dx, 0x0205
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     ax, 0x0941
        mov     bh, 0
        mov     bl, [colour]
        mov     cx, 3
        int     0x10
        mov     dx, 0x0204
        call    read_at
        EXPECT  'before', ax, 0x0000
        mov     dx, 0x0205
        call    read_at
        EXPECT  'first', ax, 0x41
        mov     dx, 0x0207
        call    read_at
        EXPECT  'third', ax, 0x41
        mov     dx, 0x0208
        call    read_at
        EXPECT  'after', ax, 0x0000
        ; Every character, written and read. Looks that two codes share are found at the lower one.
        xor     cx, cx
.each:  push    cx
        mov     dx, 0x040A
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     al, cl
        mov     ah, 0x0A
        mov     bh, 0
        mov     bl, [colour]
        mov     cx, 1
        int     0x10
        mov     dx, 0x040A
        call    read_at
        pop     cx
        cmp     cl, 0x20
        je      .same
        cmp     cl, 0xFF
        je      .same
        push    word [context]
        mov     [context + 1], cl
        EXPECT  'read back', ax, cx
        pop     word [context]
.same:  inc     cl
        jnz     .each
        ; Exclusive-or twice leaves nothing.
        cmp     byte [0x449], 0x13
        je      .teletype
        mov     cx, 2
.twice: push    cx
        mov     dx, 0x060A
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     ax, 0x0957
        mov     bh, 0
        mov     bl, [colour]
        or      bl, 0x80
        mov     cx, 1
        int     0x10
        mov     dx, 0x060A
        call    read_at
        pop     cx
        push    cx
        mov     di, 0x57
        cmp     cx, 2
        je      .odd
        xor     di, di
.odd:   EXPECT  'exclusive-or', ax, di
        pop     cx
        loop    .twice
.teletype:
        mov     dx, 0x0900
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     ax, 0x0E58
        mov     bl, [colour]
        int     0x10
        mov     ah, 3
        mov     bh, 0
        int     0x10
        EXPECT  'teletype moves', dx, 0x0901
        mov     dx, 0x0900
        call    read_at
        EXPECT  'teletype writes', ax, 0x58
        ret

; Letters A, B, C... down column 3 and 4, then the window of columns 2-3 is scrolled.
scrolling:
        mov     ax, 0x0600
        mov     bh, 0
        xor     cx, cx
        mov     dh, [0x484]
        mov     dl, 79
        int     0x10
        mov     dx, 0x0003
        call    read_at
        EXPECT  'cleared', ax, 0
        mov     dx, 0x0003
.fill:  push    dx
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     al, dh
        add     al, 'A'
        mov     ah, 9
        mov     bh, 0
        mov     bl, [colour]
        mov     cx, 2
        int     0x10
        pop     dx
        inc     dh
        cmp     dh, 10
        jb      .fill
        mov     ax, 0x0602                      ; up 2
        mov     bh, 0
        mov     cx, 0x0202
        mov     dx, 0x0603
        int     0x10
        mov     si, .up
        call    .column
        mov     ax, 0x0703                      ; down 3, filled with colour
        mov     bh, 0
        mov     cx, 0x0102
        mov     dx, 0x0703
        int     0x10
        mov     si, .down
        call    .column
        ; Full width, up 1: all columns.
        mov     ax, 0x0601
        mov     bh, 0
        mov     cx, 0
        mov     dh, [0x484]
        mov     dl, [0x44A]
        dec     dl
        int     0x10
        mov     dx, 0x0104
        call    read_at
        EXPECT  'full, next to window', ax, 'C'
        mov     dx, 0x0703
        call    read_at
        EXPECT  'full, window', ax, 'I'
        ; Fill with a colour: pixel in the middle of the cleared cell.
        mov     ax, 0x0601
        mov     bh, [colour]
        mov     cx, 0x0000
        mov     dx, 0x0102
        int     0x10
        cmp     byte [0x449], 6
        jbe     .return                         ; CGA layouts take the byte as it is
        movzx   di, byte [0x485]
        add     di, di
        dec     di
        mov     [last_y], di
        PIXEL   0, [last_y], [colour]
        PIXEL   23, [last_y], [colour]
        PIXEL   24, [last_y], [zero]
.return:
        ret
.column:
        mov     dx, 0x0003
.check: push    dx
        push    si
        call    read_at
        pop     si
        pop     dx
        movzx   di, byte [si]
        push    word [context]
        mov     [context + 1], dh
        EXPECT  'window', ax, di
        pop     word [context]
        push    dx
        inc     dx
        push    si
        call    read_at
        pop     si
        pop     dx
        movzx   di, dh
        add     di, 'A'
        EXPECT  'beside window', ax, di
        inc     si
        inc     dh
        cmp     dh, 10
        jb      .check
        ret
.up:    db      'A', 'B', 'E', 'F', 'G', 0, 0, 'H', 'I', 'J'
.down:  db      'A', 0, 0, 0, 'B', 'E', 'F', 'G', 'I', 'J'

zero:           db      0
colour:         db      0
xor_colour:     db      0
width:          dw      0
height:         dw      0
last_x:         dw      0
last_y:         dw      0

; mode, colour, width, height
cases:
        db      0x04, 2
        dw      320, 200
        db      0x05, 3
        dw      320, 200
        db      0x06, 1
        dw      640, 200
        db      0x0D, 0x0B
        dw      320, 200
        db      0x0E, 0x06
        dw      640, 200
        db      0x0F, 0x05
        dw      640, 350
        db      0x10, 0x0D
        dw      640, 350
        db      0x11, 0x01
        dw      640, 480
        db      0x12, 0x0A
        dw      640, 480
        db      0x13, 0xC5
        dw      320, 200
        db      0xFF

        END_OF_PROGRAM
