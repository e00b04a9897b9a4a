; What page tables that change without a flush do. Under the policy `coherent` (NAME.txt) the change is seen at once;
; under `real` (NAME.real.txt) the 32 entries of the TLB keep what they know: until CR3 is loaded, INVLPG (486), or four
; other pages of the same set of eight. - Source: 386 PRM 5.2.5, 10.6; i486 PRM 5.3.5, 10.6.
        %include "cpu_frame.inc"
DIR     equ     0x20000
TABLE   equ     0x21000
PAGE    equ     0x40000                 ; set 0 of the TLB, as every eighth page
OTHER   equ     0x60000
%define PTE(x)  TABLE + ((x) >> 12) * 4

; A fresh start: PAGE and OTHER at their own places with marks in them, the TLB empty.
fresh:  mov     dword [PTE(PAGE)], PAGE + 7
        mov     dword [PTE(OTHER)], OTHER + 7
        mov     eax, cr3
        mov     cr3, eax
        mov     dword [PAGE], 0x11111111
        mov     dword [OTHER], 0x22222222
        mov     eax, cr3
        mov     cr3, eax
        ret
%macro  line    1
        say     %1
        call    space
        call    fresh
%endmacro
%macro  flush   0
        mov     eax, cr3
        mov     cr3, eax
%endmacro

main:   mov     edi, DIR
        mov     ecx, 1024
        xor     eax, eax
        rep     stosd
        mov     dword [DIR], TABLE + 7
        mov     edi, TABLE
        mov     ecx, 1024
        mov     eax, 7
.map:   stosd
        add     eax, 0x1000
        loop    .map
        mov     eax, DIR
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 0x80010000         ; PG, and WP where there is one
        mov     cr0, eax
        jmp     .on
.on:
        line    "moved"                 ; another frame
        mov     ebx, [PAGE]
        mov     dword [PTE(PAGE)], OTHER + 7
        mov     ecx, [PAGE]
        flush
        mov     edx, [PAGE]
        show    ebx
        show    ecx
        show    edx
        call    newline

        line    "pushed out"            ; four more pages of the set: the fifth finds the table
        mov     ebx, [PAGE]
        mov     dword [PTE(PAGE)], OTHER + 7
        mov     eax, [0x48000]
        mov     eax, [0x50000]
        mov     eax, [0x58000]
        mov     ecx, [PAGE]
        mov     eax, [0x68000]
        mov     edx, [PAGE]
        show    ebx
        show    ecx
        show    edx
        call    newline

        line    "other sets"            ; many pages of the other sets push nothing out
        mov     ebx, [PAGE]
        mov     dword [PTE(PAGE)], OTHER + 7
        mov     esi, 0x80000
        mov     ecx, 64
.touch: test    esi, 0x7000
        jz      .skip
        mov     eax, [esi]
.skip:  add     esi, 0x1000
        loop    .touch
        mov     ecx, [PAGE]
        show    ebx
        show    ecx
        call    newline

        line    "away"                  ; not present any more
        mov     ebx, [PAGE]
        mov     dword [PTE(PAGE)], 0
        expect  .gone
        mov     ebx, [PAGE]
        show    ebx
        mov     dword [resume], 0
.gone:  call    newline

        line    "protected"             ; read-only (CR0.WP): writes go on where the entry still permits them
        mov     dword [PAGE], 0x33333333
        mov     dword [PTE(PAGE)], PAGE + 0x65
        expect  .held
        mov     dword [PAGE], 0x44444444
        mov     dword [resume], 0
.held:  show    [PAGE]
        call    newline

        line    "allowed"               ; and the other way round
        mov     dword [PTE(PAGE)], PAGE + 5
        flush
        mov     ebx, [PAGE]
        mov     dword [PTE(PAGE)], PAGE + 7
        expect  .refused
        mov     dword [PAGE], 0x55555555
        mov     dword [resume], 0
.refused:
        show    [PAGE]
        call    newline

        line    "accessed"              ; cleared behind the TLB's back
        and     dword [PTE(PAGE)], ~0x60
        flush
        mov     ebx, [PAGE]
        show    [PTE(PAGE)]
        and     dword [PTE(PAGE)], ~0x60
        mov     ebx, [PAGE]
        show    [PTE(PAGE)]
        mov     [PAGE], ebx             ; the first write looks for the dirty bit itself
        show    [PTE(PAGE)]
        and     dword [PTE(PAGE)], ~0x60
        mov     [PAGE], ebx
        show    [PTE(PAGE)]
        call    newline

        line    "new"                   ; what isn't present is never remembered
        mov     dword [PTE(PAGE)], 0
        flush
        expect  .first
        mov     ebx, [PAGE]
.first: mov     dword [PTE(PAGE)], PAGE + 7
        mov     ebx, [PAGE]
        show    ebx
        call    newline

        line    "code"                  ; instructions come through the TLB too
        mov     dword [PAGE], 0xC30140B8 + 0    ; mov eax, C30140h ...
        mov     byte [PAGE], 0xB8
        mov     dword [PAGE + 1], 1
        mov     byte [PAGE + 5], 0xC3
        mov     byte [OTHER], 0xB8
        mov     dword [OTHER + 1], 2
        mov     byte [OTHER + 5], 0xC3
        mov     esi, PAGE
        call    esi
        show    eax
        mov     dword [PTE(PAGE)], OTHER + 7
        call    esi
        show    eax
        flush
        call    esi
        show    eax
        call    newline

        ; The test registers: what the TLB knows of a page, and an entry written by hand.
        say     "look up"
        call    space
        call    fresh
        mov     eax, PAGE + 0x7E1       ; any attributes
        mov     tr6, eax
        mov     eax, tr7
        and     eax, 0xFFFFF010
        show    eax
        mov     ebx, [PAGE]
        mov     eax, PAGE + 0x7E1
        mov     tr6, eax
        mov     eax, tr7
        and     eax, 0xFFFFF010
        show    eax
        mov     eax, PAGE + 0x3E1       ; only if not dirty: it is
        mov     tr6, eax
        mov     eax, tr7
        and     eax, 0x10
        show    eax
        call    newline
        say     "enter"
        call    space
        call    fresh
        mov     eax, OTHER + 0x1C       ; way 3
        mov     tr7, eax
        mov     eax, PAGE + 0xD40       ; valid, dirty, user, writable
        mov     tr6, eax
        mov     ebx, [PAGE]
        show    ebx
        mov     eax, PAGE + 0x541
        mov     tr6, eax
        mov     eax, tr7
        show    eax
        flush
        mov     ebx, [PAGE]
        show    ebx
        call    newline
        mov     eax, cr0
        and     eax, 0x7FFEFFFF
        mov     cr0, eax
        jmp     .off
.off:   ret
