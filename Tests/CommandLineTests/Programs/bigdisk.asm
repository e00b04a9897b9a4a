; A guest that asks INT 13h AH=48h how many sectors the first hard disk has and reads the last one by AH=42h. It sends
; both to port E9h, the number and the sector's first dword, in eight hexadecimal digits and a line feed each.
        bits    16
        org     0x7C00
start:  cli
        xor     ax, ax
        mov     ss, ax
        mov     sp, 0x7C00
        mov     ds, ax
        mov     es, ax
        sti
        cld
        mov     dword [0x8000], 26      ; the size of the buffer
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
        mov     si, off
        mov     dx, 0x8900
        mov     cx, 8
.off:   lodsb
        out     dx, al
        loop    .off
failed: mov     al, '!'
        out     0xE9, al
        cli
        hlt
send:   mov     cx, 8
.digit: rol     ebx, 4
        mov     al, bl
        and     al, 15
        add     al, '0'
        cmp     al, '9'
        jbe     .put
        add     al, 7
.put:   out     0xE9, al
        loop    .digit
        mov     al, 10
        out     0xE9, al
        ret
        align   4
packet: db      16, 0
        dw      1, 0x9000, 0
.lba:   dd      0, 0
off:    db      "Shutdown"
        times   510-($-$$) db 0
        dw      0xAA55
