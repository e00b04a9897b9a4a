; Code that runs, jumps, calls and returns beyond the limit of its segment. Each line: what was tried, then the exception
; with error code, CS:EIP and flags. Running off: EIP is the first that can't be fetched. Jumping off: EIP is the jump
; itself, and nothing was pushed or popped. - Source: 386 PRM 6.3.1.1, and the operation sections of JMP, CALL and RET.
        %include "cpu_frame.inc"
CODE    equ     0x40000
SMALL   equ     0x30                    ; 32-bit, limit 00FFh
SMALL16 equ     0x38                    ; 16-bit, limit 00FFh
FULL16  equ     0x40                    ; 16-bit, limit FFFFh
EXACT   equ     0x48                    ; 32-bit, limit FFFh, a whole page

%macro  plant   2+
        push    esi
        push    edi
        push    ecx
        call    %%over
%%code: db      %2
%%over: pop     esi
        mov     edi, CODE + %1
        mov     ecx, %%over - %%code
        rep     movsb
        pop     ecx
        pop     edi
        pop     esi
%endmacro
; Goes to %2:%3; whatever happens there ends in an exception and comes back here.
%macro  try     3
        say     %1
        call    space
        mov     [saved], esp
        mov     dword [resume], %%on
        xor     eax, eax
        jmp     %2:%3
%%on:   mov     ebx, esp
        mov     esp, [saved]
        sub     ebx, esp
        show    ebx
        show    eax
        call    newline
%endmacro
main:   mov     dword [resumeCS], 0x08
        descriptor SMALL, CODE, 0xFF, 0x409B
        descriptor SMALL16, CODE, 0xFF, 0x009B
        descriptor FULL16, CODE, 0xFFFF, 0x009B
        descriptor EXACT, CODE, 0xFFF, 0x409B
        mov     edi, CODE
        mov     ecx, 0x12000
        mov     al, 0x90
        rep     stosb

        plant   0xFE, 0x40, 0x40        ; inc eax; inc eax; then nothing
        try     "off the end", SMALL, 0xFE
        plant   0xFE, 0x40, 0x40
        try     "off the end, 16 bits", SMALL16, 0xFE
        plant   0xFB, 0xB8, 1, 2, 3, 4  ; ends at the limit
        try     "up to the end", SMALL, 0xFB
        plant   0xFC, 0xB8, 1, 2, 3, 4  ; one byte too long
        try     "over the end", SMALL, 0xFC
        plant   0xFF, 0x66, 0x40        ; a prefix is the last byte
        try     "prefix last", SMALL, 0xFF
        plant   0x10, 0xE9, 0xEB, 0, 0, 0       ; jmp 100h
        try     "jmp", SMALL, 0x10
        plant   0x10, 0xE9, 0xEA, 0, 0, 0       ; jmp FFh: inside, then off
        plant   0xFF, 0x40
        try     "jmp to the last", SMALL, 0x10
        plant   0x10, 0x31, 0xC9, 0x74, 0x7F    ; xor ecx, ecx; jz 93h
        plant   0x93, 0x74, 0x7F                ; jz 114h
        try     "jz", SMALL, 0x10
        plant   0x10, 0x31, 0xC9, 0x41, 0x75, 0x70      ; inc ecx; jnz 85h
        plant   0x85, 0x74, 0x7F                ; jz 106h isn't taken
        plant   0x87, 0xE2, 0x7F                ; loop 108h isn't either: ecx was 1
        plant   0x89, 0x41, 0x41, 0xE2, 0x7D    ; inc ecx twice; loop 10Bh: taken
        try     "loop", SMALL, 0x10
        plant   0x10, 0xE8, 0x00, 0x01, 0, 0    ; call 115h
        try     "call", SMALL, 0x10
        plant   0x10, 0x68, 0x00, 0x01, 0, 0, 0xC3      ; push 100h; ret
        try     "ret", SMALL, 0x10
        plant   0x10, 0x68, 0x00, 0x01, 0, 0, 0xC2, 4, 0
        try     "ret 4", SMALL, 0x10
        plant   0x10, 0xB8, 0x00, 0x01, 0, 0, 0xFF, 0xE0        ; mov eax, 100h; jmp eax
        try     "jmp eax", SMALL, 0x10
        plant   0x10, 0xB8, 0x00, 0x01, 0, 0, 0xFF, 0xD0
        try     "call eax", SMALL, 0x10
        plant   0x10, 0xEA, 0x00, 0x01, 0, 0, SMALL, 0
        try     "jmp far", SMALL, 0x10
        plant   0x10, 0x9A, 0x00, 0x01, 0, 0, SMALL, 0
        try     "call far", SMALL, 0x10
        plant   0x10, 0x6A, SMALL, 0x68, 0x00, 0x01, 0, 0, 0xCB
        try     "retf", SMALL, 0x10
        plant   0x10, 0x9C, 0x6A, SMALL, 0x68, 0x00, 0x01, 0, 0, 0xCF
        try     "iret", SMALL, 0x10
        ; 16-bit targets are cut to 16 bits before the limit is looked at.
        plant   0x10, 0xE9, 0x00, 0xFF          ; jmp FF13h
        try     "jmp, 16 bits", SMALL16, 0x10
        plant   0x10, 0xE9, 0x10, 0x00          ; jmp 23h
        plant   0x23, 0x40, 0x0F, 0x0B          ; inc ax; ud2
        try     "jmp inside, 16 bits", SMALL16, 0x10
        ; The end of a segment of 64 KB: EIP doesn't wrap by running, it does by jumping.
        plant   0xFFFE, 0x40, 0x40
        plant   0, 0x0F, 0x0B
        try     "off 64 KB", FULL16, 0xFFFE
        plant   0xFFFE, 0xB8, 1
        try     "over 64 KB", FULL16, 0xFFFE
        plant   0xFFF0, 0xEB, 0x10              ; jmp 10002h: cut to 2
        plant   2, 0x40, 0x0F, 0x0B
        try     "jmp over 64 KB", FULL16, 0xFFF0
        ; A limit at the end of a page, and at the end of a block that was decoded before under another limit.
        plant   0xFFE, 0x40, 0x40
        plant   0x1000, 0x40, 0x0F, 0x0B
        try     "page, before", FULL16, 0xFFE
        try     "page, limit there", EXACT, 0xFFE
        plant   0x200, 0x40, 0x40, 0x40, 0x40, 0x0F, 0x0B
        try     "block, before", FULL16, 0x200
        descriptor FULL16, CODE, 0x201, 0x009B
        try     "block, limit inside", FULL16, 0x200
        ret
saved   dd      0
