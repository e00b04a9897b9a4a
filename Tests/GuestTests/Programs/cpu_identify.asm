; What programs of the time do to tell processors and numeric units apart. Each line is one of their tests.
        %include "cpu_frame.inc"

; Prints the bits of EFLAGS in %1 that can be toggled.
%macro  toggles 1
        pushfd
        pop     ecx
        mov     eax, ecx
        xor     eax, %1
        push    eax
        popfd
        pushfd
        pop     eax
        push    ecx
        popfd
        xor     eax, ecx
        show    eax
%endmacro

main:   say     "AC, ID "               ; a 386 has neither, early 486s have no ID
        toggles 0x40000
        toggles 0x200000
        mov     edx, eax
        call    newline
        test    edx, edx
        jz      .divide
        say     "CPUID "
        xor     eax, eax
        db      0x0F, 0xA2              ; CPUID
        mov     [name], ebx
        mov     [name + 4], edx
        mov     [name + 8], ecx
        mov     esi, name
        call    print
        call    newline

        ; Intel's parts change flags when they divide; Cyrix's leave all as they are (5 by 2), NexGen's leave ZF.
.divide:
        say     "5/2 "
        xor     eax, eax
        sahf
        mov     eax, 5
        mov     ebx, 2
        div     bl
        lahf
        cmp     ah, 2
        call    yes
        say     "5555h/2 "
        mov     eax, 0x5555
        mov     ecx, 2
        xor     edx, edx
        div     cx
        call    yes
        say     "IDIV -7/2 "
        mov     eax, -7
        cdq
        mov     ecx, 2
        cmp     eax, eax
        idiv    ecx
        call    yes
        ; The 386s of the first year multiply wrongly.
        say     "MUL "
        mov     eax, 0x0417A000
        mov     edx, 0x81
        mul     edx
        show    edx
        show    eax
        call    newline

        ; Coprocessors: there if they answer, a 287 if it takes +inf and -inf for equal.
        say     "FPU "
        fninit
        mov     word [area], 0x5A5A
        fnstsw  [area]
        fnstcw  [area + 2]
        show    dword [area]
        fld1
        fldz
        fdivp   st1
        fld     st0
        fchs
        fcompp
        fstsw   ax
        sahf
        call    yes

        ; Instructions that came with the 486, and two that went with the 386's first steppings.
        say     "BSWAP, XADD, CMPXCHG"
        call    newline
        mov     eax, 0x12345678
        expect  .2
        bswap   eax
        show    eax
        call    newline
.2:     mov     eax, 1
        mov     ebx, 2
        expect  .3
        xadd    ebx, eax
        show    eax
        show    ebx
        call    newline
.3:     mov     eax, 3
        mov     ebx, 3
        mov     ecx, 4
        expect  .4
        db      0x0F, 0xB1, 0xCB        ; CMPXCHG EBX, ECX
        show    ebx
        call    newline
.4:     mov     dword [resume], 0
        say     "XBTS, IBTS"
        call    newline
        expect  .5
        db      0x0F, 0xA6, 0xC0
.5:     expect  .6
        db      0x0F, 0xA7, 0xC0
.6:     mov     dword [resume], 0
        ; CR0: CD, NW, AM, WP and NE can be set on a 486, ET is fixed there.
        say     "CR0 "
        mov     ecx, cr0
        mov     eax, ecx
        or      eax, 0x60050020
        mov     cr0, eax
        mov     edx, cr0
        mov     cr0, ecx
        and     edx, 0x60050020
        show    edx
        mov     eax, ecx
        xor     eax, 0x10
        mov     cr0, eax
        mov     edx, cr0
        mov     cr0, ecx
        xor     edx, ecx
        show    edx
        call    newline
        ret

yes:    je      .equal
        say     "no"
        jmp     newline
.equal: say     "yes"
        jmp     newline

        align   4
name    times   12 db 0
        db      0
        align   4
area    dd      0
