; Functions 0Bh, 10h, 11h, 12h, 1Ah, 1Bh, 1Ch: written and read back.

%include "video_common.inc"

BUFFER  equ     0xB000

; AL: index. Returns AX: attribute controller register.
attribute:
        push    dx
        mov     ah, al
        mov     dx, 0x3DA
        in      al, dx
        mov     dx, 0x3C0
        mov     al, ah
        out     dx, al
        inc     dx
        in      al, dx
        mov     ah, al
        mov     dx, 0x3DA
        in      al, dx
        mov     dx, 0x3C0
        mov     al, 0x20
        out     dx, al
        mov     al, ah
        xor     ah, ah
        pop     dx
        ret

; BX: register. Returns DH, CH, CL.
dac:    mov     ax, 0x1015
        int     0x10
        ret

test_main:
        mov     ax, 3
        int     0x10
        call    default_colours
        call    palette
        call    dac_blocks
        call    fonts
        call    codes
        call    state
        call    saving
        call    overrides
        mov     ax, 3
        int     0x10
        ret

%macro COLOUR 3                                 ; register, red, green and blue
        mov     bx, %1
        call    dac
        mov     al, dh
        xor     ah, ah
        EXPECT  'red', ax, %2
        EXPECT  'green, blue', cx, %3
%endmacro

default_colours:
        mov     word [context], 0x1015
        COLOUR  0x00, 0x00, 0x0000
        COLOUR  0x01, 0x00, 0x002A
        COLOUR  0x14, 0x2A, 0x1500
        COLOUR  0x3E, 0x3F, 0x3F15
        COLOUR  0x3F, 0x3F, 0x3F3F
        mov     ax, 0x13
        int     0x10
        mov     word [context], 0x13
        COLOUR  6, 0x2A, 0x1500
        COLOUR  14, 0x3F, 0x3F15
        COLOUR  0x1F, 0x3F, 0x3F3F
        COLOUR  0x20, 0x00, 0x003F
        COLOUR  0x21, 0x10, 0x003F
        COLOUR  0x28, 0x3F, 0x0000
        COLOUR  0x2C, 0x3F, 0x3F00
        COLOUR  0x30, 0x00, 0x3F00
        COLOUR  0x37, 0x00, 0x103F
        COLOUR  0x38, 0x1F, 0x1F3F
        COLOUR  0x68, 0x00, 0x001C
        COLOUR  0xF7, 0x0B, 0x0C10
        mov     ax, 4
        int     0x10
        mov     word [context], 4
        COLOUR  0x06, 0x2A, 0x1500
        COLOUR  0x13, 0x15, 0x3F3F
        COLOUR  0x16, 0x3F, 0x3F15
        mov     ah, 0x0B                        ; palette 0, background blue
        mov     bx, 0x0100
        int     0x10
        mov     ah, 0x0B
        mov     bx, 0x0011
        int     0x10
        mov     al, 0
        call    attribute
        EXPECT  'background', ax, 1
        mov     al, 1
        call    attribute
        EXPECT  'bright green', ax, 0x12
        mov     al, 3
        call    attribute
        EXPECT  'yellow', ax, 0x16
        mov     al, 0x11
        call    attribute
        EXPECT  'border', ax, 1
        mov     ax, 3
        int     0x10
        ret

palette:
        mov     word [context], 0x1000
        mov     ax, 0x1000
        mov     bx, 0x2505
        int     0x10
        mov     al, 5
        call    attribute
        EXPECT  'set one', ax, 0x25
        mov     ax, 0x1007
        mov     bx, 5
        int     0x10
        EXPECT  'get one', bx, 0x2505
        mov     ax, 0x1001
        mov     bh, 9
        int     0x10
        mov     ax, 0x1008
        int     0x10
        mov     al, bh
        xor     ah, ah
        EXPECT  'overscan', ax, 9
        mov     ax, 0x1009
        mov     dx, BUFFER
        int     0x10
        mov     al, [BUFFER + 5]
        mov     ah, [BUFFER + 16]
        EXPECT  'get all', ax, 0x0925
        mov     byte [BUFFER + 5], 5
        mov     byte [BUFFER + 16], 0
        mov     ax, 0x1002
        mov     dx, BUFFER
        int     0x10
        mov     ax, 0x1007
        mov     bx, 5
        int     0x10
        EXPECT  'set all', bx, 0x0505
        mov     ax, 0x1003
        mov     bx, 0
        int     0x10
        mov     al, 0x10
        call    attribute
        EXPECT  'intensity', ax, 0x04
        mov     ax, 0x1003
        mov     bx, 1
        int     0x10
        mov     al, 0x10
        call    attribute
        EXPECT  'blink', ax, 0x0C
        mov     ax, 0x1013
        mov     bx, 0x0100
        int     0x10
        mov     ax, 0x1013
        mov     bx, 0x0701
        int     0x10
        mov     ax, 0x101A
        mov     bx, 0
        int     0x10
        EXPECT  'paging', bx, 0x0701
        mov     ax, 0x1013
        mov     bx, 0x0001
        int     0x10
        mov     ax, 0x1013
        mov     bx, 0x0000
        int     0x10
        ret

dac_blocks:
        mov     word [context], 0x1012
        mov     si, BUFFER
        mov     cx, 30
.fill:  mov     [si], cl
        inc     si
        loop    .fill
        mov     ax, 0x1012
        mov     bx, 100
        mov     cx, 10
        mov     dx, BUFFER
        int     0x10
        mov     ax, 0x1017
        mov     bx, 101
        mov     cx, 2
        mov     dx, BUFFER + 100
        int     0x10
        EXPECT  'first', [BUFFER + 100], 0x1A1B
        EXPECT  'last', [BUFFER + 104], 0x1617
        mov     ax, 0x1010
        mov     bx, 200
        mov     dh, 0x3F
        mov     cx, 0x0000
        int     0x10
        mov     ax, 0x101B
        mov     bx, 200
        mov     cx, 1
        int     0x10
        COLOUR  200, 0x13, 0x1313               ; 30 per cent of 63
        mov     ax, 0x1018
        mov     bl, 0x7F
        int     0x10
        mov     ax, 0x1019
        mov     bx, 0
        int     0x10
        EXPECT  'mask', bx, 0x7F
        mov     ax, 0x1018
        mov     bl, 0xFF
        int     0x10
        ret

; Glyph row AL of character CL in block 0 straight from plane 2. Returns AX.
plane2: push    es
        push    dx
        push    ax
        mov     dx, 0x3C4
        mov     ax, 0x0604
        out     dx, ax
        mov     dx, 0x3CE
        mov     ax, 0x0204
        out     dx, ax
        mov     ax, 0x0005
        out     dx, ax
        mov     ax, 0x0406
        out     dx, ax
        mov     ax, 0xA000
        mov     es, ax
        pop     ax
        xor     ah, ah
        movzx   bx, cl
        shl     bx, 5
        add     bx, ax
        mov     al, [es:bx]
        push    ax
        mov     dx, 0x3C4
        mov     ax, 0x0204
        out     dx, ax
        mov     dx, 0x3CE
        mov     ax, 0x0004
        out     dx, ax
        mov     ax, 0x1005
        out     dx, ax
        mov     ax, 0x0E06
        out     dx, ax
        pop     ax
        xor     ah, ah
        pop     dx
        pop     es
        ret

fonts:  mov     word [context], 0x1130
        mov     ax, 0x1130
        mov     bh, 6
        int     0x10
        EXPECT  'height', cx, 16
        xor     dh, dh
        EXPECT  'rows', dx, 24
        mov     si, bp
        mov     al, [es:si + 0xDB * 16]         ; full block
        xor     ah, ah
        EXPECT  'ROM 8x16', ax, 0xFF
        mov     bl, [es:si + 0x41 * 16 + 4]
        xor     ax, ax
        mov     es, ax
        mov     cl, 0x41
        mov     al, 4
        push    bx
        call    plane2
        pop     bx
        xor     bh, bh
        EXPECT  'loaded', ax, bx
        mov     cl, 0xDB
        mov     al, 15
        call    plane2
        EXPECT  'loaded to the last row', ax, 0xFF
        ; A glyph of our own at 41h.
        mov     ax, 0x1100
        mov     bx, 0x1000
        mov     cx, 1
        mov     dx, 0x41
        mov     bp, .glyph
        int     0x10
        mov     cl, 0x41
        mov     al, 3
        call    plane2
        EXPECT  'own glyph', ax, 0x44
        mov     ax, 0x1104
        mov     bl, 0
        int     0x10
        mov     ax, 0x1103
        mov     bl, 0x05
        int     0x10
        mov     dx, 0x3C4
        mov     al, 3
        out     dx, al
        inc     dx
        in      al, dx
        xor     ah, ah
        EXPECT  'block specifier', ax, 5
        mov     ax, 0x1103
        mov     bl, 0
        int     0x10
        mov     ax, 0x12                        ; graphics fonts
        int     0x10
        mov     ax, 0x1123
        mov     bl, 0
        mov     dl, 60
        int     0x10
        movzx   ax, byte [0x484]
        EXPECT  'graphics rows', ax, 59
        EXPECT  'graphics height', [0x485], 8
        mov     ax, 3
        int     0x10
        ret
.glyph: db      0x11,0x22,0x33,0x44,0x55,0x66,0x77,0x88,0x99,0xAA,0xBB,0xCC,0xDD,0xEE,0xFF,0x00

codes:  mov     word [context], 0x1200
        mov     ah, 0x12
        mov     bx, 0xFF10
        int     0x10
        EXPECT  'EGA information', bx, 0x0003
        EXPECT  'switches', cx, 0x0F09
        mov     word [context], 0x1A00
        mov     ax, 0x1A00
        mov     bx, 0
        int     0x10
        xor     ah, ah
        EXPECT  '1Ah supported', ax, 0x1A
        EXPECT  'VGA, colour', bx, 0x0008
        mov     ax, 0x1201                      ; memory off and on
        mov     bl, 0x32
        int     0x10
        mov     dx, 0x3CC
        in      al, dx
        and     ax, 2
        EXPECT  'memory off', ax, 0
        mov     ax, 0x1200
        mov     bl, 0x32
        int     0x10
        mov     dx, 0x3CC
        in      al, dx
        and     ax, 2
        EXPECT  'memory on', ax, 2
        mov     ax, 0x1201
        mov     bl, 0x36
        int     0x10
        mov     dx, 0x3C4
        mov     al, 1
        out     dx, al
        inc     dx
        in      al, dx
        and     ax, 0x20
        EXPECT  'picture off', ax, 0x20
        mov     ax, 0x1200
        mov     bl, 0x36
        int     0x10
        mov     ax, 0x1200                      ; grey summing at mode set
        mov     bl, 0x33
        int     0x10
        mov     ax, 0x13
        int     0x10
        COLOUR  0x28, 0x13, 0x1313
        mov     ax, 0x1201
        mov     bl, 0x33
        int     0x10
        mov     ax, 3
        int     0x10
        ret

state:  mov     word [context], 0x1B00
        mov     ax, 0x1B00
        mov     bx, 0
        mov     di, BUFFER
        int     0x10
        xor     ah, ah
        EXPECT  '1Bh supported', ax, 0x1B
        mov     ax, [BUFFER + 4]
        EXPECT  'mode, columns', ax, 0x5003
        mov     al, [BUFFER + 0x22]
        mov     ah, [BUFFER + 0x23]
        EXPECT  'rows, height', ax, 0x1019
        EXPECT  'display', [BUFFER + 0x25], 0x0008
        EXPECT  'colours', [BUFFER + 0x27], 16
        EXPECT  'pages, lines', [BUFFER + 0x29], 0x0208
        EXPECT  'blocks', [BUFFER + 0x2B], 0
        mov     al, [BUFFER + 0x2D]
        xor     ah, ah
        EXPECT  'flags', ax, 0x31
        mov     al, [BUFFER + 0x31]
        EXPECT  'memory', ax, 3
        les     si, [BUFFER]
        mov     ax, [es:si]
        push    ds
        pop     es
        EXPECT  'modes', ax, 0xE0FF
        ret

; Saves in mode 3, goes to mode 12h, restores.
saving: mov     word [context], 0x1C00
        mov     ax, 0x1000
        mov     bx, 0x2A03
        int     0x10
        mov     ax, 0x1010
        mov     bx, 0x2A
        mov     dh, 1
        mov     cx, 0x0203
        int     0x10
        mov     dx, 0x0509
        mov     ah, 2
        mov     bh, 0
        int     0x10
        mov     ax, 0x1C00
        mov     cx, 7
        int     0x10
        xor     ah, ah
        EXPECT  '1Ch supported', ax, 0x1C
        EXPECT  'blocks', bx, 16
        mov     ax, 0x1C01
        mov     cx, 7
        mov     bx, BUFFER
        int     0x10
        mov     ax, 0x12
        int     0x10
        mov     ax, 0x1C02
        mov     cx, 7
        mov     bx, BUFFER
        int     0x10
        movzx   ax, byte [0x449]
        EXPECT  'mode again', ax, 3
        EXPECT  'cursor again', [0x450], 0x0509
        mov     dx, 0x3CC
        in      al, dx
        xor     ah, ah
        EXPECT  'misc again', ax, 0x67
        mov     al, 3
        call    attribute
        EXPECT  'palette again', ax, 0x2A
        mov     al, 0x10
        call    attribute
        EXPECT  'mode control again', ax, 0x0C
        COLOUR  0x2A, 1, 0x0203
        mov     dx, 0x3D4
        mov     al, 0x17
        out     dx, al
        inc     dx
        in      al, dx
        xor     ah, ah
        EXPECT  'CRT controller again', ax, 0xA3
        ret

; A program's own save pointers: palette area, a text font of 10 lines for mode 3, a graphics font for mode 12h.
overrides:
        mov     word [context], 0x4A8
        les     si, [0x4A8]
        mov     di, .pointers
        mov     eax, [es:si]
        mov     [di], eax
        mov     eax, [es:si + 16]
        mov     [di + 16], eax
        push    ds
        pop     es
        push    dword [0x4A8]
        mov     word [0x4A8], .pointers
        mov     word [0x4AA], 0
        mov     ax, 3
        int     0x10
        EXPECT  'height of the override', [0x485], 10
        movzx   ax, byte [0x484]
        EXPECT  'rows of the override', ax, 39
        mov     cl, 0x42
        mov     al, 1
        call    plane2
        EXPECT  'glyph of the override', ax, 0x5A
        mov     al, [BUFFER + 0x26]
        xor     ah, ah
        EXPECT  'palette area', ax, 0x14
        mov     al, [BUFFER + 0x30]
        EXPECT  'overscan in the area', ax, 0
        mov     ax, 0x1B00
        mov     bx, 0
        mov     di, BUFFER + 0x100
        int     0x10
        mov     al, [BUFFER + 0x132]
        xor     ah, ah
        EXPECT  'save pointer flags', ax, 0x26
        mov     ax, 0x12
        int     0x10
        EXPECT  'graphics height', [0x485], 12
        movzx   ax, byte [0x484]
        EXPECT  'graphics rows', ax, 39
        EXPECT  'INT 43h', [0x43 * 4], .glyph
        mov     ax, 2
        int     0x10
        EXPECT  'mode not in the list', [0x485], 16
        pop     dword [0x4A8]
        mov     ax, 3
        int     0x10
        EXPECT  'ROM font again', [0x485], 16
        ret
.pointers:
        dw      0, 0
        dw      BUFFER + 0x20, 0
        dw      .text, 0
        dw      .graphics, 0
        dd      0, 0, 0
.text:  db      10, 0
        dw      1, 0x42, .glyph, 0
        db      0xFF, 1, 3, 0xFF
.graphics:
        db      40
        dw      12, .glyph, 0
        db      0x12, 0xFF
.glyph: db      0xA5, 0x5A, 0xA5, 0x5A, 0xA5, 0x5A, 0xA5, 0x5A, 0xA5, 0x5A, 0xA5, 0x5A

        END_OF_PROGRAM
