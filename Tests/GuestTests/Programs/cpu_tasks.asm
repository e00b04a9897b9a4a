; Task switches: JMP, CALL, interrupt and IRET, 286 and 386 TSS, busy bits, back links, T bit, faults of the new task.
        %include "cpu_frame.inc"
A       equ     0x30                    ; 386 TSS
B       equ     0x38                    ; 386 TSS
C       equ     0x40                    ; 286 TSS
GA      equ     0x48                    ; task gate to A
CODE16  equ     0x50
LIMITED equ     0x58                    ; a TSS too small
TSSA    equ     0x2200
TSSB    equ     0x2400
TSSC    equ     0x2600

; EIP %2 and a stack at %3 for the 386 TSS at %1.
%macro  task    3
        mov     edi, %1
        mov     ecx, 26
        xor     eax, eax
        rep     stosd
        mov     dword [%1 + 0x20], %2
        mov     dword [%1 + 0x24], 2
        mov     dword [%1 + 0x38], %3
        mov     dword [%1 + 0x48], 0x10
        mov     dword [%1 + 0x4C], 0x08
        mov     dword [%1 + 0x50], 0x10
        mov     dword [%1 + 0x54], 0x10
        mov     dword [%1 + 0x64], 0x680000
%endmacro

; Prints who runs, the types of the four TSS descriptors, TS and NT.
status: pushfd
        pushad
        xor     eax, eax
        str     ax
        call    hex16
        call    space
        mov     al, [gdt + 0x2D]
        call    hex8
        mov     al, [gdt + A + 5]
        call    hex8
        mov     al, [gdt + B + 5]
        call    hex8
        mov     al, [gdt + C + 5]
        call    hex8
        call    space
        mov     eax, cr0
        and     al, 8
        call    hex8
        clts
        call    space
        mov     eax, [esp + 32]
        and     eax, 0x4000
        call    hex16
        call    newline
        popad
        popfd
        ret

main:   descriptor A, TSSA, 0x67, 0x0089
        descriptor B, TSSB, 0x67, 0x0089
        descriptor C, TSSC, 0x2B, 0x0081
        descriptor LIMITED, TSSB, 0x66, 0x0089
        descriptor CODE16, 0x10000, 0xFFFF, 0x009B
        mov     dword [gdt + GA], A << 16
        mov     dword [gdt + GA + 4], 0x8500
        say     "start "
        call    status

        ; JMP there and back.
        task    TSSA, .inA, 0x8000
        mov     ebx, 0x12345678
        jmp     A:0
        say     "back by JMP "
        show    ebx
        call    status

        ; CALL: nested, back by IRET; then again, the task goes on behind its IRET.
        task    TSSB, .inB, 0x7800
        call    B:0
        say     "back by IRET "
        call    status
        call    B:0
        say     "again "
        call    status

        ; An interrupt through a task gate.
        mov     dword [idt + 0x30*8], A << 16
        mov     dword [idt + 0x30*8 + 4], 0x8500
        task    TSSA, .handler, 0x8000
        int     0x30
        say     "after INT "
        call    status

        ; The same through CALL to a task gate.
        task    TSSA, .handler, 0x8000
        call    GA:0
        say     "after CALL gate "
        call    status

        ; A busy task can't be entered; one too small neither.
        expect  .busy
        jmp     0x28:0
.busy:  expect  .small
        jmp     LIMITED:0
.small: call    status

        ; The T bit traps before the task's first instruction.
        task    TSSA, .inA2, 0x8000
        mov     byte [TSSA + 0x64], 1
        jmp     A:0
        say     "T done "
        call    status

        ; A 286 task: registers' low halves only.
        mov     edi, TSSC
        mov     ecx, 11
        xor     eax, eax
        rep     stosd
        mov     word [TSSC + 0x0E], .in286 - 0x10000
        mov     word [TSSC + 0x10], 2
        mov     word [TSSC + 0x12], 0x1234
        mov     word [TSSC + 0x1A], 0x7700
        mov     word [TSSC + 0x22], 0x10
        mov     word [TSSC + 0x24], CODE16
        mov     word [TSSC + 0x26], 0x10
        mov     word [TSSC + 0x28], 0x10
        call    C:0
        say     "back from 286 "
        call    status
        movzx   eax, word [TSSC + 0x12]
        show    eax
        call    newline

        ; A bad stack selector in the new task: #TS there, with its selector as error code.
        task    TSSB, .never, 0x7800
        mov     dword [TSSB + 0x50], 0x33
        gate    10, 0x08, .badStack, 0x8E
        mov     dword [mainTSS + 0x20], 0
        mov     dword [idt + 10*8], A << 16      ; handled by a task, since the new one has no stack
        mov     dword [idt + 10*8 + 4], 0x8500
        task    TSSA, .badTask, 0x8000
        jmp     B:0
        say     "survived "
        call    status
        ret

.inA:   say     "A by JMP "
        show    ebx
        call    status
        jmp     0x28:0
.inB:   say     "B by CALL "
        show    dword [TSSB]
        call    status
        iretd
        say     "B behind IRET "
        call    status
        iretd
.handler:
        say     "handler task "
        show    dword [TSSA]
        call    status
        iretd
.inA2:  say     "A with T "
        call    status
        jmp     0x28:0
.badStack:
.never: say     "never"
        jmp     $
.badTask:
        pop     eax
        say     "#TS in a task, error and link "
        show    eax
        show    dword [TSSA]
        call    status
        ; Give up B, back to main.
        and     byte [gdt + B + 5], 0xFD
        jmp     0x28:0

        bits    16
.in286: add     ax, 1
        iret
        bits    32
