; Virtual-8086 mode: what faults at IOPL 0 and 3, interrupts to ring 0 and back, the I/O permission bitmap, limits.
        %include "cpu_frame.inc"
TASK    equ     0x30
TSS     equ     0x2200

; Runs V86 code at %1 with EFLAGS %2 until its INT 3Fh.
%macro  virtual 2
        mov     [savedESP], esp
        push    dword 0x1004            ; GS FS DS ES
        push    dword 0x1003
        push    dword 0x1000
        push    dword 0x1002
        push    dword 0x9000            ; SS ESP
        push    dword 0xE000
        push    dword %2
        push    dword 0x1000
        push    dword (%1) - 0x10000
        mov     dword [continue], %%on
        iretd
%%on:   mov     esp, [savedESP]
%endmacro

; The way out of V86 mode, and a look at what a gate from V86 mode saves.
leave:  cmp     dword [ebp + VECTOR], 0x3F
        je      .out
        cmp     dword [ebp + VECTOR], 0x30
        je      .registers
        cmp     dword [ebp + VECTOR], 13        ; at IOPL 0 INT n is the monitor's: 3Fh means leave
        jne     .report
        mov     eax, [ebp + CSEL]
        shl     eax, 4
        add     eax, [ebp + EIP]
        cmp     word [eax], 0x3FCD
        je      .out
.report:
        clc
        ret
.out:   jmp     [continue]
.registers:
        say     "saved "
        show    dword [ebp + USERESP]
        show    dword [ebp + USERSS]
        show    dword [ebp + USERSS + 4]
        show    dword [ebp + USERSS + 8]
        show    dword [ebp + USERSS + 12]
        show    dword [ebp + USERSS + 16]
        mov     ax, fs                  ; null now
        movzx   eax, ax
        show    eax
        mov     ax, gs
        movzx   eax, ax
        show    eax
        call    newline
        stc
        ret

main:   mov     dword [hook], leave
        descriptor TASK, TSS, 0x89, 0x0089
        mov     edi, TSS
        mov     ecx, 26
        xor     eax, eax
        rep     stosd
        mov     dword [TSS + 4], 0x9E000
        mov     dword [TSS + 8], 0x10
        mov     dword [TSS + 0x64], 0x680000
        mov     edi, TSS + 0x68         ; ports 0-FFh
        mov     ecx, 32
        mov     al, 0xFF
        rep     stosb
        mov     byte [TSS + 0x68 + 0x1D], 0xFD  ; E9h alone
        mov     byte [TSS + 0x88], 0xFF
        mov     ax, TASK
        ltr     ax
        ; INT3 and INT 30h, 3Fh may be called by anybody.
        or      byte [idt + 3*8 + 5], 0x60
        or      byte [idt + 0x30*8 + 5], 0x60
        or      byte [idt + 0x3F*8 + 5], 0x60
        virtual low, 0x20002
        say     "IOPL 3"
        call    newline
        virtual high, 0x23002
        ret

        bits    16
%macro  fails   1+
        mov     dword [cs:resume - 0x10000], %%on - 0x10000
        %1
%%on:
%endmacro
        cpu     486
low:    mov     al, 'V'
        out     0xE9, al
        fails   cli
        fails   sti
        fails   pushf
        fails   popf
        fails   pushfd
        fails   popfd
        fails   int     0x21
        fails   iret
        fails   hlt
        fails   in      al, 0x60
        fails   in      al, 0xE8
        fails   out     0xE9, ax        ; EAh is forbidden
        mov     dx, 0x3F8
        fails   out     dx, al
        fails   mov     eax, cr0
        fails   lgdt    [0]
        fails   lmsw    ax
        fails   clts
        fails   mov     dr7, eax
        fails   lldt    ax
        fails   str     ax
        fails   arpl    ax, ax
        fails   lar     ax, ax
        fails   mov     ax, [0xFFFF]
        mov     ebx, 0x10000
        fails   mov     al, [ebx]
        fails   mov     al, [ss:ebx]
        mov     [cs:spare - 0x10000], sp
        mov     sp, 1
        fails   push    ax
        mov     sp, [cs:spare - 0x10000]
        fails   int3
        fails   jmp     dword 0x1000:0x10000
        fails   ud2
        jmp     0x1001:.here - 0x10010
.here:  mov     ax, cs
        call    word16
        jmp     0x1000:.there - 0x10000
.there: smsw    ax
        call    word16
        push    ds
        pop     es
        mov     ax, es
        call    word16
        int     0x3F
        jmp     $

word16: push    ax
        mov     al, ah
        call    byte8
        pop     ax
        call    byte8
        mov     al, 10
        out     0xE9, al
        ret
byte8:  push    ax
        shr     al, 4
        call    .digit
        pop     ax
.digit: and     al, 15
        cmp     al, 10
        sbb     al, 0x69
        das
        out     0xE9, al
        ret

high:   sti
        pushf
        pop     ax
        and     ax, 0x7200
        call    word16
        cli
        pushf
        pop     ax
        and     ax, 0x7200
        call    word16
        mov     ax, 0x4202              ; IOPL can't be lowered
        push    ax
        popf
        pushfd
        pop     eax
        and     eax, 0x37200
        mov     ebx, eax
        shr     eax, 16
        call    word16
        mov     ax, bx
        call    word16
        cli
        pushf
        push    cs
        push    .back - 0x10000
        iret
.back:  mov     al, 'I'
        out     0xE9, al
        fails   in      al, 0x60        ; the bitmap counts all the same
        int3
        int     0x30
        fails   int     0x31            ; DPL 0
        fails   hlt
        fails   mov     eax, cr3
        int     0x3F
        jmp     $
        bits    32

        align   4
savedESP dd     0
continue dd     0
spare   dd      0
