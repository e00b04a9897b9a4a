; Code that changes code: in the page it runs in, in the next, through another address, by every kind of store. Between
; a store and the changed instruction there is a jump, as the manuals ask for (i486 PRM 18.2.3): the prefetch queue isn't
; part of this.
        %include "cpu_frame.inc"
DIR     equ     0x20000
TABLE   equ     0x21000
PAGE0   equ     0x40000                 ; two pages for code, side by side
PAGE1   equ     0x41000
ALIAS   equ     0x60000                 ; PAGE0 again, once paging is on

; Puts the bytes %2... at %1.
%macro  plant   2+
        push    esi
        push    edi
        push    ecx
        call    %%over
%%code: db      %2
%%over: pop     esi
        mov     edi, %1
        mov     ecx, %%over - %%code
        rep     movsb
        pop     ecx
        pop     edi
        pop     esi
%endmacro

%macro  storePush 0
        mov     [saved], esp
        lea     esp, [edi + 4]
        push    eax
        mov     esp, [saved]
%endmacro
%macro  storePushad 0
        mov     [saved], esp
        lea     esp, [edi + 32]
        pushad                          ; EDI is the immediate; RET has to be put back
        mov     esp, [saved]
        mov     byte [esi + 5], 0xC3
%endmacro
%macro  storePop 0
        push    dword 0x11223344
        pop     dword [edi]
%endmacro
%macro  storeMovs 0
        push    esi
        mov     esi, source
        mov     ecx, 3
        rep     movsb
        pop     esi
%endmacro
%macro  storeSidt 0
        sub     edi, 2                  ; the base goes into the immediate, the limit in front: B8 is put back
        sidt    [edi]
        mov     byte [esi], 0xB8
%endmacro
%macro  storeX87 0
        fild    dword [source]
        fistp   dword [edi]
%endmacro
%macro  storeX87Wide 0
        fild    dword [source]
        fstp    qword [scratch]
        fld     qword [scratch]
        fst     dword [edi]
        fistp   dword [scratch]
%endmacro

main:   fninit
        ; A routine changed and called a thousand times: mov eax, imm32; ret.
        plant   PAGE0, 0xB8, 0, 0, 0, 0, 0xC3
        xor     ebx, ebx
        mov     ecx, 1000
.often: mov     [PAGE0 + 1], ecx
        call    near [at0]
        add     ebx, eax
        loop    .often
        say     "thousand "
        show    ebx
        call    newline

        ; One instruction over the boundary of two pages, changed behind it and before it.
        plant   PAGE1 - 3, 0xB8, 0x11, 0x22, 0x33, 0x44, 0xC3
        mov     esi, PAGE1 - 3
        call    esi
        show    eax
        mov     byte [PAGE1 + 1], 0x55
        call    esi
        show    eax
        mov     byte [PAGE1 - 1], 0x66
        call    esi
        show    eax
        mov     dword [PAGE1 - 2], 0x0A0B0C0D
        call    esi
        show    eax
        call    newline

        ; A store over the boundary, into the last instruction of one page and the first of the next.
        plant   PAGE1 - 2, 0x40, 0x40, 0x41, 0x41, 0xC3
        mov     esi, PAGE1 - 2
        xor     eax, eax
        xor     ecx, ecx
        call    esi
        mov     dword [PAGE1 - 2], 0x49484948
        call    esi
        call    esi
        show    eax
        show    ecx
        call    newline

        ; Every kind of store, each into the immediate of a fresh routine.
        say     "stores"
%macro  by      1+
        plant   PAGE0, 0xB8, 1, 2, 3, 4, 0xC3
        mov     esi, PAGE0
        call    esi
        mov     edi, PAGE0 + 1
        mov     eax, 0x12345678
        %1
        call    esi
        call    space
        call    hex32
%endmacro
        by      mov [edi], al
        by      mov [edi + 1], ax
        by      mov [edi], eax
        by      stosd
        by      xchg [edi], eax
        by      add [edi], eax
        by      inc byte [edi + 2]
        by      bts dword [edi], 31
        by      sbb [edi], eax
        by      neg dword [edi]
        by      rol dword [edi], 4
        by      setnz [edi]
        by      storePush
        by      storePushad
        by      storePop
        by      storeMovs
        by      storeSidt
        by      storeX87
        by      storeX87Wide
        by      shld [edi], eax, 8
        call    newline

        ; The same bytes as 16-bit and as 32-bit code: mov (e)ax, 1234h; inc; retf (B8 34 12 40 CB: in 32 bits the
        ; immediate takes the next two).
        plant   PAGE0, 0xB8, 0x34, 0x12, 0x40, 0x43, 0xCB, 0xCB
        descriptor 0x30, PAGE0, 0xFFFF, 0x009B
        descriptor 0x38, PAGE0, 0xFFFF, 0x409B
        xor     eax, eax
        xor     ebx, ebx
        call    0x38:0
        show    eax
        show    ebx
        ; The 16-bit RETF takes two words; they lead to a jump in a 16-bit segment of this program.
        xor     eax, eax
        xor     ebx, ebx
        descriptor 0x40, 0x10000, 0xFFFF, 0x009B
        push    word 0x40
        push    word back16 - 0x10000
        jmp     0x30:0
        bits    16
back16: jmp     dword 0x08:.back
        bits    32
.back:  show    eax
        show    ebx
        call    newline

        ; A routine that changes the page it runs in, ahead of itself, and one that overwrites itself by REP STOSB.
        plant   PAGE0, 0xC6, 0x05
        mov     dword [PAGE0 + 2], PAGE0 + 10   ; mov byte [PAGE0 + 10], 7
        mov     byte [PAGE0 + 6], 7
        plant   PAGE0 + 7, 0xEB, 0x00, 0xB0, 0x01, 0xC3 ; jmp next; mov al, 1; ret
        xor     eax, eax
        mov     esi, PAGE0
        call    esi
        show    eax
        plant   PAGE0, 0xF3, 0xAA, 0xC3
        plant   PAGE0 + 3, 0xC3, 0xC3, 0xC3, 0xC3
        mov     edi, PAGE0 + 3
        mov     ecx, 4
        mov     al, 0x90
        call    esi
        plant   PAGE0 + 7, 0xC3
        mov     eax, [PAGE0 + 3]
        show    eax
        call    newline

        ; Paging: the same page at a second address, and another page at the same address.
        mov     edi, DIR
        mov     ecx, 1024
        xor     eax, eax
        rep     stosd
        mov     dword [DIR], TABLE + 7
        mov     edi, TABLE
        mov     ecx, 512
        mov     eax, 7
.map:   stosd
        add     eax, 0x1000
        loop    .map
        mov     dword [TABLE + (ALIAS >> 12) * 4], PAGE0 + 7
        mov     eax, DIR
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 0x80000000
        mov     cr0, eax
        jmp     .on
.on:    plant   PAGE0, 0xB8, 1, 0, 0, 0, 0xC3
        mov     esi, PAGE0
        call    esi
        show    eax
        mov     dword [ALIAS + 1], 2
        call    esi
        show    eax
        mov     edi, ALIAS
        call    edi
        show    eax
        mov     dword [PAGE0 + 1], 3
        call    edi
        show    eax
        plant   PAGE1, 0xB8, 4, 0, 0, 0, 0xC3
        mov     dword [TABLE + (PAGE0 >> 12) * 4], PAGE1 + 7
        mov     eax, cr3
        mov     cr3, eax
        call    esi
        show    eax
        call    edi
        show    eax
        mov     dword [TABLE + (PAGE0 >> 12) * 4], PAGE0 + 7
        mov     eax, cr3
        mov     cr3, eax
        call    esi
        show    eax
        call    newline
        mov     eax, cr0
        and     eax, 0x7FFFFFFF
        mov     cr0, eax
        jmp     .off
.off:   ret

at0     dd      PAGE0
saved   dd      0
scratch dd      0, 0
source  db      0xAA, 0xBB, 0xCC, 0
