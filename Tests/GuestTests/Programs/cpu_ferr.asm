; Numeric errors by FERR# and IRQ 13, as a PC has them (CR0.NE = 0; a 386 knows nothing else): the error waits for the
; next waiting numeric instruction, IRQ 13 comes before it is done, a write to port F0h and FNCLEX let it go on. With
; CR0.NE = 1 (486) it is exception 16. - Source: Intel SDM vol. 3A, Architecture Compatibility (FERR#, IGNNE#); 386 and
; 387 as in the PC AT (IBM 5170 TR, 80287).
        %include "cpu_frame.inc"

; Vector 2Dh: IRQ 13. Says where it came, clears the error and lets the processor go on.
irq:    push    eax
        push    edx
        push    ecx
        inc     dword [count]
        fnstsw  ax
        and     eax, 0xFF
        mov     [status], eax
        mov     eax, [esp + 12]
        mov     [where], eax
        mov     al, 0
        out     0xF0, al
        cmp     dword [keep], 0
        jne     .kept
        fnclex
.kept:  mov     al, 0x20
        out     0xA0, al
        out     0x20, al
        pop     ecx
        pop     edx
        pop     eax
        iretd

; Exception 16 is reported by the frame; here its error is cleared, or it would come again.
clears: cmp     dword [ebp + VECTOR], 16
        jne     .no
        fnclex
.no:    clc
        ret

; Divides 1 by 0 with ZE unmasked.
divide: fninit
        mov     word [control], 0x37B
        fldcw   [control]
        fld1
        fldz
        fdivp   st1, st0
        ret

%macro  outcome 1
        say     %1
        call    space
        mov     eax, [count]
        call    hex8
        call    space
        mov     eax, [status]
        call    hex8
        call    space
        mov     eax, [where]
        call    hex32
        call    newline
        mov     dword [count], 0
        mov     dword [status], 0
        mov     dword [where], 0
%endmacro

main:   mov     dword [hook], clears
        gate    0x2D, 0x08, irq, 0x8E
        ; Both interrupt controllers: IRQ 0-7 at 20h, 8-15 at 28h, only 2 and 13 open.
        mov     al, 0x11
        out     0x20, al
        out     0xA0, al
        mov     al, 0x20
        out     0x21, al
        mov     al, 0x28
        out     0xA1, al
        mov     al, 4
        out     0x21, al
        mov     al, 2
        out     0xA1, al
        mov     al, 1
        out     0x21, al
        out     0xA1, al
        mov     al, 0xFB
        out     0x21, al
        mov     al, 0xDF
        out     0xA1, al
        mov     eax, cr0
        and     eax, ~0x2E              ; no NE, TS, EM, MP
        mov     cr0, eax
        sti

        ; The instruction that waits is the one the interrupt stops at.
        call    divide
        fwait
        outcome "fwait"
        call    divide
        fld1
        outcome "fld1"
        call    divide
        fstp    dword [scratch]
        outcome "fstp"
        ; Instructions that don't wait pass.
        call    divide
        fnstsw  ax
        fnstcw  [scratch]
        fnclex
        fwait
        outcome "fnclex first"
        call    divide
        fninit
        fwait
        outcome "fninit first"
        call    divide
        fnsave  [image]
        fwait
        outcome "fnsave"
        frstor  [image]                 ; the error is back, and the next instruction finds it
        fwait
        outcome "frstor"
        ; Masked errors say nothing.
        fninit
        fld1
        fldz
        fdivp   st1, st0
        fwait
        outcome "masked"
        ; Unmasking an error that is there: it is found by the next instruction.
        mov     word [control], 0x37B
        fldcw   [control]
        fwait
        outcome "unmasked later"
        ; With interrupts off the request waits in the controller; FNCLEX takes the error away, the latch of port F0h
        ; keeps the request until it is written.
        cli
        call    divide
        fnclex
        sti
        nop
        outcome "cli, cleared"
        ; The handler that keeps the error: IGNNE# lets the instruction pass, once, and others until FNCLEX.
        mov     dword [keep], 1
        call    divide
        fwait
        fwait
        fld1
        fnclex
        mov     dword [keep], 0
        outcome "kept"
        ; Exception 16, where there is CR0.NE.
        mov     eax, cr0
        or      eax, 0x20
        mov     cr0, eax
        mov     eax, cr0
        test    al, 0x20
        jz      .no
        call    divide
        expect  .on
        fwait
.on:    outcome "NE"
.no:    cli
        mov     eax, cr0
        and     eax, ~0x20
        mov     cr0, eax
        ret

count   dd      0
status  dd      0
where   dd      0
keep    dd      0
control dw      0
scratch dd      0
image   times   108 db 0
