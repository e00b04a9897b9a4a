; Paging: every kind of instruction restarted after a page fault, accessed and dirty bits, write protection, INVLPG.
        %include "cpu_frame.inc"
DIR     equ     0x20000
TABLE   equ     0x21000
; Two pages that the tests take away: linear 40000h and 41000h, mapped to themselves when present.
P0      equ     0x40000
P1      equ     0x41000
PTE0    equ     TABLE + (P0 >> 12) * 4
PTE1    equ     TABLE + (P1 >> 12) * 4

; The pager is a task of its own, since most of the faults hit the stack: counts them and makes the page present again,
; with the rights in [rights]. IRET restarts the instruction in the main task.
PAGER   equ     0x30
TSSP    equ     0x2200
pager:  pop     eax                     ; the error code
        inc     dword [faults]
        shl     dword [errors], 4
        or      [errors], eax
        mov     eax, cr2
        and     eax, 0xFFFFF000
        mov     ecx, eax
        or      eax, [rights]
        shr     ecx, 12
        mov     [TABLE + ecx*4], eax
        iretd
        jmp     pager

; INT 30h returns at once.
quiet:  cmp     dword [ebp + VECTOR], 0x30
        jne     .no
        stc
        ret
.no:    clc
        ret

; Takes both pages away.
away:   push    eax
        and     dword [PTE0], ~1
        and     dword [PTE1], ~1
        mov     eax, cr3
        mov     cr3, eax
        mov     dword [faults], 0
        mov     dword [errors], 0
        pop     eax
        ret

; Prints a name, the faults and their error codes, and checksums both pages (they are present then).
%macro  result  1
        pushfd
        pushad
        say     %1
        call    outcome
        popad
        popfd
%endmacro
outcome:
        call    space
        mov     eax, [faults]
        call    hex8
        call    space
        mov     eax, [errors]
        call    hex32
        call    space
        mov     dword [PTE0], P0 + 7
        mov     dword [PTE1], P1 + 7
        mov     eax, cr3
        mov     cr3, eax
        mov     esi, P0
        mov     ecx, 2048
        xor     edx, edx
.sum:   lodsd
        rol     edx, 1
        xor     edx, eax
        loop    .sum
        show    edx
        call    newline
        ret

; Fills both pages with a pattern.
fill:   pushad
        mov     dword [PTE0], P0 + 7
        mov     dword [PTE1], P1 + 7
        mov     eax, cr3
        mov     cr3, eax
        mov     edi, P0
        mov     ecx, 2048
        mov     eax, 0x1000003
.next:  stosd
        imul    eax, eax, 0x19660D
        add     eax, 0x3C6EF35F
        loop    .next
        popad
        ret
%macro  prepare 0
        call    fill
        call    away
%endmacro

main:   mov     dword [hook], quiet
        descriptor PAGER, TSSP, 0x67, 0x0089
        mov     edi, TSSP
        mov     ecx, 26
        xor     eax, eax
        rep     stosd
        mov     dword [TSSP + 0x1C], DIR
        mov     dword [TSSP + 0x20], pager
        mov     dword [TSSP + 0x24], 2
        mov     dword [TSSP + 0x38], 0x8000
        mov     dword [TSSP + 0x48], 0x10
        mov     dword [TSSP + 0x4C], 0x08
        mov     dword [TSSP + 0x50], 0x10
        mov     dword [TSSP + 0x54], 0x10
        mov     dword [mainTSS + 0x1C], DIR
        mov     dword [idt + 14*8], PAGER << 16
        mov     dword [idt + 14*8 + 4], 0x8500
        mov     dword [rights], 7
        mov     edi, DIR
        mov     ecx, 1024
        xor     eax, eax
        rep     stosd
        mov     dword [DIR], TABLE + 7
        mov     edi, TABLE
        mov     ecx, 512                ; 2 MB as they are
        mov     eax, 7
.map:   stosd
        add     eax, 0x1000
        loop    .map
        mov     eax, DIR
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 0x80000000
        mov     cr0, eax
        jmp     .on
.on:    say     "paging on"
        call    newline
        mov     [savedESP], esp

        ; PUSHA and POPA over the boundary of two missing pages.
        prepare
        mov     eax, 0x11111111
        mov     ecx, 0x22222222
        mov     edx, 0x33333333
        mov     ebx, 0x44444444
        mov     ebp, 0x55555555
        mov     esi, 0x66666666
        mov     edi, 0x77777777
        mov     esp, P1 + 0x12          ; an odd place: one of the pushes lies on both pages
        pushad
        mov     [scratch], esp
        mov     esp, [savedESP]
        show    dword [scratch]
        result  "PUSHAD"
        prepare
        mov     esp, P1 - 0x0E
        popad
        mov     [scratch], esp
        mov     esp, [savedESP]
        pushad
        show    eax
        show    ecx
        show    edi
        show    ebp
        show    dword [scratch]
        popad
        result  "POPAD"

        ; ENTER with nesting, LEAVE.
        prepare
        mov     esp, P1 + 6
        mov     ebp, P1 + 0x40
        enter   0x20, 3
        mov     [scratch], esp
        mov     eax, ebp
        mov     esp, [savedESP]
        show    dword [scratch]
        show    eax
        result  "ENTER"
        prepare
        mov     ebp, P1 - 2
        leave
        mov     [scratch], esp
        mov     esp, [savedESP]
        show    ebp
        show    dword [scratch]
        result  "LEAVE"

        ; Strings, forwards and backwards.
        prepare
        mov     esi, P0 + 0xFF0
        mov     edi, P0 + 0xFF5
        mov     ecx, 32
        rep     movsb
        show    esi
        show    edi
        result  "MOVSB"
        prepare
        mov     esi, P1 + 0x21
        mov     edi, P1 + 0x12
        mov     ecx, 9
        std
        rep     movsd
        cld
        show    esi
        result  "MOVSD down"
        prepare
        mov     edi, P0 + 0xFEE
        mov     ecx, 9
        mov     eax, 0xCAFEBABE
        rep     stosd
        show    edi
        result  "STOSD"
        prepare
        mov     esi, P0 + 0xFFD
        mov     edi, P1 + 0xFFD - 0x1000
        mov     ecx, 100
        repe    cmpsb
        show    ecx
        result  "CMPSB"
        prepare
        mov     edi, P0 + 0xF00
        mov     ecx, 0x400
        mov     al, [scratch]
        repne   scasb
        show    ecx
        result  "SCASB"
        prepare
        mov     esi, P0 + 0xFFE
        lodsd
        show    eax
        result  "LODSD"

        ; Read, modify, write.
        prepare
        add     dword [P0 + 0xFFE], 0x12345678
        result  "ADD"
        prepare
        mov     eax, 0xDEADBEEF
        xchg    eax, [P0 + 0xFFF]
        show    eax
        result  "XCHG"
        prepare
        bts     dword [P0 + 0xFFD], 31
        result  "BTS"
        prepare
        mov     ecx, 0x8004
        bts     [P0], ecx               ; bit 8004h: in the second page
        result  "BTS far"
        prepare
        shld    dword [P0 + 0xFFE], ecx, 7
        result  "SHLD"
        prepare
        pushfd
        pop     ebx
        sbb     dword [P0 + 0xFFD], 1
        inc     dword [P1]
        neg     dword [P0 + 0xFFB]
        result  "SBB INC NEG"
        prepare
        setc    byte [P0]
        mov     word [P0 + 0xFFF], ds
        result  "SETC MOV"
        prepare
        mov     esp, P1 + 2
        push    dword [P0 + 8]
        pop     dword [P0 + 0xFFD]
        mov     esp, [savedESP]
        result  "PUSH POP"

        ; Transfers with the stack on the missing pages.
        prepare
        mov     esp, P1 + 2
        call    .near
.near:  mov     [scratch], esp
        mov     esp, [savedESP]
        show    dword [scratch]
        result  "CALL"
        prepare
        mov     esp, P1 + 2
        call    0x08:.far
.far:   mov     [scratch], esp
        mov     esp, [savedESP]
        show    dword [scratch]
        result  "CALL far"
        prepare
        mov     dword [P0 + 0xFFA], .iret ; brings the pages back
        mov     dword [P0 + 0xFFE], 0x08
        mov     dword [P1 + 2], 0x46
        call    away
        mov     esp, P0 + 0xFFA
        iretd
.iret:  mov     [scratch], esp
        mov     esp, [savedESP]
        show    dword [scratch]
        result  "IRETD"
        prepare
        mov     esp, P1 + 6
        int     0x30
        mov     [scratch], esp
        mov     esp, [savedESP]
        show    dword [scratch]
        result  "INT"
        prepare
        mov     dword [P0 + 0xFFE], 0x12345678
        mov     word [P1 + 2], 0x10
        call    away
        lss     esp, [P0 + 0xFFE]
        mov     [scratch], esp
        mov     esp, [savedESP]
        show    dword [scratch]
        result  "LSS"
        prepare
        mov     edx, 0xE9
        lea     esi, [P0 + 0xFFF]
        mov     word [P0 + 0xFFF], "!!"
        call    away
        mov     ecx, 2
        rep     outsb
        mov     edi, P0 + 0xFFF
        mov     ecx, 2
        rep     insb
        result  "OUTSB INSB"

        ; Code on a missing page, an instruction across the boundary.
        call    fill
        mov     dword [P0 + 0xFFB], 0xB8909090
        mov     dword [P0 + 0xFFF], 0x345678B8  ; MOV EAX, 12345678h
        mov     byte [P1 + 3], 0x12
        mov     byte [P1 + 4], 0xC3
        mov     byte [P0 + 0xFFE], 0x90
        call    away
        mov     eax, P0 + 0xFFC
        call    eax
        show    eax
        result  "code"

        ; Accessed and dirty bits.
        mov     dword [PTE0], P0 + 7
        mov     dword [PTE1], P1 + 7
        mov     eax, cr3
        mov     cr3, eax
        mov     al, [P0]
        mov     [P1], al
        mov     eax, [PTE0]
        show    eax
        mov     eax, [PTE1]
        show    eax
        mov     [P0], al
        mov     eax, [PTE0]
        show    eax
        call    newline

        ; A supervisor writes to a read-only page: allowed, and forbidden with CR0.WP (486).
        mov     dword [rights], 7
        mov     dword [PTE0], P0 + 5
        mov     eax, cr3
        mov     cr3, eax
        mov     dword [faults], 0
        mov     dword [errors], 0
        mov     dword [P0], 0
        result  "WP clear"
        mov     eax, cr0
        or      eax, 0x10000
        mov     cr0, eax
        mov     dword [PTE0], P0 + 5
        mov     eax, cr3
        mov     cr3, eax
        mov     dword [faults], 0
        mov     dword [errors], 0
        mov     dword [P0], 1
        result  "WP set"
        mov     eax, cr0
        and     eax, ~0x10000
        mov     cr0, eax

        ; A fault not handled by the pager is reported as any other.
        gate    14, 0x08, stubs + 14 * (stubs.second - stubs), 0x8E
        mov     dword [DIR + 4], 0
        expect  .gone
        mov     eax, [0x400123]
.gone:  expect  .gone2
        mov     [0x7FFFFFFE], eax
.gone2: mov     eax, cr0
        and     eax, 0x7FFFFFFF
        mov     cr0, eax
        ret

        align   4
faults  dd      0
errors  dd      0
rights  dd      0
scratch dd      0
savedESP dd     0
