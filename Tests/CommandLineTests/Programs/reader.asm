; A guest that reads: the first MEGABYTES of the first hard disk, one sector after the other through the drive's own
; ports, then the exclusive or of all first dwords of its sectors to port E9h.
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
%include "boot.inc"
start:  cli                             ; nothing but the drive takes time
        mov     ax, 0x1000
        mov     es, ax
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
        mov     ebx, ebp
        call    send
        jmp     power_off
        END_OF_SECTOR
