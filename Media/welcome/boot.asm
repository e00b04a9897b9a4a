; Boot sector of the built-in disk: a 1.44M FAT12 floppy. Finds WELCOME.SYS in the first sector of the root directory,
; loads it to 0000:8000 (it lies in one piece: build.sh puts it there) and starts it with DL = drive.

        cpu     8086
        bits    16
        org     0x7C00

        jmp     short start
        nop
        db      'HEIRLOOM'
bytes_per_sector:       dw      512
sectors_per_cluster:    db      1
reserved:               dw      1
fats:                   db      2
root_entries:           dw      224
total_sectors:          dw      2880
media:                  db      0xF0
sectors_per_fat:        dw      9
sectors_per_track:      dw      18
heads:                  dw      2
hidden:                 dd      0
total_large:            dd      0
drive:                  db      0, 0, 0x29
serial:                 dd      0x19940601
label:                  db      'HEIRLOOM   FAT12   '

LOAD    equ     0x8000
ROOT    equ     19                      ; 1 reserved + 2 * 9 FAT sectors
DATA    equ     ROOT + 14

start:  cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x7C00
        sti
        cld
        mov     [drive], dl
        mov     ax, ROOT
        mov     cx, 1
        mov     bx, LOAD
        call    read
        mov     si, LOAD
        mov     dx, 16
.entry: push    si
        mov     di, name
        mov     cx, 11
        repe    cmpsb
        pop     si
        je      .found
        add     si, 32
        dec     dx
        jnz     .entry
        mov     si, missing
        jmp     stop
.found: mov     ax, [si + 26]                   ; first cluster
        add     ax, DATA - 2
        mov     cx, [si + 28]                   ; size
        add     cx, 511
        mov     cl, ch
        mov     ch, 0
        shr     cl, 1
        mov     bx, LOAD
        call    read
        mov     dl, [drive]
        jmp     0:LOAD

; AX: first sector, CX: count, ES:BX: where to. Reads track by track.
read:   push    ax
        push    cx
        xor     dx, dx
        div     word [sectors_per_track]
        mov     si, dx                          ; sector on the track, from 0
        xor     dx, dx
        div     word [heads]
        mov     dh, dl                          ; head
        mov     ch, al                          ; cylinder
        mov     ax, [sectors_per_track]
        sub     ax, si
        pop     di                              ; sectors left
        cmp     ax, di
        jbe     .count
        mov     ax, di
.count: mov     cl, 1
        add     cx, si                          ; sectors count from 1
        mov     dl, [drive]
        mov     bp, 4                           ; attempts
.try:   push    ax
        push    di
        mov     ah, 2
        int     0x13
        pop     di
        pop     ax
        jnc     .read
        push    ax
        xor     ah, ah
        int     0x13
        pop     ax
        dec     bp
        jnz     .try
        mov     si, unreadable
        jmp     stop
.read:  mov     cx, ax
        pop     ax
        add     ax, cx                          ; next sector
        sub     di, cx
        xchg    cl, ch
        add     cx, cx                          ; bytes read
        add     bx, cx
        mov     cx, di
        test    cx, cx
        jnz     read
        ret

stop:   lodsb
        test    al, al
        jz      .key
        mov     ah, 0x0E
        mov     bx, 7
        int     0x10
        jmp     stop
.key:   xor     ah, ah
        int     0x16
        int     0x19

name:           db      'WELCOME SYS'
missing:        db      'WELCOME.SYS is not on this disk. Press a key.', 13, 10, 0
unreadable:     db      'The disk cannot be read. Press a key.', 13, 10, 0

        times   510 - ($ - $$) db 0
        dw      0xAA55
