; INT 13h on drive 80h, CHS and packet functions. Boots from the hard disk itself, which is written
; to near its end. Build with -D SPT=63; the image may have any size from 1 MB up.
%include "bios_test.inc"
%include "bios_int13.inc"


%macro PACKET 3                 ; function, count, LBA (32-bit memory operand)
        mov     word [packet+2], %2
        mov     eax, %3
        mov     [packet+8], eax
        mov     ah, %1
        mov     dl, 0x80
        mov     si, packet
        int     0x13
        call    result
%endmacro
PACKETS equ BUFFER+0x100        ; segment of what is asked for by packets

tests:
        mov     word [packet+6], PACKETS
        mov     al, [0x475]
        mov     ah, 0
        cmp     al, 1
        EXPECT_IF ae, "40:75"
        mov     ah, 0x08
        mov     dl, 0x80
        int     0x13
        setc    byte [carry]
        mov     [status], ah
        mov     al, cl
        and     al, 0x3F
        mov     ah, 0
        mov     [spt], ax
        mov     al, ch
        mov     ah, cl
        shr     ah, 6
        mov     [maxcyl], ax
        mov     al, dh
        mov     ah, 0
        mov     [maxhead], ax
        EXPECT  [carry], 0, "08"
        mov     ax, [maxcyl]
        mov     ah, al
        mov     al, [maxcyl+1]
        shl     al, 6
        or      al, [spt]
        mov     [lastcx], ax
        mov     dh, [maxhead]
        mov     dl, 0x80
        mov     [lastdx], dx
        ; CHS size = LBA of the last CHS sector + 1
        movzx   eax, word [maxcyl]
        inc     eax
        movzx   ebx, word [maxhead]
        inc     ebx
        mul     ebx
        movzx   ebx, word [spt]
        mul     ebx
        dec     eax
        mov     [lastlba], eax
        mov     ah, 0x15
        mov     dl, 0x80
        int     0x13
        call    result
        mov     [size], dx
        mov     [size+2], cx
        EXPECT  [status], 3, "15"
        mov     eax, [size]
        cmp     eax, [lastlba]
        EXPECT_IF a, "15 size covers CHS"
        les     bx, [0x41*4]
        mov     ax, [es:bx]
        dec     ax
        EXPECT  ax, [maxcyl], "INT 41h cylinders"
        les     bx, [0x41*4]
        mov     al, [es:bx+2]
        mov     ah, 0
        dec     ax
        EXPECT  ax, [maxhead], "INT 41h heads"

        DISK    0x0201, 0x0001, 0x0080, 0
        EXPECT  [carry], 0, "read"
        EXPECT  [es:510], 0xAA55, "read signature"
        DISK    0x0280, 0x0001, 0x0080, 0
        EXPECT  [carry], 0, "read 128"
        EXPECT  [count], 128, "read 128 count"
        EXPECT  [es:510], 0xAA55, "read 128 signature"
        ; an offset that has to be normalised
        push    0x0002
        pop     es
        mov     ax, 0x0202
        mov     cx, 1
        mov     dx, 0x0080
        mov     bx, 0xFFF0
        int     0x13
        call    result
        EXPECT  [carry], 0, "read to 0002:FFF0"
        push    0x1001
        pop     es
        EXPECT  [es:510], 0xAA55, "read to 0002:FFF0 contents"

        ; last CHS sector by CHS, back by LBA
        push    BUFFER
        pop     es
        xor     di, di
        mov     cx, 256
        mov     ax, 0x4242
.fill:  stosw
        inc     ax
        loop    .fill
        DISK    0x0301, [lastcx], [lastdx], 0
        EXPECT  [carry], 0, "write the last sector"
        mov     ah, 0x41
        mov     bx, 0x55AA
        mov     dl, 0x80
        int     0x13
        setc    byte [carry]
        mov     [values2], bx
        EXPECT  [carry], 0, "41"
        EXPECT  [values2], 0xAA55, "41 signature"
        PACKET  0x42, 1, [lastlba]
        EXPECT  [carry], 0, "42"
        EXPECT  [packet+2], 1, "42 count"
        push    PACKETS
        pop     es
        EXPECT  [es:0], 0x4242, "42 contents"
        EXPECT  [es:510], 0x4341, "42 contents, end"
        mov     word [es:0], 0x7777
        PACKET  0x43, 1, [lastlba]
        EXPECT  [carry], 0, "43"
        DISK    0x0201, [lastcx], [lastdx], 0
        EXPECT  [es:0], 0x7777, "43 contents by CHS"
        PACKET  0x44, 1, [lastlba]
        EXPECT  [carry], 0, "44"
        PACKET  0x47, 1, [lastlba]
        EXPECT  [carry], 0, "47"
        PACKET  0x42, 1, [size]
        EXPECT  [carry], 1, "42 past the end"
        mov     ah, 0x48
        mov     dl, 0x80
        mov     si, params
        int     0x13
        call    result
        EXPECT  [carry], 0, "48"
        mov     eax, [params+16]
        cmp     eax, [size]
        EXPECT_IF e, "48 size"
        EXPECT  [params+24], 512, "48 sector size"
        ; a run over a head boundary
        mov     cx, [spt]
        mov     dx, 0x0080
        mov     bx, 0
        push    BUFFER
        pop     es
        mov     ax, 0x0202
        int     0x13
        call    result
        EXPECT  [carry], 0, "across heads"
        ; errors and the rest
        DISK    0x0201, 0x0000, 0x0080, 0
        EXPECT  [status], 1, "sector 0"
        DISK    0x0200, 0x0001, 0x0080, 0
        EXPECT  [carry], 1, "no sectors"
        mov     ah, 0x01
        mov     dl, 0x80
        int     0x13
        EXPECT_IF c, "01 after an error"
        DISK    0x0404, 0x0001, 0x0080, 0
        EXPECT  [carry], 0, "verify"
        DISK    0x0C00, [lastcx], [lastdx], 0
        EXPECT  [carry], 0, "seek"
        DISK    0x1000, 0, 0x0080, 0
        EXPECT  [carry], 0, "ready"
        DISK    0x1100, 0, 0x0080, 0
        EXPECT  [carry], 0, "recalibrate"
        DISK    0x0D00, 0, 0x0080, 0
        EXPECT  [carry], 0, "reset"
        DISK    0x0201, 0x0001, 0x0080, 0
        EXPECT  [es:510], 0xAA55, "read after reset"
        DISK    0x0201, 0x0001, 0x0089, 0
        EXPECT  [carry], 1, "absent drive"
        mov     ah, 0x15
        mov     dl, 0x89
        int     0x13
        call    result
        EXPECT  [status], 0, "15 absent drive"
        READ_KEEPS_REGISTERS 0x80
        ret

spt:    dw      0
maxcyl: dw      0
maxhead: dw     0
lastcx: dw      0
lastdx: dw      0
lastlba: dd     0
size:   dd      0
values2: dw     0
params: dw      26
        times   24 db 0
program_end:
        times   32*512-($-$$) db 0
