; Resets and shutdown codes: the machine is reset in every way there is and must come back where
; CMOS 0Fh says. Memory from 0:7C00 keeps the program, 0:600 its place. Prints to port E9h.
%include "bios_test.inc"

STAGE   equ 0x600               ; word: what is being tried; 600h is left alone by POST and loader
MAGIC   equ 0x602

%macro SHUTDOWN 2               ; code, continuation
        mov     word [0x467], %2
        mov     word [0x469], 0
        mov     al, 0x0F
        out     0x70, al
        jmp     short $+2
        mov     al, %1
        out     0x71, al
%endmacro
%macro FRESH 0                  ; what a continuation may not rely on
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        cld
%endmacro

tests:
        cmp     dword [MAGIC], 0x52535421
        je      .booted
        mov     dword [MAGIC], 0x52535421
        mov     word [STAGE], 0
        SHUTDOWN 0x0A, after0A
        mov     al, 0xFE                ; 8042 pulse
        jmp     pulse
.booted:
        mov     ax, [STAGE]
        cmp     ax, 1
        je      after04
        cmp     ax, 2
        je      warm
        cmp     ax, 3
        je      last
        mov     si, .lost
        call    say
        ret
.lost:  db "FAIL the program was started again out of order", 10, 0

after0A:
        FRESH
        mov     ss, ax
        mov     sp, 0x7C00
        EXPECT  ax, 0, "0A through the 8042"
        SHUTDOWN 0x05, after05
        in      al, 0x92                ; port 92h
        and     al, 0xFE
        out     0x92, al
        or      al, 0x01
        out     0x92, al
        hlt
after05:
        FRESH
        mov     ss, ax
        mov     sp, 0x7C00
        EXPECT  ax, 0, "05 through port 92h"
        mov     al, 0x0F
        out     0x70, al
        in      al, 0x71
        EXPECT_BYTE al, 0, "the code is used once"
        ; IRET and RETF: 40:67 is a stack pointer
        mov     word [frame], after0B
        mov     word [frame+2], 0
        mov     word [frame+4], 0x0002
        SHUTDOWN 0x0B, frame
        mov     al, 0xFE
        jmp     pulse
after0B:
        FRESH
        EXPECT  sp, frame+6, "0B returns by IRET"
        mov     ss, ax
        mov     sp, 0x7C00
        mov     word [frame], after0C
        mov     word [frame+2], 0
        SHUTDOWN 0x0C, frame
        mov     al, 0xFE
        jmp     pulse
after0C:
        FRESH
        EXPECT  sp, frame+4, "0C returns by RETF"
        mov     ss, ax
        mov     sp, 0x7C00
        mov     word [frame], 0x1111    ; DS, ES, DI SI BP SP BX DX CX AX, IP CS flags
        mov     word [frame+2], 0x2222
        mov     word [frame+4], 0x3333
        mov     word [frame+18], 0x4444
        mov     word [frame+20], after09
        mov     word [frame+22], 0
        mov     word [frame+24], 0x0002
        SHUTDOWN 0x09, frame
        mov     al, 0xFE
        jmp     pulse
after09:
        mov     [cs:saved], ax
        mov     [cs:saved+2], di
        FRESH
        mov     ss, ax
        mov     sp, 0x7C00
        EXPECT  [saved], 0x4444, "09 restores AX"
        EXPECT  [saved+2], 0x3333, "09 restores DI"
        ; 04: INT 19h without POST. The tick's count survives, vectors too
        mov     word [STAGE], 1
        SHUTDOWN 0x04, 0
        mov     al, 0xFE
        jmp     pulse
after04:
        EXPECT  [STAGE], 1, "04 boots"
        ; a cold start through the vector
        mov     word [STAGE], 2
        mov     word [0x472], 0
        jmp     0xFFFF:0x0000
warm:   EXPECT  [STAGE], 2, "FFFF:0 boots"
        ; Ctrl-Alt-Del
        mov     word [STAGE], 3
        mov     word [0x66*4], 0x1234   ; POST clears the users' vectors
        mov     al, 0x1D
        call    key
        mov     al, 0x38
        call    key
        mov     al, 0x53
        call    key
        mov     cx, 40
.wait:  hlt
        loop    .wait
        or      sp, sp
        call    report
        db      "Ctrl-Alt-Del", 0
        ret
last:   EXPECT  [STAGE], 3, "Ctrl-Alt-Del boots"
        EXPECT  [0x66*4], 0, "POST ran"
        mov     al, [0x417]
        and     ax, 0x0F
        EXPECT  ax, 0, "no keys held"
        mov     dword [MAGIC], 0
        ; triple fault, no room in the IDT (last: some emulators reset the devices as well)
        SHUTDOWN 0x0A, afterTF
        lidt    [noidt]
        int     3
        hlt
afterTF:
        FRESH
        mov     ss, ax
        mov     sp, 0x7C00
        EXPECT  ax, 0, "0A through a triple fault"
        jmp     finish

pulse:  push    ax
        call    ready
        pop     ax
        out     0x64, al
.stop:  hlt
        jmp     .stop
key:    push    ax
        call    ready
        mov     al, 0xD2
        out     0x64, al
        call    ready
        pop     ax
        out     0x60, al
        hlt
        ret
ready:  in      al, 0x64
        test    al, 2
        jnz     ready
        ret
noidt:  dw      0
        dd      0
saved:  dw      0, 0
frame:  times   40 db 0
program_end:
        times   CYLS*2*SPT*512-($-$$) db 0
