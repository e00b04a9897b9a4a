; The ways in which programs wait for a key that never comes: -D IDIOM=number, one at a time, for ever; without it the most
; usual one. Says BEGIN and waits.
; Sources: Ralf Brown's Interrupt List (INT 16h, INT 28h, INT 2Fh AX=1680h and 1689h); BIOS data area by the IBM PC AT
; Technical Reference; Windows 95 runs no HLT when it has nothing to do (R. Chen), its loop here is our own.
%include "bios_test.inc"

%define INT16_01  1
%define INT16_11  2
%define BUFFER    3
%define INT28     4
%define RELEASE   5
%define TICKS     6
%define HALT      7
%define DESQVIEW  8
%define ROUNDS    9
%define KERNEL    10
%define STRINGS   11
%ifndef IDIOM
  %define IDIOM   INT16_01
%endif

tests:
        mov     word [0x28*4], nothing  ; as DOS has it
        mov     word [0x28*4+2], 0
        mov     word [0x2F*4], multiplex
        mov     word [0x2F*4+2], 0
        mov     word [0x15*4], services
        mov     word [0x15*4+2], 0
        mov     si, text_begin
        call    say
        xor     bp, bp
%if IDIOM == KERNEL
        jmp     kernel
%else
again:
%if IDIOM == INT16_01 || IDIOM == INT28 || IDIOM == RELEASE || IDIOM == DESQVIEW || IDIOM == ROUNDS
  %if IDIOM == INT28
        int     0x28
  %elif IDIOM == RELEASE                ; gives a time slice back to Windows, and to DPMI hosts
        mov     ax, 0x1680
        int     0x2F
  %elif IDIOM == DESQVIEW
        mov     ax, 0x1000
        int     0x15
  %elif IDIOM == ROUNDS                 ; looks at a table of things to do before it asks
        mov     cx, 200
        mov     bx, table
.look:  cmp     byte [bx], 0
        jne     found
        inc     bx
        loop    .look
  %endif
        mov     ah, 0x01
        int     0x16
        jz      again
%elif IDIOM == INT16_11
        mov     ah, 0x11
        int     0x16
        jz      again
%elif IDIOM == BUFFER                   ; head and tail of the key buffer
        mov     ax, [0x41A]
        cmp     ax, [0x41C]
        je      again
%elif IDIOM == TICKS                    ; the next minute's beginning
        mov     ax, [0x46C]
        cmp     ax, 0xFFFF
        jne     again
%elif IDIOM == HALT
        hlt
        jmp     again
%elif IDIOM == STRINGS                  ; looks for a character that isn't there, by a string instruction
        mov     di, table
        mov     cx, 100
        mov     al, 1
        repne   scasb
        jne     again
%endif
found:  mov     si, text_found
        call    say
        ret
%endif

nothing:
        iret
multiplex:
        mov     al, 0
        iret
services:
        sti
        mov     ah, 0
        retf    2

text_begin:
        db      "BEGIN", 10, 0
text_found:
        db      "something came", 10, 0
table:  times 200 db 0

%if IDIOM == KERNEL
; A scheduler at ring 0 with paging that asks its lists of events and time-outs with interrupts open in between, calls
; who wants to know, and a program at ring 3 that asks it again and again.
GDT_CODE0 equ 8
GDT_DATA0 equ 0x10
GDT_CODE3 equ 0x18
GDT_DATA3 equ 0x20
GDT_TSS   equ 0x28
PAGES     equ 0x20000
kernel:
        cli
        mov     al, 0xFE                ; the timer alone
        out     0x21, al
        mov     ax, PAGES >> 4          ; a directory and a table that maps 4 MB to itself
        mov     es, ax
        xor     di, di
        mov     eax, PAGES + 0x1000 + 7
        stosd
        xor     eax, eax
        mov     cx, 1023
        rep     stosd
        mov     eax, 7
        mov     cx, 1024
.page:  stosd
        add     eax, 0x1000
        loop    .page
        lgdt    [gdt_pointer]
        lidt    [idt_pointer]
        mov     eax, PAGES
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 0x80000001
        mov     cr0, eax
        jmp     GDT_CODE0:.inside
        bits    32
.inside:
        mov     ax, GDT_DATA0
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, 0x7000
        mov     ax, GDT_TSS
        ltr     ax
        push    dword GDT_DATA3 + 3
        push    dword 0x6000
        push    dword 0x202
        push    dword GDT_CODE3 + 3
        push    dword program
        mov     ax, GDT_DATA3 + 3
        mov     ds, ax
        mov     es, ax
        iretd

program:
        push    ebp
        mov     ebp, esp
        int     0x30                    ; anything for me?
        pop     ebp
        test    eax, eax
        jz      program
        hlt                             ; #GP: can't happen

scheduler:
        push    ds
        push    ebx
        push    ecx
        mov     bx, GDT_DATA0
        mov     ds, bx
        mov     ecx, 8
.event: cli
        mov     ebx, [events]
        test    ebx, ebx
        jnz     .no
        sti
        nop
        call    [callback]
        loop    .event
.no:    mov     eax, ebx
        pop     ecx
        pop     ebx
        pop     ds
        iretd
nobody: pushfd
        cli
        popfd
        ret

tick:   push    eax
        push    ds
        mov     ax, GDT_DATA0
        mov     ds, ax
        inc     dword [0x46C]
        mov     al, 0x20
        out     0x20, al
        pop     ds
        pop     eax
        iretd

events: dd      0
callback: dd    nobody
        align   8
tss:    dd      0, 0x5000, GDT_DATA0
        times   23 dd 0
gdt:    dq      0
        dq      0x00CF9A000000FFFF, 0x00CF92000000FFFF, 0x00CFFA000000FFFF, 0x00CFF2000000FFFF
        dw      103, tss, 0x8900, 0
gdt_pointer:
        dw      $ - gdt - 1
        dd      gdt
idt:    times 8 dq 0
        dw      tick, GDT_CODE0, 0x8E00, 0
        times 0x30 - 9 dq 0
        dw      scheduler, GDT_CODE0, 0xEE00, 0
idt_pointer:
        dw      $ - idt - 1
        dd      idt
        bits    16
%endif
program_end:
        times   CYLS*2*SPT*512-($-$$) db 0
