; A guest that reads: the first MEGABYTES of the first hard disk, one sector after the other through the drive's own
; ports, then the exclusive or of all first dwords of its sectors in eight hexadecimal digits and a line feed to port E9h.
; -DMEGABYTES=n; -DSINGLE for READ SECTORS instead of READ MULTIPLE by sixteen; -DWORDS for INSW instead of INSD.
%ifndef MEGABYTES
%define MEGABYTES 8
%endif
%ifdef SINGLE
%define BLOCK 1
%define COMMAND 0x20
%else
%define BLOCK 16
%define COMMAND 0xC4
%endif
        bits    16
        org     0x7C00
start:  cli
        xor     ax, ax
        mov     ss, ax
        mov     sp, 0x7C00
        mov     ds, ax
        mov     ax, 0x1000
        mov     es, ax
        cld
        mov     al, 2                   ; nIEN: the status tells all
        mov     dx, 0x3F6
        out     dx, al
        mov     dx, 0x1F6
        mov     al, 0xE0
        out     dx, al
        mov     dx, 0x1F2
        mov     al, 16
        out     dx, al
        mov     al, 0xC6                ; SET MULTIPLE MODE
        call    command
        xor     ebx, ebx                ; LBA
        xor     ebp, ebp                ; what has been read
next:   mov     dx, 0x1F2
        xor     al, al                  ; 256 sectors
        out     dx, al
        inc     dx
        mov     al, bl
        out     dx, al
        inc     dx
        mov     al, bh
        out     dx, al
        inc     dx
        mov     eax, ebx
        shr     eax, 16
        out     dx, al
        inc     dx
        mov     al, 0xE0
        out     dx, al
        mov     si, 256 / BLOCK
        mov     al, COMMAND
        call    command
        jmp     .block
.more:  call    status
.block: test    al, 8
        jz      failed
        xor     di, di
        mov     dx, 0x1F0
%ifdef WORDS
        mov     cx, BLOCK * 256
        rep insw
%else
        mov     cx, BLOCK * 128
        rep insd
%endif
        mov     cx, BLOCK
        xor     di, di
.sum:   xor     ebp, [es:di]
        add     di, 512
        loop    .sum
        dec     si
        jnz     .more
        add     ebx, 256
        cmp     ebx, MEGABYTES * 2048
        jb      next
        mov     cx, 8
.digit: rol     ebp, 4
        mov     ax, bp
        and     al, 15
        add     al, '0'
        cmp     al, '9'
        jbe     .put
        add     al, 7
.put:   out     0xE9, al
        loop    .digit
        mov     al, 10
        out     0xE9, al
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
; The command in AL; the status in AL when BSY is gone.
command:
        mov     dx, 0x1F7
        out     dx, al
status: mov     dx, 0x1F7
.busy:  in      al, dx
        test    al, 0x80
        jnz     .busy
        test    al, 1
        jnz     failed
        ret
off:    db      "Shutdown"
        times   510-($-$$) db 0
        dw      0xAA55
