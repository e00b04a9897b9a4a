; Sets every standard mode and every text line count; compares the registers with the video parameter table that
; 40:A8 leads to, and the BIOS data area with values from the manuals.

%include "video_common.inc"

test_main:
        mov     bx, cases
.next:  cmp     byte [bx], 0xFF
        je      .return
        mov     al, [bx]
        mov     ah, [bx + 1]
        mov     [context], ax
        push    bx
        mov     al, [bx + 2]                    ; lines
        mov     ah, 0x12
        mov     bl, 0x30
        int     0x10
        EXPECT  '12/30 supported', ax, 0x1212
        pop     bx
        mov     ah, 0
        mov     al, [bx]
        int     0x10
        call    compare_registers
        call    compare_bda
        ; Cleared?
        add     bx, 12
        jmp     .next
.return:
        mov     ax, 0x1202
        mov     bl, 0x30
        int     0x10
        mov     ax, 3
        int     0x10
        ret

; BX: case.
compare_registers:
        pusha
        push    es
        les     si, [0x4A8]
        les     si, [es:si]
        xor     ax, ax
        mov     al, [bx + 1]
        shl     ax, 6
        add     si, ax
        mov     di, [0x463]
        ; Sequencer 1-4.
        mov     dx, 0x3C4
        mov     bx, 1
        lea     bp, [si + 5]
        mov     cx, 4
        call    .group
        ; Miscellaneous output.
        mov     dx, 0x3CC
        xor     ax, ax
        in      al, dx
        mov     dl, [es:si + 9]
        xor     dh, dh
        EXPECT  'misc', ax, dx
        mov     dx, di
        xor     bx, bx
        lea     bp, [si + 10]
        mov     cx, 0x19
        call    .group
        mov     dx, 0x3CE
        xor     bx, bx
        lea     bp, [si + 55]
        mov     cx, 9
        call    .group
        ; Attribute controller.
        lea     bp, [si + 35]
        xor     bx, bx
.attribute:
        lea     dx, [di + 6]
        in      al, dx
        mov     dx, 0x3C0
        mov     al, bl
        out     dx, al
        inc     dx
        xor     ax, ax
        in      al, dx
        push    ax
        lea     dx, [di + 6]
        in      al, dx
        mov     dx, 0x3C0
        mov     al, 0x20
        out     dx, al
        pop     ax
        mov     dl, [es:bp]
        xor     dh, dh
        push    word [context]
        mov     [context + 1], bl
        EXPECT  'attribute', ax, dx
        pop     word [context]
        inc     bp
        inc     bx
        cmp     bl, 0x14
        jb      .attribute
        pop     es
        popa
        ret
; DX: port, BX: first index, CX: count, ES:BP: expected.
.group: mov     al, bl
        out     dx, al
        inc     dx
        xor     ax, ax
        in      al, dx
        dec     dx
        push    dx
        push    word [context]
        mov     [context + 1], bl
        cmp     dl, 0xD4
        je      .crtc
        cmp     dl, 0xB4
        jne     .compare
.crtc:  cmp     bl, 0x0C                        ; start and cursor position belong to the program
        jb      .compare
        cmp     bl, 0x0F
        jbe     .skip
.compare:
        mov     dl, [es:bp]
        cmp     bx, 4                           ; sequencer 4 bit 0 has no function on a VGA, the EGA's table sets it
        jne     .whole
        and     dl, 0xFE
        and     al, 0xFE
.whole:
        xor     dh, dh
        EXPECT  'register', ax, dx
.skip:  pop     word [context]
        pop     dx
        inc     bp
        inc     bx
        loop    .group
        ret

; BX: case.
compare_bda:
        xor     ax, ax
        mov     al, [0x449]
        movzx   dx, byte [bx]
        EXPECT  '40:49 mode', ax, dx
        movzx   dx, byte [bx + 3]
        EXPECT  '40:4A columns', [0x44A], dx
        EXPECT  '40:4C page size', [0x44C], [bx + 4]
        movzx   ax, byte [0x484]
        movzx   dx, byte [bx + 6]
        EXPECT  '40:84 rows - 1', ax, dx
        movzx   dx, byte [bx + 7]
        EXPECT  '40:85 height', [0x485], dx
        EXPECT  '40:63 port', [0x463], [bx + 8]
        mov     ax, [0x410]
        and     ax, 0x30
        EXPECT  '40:10 equipment', ax, [bx + 10]
        mov     ah, 0x0F
        push    bx
        int     0x10
        pop     bx
        mov     dl, [bx]
        mov     dh, [bx + 3]
        EXPECT  '0Fh', ax, dx
        mov     ah, 3
        push    bx
        mov     bh, 0
        int     0x10
        EXPECT  'cursor shape', cx, 0x0607
        EXPECT  'cursor position', dx, 0
        pop     bx
        ret

; mode, table entry, lines for 12/30, columns, page size, rows - 1, height, port, equipment
%macro CASE 9
        db      %1, %2, %3, %4
        dw      %5
        db      %6, %7
        dw      %8, %9
%endmacro
cases:
        CASE    0x00, 0x17, 2, 40, 0x0800, 24, 16, 0x3D4, 0x20
        CASE    0x01, 0x17, 2, 40, 0x0800, 24, 16, 0x3D4, 0x20
        CASE    0x02, 0x18, 2, 80, 0x1000, 24, 16, 0x3D4, 0x20
        CASE    0x03, 0x18, 2, 80, 0x1000, 24, 16, 0x3D4, 0x20
        CASE    0x07, 0x19, 2, 80, 0x1000, 24, 16, 0x3B4, 0x30
        CASE    0x00, 0x13, 1, 40, 0x0800, 24, 14, 0x3D4, 0x20
        CASE    0x01, 0x14, 1, 40, 0x0800, 24, 14, 0x3D4, 0x20
        CASE    0x02, 0x15, 1, 80, 0x1000, 24, 14, 0x3D4, 0x20
        CASE    0x03, 0x16, 1, 80, 0x1000, 24, 14, 0x3D4, 0x20
        CASE    0x07, 0x07, 1, 80, 0x1000, 24, 14, 0x3B4, 0x30
        CASE    0x00, 0x00, 0, 40, 0x0800, 24, 8, 0x3D4, 0x20
        CASE    0x01, 0x01, 0, 40, 0x0800, 24, 8, 0x3D4, 0x20
        CASE    0x02, 0x02, 0, 80, 0x1000, 24, 8, 0x3D4, 0x20
        CASE    0x03, 0x03, 0, 80, 0x1000, 24, 8, 0x3D4, 0x20
        CASE    0x04, 0x04, 2, 40, 0x4000, 24, 8, 0x3D4, 0x20
        CASE    0x05, 0x05, 2, 40, 0x4000, 24, 8, 0x3D4, 0x20
        CASE    0x06, 0x06, 2, 80, 0x4000, 24, 8, 0x3D4, 0x20
        CASE    0x0D, 0x0D, 2, 40, 0x2000, 24, 8, 0x3D4, 0x20
        CASE    0x0E, 0x0E, 2, 80, 0x4000, 24, 8, 0x3D4, 0x20
        CASE    0x0F, 0x11, 2, 80, 0x8000, 24, 14, 0x3B4, 0x20
        CASE    0x10, 0x12, 2, 80, 0x8000, 24, 14, 0x3D4, 0x20
        CASE    0x11, 0x1A, 2, 80, 0xA000, 29, 16, 0x3D4, 0x20
        CASE    0x12, 0x1B, 2, 80, 0xA000, 29, 16, 0x3D4, 0x20
        CASE    0x13, 0x1C, 2, 40, 0x2000, 24, 8, 0x3D4, 0x20
        db      0xFF

        END_OF_PROGRAM
