; Privilege: call gates of both sizes with parameters, returns to outer levels, interrupts from ring 3, conforming code,
; segment invalidation, alignment checks, and double faults.
        %include "cpu_frame.inc"
TASK    equ     0x30
TSS     equ     0x2200
GATE    equ     0x3B                    ; 386 call gate, DPL 3, two parameters
GATE16  equ     0x43                    ; 286 call gate, DPL 3, one parameter
CONF    equ     0x4B                    ; conforming code, DPL 0
STACK0  equ     0x50                    ; 16-bit expand-down stack
SMALL   equ     0x58                    ; data of 16 bytes
RING1   equ     0x61                    ; code DPL 1
DATA1   equ     0x69
FAULTS  equ     0x70                    ; TSS of the double-fault task
UCODE   equ     0x1B
UDATA   equ     0x23

; From ring 3, INT 30h goes on at ring 0 behind itself.
hooks:  cmp     dword [ebp + VECTOR], 0x30
        jne     .no
        mov     eax, [ebp + EIP]
        mov     esp, [savedESP]
        jmp     eax
.no:    clc
        ret

%macro  user    0                       ; to ring 3, same place, with its own stack
        mov     [savedESP], esp
        push    dword UDATA
        push    dword 0x9D000
        push    dword 0x3002              ; IOPL 3, to print
        push    dword UCODE
        push    dword %%on
        iretd
%%on:
%endmacro
%macro  system  0                       ; and back
        int     0x30
        mov     ax, 0x10
        mov     ds, ax
        mov     es, ax
%endmacro

main:   mov     dword [hook], hooks
        descriptor TASK, TSS, 0x67, 0x0089
        mov     edi, TSS
        mov     ecx, 26
        xor     eax, eax
        rep     stosd
        mov     dword [TSS + 4], 0x9E000
        mov     dword [TSS + 8], 0x10
        mov     dword [TSS + 12], 0x9C000
        mov     dword [TSS + 16], DATA1
        mov     dword [TSS + 0x64], 0x680000
        mov     ax, TASK
        ltr     ax
        descriptor CONF, 0, 0xFFFFF, 0xC09E
        descriptor RING1, 0, 0xFFFFF, 0xC0BA
        descriptor DATA1, 0, 0xFFFFF, 0xC0B2
        descriptor SMALL, area, 15, 0x00F2
        descriptor STACK0, 0, 0x0FFF, 0x0096
        mov     eax, gated
        mov     [gdt + (GATE & ~7)], ax
        mov     word [gdt + (GATE & ~7) + 2], 0x08
        mov     [gdt + (GATE & ~7) + 4], eax
        mov     word [gdt + (GATE & ~7) + 4], 0xEC02
        mov     dword [gdt + (GATE16 & ~7)], (RING1 << 16) | 0xFE00   ; offsets of 286 gates have 16 bits: a copy
        mov     dword [gdt + (GATE16 & ~7) + 4], 0xE401
        mov     esi, gated16
        mov     edi, 0xFE00
        mov     ecx, gated16_end - gated16
        rep     movsb
        mov     esi, caller16           ; its caller must lie below 64 KB, too: it pushes 16 bits of EIP
        mov     edi, 0xFD00
        mov     ecx, caller16_end - caller16
        rep     movsb
        or      byte [idt + 0x30*8 + 5], 0x60
        or      byte [idt + 3*8 + 5], 0x60

        user
        mov     ax, UDATA
        mov     ds, ax
        mov     es, ax
        ; Ring 3 and what it can't do.
        mov     eax, cs
        show    eax
        mov     eax, ss
        show    eax
        call    newline
        expect  .1
        hlt
.1:     expect  .2
        mov     eax, cr0
.2:     expect  .3
        mov     ax, 0x10                ; DPL 0
        mov     ds, ax
.3:     expect  .4
        mov     ax, SMALL | 3
        mov     fs, ax
        mov     eax, [fs:13]
.4:     expect  .5
        mov     [fs:16], al
.5:     expect  .6
        mov     ax, UCODE               ; readable code: reads, no writes
        mov     gs, ax
        mov     al, [gs:area]
        mov     [gs:area], al
.6:     expect  .7
        call    0x08:0                  ; inner code without a gate
.7:     expect  .8
        jmp     GATE:0                  ; JMP can't change the level
.8:     expect  .9
        int     0x31                    ; DPL 0
.9:     int3
        expect  .10
        mov     ax, 0
        mov     ss, ax
.10:    expect  .11
        lldt    ax
.11:    mov     ax, 0                   ; a null selector may be loaded, not used
        mov     gs, ax
        expect  .12
        mov     al, [gs:0]
.12:    lar     eax, [.selectors]
        show    eax
        lsl     eax, [.selectors + 2]
        show    eax
        mov     ax, 0x10
        verr    ax
        setz    al
        movzx   eax, al
        show    eax
        call    newline

        ; Call gates.
        mov     ebx, esp
        push    dword 0x11111111
        push    dword 0x22222222
        call    GATE:0x12345678
        sub     ebx, esp
        show    ebx
        mov     eax, cs
        show    eax
        call    newline
        mov     ebx, esp
        mov     esp, 0xF000             ; nor does ESP keep more than 16 bits
        mov     eax, 0xFD00
        call    eax
        show    esp
        mov     esp, ebx
        show    edx
        call    newline
        ; Conforming code keeps the level.
        call    CONF:.conforming
        ; The gate's descriptor must be allowed for the selector's RPL and CPL.
        system
        and     byte [gdt + (GATE & ~7) + 5], ~0x60
        user
        mov     ax, UDATA
        mov     ds, ax
        expect  .13
        call    GATE:0
.13:    system
        or      byte [gdt + (GATE & ~7) + 5], 0x60

        ; A return to ring 3 takes away what it may not have.
        mov     ax, 0x10
        mov     es, ax
        mov     ax, UDATA
        mov     fs, ax
        mov     ax, CONF
        mov     gs, ax
        mov     [savedESP], esp
        push    dword UDATA
        push    dword 0x9D000
        push    dword UCODE
        push    dword .outer
        retf
.outer: mov     ax, ds                  ; 0, since ring 0's
        mov     bx, ax
        mov     ax, UDATA
        mov     ds, ax
        movzx   eax, bx
        show    eax
        mov     eax, es
        show    eax
        mov     eax, fs
        show    eax
        mov     eax, gs
        show    eax
        call    newline
        system

        ; Alignment (486): only at CPL 3 with AC and CR0.AM.
        mov     eax, cr0
        or      eax, 0x40000
        mov     cr0, eax
        mov     [savedESP], esp
        push    dword UDATA
        push    dword 0x9D000
        push    dword 0x43002
        push    dword UCODE
        push    dword .align
        iretd
.align: mov     ax, UDATA
        mov     ds, ax
        expect  .14
        mov     eax, [area + 1]
.14:    mov     al, [area + 1]
        mov     ax, [area + 2]
        expect  .15
        mov     ax, [area + 3]
.15:    system
        mov     eax, cr0
        and     eax, ~0x40000
        mov     cr0, eax

        ; An expand-down stack of 60 KB above 1000h.
        call    double
        mov     [savedESP], esp
        mov     ax, STACK0
        mov     ss, ax
        mov     esp, 0x1002
        push    ax
        push    ax                      ; #SS, and no room to tell: double fault
        mov     ax, 0x10
        mov     ss, ax
        mov     esp, [savedESP]
        ; #GP whose gate isn't present: #NP in delivering it, so #DF.
        and     byte [idt + 13*8 + 5], 0x7F
        mov     ax, 0xFFF8
        mov     ds, ax
        mov     ax, 0x10
        mov     ds, ax
        or      byte [idt + 13*8 + 5], 0x80
        ; #UD whose gate isn't present: #NP alone.
        and     byte [idt + 6*8 + 5], 0x7F
        expect  .last
        ud2
.last:  ret

.conforming:
        mov     eax, cs
        show    eax
        call    newline
        retf
.selectors dw   UDATA, SMALL | 3

; Makes #DF a task: it prints its error code and the old task's EIP, and lets that go on behind the faulting
; instruction, whose length it knows: two bytes.
double: descriptor FAULTS, 0x2400, 0x67, 0x0089
        mov     edi, 0x2400
        mov     ecx, 26
        xor     eax, eax
        push    es
        push    ds
        pop     es
        rep     stosd
        pop     es
        mov     dword [0x2420], .task
        mov     dword [0x2424], 2
        mov     dword [0x2438], 0x8000
        mov     dword [0x2448], 0x10
        mov     dword [0x244C], 0x08
        mov     dword [0x2450], 0x10
        mov     dword [0x2454], 0x10
        mov     dword [idt + 8*8], FAULTS << 16
        mov     dword [idt + 8*8 + 4], 0x8500
        ret
.task:  pop     eax
        say     "double fault "
        show    eax
        show    dword [TSS + 0x20]
        call    newline
        add     dword [TSS + 0x20], 2
        iretd
        jmp     .task

; Entered through the 386 gate: the two parameters lie behind CS:EIP, then the caller's SS:ESP.
gated:  say     "gated "
        show    dword [esp]
        show    dword [esp + 4]
        show    dword [esp + 8]
        show    dword [esp + 12]
        show    dword [esp + 16]
        show    dword [esp + 20]
        mov     eax, cs
        show    eax
        call    newline
        retf    8

caller16:
        push    word 0x3333
        call    GATE16:0
        ret
caller16_end:
gated16:
        mov     edx, [esp]              ; IP and CS
        mov     dx, [esp + 4]           ; the parameter
        db      0x66
        retf    2
gated16_end:

        align   8
area    times   32 db 0x5A
savedESP dd     0
