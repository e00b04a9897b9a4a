; Boot sector of a FAT volume that has no operating system: says so and waits for a key, then has the BIOS try again.
; The parameter block between the jump and offset 5Ah is filled in when the volume is formatted (FAT12/16 use it up to
; 3Eh, FAT32 up to 5Ah). Built by ../build.sh into volume.bin.
        bits    16
        org     0x7C00
        jmp     short start
        nop
        times   0x5A-($-$$) db 0
start:  cli
        xor     ax, ax
        mov     ss, ax
        mov     sp, 0x7C00
        mov     ds, ax
        sti
        cld
        mov     si, text
.next:  lodsb
        test    al, al
        jz      .wait
        mov     ah, 0x0E
        mov     bx, 7
        int     0x10
        jmp     .next
.wait:  xor     ax, ax
        int     0x16
        int     0x19
        jmp     .wait
text:   db      13, 10, 'This disk has no operating system.', 13, 10
        db      'Its boot sector and system files are missing: start from a system disk and', 13, 10
        db      'give the command SYS with this drive, or take this disk out.', 13, 10
        db      'A key tries again.', 13, 10, 0
        times   510-($-$$) db 0
        dw      0xAA55
