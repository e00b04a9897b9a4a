; A guest that writes: records to the hard disk, in an order spread over it, with a FLUSH CACHE after every eighth, and
; then the number of the last record that is safe, in eight hexadecimal digits and a line feed, to port E9h. Record n is
; at sector (n * 977) mod 40009 and holds n in each of its dwords.
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
        mov     dword [number], 1
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
        ; FLUSH CACHE, by the drive's own registers
        mov     dx, 0x1F6
        mov     al, 0xE0
        out     dx, al
        inc     dx
        mov     al, 0xE7
        out     dx, al
.busy:  in      al, dx
        test    al, 0x80
        jnz     .busy
        test    al, 1
        jnz     failed
        mov     cx, 8
        mov     ebx, [number]
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
.more:  inc     dword [number]
        jmp     next
failed: mov     al, '!'
        out     0xE9, al
        cli
        hlt
        align   4
packet: db      16, 0
        dw      1, 0x8000, 0
.lba:   dd      0, 0
number: dd      0
        times   510-($-$$) db 0
        dw      0xAA55
