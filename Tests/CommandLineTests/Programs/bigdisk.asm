; A guest that asks INT 13h AH=48h how many sectors the first hard disk has and reads the last one by AH=42h. It sends
; both to port E9h: the number and the sector's first dword.
%include "boot.inc"
start:  mov     dword [0x8000], 26      ; the size of the buffer
        mov     ah, 0x48
        mov     dl, 0x80
        mov     si, 0x8000
        int     0x13
        jc      failed
        mov     ebx, [0x8010]
        call    send
        dec     ebx
        mov     [packet.lba], ebx
        mov     ah, 0x42
        mov     dl, 0x80
        mov     si, packet
        int     0x13
        jc      failed
        mov     ebx, [0x9000]
        call    send
        jmp     power_off
        align   4
packet: db      16, 0
        dw      1, 0x9000, 0
.lba:   dd      0, 0
        END_OF_SECTOR
