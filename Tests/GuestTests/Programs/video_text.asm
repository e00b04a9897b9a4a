; Text modes through INT 10h: teletype with wrap, controls and scrolling, windows, pages, strings, cursor shapes.

%include "video_common.inc"

%macro CELL 3                                   ; name, row and column, expected character and attribute
        mov     dx, %2
        call    cell
        EXPECT  %1, ax, %3
%endmacro

; DX: row, column on page 0 of an 80-column mode, straight from memory. Returns AX.
cell:   push    es
        push    bx
        mov     ax, 0xB800
        cmp     byte [0x463], 0xD4
        je      .colour
        mov     ah, 0xB0
.colour:
        mov     es, ax
        mov     al, dh
        mul     byte [0x44A]
        xor     dh, dh
        add     ax, dx
        add     ax, ax
        mov     bx, ax
        mov     ax, [es:bx]
        pop     bx
        pop     es
        ret

; SI: text to the teletype.
say:    lodsb
        test    al, al
        jz      .return
        mov     ah, 0x0E
        mov     bx, 7
        int     0x10
        jmp     say
.return:
        ret

; Returns AX: cursor as the CRT controller has it.
hardware_cursor:
        mov     dx, [0x463]
        mov     al, 0x0E
        out     dx, al
        inc     dx
        in      al, dx
        mov     ah, al
        dec     dx
        mov     al, 0x0F
        out     dx, al
        inc     dx
        in      al, dx
        ret

test_main:
        mov     ax, 3
        call    teletype
        mov     ax, 7
        call    teletype
        mov     ax, 3
        int     0x10
        call    windows
        call    pages
        call    strings
        call    shapes
        call    lines50
        ret

teletype:
        mov     [context], al
        int     0x10
        CELL    'cleared', 0x184F, 0x0720
        mov     si, .text
        call    say
        CELL    'H', 0x0000, 0x0748
        CELL    'after CR LF', 0x0100, 0x0758
        CELL    'after BS', 0x0101, 0x075A
        mov     ah, 3
        mov     bh, 0
        int     0x10
        EXPECT  'position', dx, 0x0102
        call    hardware_cursor
        EXPECT  'hardware cursor', ax, 82
        ; Wrap at the right border.
        mov     dx, 0x054F
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     si, .two
        call    say
        CELL    'last column', 0x054F, 0x0731
        CELL    'wrapped', 0x0600, 0x0732
        ; Scroll at the bottom; new cells take the attribute found there.
        mov     dx, 0x1800
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     ax, 0x0920
        mov     bx, 0x001E
        mov     cx, 80
        int     0x10
        mov     si, .feed
        call    say
        CELL    'scrolled', 0x044F, 0x0731
        CELL    'new line', 0x1840, 0x1E20
        CELL    'old line', 0x1740, 0x1E20
        CELL    'old first', 0x1700, 0x1E41
        mov     ah, 3
        mov     bh, 0
        int     0x10
        EXPECT  'still at the bottom', dx, 0x1801
        ; Writing in the last cell scrolls.
        mov     dx, 0x184F
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     si, .one
        call    say
        CELL    'last cell', 0x174F, 0x1E2E
        mov     ah, 3
        mov     bh, 0
        int     0x10
        EXPECT  'wrapped at the bottom', dx, 0x1800
        ; Write and read.
        mov     dx, 0x0A0A
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     ax, 0x0943
        mov     bx, 0x004F
        mov     cx, 2
        int     0x10
        mov     ax, 0x0A44
        mov     cx, 1
        int     0x10
        mov     ah, 8
        mov     bh, 0
        int     0x10
        EXPECT  '08h', ax, 0x4F44
        CELL    '09h', 0x0A0B, 0x4F43
        CELL    'beside', 0x0A0C, 0x0720
        ret
.text:  db      'Hello', 13, 10, 'XY', 8, 'Z', 0
.two:   db      '12', 0
.feed:  db      'A', 10, 0
.one:   db      '.', 0

; Letters by rows, then a window moves.
windows:
        mov     byte [context], 6
        mov     dx, 0
.fill:  mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     al, dh
        add     al, 'a'
        mov     ah, 9
        mov     bx, 0x0007
        mov     cx, 80
        int     0x10
        inc     dh
        cmp     dh, 25
        jb      .fill
        mov     ax, 0x0602
        mov     bh, 0x2A
        mov     cx, 0x050A
        mov     dx, 0x0914
        int     0x10
        CELL    'up, moved', 0x050A, 0x0768
        CELL    'up, last moved', 0x0714, 0x076A
        CELL    'up, filled', 0x080A, 0x2A20
        CELL    'up, corner', 0x0914, 0x2A20
        CELL    'up, left of it', 0x0809, 0x0769
        CELL    'up, right of it', 0x0815, 0x0769
        CELL    'up, below', 0x0A0A, 0x076B
        CELL    'up, above', 0x040A, 0x0765
        mov     ax, 0x0701
        mov     bh, 0x3B
        mov     cx, 0x050A
        mov     dx, 0x0914
        int     0x10
        CELL    'down, filled', 0x050A, 0x3B20
        CELL    'down, moved', 0x0614, 0x0768
        CELL    'down, last', 0x0914, 0x2A20
        CELL    'down, below', 0x0A0A, 0x076B
        mov     ax, 0x06FF                      ; more rows than the window has: cleared
        mov     bh, 0x4C
        mov     cx, 0x050A
        mov     dx, 0x0914
        int     0x10
        CELL    'all, first', 0x050A, 0x4C20
        CELL    'all, last', 0x0914, 0x4C20
        CELL    'all, outside', 0x0915, 0x076A
        mov     ax, 0x0701                      ; full width down
        mov     bh, 0x5D
        mov     cx, 0
        mov     dx, 0x184F
        int     0x10
        CELL    'screen down, filled', 0x004F, 0x5D20
        CELL    'screen down, moved', 0x1800, 0x0778
        mov     ax, 0x0601                      ; window larger than the screen
        mov     bh, 0x07
        mov     cx, 0
        mov     dx, 0xFFFF
        int     0x10
        CELL    'screen up', 0x0000, 0x0761
        CELL    'screen up, filled', 0x184F, 0x0720
        ret

pages:  mov     byte [context], 5
        mov     ax, 3
        int     0x10
        mov     ah, 2
        mov     bh, 3
        mov     dx, 0x0102
        int     0x10
        mov     ax, 0x0950
        mov     bx, 0x031F
        mov     cx, 1
        int     0x10
        mov     ah, 3
        mov     bh, 0
        int     0x10
        EXPECT  'page 0 stays', dx, 0
        mov     ax, 0x0503
        int     0x10
        EXPECT  '40:4E', [0x44E], 0x3000
        movzx   ax, byte [0x462]
        EXPECT  '40:62', ax, 3
        call    hardware_cursor
        EXPECT  'cursor of page 3', ax, 0x1800 + 82
        mov     ah, 8
        mov     bh, 3
        int     0x10
        EXPECT  'page 3', ax, 0x1F50
        mov     ax, 0x0E51
        mov     bx, 0
        int     0x10
        mov     ah, 3
        mov     bh, 3
        int     0x10
        EXPECT  'teletype on the shown page', dx, 0x0103
        mov     dx, [0x463]
        mov     al, 0x0C
        out     dx, al
        inc     dx
        in      al, dx
        xor     ah, ah
        EXPECT  'start address', ax, 0x18
        mov     ax, 0x0500
        int     0x10
        ret

strings:
        mov     byte [context], 0x13
        mov     ax, 0x1300
        mov     bx, 0x001A
        mov     cx, 3
        mov     dx, 0x0305
        mov     bp, .plain
        int     0x10
        CELL    'mode 0', 0x0307, 0x1A63
        mov     ah, 3
        mov     bh, 0
        int     0x10
        EXPECT  'mode 0 cursor', dx, 0
        mov     ax, 0x1301
        mov     bx, 0x001B
        mov     cx, 3
        mov     dx, 0x044E
        mov     bp, .plain
        int     0x10
        CELL    'mode 1', 0x044E, 0x1B61
        CELL    'mode 1 wraps', 0x0500, 0x1B63
        mov     ah, 3
        mov     bh, 0
        int     0x10
        EXPECT  'mode 1 cursor', dx, 0x0501
        mov     ax, 0x1302
        mov     bx, 0
        mov     cx, 2
        mov     dx, 0x0700
        mov     bp, .attributes
        int     0x10
        CELL    'mode 2', 0x0701, 0x2F79
        mov     ax, 0x1303
        mov     bx, 0
        mov     cx, 2
        mov     dx, 0x0800
        mov     bp, .attributes
        int     0x10
        CELL    'mode 3', 0x0800, 0x1E78
        mov     ah, 3
        mov     bh, 0
        int     0x10
        EXPECT  'mode 3 cursor', dx, 0x0802
        ret
.plain: db      'abc'
.attributes:
        db      'x', 0x1E, 'y', 0x2F

; CX shape as a CGA program gives it, lines that a 16-line cell gets.
shapes: mov     byte [context], 1
        mov     si, .table
.next:  mov     cx, [si]
        cmp     cx, 0xFFFF
        je      .return
        mov     ah, 1
        int     0x10
        mov     dx, 0x3D4
        mov     al, 0x0A
        out     dx, al
        inc     dx
        in      al, dx
        mov     ah, al
        dec     dx
        mov     al, 0x0B
        out     dx, al
        inc     dx
        in      al, dx
        mov     [context], cx
        EXPECT  'shape', ax, [si + 2]
        add     si, 4
        jmp     .next
.return:
        ret
.table: dw      0x0607, 0x0D0E, 0x0007, 0x000F, 0x0407, 0x080F, 0x2607, 0x2607, 0x0D0E, 0x0D0E, 0x0707, 0x0E0E
        dw      0xFFFF

lines50:
        mov     word [context], 0x50
        mov     ax, 3
        int     0x10
        mov     ax, 0x1112
        mov     bl, 0
        int     0x10
        movzx   ax, byte [0x484]
        EXPECT  'rows', ax, 49
        EXPECT  'height', [0x485], 8
        mov     dx, 0x3100
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     si, teletype.feed
        call    say
        CELL    'row 48', 0x3000, 0x0741
        mov     dx, 0x3D4
        mov     al, 0x12
        out     dx, al
        inc     dx
        in      al, dx
        xor     ah, ah
        EXPECT  'display end', ax, 0x8F
        mov     ax, 0x1111                      ; 14 lines: 28 rows, 392 lines
        mov     bl, 0
        int     0x10
        movzx   ax, byte [0x484]
        EXPECT  'rows of 14', ax, 27
        mov     dx, 0x3D4
        mov     al, 0x12
        out     dx, al
        inc     dx
        in      al, dx
        xor     ah, ah
        EXPECT  'display end of 28 rows', ax, 0x87
        mov     ax, 0x1114
        mov     bl, 0
        int     0x10
        movzx   ax, byte [0x484]
        EXPECT  'rows of 16', ax, 24
        ret

        END_OF_PROGRAM
