; INT 09h and INT 16h: scan codes are fed through the 8042's command D2h ("write keyboard output
; buffer"), which raises IRQ 1 as a key would. Prints a line per check to port E9h.
%include "bios_test.inc"

%macro KEYS 1+                  ; feeds scan codes
        call    feed
        db      %1, 0
%endmacro
%macro GIVES 2                  ; the next key of INT 16h/10h is %1
        call    next
        EXPECT  ax, %1, %2
%endmacro
%macro GIVES_OLD 2              ; the same through INT 16h/00h
        call    next_old
        EXPECT  ax, %1, %2
%endmacro
%macro NOTHING 1
        call    next
        EXPECT  ax, 0xFFFF, %1
%endmacro

tests:
        and     byte [0x417], 0x0F
        KEYS    0x1E, 0x9E
        GIVES   0x1E61, "a"
        KEYS    0x2A, 0x1E, 0x9E, 0xAA
        GIVES   0x1E41, "Shift a"
        KEYS    0x36, 0x02, 0x82, 0xB6
        GIVES   0x0221, "right Shift 1"
        KEYS    0x1D, 0x1E, 0x9E, 0x9D
        GIVES   0x1E01, "Ctrl a"
        KEYS    0x38, 0x1E, 0x9E, 0xB8
        GIVES   0x1E00, "Alt a"
        KEYS    0x3A, 0xBA, 0x1E, 0x9E
        GIVES   0x1E41, "Caps a"
        mov     al, [0x417]
        and     ax, 0x70
        EXPECT  ax, 0x40, "Caps flag"
        mov     al, [0x497]
        and     ax, 0x47
        EXPECT  ax, 0x04, "Caps LED"
        KEYS    0x2A, 0x1E, 0x9E, 0xAA
        GIVES   0x1E61, "Caps Shift a"
        KEYS    0x03, 0x83
        GIVES   0x0332, "Caps leaves digits"
        KEYS    0x3A, 0xBA
        mov     al, [0x417]
        and     ax, 0x70
        EXPECT  ax, 0, "Caps off"
        mov     al, [0x497]
        and     ax, 0x47
        EXPECT  ax, 0, "Caps LED off"
        NOTHING "nothing left"
        ; function keys
        KEYS    0x3B, 0xBB, 0x2A, 0x3B, 0xBB, 0xAA, 0x1D, 0x3B, 0xBB, 0x9D, 0x38, 0x3B, 0xBB, 0xB8
        GIVES   0x3B00, "F1"
        GIVES   0x5400, "Shift F1"
        GIVES   0x5E00, "Ctrl F1"
        GIVES   0x6800, "Alt F1"
        KEYS    0x57, 0xD7, 0x57, 0xD7
        GIVES   0x8500, "F11"
        call    next_old
        EXPECT  ax, 0xFFFF, "F11 hidden from 00h"
        KEYS    0x56, 0xD6
        GIVES   0x565C, "102nd key"
        ; grey keys with and without the fake shifts
        KEYS    0xE0, 0x48, 0xE0, 0xC8, 0xE0, 0x48, 0xE0, 0xC8
        GIVES   0x48E0, "grey Up"
        GIVES_OLD 0x4800, "grey Up, 00h"
        KEYS    0xE0, 0x2A, 0xE0, 0x53, 0xE0, 0xD3, 0xE0, 0xAA
        GIVES   0x53E0, "grey Del with fake shift"
        mov     al, [0x417]
        and     ax, 0x03
        EXPECT  ax, 0, "fake shift is no shift"
        KEYS    0xE0, 0x1C, 0xE0, 0x9C, 0xE0, 0x1C, 0xE0, 0x9C, 0xE0, 0x35, 0xE0, 0xB5
        GIVES   0xE00D, "keypad Enter"
        GIVES_OLD 0x1C0D, "keypad Enter, 00h"
        GIVES_OLD 0x352F, "keypad slash, 00h"
        KEYS    0xE0, 0x1D, 0xE0, 0x4B, 0xE0, 0xCB, 0xE0, 0x9D
        GIVES   0x73E0, "right Ctrl grey Left"
        KEYS    0xE0, 0x38
        mov     al, [0x496]
        and     ax, 0x0C
        EXPECT  ax, 0x08, "AltGr flag"
        KEYS    0x10, 0x90, 0xE0, 0xB8
        GIVES   0x1000, "AltGr q"
        mov     al, [0x417]
        and     ax, 0x0C
        EXPECT  ax, 0, "AltGr released"
        ; keypad
        KEYS    0x47, 0xC7
        GIVES   0x4700, "keypad Home"
        KEYS    0x45, 0xC5, 0x47, 0xC7, 0x2A, 0x47, 0xC7, 0xAA, 0x45, 0xC5
        GIVES   0x4737, "Num Lock 7"
        GIVES   0x4700, "Num Lock Shift 7"
        KEYS    0x4C, 0xCC, 0x4C, 0xCC
        GIVES   0x4C00, "keypad 5"
        call    next_old
        EXPECT  ax, 0xFFFF, "keypad 5 hidden from 00h"
        KEYS    0x38, 0x48, 0xC8, 0x4D, 0xCD, 0xB8
        GIVES   0x0056, "Alt 86"
        KEYS    0x38, 0x1C, 0x9C, 0xB8
        GIVES   0x1C00, "Alt Enter"
        ; Ins, Scroll Lock
        KEYS    0x52, 0xD2
        GIVES   0x5200, "Ins"
        mov     al, [0x417]
        and     ax, 0x80
        EXPECT  ax, 0x80, "Ins state"
        KEYS    0xE0, 0x52, 0xE0, 0xD2
        GIVES   0x52E0, "grey Ins"
        mov     al, [0x417]
        and     ax, 0x80
        EXPECT  ax, 0, "Ins state off"
        KEYS    0x46, 0xC6
        mov     ah, 0x02
        int     0x16
        and     ax, 0x10
        EXPECT  ax, 0x10, "Scroll Lock"
        KEYS    0x46, 0xC6
        ; Ctrl-Break
        mov     word [0x1B*4], breaker
        mov     word [0x1B*4+2], 0
        KEYS    0x1E, 0x9E, 0x1D, 0xE0, 0x46, 0xE0, 0xC6, 0x9D
        mov     ax, [broke]
        EXPECT  ax, 1, "INT 1Bh"
        mov     al, [0x471]
        and     ax, 0x80
        EXPECT  ax, 0x80, "break flag"
        GIVES   0, "break empties the buffer"
        NOTHING "only the break code"
        ; SysReq
        mov     ax, [0x15*4]
        mov     [old15], ax
        mov     ax, [0x15*4+2]
        mov     [old15+2], ax
        cli
        mov     word [0x15*4], hook15
        mov     word [0x15*4+2], 0
        sti
        KEYS    0x38, 0x54, 0xD4, 0xB8
        mov     ax, [sysreq]
        EXPECT  ax, 0x0201, "SysReq made and broken"
        ; INT 15h/4Fh swaps b for c and swallows x
        KEYS    0x30, 0xB0, 0x2D, 0xAD
        GIVES   0x2E63, "intercepted b"
        NOTHING "swallowed x"
        cli
        mov     eax, [old15]
        mov     [0x15*4], eax
        sti
        ; Pause holds the machine until a key: the tick feeds it
        mov     ax, [0x1C*4]
        mov     [old1c], ax
        mov     ax, [0x1C*4+2]
        mov     [old1c+2], ax
        cli
        mov     word [0x1C*4], unpause
        mov     word [0x1C*4+2], 0
        sti
        mov     byte [paused], 20
        KEYS    0xE1, 0x1D, 0x45
        cli
        mov     eax, [old1c]
        mov     [0x1C*4], eax
        sti
        EXPECT_BYTE [paused], 0, "Pause held"
        KEYS    0xE1, 0x9D, 0xC5, 0xB9
        NOTHING "the key after Pause is swallowed"
        mov     al, [0x418]
        mov     ah, [0x417]
        and     ax, 0x0C0F
        EXPECT  ax, 0, "Pause leaves no flags"
        ; print screen
        mov     word [0x05*4], printer
        mov     word [0x05*4+2], 0
        KEYS    0xE0, 0x2A, 0xE0, 0x37, 0xE0, 0xB7, 0xE0, 0xAA
        mov     ax, [printed]
        EXPECT  ax, 1, "INT 05h"
        KEYS    0x37, 0xB7
        GIVES   0x372A, "keypad *"
        ; buffer
        mov     cx, 0x1234
        mov     ah, 0x05
        int     0x16
        EXPECT_BYTE al, 0, "16/05"
        mov     ah, 0x11
        int     0x16
        EXPECT_IF nz, "16/11"
        mov     ah, 0x01
        int     0x16
        EXPECT  ax, 0x1234, "16/01"
        GIVES   0x1234, "16/10"
        mov     ah, 0x01
        int     0x16
        EXPECT_IF z, "16/01 empty"
        mov     bp, 15
.fill:  mov     cx, 0x1E61
        mov     ah, 0x05
        int     0x16
        dec     bp
        jnz     .fill
        EXPECT_BYTE al, 0, "15 keys fit"
        mov     ah, 0x05
        int     0x16
        EXPECT_BYTE al, 1, "the 16th does not"
        mov     bp, 15
.drain: mov     ah, 0
        int     0x16
        dec     bp
        jnz     .drain
        EXPECT  ax, 0x1E61, "drained"
        KEYS    0x1D, 0x2A
        mov     ah, 0x12
        int     0x16
        EXPECT  ax, 0x0106, "16/12"
        KEYS    0x9D, 0xAA
        mov     ax, 0x0305
        mov     bx, 0x0100
        int     0x16
        KEYS    0x1E, 0x9E
        GIVES   0x1E61, "after setting the rate"
        ; waiting in INT 16h/00h while the tick delivers the key
        cli
        mov     word [0x1C*4], unpause
        mov     word [0x1C*4+2], 0
        sti
        mov     byte [paused], 5
        mov     ah, 0
        int     0x16
        EXPECT  ax, 0x3920, "16/00 waits"
        cli
        mov     eax, [old1c]
        mov     [0x1C*4], eax
        sti
        KEYS    0xB9
        mov     al, [0x497]
        mov     ah, 0
        and     al, 0xC7
        EXPECT  ax, 0, "40:97 at rest"
        ret

; Feeds the codes after the call, one at a time, waiting until INT 09h has taken each.
feed:   pop     si
        push    ax
.code:  lodsb
        test    al, al
        jz      .done
        push    ax
        call    inject
        mov     cx, 20000
.taken: in      al, 0x64
        test    al, 1
        jz      .gone
        loop    .taken
.gone:  mov     cx, 2000
        loop    $
        pop     ax
        jmp     .code
.done:  pop     ax
        jmp     si
inject: push    ax
        call    ready
        mov     al, 0xD2
        out     0x64, al
        call    ready
        pop     ax
        out     0x60, al
        ret
ready:  push    cx
        xor     cx, cx
.in:    in      al, 0x64
        test    al, 2
        jz      .ok
        loop    .in
.ok:    pop     cx
        ret
; AX = next key, FFFFh if none.
next:   mov     ah, 0x11
        int     0x16
        jz      none
        mov     ah, 0x10
        int     0x16
        ret
next_old:
        mov     ah, 0x01
        int     0x16
        jz      none
        mov     ah, 0x00
        int     0x16
        ret
none:   mov     ax, 0xFFFF
        ret
breaker:
        inc     word [cs:broke]
        iret
printer:
        inc     word [cs:printed]
        iret
hook15: cmp     ax, 0x8500
        je      .down
        cmp     ax, 0x8501
        je      .up
        cmp     ah, 0x4F
        jne     .old
        cmp     al, 0x2D
        je      .eat
        cmp     al, 0x30
        jne     .old
        mov     al, 0x2E
        stc
        retf    2
.eat:   clc
        retf    2
.down:  inc     byte [cs:sysreq]
        iret
.up:    mov     byte [cs:sysreq+1], 2
        iret
.old:   jmp     far [cs:old15]
; Every tick while paused is not 0: counts down and presses Space at 0.
unpause:
        cmp     byte [cs:paused], 0
        je      .out
        dec     byte [cs:paused]
        jnz     .out
        push    ax
        mov     al, 0x39
        call    inject
        pop     ax
.out:   iret

broke:  dw      0
printed: dw     0
sysreq: dw      0
paused: db      0
old15:  dw      0, 0
old1c:  dw      0, 0
program_end:
        times   CYLS*2*SPT*512-($-$$) db 0
