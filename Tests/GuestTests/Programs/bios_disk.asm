; INT 13h on drive A:, every function, through whatever controller is below. The diskette is
; written to. Prints a line per check to port E9h.
%include "bios_test.inc"
%include "bios_int13.inc"

LAST    equ CYLS-1

tests:
        DISK    0x0000, 0, 0, 0
        EXPECT  [carry], 0, "reset"
        EXPECT  [status], 0, "reset status"

        mov     ah, 0x08
        mov     dl, 0
        mov     di, 0xFFFF
        push    es
        int     0x13
        mov     [geometry], cx
        mov     [geometry+2], dx
        mov     [status], ah
        setc    byte [carry]
        mov     al, [es:di+4]
        mov     [count], al
        pop     es
        EXPECT  [carry], 0, "08 parameters"
        EXPECT  [status], 0, "08 status"
        EXPECT_BYTE [geometry+3], 1, "08 last head"
        mov     ah, [geometry]
        cmp     ah, [count]
        EXPECT_IF e, "08 table agrees"

        mov     ah, 0x15
        mov     dl, 0
        int     0x13
        call    result
        mov     al, [status]
        mov     [type], al
        EXPECT  [carry], 0, "15 drive type"
        cmp     byte [status], 1
        EXPECT_IF ae, "15 is a diskette"
        mov     ah, 0x15
        mov     dl, 5
        int     0x13
        call    result
        EXPECT  [status], 0, "15 absent drive"

        call    set_eot                 ; the default table ends tracks at sector 18, whatever the diskette

        ; reading
        DISK    0x0201, 0x0001, 0x0000, 0
        EXPECT  [carry], 0, "read boot sector"
        EXPECT  [count], 1, "read count"
        EXPECT  [es:510], 0xAA55, "read signature"
        push    ds
        push    BUFFER
        pop     es
        mov     si, 0x7C00
        xor     di, di
        mov     cx, 0x1F0/2
        repe    cmpsw
        pop     ds
        EXPECT_IF e, "read contents"
        DISK    0x0200|SPT, 0x0001, 0x0000, 0
        EXPECT  [carry], 0, "read a track"
        EXPECT  [count], SPT, "read a track count"
        EXPECT  [es:510], 0xAA55, "read a track signature"

        ; writing: a pattern over both heads of the last cylinder, in one multi-track request
        call    pattern
        DISK    0x0300|SPT, (LAST<<8)|1, 0x0000, 0
        EXPECT  [carry], 0, "write head 0"
        EXPECT  [status], 0, "write status"
        DISK    0x0300|SPT, (LAST<<8)|1, 0x0100, SPT*512
        EXPECT  [carry], 0, "write head 1"
        call    clear
        DISK    0x0200|(2*SPT), (LAST<<8)|1, 0x0000, 0
        EXPECT  [carry], 0, "multi-track read"
        EXPECT  [count], 2*SPT, "multi-track count"
        mov     cx, 2*SPT*256
        call    compare
        EXPECT_IF e, "multi-track contents"
        call    clear
        DISK    0x0201, (LAST<<8)|SPT, 0x0100, (2*SPT-1)*512
        mov     ax, [es:(2*SPT-1)*512+2]
        EXPECT  ax, (2*SPT-1)*256+1, "last sector of the disk"
        DISK    0x0400|SPT, (LAST<<8)|1, 0x0100, 0
        EXPECT  [carry], 0, "verify"
        EXPECT  [status], 0, "verify status"
        ; a low cylinder in between: seeks go both ways
        DISK    0x0201, 0x0101, 0x0100, 0
        EXPECT  [carry], 0, "seek inward"
        DISK    0x0201, (LAST<<8)|2, 0x0000, 0
        EXPECT  [es:0], 0x0100, "seek outward"

        ; errors
        push    0x0FFF                  ; 0FFF:FF00 .. crosses 1FFFF/20000
        pop     es
        mov     ax, 0x0202
        mov     cx, 0x0001
        mov     dx, 0
        mov     bx, 0xFF00
        int     0x13
        call    result
        EXPECT  [carry], 1, "DMA boundary"
        EXPECT  [status], 0x09, "DMA boundary status"
        DISK    0x0201, 0x0000|(SPT+40), 0x0000, 0
        EXPECT  [carry], 1, "no such sector"
        EXPECT  [status], 0x04, "no such sector status"
        mov     ah, 0x01
        mov     dl, 0
        int     0x13
        mov     [status], ah
        EXPECT  [status], 0x04, "last status"
        mov     ax, [0x441]
        EXPECT_BYTE al, 0x04, "40:41"
        mov     al, [0x442]
        and     ax, 0xC0
        EXPECT  ax, 0x40, "ST0 in 40:42"
        DISK    0x0200, 0x0001, 0x0000, 0
        EXPECT  [status], 0x01, "no sectors asked for"
        DISK    0x7700, 0x0001, 0x0000, 0
        EXPECT  [status], 0x01, "unknown function"
        DISK    0x0201, 0x0001, 0x0007, 0
        EXPECT  [carry], 1, "absent drive"
        DISK    0x0000, 0, 0, 0
        EXPECT  [carry], 0, "reset after errors"

        ; change line: nothing has changed
        DISK    0x1600, 0, 0, 0
        mov     cx, 0
        cmp     byte [type], 1          ; without a change line it always may have been changed
        jne     .line
        mov     cx, 6
.line:  EXPECT  [status], cx, "16 not changed"

        ; formatting one track with fill bytes and reading it back
        DISK    0x1800, (LAST<<8)|SPT, 0, 0
        mov     ax, [carry]
        EXPECT  [carry], 0, "18 media type"
        push    BUFFER
        pop     es
        xor     di, di
        mov     ax, (0x01<<8)|LAST
        mov     cl, 1
.ids:   mov     byte [es:di], LAST
        mov     byte [es:di+1], 1
        mov     [es:di+2], cl
        mov     byte [es:di+3], 2
        add     di, 4
        inc     cl
        cmp     cl, SPT
        jbe     .ids
        DISK    0x0500|SPT, (LAST<<8)|1, 0x0100, 0
        EXPECT  [carry], 0, "format track"
        EXPECT  [status], 0, "format status"
        DISK    0x0201, (LAST<<8)|3, 0x0100, 0
        EXPECT  [carry], 0, "formatted sector reads"
        EXPECT  [es:100], 0xF6F6, "formatted fill"

        READ_KEEPS_REGISTERS 0

        ; the motor goes off by itself
        mov     al, [0x43F]
        and     ax, 1
        EXPECT  ax, 1, "motor runs"
        mov     cx, [0x46C]
        add     cx, 60
.wait:  hlt
        test    byte [0x43F], 1
        jz      .off
        mov     ax, [0x46C]
        sub     ax, cx
        js      .wait
.off:   mov     al, [0x43F]
        and     ax, 1
        EXPECT  ax, 0, "motor off"
        DISK    0x0201, 0x0001, 0x0000, 0
        EXPECT  [carry], 0, "read after motor off"
        ret

; Words counting up over the buffer.
pattern:
        push    BUFFER
        pop     es
        xor     di, di
        xor     ax, ax
        mov     cx, 2*SPT*256
.next:  stosw
        inc     ax
        loop    .next
        ret
clear:  push    BUFFER
        pop     es
        xor     di, di
        mov     ax, 0xE5E5
        mov     cx, 2*SPT*256
        rep stosw
        ret
; ZF = 1 if CX words of the buffer count up.
compare:
        push    BUFFER
        pop     es
        xor     di, di
        xor     ax, ax
.next:  scasw
        jne     .ret
        inc     ax
        loop    .next
        cmp     ax, ax
.ret:   ret

; A parameter table with this geometry, as DOS makes itself one.
set_eot:
        push    es
        les     si, [0x1E*4]
        mov     di, table
        mov     cx, 11
.copy:  mov     al, [es:si]
        mov     [di], al
        inc     si
        inc     di
        loop    .copy
        mov     byte [table+4], SPT
        mov     word [0x1E*4], table
        mov     word [0x1E*4+2], 0
        pop     es
        ret

type:   db      0
geometry: dw    0, 0
table:  times   11 db 0
program_end:
        times   CYLS*2*SPT*512-($-$$) db 0
