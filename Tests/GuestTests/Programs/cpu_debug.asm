; Debug registers: code breakpoints and RF, data breakpoints of all lengths, single steps, GD, ICEBP, REP, MOV SS.
        %include "cpu_frame.inc"
; Handler: reports; a code breakpoint is passed by setting RF, as the manual says; BD is passed over by [resume].
step:   cmp     dword [ebp + VECTOR], 1
        jne     .no
        mov     eax, dr6
        test    al, 15
        jz      .no
        or      dword [ebp + FLAGS], 0x10000
.no:    inc     dword [count]
        cmp     dword [silent], 0
        je      .loud
        mov     eax, dr6
        or      [seen], eax
        xor     eax, eax
        mov     dr6, eax
        stc
        ret
.loud:  clc
        ret

%macro  enable  2                       ; address in DR0, DR7
        mov     eax, %1
        mov     dr0, eax
        mov     eax, %2
        mov     dr7, eax
%endmacro
%macro  disable 0
        xor     eax, eax
        mov     dr7, eax
%endmacro

main:   mov     dword [hook], step
        xor     eax, eax
        mov     dr6, eax
        say     "code"
        call    newline
        enable  .code, 0x2
.code:  nop
        disable
        ; Globally and locally, and a second address that is not enabled but shows in DR6.
        mov     eax, .code2
        mov     dr1, eax
        enable  .code2, 0x1
        nop
.code2: nop
        disable
        ; A breakpoint behind MOV SS is held back for good; behind STI it isn't.
        enable  .held, 0x2
        mov     ax, ss
        mov     ss, ax
.held:  nop
        disable
        ; On a repeated instruction: once.
        enable  .rep, 0x2
        mov     esi, area
        mov     edi, area + 16
        mov     ecx, 3
.rep:   rep     movsb
        disable
        show    ecx
        call    newline

        say     "data"
        call    newline
        enable  area + 4, 0x00010002    ; 1 byte, writes
        mov     [area + 3], al
        mov     [area + 4], al
        mov     [area + 2], eax
        mov     al, [area + 4]
        disable
        enable  area + 4, 0x00070002    ; 2 bytes, reads and writes
        mov     al, [area + 5]
        mov     al, [area + 6]
        mov     al, [area + 3]
        mov     eax, [area + 1]
        mov     eax, [area + 2]
        inc     word [area + 5]
        disable
        enable  area + 4, 0x000F0002    ; 4 bytes, reads and writes
        mov     al, [area + 7]
        mov     al, [area + 8]
        push    dword [area + 7]
        pop     eax
        disable
        enable  area + 4, 0x000D0002    ; 4 bytes, writes
        mov     al, [area + 7]
        mov     [area + 7], al
        mov     edi, area
        mov     ecx, 3
        rep     stosd
        disable
        show    ecx
        show    edi
        call    newline

        say     "single steps"
        call    newline
        mov     dword [silent], 1
        mov     dword [count], 0
        mov     dword [seen], 0
        mov     ecx, 4
        mov     esi, area
        mov     edi, area + 16
        pushfd
        or      dword [esp], 0x100
        popfd
        nop
        rep     movsb
        mov     ax, ss
        mov     ss, ax
        nop
        pushfd
        and     dword [esp], ~0x100
        popfd
        mov     dword [silent], 0
        mov     eax, [count]
        show    eax
        mov     eax, [seen]
        and     eax, 0xE00F
        show    eax
        call    newline
        ; INT n clears TF: its handler is not stepped, nor the instruction behind the return.
        pushfd
        or      dword [esp], 0x100
        popfd
        int     0x33
        nop
        pushfd
        and     dword [esp], ~0x100
        popfd

        say     "others"
        call    newline
        db      0xF1                    ; ICEBP
        mov     eax, 0x2000
        mov     dr7, eax
        expect  .guarded
        mov     eax, dr0                ; GD
.guarded:
        mov     eax, dr7                ; GD is clear again
        and     eax, 0x2000
        show    eax
        mov     eax, dr6
        and     eax, 0xE00F
        show    eax
        call    newline
        ret

        align   8
area    times   32 db 0x5A
count   dd      0
silent  dd      0
seen    dd      0
