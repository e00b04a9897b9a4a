; Master boot record: starts the active partition, or says what is missing. The partition table is filled in when the
; disk is partitioned. Built by ../build.sh into master.bin.
;
; Source: IBM PC DOS 2.0 conventions: loaded at 0:7C00h with the drive in DL; moves to 0:600h; the partition's boot
; sector gets its entry's address in SI. INT 13h extensions as in Phoenix EDD 1.0.
        bits    16
        org     0x600
start:  cli
        xor     ax, ax
        mov     ss, ax
        mov     sp, 0x7C00
        mov     ds, ax
        mov     es, ax
        sti
        cld
        mov     si, sp
        mov     di, start
        mov     cx, 256
        rep movsw
        jmp     0:moved
moved:  mov     [drive], dl
        mov     si, table
        mov     cx, 4
.find:  cmp     byte [si], 0x80
        je      .found
        add     si, 16
        loop    .find
        mov     si, none
        jmp     say
.found: mov     [entry], si
        mov     ah, 0x41                ; extensions?
        mov     bx, 0x55AA
        mov     dl, [drive]
        int     0x13
        jc      .chs
        cmp     bx, 0xAA55
        jne     .chs
        test    cl, 1
        jz      .chs
        mov     si, [entry]
        mov     eax, [si+8]
        mov     [packet.lba], eax
        mov     si, packet
        mov     dl, [drive]
        mov     ah, 0x42
        int     0x13
        jnc     .loaded
.chs:   mov     si, [entry]
        mov     dh, [si+1]
        mov     cx, [si+2]
        mov     dl, [drive]
        mov     bx, 0x7C00
        mov     ax, 0x0201
        int     0x13
        mov     si, unread
        jc      say
.loaded:
        mov     si, empty
        cmp     word [0x7DFE], 0xAA55
        jne     say
        mov     si, [entry]
        mov     dl, [drive]
        jmp     0:0x7C00

say:    lodsb
        test    al, al
        jz      .wait
        mov     ah, 0x0E
        mov     bx, 7
        int     0x10
        jmp     say
.wait:  xor     ax, ax
        int     0x16
        int     0x19
        jmp     .wait

none:   db      13, 10, 'This disk has no active partition: set one with FDISK.', 13, 10, 0
unread: db      13, 10, 'The active partition cannot be read.', 13, 10, 0
empty:  db      13, 10, 'The active partition has no boot sector: format it, with a system.', 13, 10, 0
        align   4
packet: db      16, 0
        dw      1, 0x7C00, 0
.lba:   dd      0, 0
drive:  db      0
entry:  dw      0
        times   446-($-$$) db 0
table:  times   64 db 0
        dw      0xAA55
