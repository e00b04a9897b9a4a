; VESA BIOS extensions of the ET4000's video BIOS: what they say, every mode set and drawn through the window, banks,
; start, line length, palette, state. Announces each picture on port E9h as "MODE nnnn" and goes on at a key.
; Source: VBE Core Functions 2.0, VESA.

%include "video_common.inc"

buffer          equ     0x9000                  ; 512 bytes
window          equ     0xA000

test_main:
        call    information
        mov     si, modes
.next:  lodsw
        cmp     ax, 0xFFFF
        je      .return
        push    si
        mov     [context], ax
        mov     [mode], ax
        call    one_mode
        pop     si
        jmp     .next
.return:
        call    state
        mov     ax, 3
        int     0x10
        mov     ax, 0x4F03
        int     0x10
        EXPECT  'standard mode through 4F03', bx, 3
        ret

modes:  dw      0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x10D, 0x10E, 0x110, 0x111, 0x113, 0x114, 0xFFFF
mode:   dw      0
bank:   dw      0
columns: dw     0
lines:  dw      0
bits_a_dot: dw  0

information:
        mov     dword [buffer], 'VBE2'
        mov     ax, 0x4F00
        mov     di, buffer
        int     0x10
        EXPECT  '4F00', ax, 0x004F
        EXPECT  'signature', [buffer], 'VE'
        EXPECT  'signature', [buffer + 2], 'SA'
        EXPECT  'version', [buffer + 4], 0x0200
        EXPECT  'memory', [buffer + 0x12], 16
        ; The list of modes is the one above.
        push    es
        les     di, [buffer + 0x0E]
        mov     si, modes
        mov     cx, 13
.mode:  lodsw
        EXPECT  'mode list', [es:di], ax
        add     di, 2
        loop    .mode
        pop     es
        mov     ax, 0x4F02
        mov     bx, 0x4101
        int     0x10
        EXPECT  'no linear frame buffer', ax, 0x014F
        mov     ax, 0x4F02
        mov     bx, 0x0199
        int     0x10
        EXPECT  'no such mode', ax, 0x014F
        mov     ax, 0x4F0B
        int     0x10
        EXPECT  'no such function', ax, 0x4F0B
        mov     ax, 0x4F0A
        mov     bl, 0
        push    es
        int     0x10
        EXPECT  '4F0A', ax, 0x004F
        mov     bx, [es:di]
        movzx   ax, byte [es:bx + di]
        EXPECT  'window code is in the table', ax, 0x50
        pop     es
        ret

; Colour of the dot in column SI of row BX: the diagonal pattern, in AX as the mode wants it.
dot:    mov     ax, si
        xor     ax, bx
        cmp     byte [bits_a_dot], 8
        jbe     .return
        ; Red to the right, green down, blue on the diagonal.
        push    dx
        push    cx
        mov     dx, si
        shr     dx, 3
        and     dx, 31
        mov     ax, bx
        shr     ax, 3
        and     ax, 31
        mov     cx, si
        add     cx, bx
        shr     cx, 4
        and     cx, 31
        cmp     byte [bits_a_dot], 16
        je      .sixteen
        shl     dx, 10
        shl     ax, 5
        jmp     .mix
.sixteen:
        shl     dx, 11
        shl     ax, 6
.mix:   or      ax, dx
        or      ax, cx
        pop     cx
        pop     dx
.return:
        ret

one_mode:
        mov     ax, 0x4F01
        mov     cx, [mode]
        mov     di, buffer
        int     0x10
        EXPECT  '4F01', ax, 0x004F
        EXPECT  'window segment', [buffer + 8], 0xA000
        EXPECT  'window of 64 KB', [buffer + 6], 64
        mov     ax, [buffer + 0x12]
        mov     [columns], ax
        mov     ax, [buffer + 0x14]
        mov     [lines], ax
        mov     al, [buffer + 0x19]
        mov     ah, 0
        mov     [bits_a_dot], ax

        mov     ax, 0x4F02
        mov     bx, [mode]
        int     0x10
        EXPECT  '4F02', ax, 0x004F
        mov     ax, 0x4F03
        int     0x10
        EXPECT  '4F03', bx, [mode]
        mov     ax, 0x4F06
        mov     bl, 1
        int     0x10
        EXPECT  'line length', bx, [buffer + 0x10]
        EXPECT  'line length in dots', cx, [columns]
        cmp     byte [bits_a_dot], 4
        je      .planar
        call    fill
        jmp     .drawn
.planar:
        call    fill_planar
.drawn: ; A dot of the last row, written and read back through the BIOS.
        cmp     byte [bits_a_dot], 8
        jne     .shown
        mov     ax, 0x0C5A
        mov     cx, [columns]
        dec     cx
        mov     dx, [lines]
        dec     dx
        mov     bh, 0
        int     0x10
        mov     ax, 0x0D00
        int     0x10
        mov     ah, 0
        EXPECT  'read dot', ax, 0x5A
.shown: ; Each bank number comes back.
        mov     cx, 16
.bank:  mov     dx, cx
        dec     dx
        mov     bx, 0
        mov     ax, 0x4F05
        int     0x10
        mov     bx, 0x0100
        mov     ax, 0x4F05
        int     0x10
        inc     dx
        EXPECT  'bank', dx, cx
        loop    .bank
        mov     si, .mode
        call    print
        mov     ax, [mode]
        call    print_hex
        mov     al, 10
        out     0xE9, al
        xor     ah, ah
        int     0x16
        cmp     byte [bits_a_dot], 8
        ja      .done
        call    text
        cmp     word [mode], 0x101
        je      scroll
.done:  ret
.mode:  db      'MODE ', 0

; Characters in graphics modes: written, read, scrolled within a window over a border of banks, and off the last row;
; the bank that the program works in stays.
text:   mov     dx, 5
        cmp     byte [bits_a_dot], 8
        je      .bank
        xor     dx, dx
.bank:  mov     [bank], dx
        call    set_bank
        mov     ax, 0x0600                      ; clears the screen
        mov     bh, 0
        xor     cx, cx
        mov     dx, 0xFFFF
        int     0x10
        mov     ax, 0x0200
        mov     bh, 0
        mov     dx, 0x0B03
        int     0x10
        mov     ax, 0x0E41
        mov     bx, 0x000E
        int     0x10
        mov     ax, 0x0300
        mov     bh, 0
        int     0x10
        EXPECT  'cursor moves', dx, 0x0B04
        mov     ax, 0x0942
        mov     bx, 0x0007
        mov     cx, 3
        int     0x10
        mov     dx, 0x0B03
        mov     cx, 'A'
        call    character_at
        mov     dx, 0x0B06
        mov     cx, 'B'
        call    character_at
        mov     ax, 0x0701                      ; columns 3 and 4 down
        mov     bh, 0
        mov     cx, 0x0A03
        mov     dx, 0x0D04
        int     0x10
        mov     dx, 0x0C03
        mov     cx, 'A'
        call    character_at
        mov     dx, 0x0C04
        mov     cx, 'B'
        call    character_at
        mov     dx, 0x0B05
        mov     cx, 'B'
        call    character_at
        mov     ax, 0x0602                      ; and up by two
        mov     bh, 0
        mov     cx, 0x0A03
        mov     dx, 0x0D04
        int     0x10
        mov     dx, 0x0A04
        mov     cx, 'B'
        call    character_at
        ; A line feed in the last row moves everything.
        mov     ax, 0x1130
        mov     bh, 0
        push    es
        push    bp
        int     0x10
        pop     bp
        pop     es
        mov     dh, dl                          ; rows - 1
        mov     dl, 0
        mov     bh, 0
        mov     ah, 2
        int     0x10
        mov     ax, 0x0E0A
        int     0x10
        mov     dx, 0x0904
        mov     cx, 'B'
        call    character_at
        cmp     byte [bits_a_dot], 8
        jne     .return
        mov     ax, 0x4F05
        mov     bx, 0x0100
        int     0x10
        EXPECT  'bank stays', dx, [bank]
.return:
        ret

; Character CX is at DX (row, column).
character_at:
        mov     bh, 0
        mov     ah, 2
        int     0x10
        mov     ah, 8
        int     0x10
        xor     ah, ah
        EXPECT  'character', ax, cx
        ret

; 4F07, 4F06, 4F09 in mode 101h: 800 dots a line, start at 100, 50; the answer is the same.
scroll: mov     ax, 0x4F06
        mov     bl, 0
        mov     cx, 800
        int     0x10
        EXPECT  'set line length', ax, 0x004F
        EXPECT  'bytes a line', bx, 800
        EXPECT  'lines there are', dx, 1310
        mov     ax, 0x4F07
        mov     bx, 0
        mov     cx, 100
        mov     dx, 50
        int     0x10
        EXPECT  'set start', ax, 0x004F
        mov     ax, 0x4F07
        mov     bx, 0x0001
        int     0x10
        EXPECT  'start, dot', cx, 100
        EXPECT  'start, line', dx, 50
        mov     ax, 0x4F09
        mov     bl, 0
        mov     cx, 1
        mov     dx, 200
        mov     di, .colour
        int     0x10
        EXPECT  'set palette', ax, 0x004F
        mov     ax, 0x1015
        mov     bl, 200
        int     0x10
        shr     dx, 8
        EXPECT  'red', dx, 3
        EXPECT  'green and blue', cx, 0x0201
        mov     ax, 0x4F08
        mov     bx, 0x0800
        int     0x10
        shr     bx, 8
        EXPECT  'bits of a colour', bx, 6
        ret
.colour:
        db      1, 2, 3, 0

; All of the screen, byte by byte or word by word through the window, which moves when the offset wraps.
fill:   push    es
        call    first_window
        xor     bx, bx
.row:   xor     si, si
.dot:   call    dot
        cmp     byte [bits_a_dot], 8
        jne     .word
        stosb
        jmp     .next
.word:  stosw
.next:  call    next_window
        inc     si
        cmp     si, [columns]
        jb      .dot
        inc     bx
        cmp     bx, [lines]
        jb      .row
        pop     es
        ret

; ES:DI is the beginning of the screen, its window in place.
first_window:
        mov     ax, window
        mov     es, ax
        mov     word [bank], 0
        call    set_bank
        xor     di, di
        ret

; The window moves when DI has wrapped.
next_window:
        test    di, di
        jnz     set_bank.return
        inc     word [bank]
set_bank:
        push    dx
        push    bx
        mov     dx, [bank]
        xor     bx, bx
        call    far [buffer + 0x0C]             ; the window function of the mode's information
        pop     bx
        pop     dx
.return:
        ret

; Sixteen bars down the screen: bar n in the planes of n.
fill_planar:
        push    es
        call    first_window
        xor     bx, bx
.row:   mov     ax, bx                          ; colour by row / 32
        shr     ax, 5
        inc     ax
        mov     ah, al
        mov     al, 2
        mov     dx, 0x3C4
        out     dx, ax
        mov     cx, [columns]
        shr     cx, 3
.byte:  mov     al, 0xFE
        stosb
        call    next_window
        loop    .byte
        inc     bx
        cmp     bx, [lines]
        jb      .row
        mov     ax, 0x0F02
        out     dx, ax
        pop     es
        ret

; 4F04: all that makes a mode comes back after another has been set.
state:  mov     ax, 0x4F02
        mov     bx, 0x0110
        int     0x10
        mov     ax, 0x4F04
        mov     dl, 0
        mov     cx, 15
        int     0x10
        EXPECT  '4F04 size', bx, (128 + 64 + 832 + 64) / 64
        mov     ax, 0x4F04
        mov     dl, 1
        mov     cx, 15
        mov     bx, 0xA000
        int     0x10
        EXPECT  '4F04 save', ax, 0x004F
        mov     ax, 3
        int     0x10
        mov     ax, 0x4F04
        mov     dl, 2
        mov     cx, 15
        mov     bx, 0xA000
        int     0x10
        EXPECT  '4F04 restore', ax, 0x004F
        mov     ax, 0x4F03
        int     0x10
        EXPECT  'mode restored', bx, 0x0110
        mov     ax, 0x4F06
        mov     bl, 1
        int     0x10
        EXPECT  'line length restored', bx, 1280
        ret

        END_OF_PROGRAM
