; INT 15h/C2h and INT 74h: commands to the PS/2 mouse, and packets fed through the 8042's command
; D3h ("write aux output buffer"). Prints a line per check to port E9h.
%include "bios_test.inc"

%macro C2 2                     ; AL, BX
        mov     ax, 0xC200|%1
        mov     bx, %2
        int     0x15
        mov     [status], ah
        mov     [values2], bx
%endmacro

tests:
        int     0x11
        test    al, 0x04
        jnz     .present
        C2      5, 0x0300
        EXPECT_IF c, "no mouse: C205 fails"
        ret
.present:
        C2      5, 0x0300
        EXPECT_IF nc, "C205 initialize"
        EXPECT  [values2], 0x00AA, "C205 device and self test"
        C2      0, 0x0100
        EXPECT  [status], 5, "C200 without a handler"
        push    0
        pop     es
        C2      7, handler
        EXPECT_IF nc, "C207"
        C2      4, 0
        mov     ax, [values2]
        mov     al, 0
        EXPECT  ax, 0, "C204 type"
        C2      2, 0x0500
        EXPECT_IF nc, "C202 rate"
        C2      2, 0x0900
        EXPECT  [status], 2, "C202 bad rate"
        C2      3, 0x0300
        EXPECT_IF nc, "C203 resolution"
        C2      6, 0x0200
        EXPECT_IF nc, "C206 scaling"
        C2      6, 0x0000
        mov     [packet], cl
        mov     [packet+2], dl
        EXPECT_IF nc, "C206 status"
        EXPECT_BYTE [packet], 3, "status: resolution"
        EXPECT_BYTE [packet+2], 100, "status: rate"
        C2      0, 0x0100
        EXPECT_IF nc, "C200 enable"
        mov     al, 0x09
        call    feed
        mov     al, 0x21
        call    feed
        mov     ax, [calls]
        EXPECT  ax, 0, "two bytes are no packet"
        mov     al, 0x43
        call    feed
        mov     ax, [calls]
        EXPECT  ax, 1, "handler called"
        EXPECT  [packet], 0x09, "status byte"
        EXPECT  [packet+2], 0x21, "X"
        EXPECT  [packet+4], 0x43, "Y"
        EXPECT  [packet+6], 0, "Z"
        C2      0, 0x0000
        EXPECT_IF nc, "C200 disable"
        C2      1, 0
        EXPECT_IF nc, "C201 reset"
        EXPECT  [values2], 0x00AA, "C201 answer"
        C2      9, 0
        EXPECT  [status], 1, "bad function"
        push    0                       ; the keyboard still works
        pop     es
        mov     al, 0x1E
        mov     ah, 0xD2
        call    feed2
        mov     ah, 0x11
        int     0x16
        EXPECT  ax, 0x1E61, "keyboard alive"
        ret

feed:   mov     ah, 0xD3
feed2:  push    ax
        mov     al, ah
        call    ready
        out     0x64, al
        call    ready
        pop     ax
        out     0x60, al
        hlt
        hlt
        ret
ready:  push    cx
        push    ax
        xor     cx, cx
.in:    in      al, 0x64
        test    al, 2
        jz      .ok
        loop    .in
.ok:    pop     ax
        pop     cx
        ret
handler:
        push    bp
        mov     bp, sp
        push    ax
        inc     word [cs:calls]
        mov     ax, [bp+12]
        mov     [cs:packet], ax
        mov     ax, [bp+10]
        mov     [cs:packet+2], ax
        mov     ax, [bp+8]
        mov     [cs:packet+4], ax
        mov     ax, [bp+6]
        mov     [cs:packet+6], ax
        pop     ax
        pop     bp
        retf
status: dw      0
values2: dw     0
calls:  dw      0
packet: dw      0, 0, 0, 0
program_end:
        times   CYLS*2*SPT*512-($-$$) db 0
