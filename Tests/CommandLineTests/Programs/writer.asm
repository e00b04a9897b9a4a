; A guest that writes: records to the hard disk, in an order spread over it, with a FLUSH CACHE after every eighth, and
; then the number of the last record that is safe to port E9h. Record n is at sector (n * 977) mod 40009 and holds n in
; each of its dwords.
%include "boot.inc"
start:  mov     dword [number], 1
next:   mov     eax, [number]
        mov     di, 0x8000
        mov     cx, 128
        rep stosd
        mov     ebx, 977
        mul     ebx
        mov     ebx, 40009
        div     ebx
        mov     [packet.lba], edx
        mov     si, packet
        mov     ax, 0x4300
        mov     dl, 0x80
        int     0x13
        jc      failed
        test    byte [number], 7
        jnz     .more
        mov     dx, 0x1F6               ; FLUSH CACHE, by the drive's own registers
        mov     al, 0xE0
        out     dx, al
        mov     al, 0xE7
        call    command
        mov     ebx, [number]
        call    send
.more:  inc     dword [number]
        jmp     next
        align   4
packet: db      16, 0
        dw      1, 0x8000, 0
.lba:   dd      0, 0
number: dd      0
        END_OF_SECTOR
