; The BIOS services of memory, time and configuration (INT 11h, 12h, 15h, 1Ah, 14h, 17h), the
; fixed entry points and tables. Prints a line per check to port E9h.
%include "bios_test.inc"

tests:
        ; fixed addresses
        push    0xF000
        pop     es
        EXPECT  [0x13*4+2], 0xF000, "INT 13h in ROM"
        EXPECT  [0x1E*4], 0xEFC7, "INT 1Eh at EFC7"
        EXPECT  [0x1E*4+2], 0xF000, "INT 1Eh segment"
        EXPECT_BYTE [es:0xFFFE], 0xFC, "model byte"
        EXPECT_BYTE [es:0xFFF0], 0xEA, "reset vector"
        EXPECT_BYTE [es:0xFF53], 0xCF, "IRET at FF53"
        mov     si, .entries
.entry: mov     di, [si]
        test    di, di
        jz      .entered
        mov     al, [es:di]
        cmp     al, 0xE9
        je      .isjump
        mov     ax, di
        mov     bx, 0
        or      sp, sp
        call    report
        db      "fixed entry", 0
.isjump:
        add     si, 2
        jmp     .entry
.entries:
        dw      0xE05B, 0xE2C3, 0xE3FE, 0xE6F2, 0xE739, 0xE82E, 0xE987, 0xEC59, 0xEF57, 0xEFD2
        dw      0xF841, 0xF84D, 0xF859, 0xFE6E, 0xFEA5, 0xFF54, 0
.entered:
        ; memory
        int     0x12
        EXPECT  ax, [0x413], "INT 12h"
        int     0x12
        shl     ax, 6
        EXPECT  ax, [0x40E], "EBDA follows conventional memory"
        mov     ah, 0xC1
        int     0x15
        mov     ax, es
        EXPECT  ax, [0x40E], "15/C1"
        EXPECT_BYTE [es:0], 1, "EBDA begins with its size"
        int     0x11
        EXPECT  ax, [0x410], "INT 11h"
        mov     ah, 0xC0
        int     0x15
        mov     di, bx
        EXPECT_IF nc, "15/C0"
        EXPECT  [es:di], 8, "15/C0 length"
        EXPECT_BYTE [es:di+2], 0xFC, "15/C0 model"

        mov     ah, 0x88
        int     0x15
        mov     [ext88], ax
        mov     ax, 0xE801
        int     0x15
        mov     [e801], ax
        mov     [e801+2], bx
        EXPECT  cx, [e801], "E801 CX = AX"
        mov     ax, [ext88]             ; 88h is what E801 says, up to 63 MB
        cmp     ax, 15*1024
        jbe     .small
        mov     bx, [e801+2]
        shl     bx, 6
        add     bx, 15*1024
        jmp     .cmp88
.small: mov     bx, [e801]
.cmp88: cmp     ax, bx
        call    report
        db      "88 and E801 agree", 0

        xor     ebx, ebx                ; sum of type 1 in E820
        mov     dword [sum], 0
        mov     word [regions], 0
.map:   mov     eax, 0xE820
        mov     edx, 0x534D4150
        mov     ecx, 20
        push    0
        pop     es
        mov     di, entry
        int     0x15
        jc      .mapped
        cmp     eax, 0x534D4150
        jne     .mapped
        inc     word [regions]
        cmp     dword [entry+16], 1
        jne     .nextmap
        mov     eax, [entry+8]
        add     [sum], eax
.nextmap:
        test    ebx, ebx
        jnz     .map
.mapped:
        cmp     word [regions], 4
        EXPECT_IF ae, "E820 regions"
        int     0x12
        movzx   ebx, ax
        movzx   eax, word [e801]
        add     ebx, eax
        movzx   eax, word [e801+2]
        shl     eax, 6
        add     ebx, eax
        mov     eax, [sum]
        shr     eax, 10
        cmp     eax, ebx
        call    report
        db      "E820 sum", 0

        ; A20
        mov     ax, 0x2403
        int     0x15
        EXPECT_IF nc, "2403"
        mov     ax, 0x2401
        int     0x15
        EXPECT_IF nc, "2401"
        mov     ax, 0x2402
        int     0x15
        EXPECT_BYTE al, 1, "A20 on"
        call    wraps
        EXPECT  ax, 0, "no wrap"
        mov     ax, 0x2400
        int     0x15
        EXPECT_IF nc, "2400"
        mov     ax, 0x2402
        int     0x15
        EXPECT_BYTE al, 0, "A20 off"
        call    wraps
        EXPECT  ax, 1, "wrap"

        ; block move: up, back down, odd count, bad limit
        mov     di, 0x3000
        mov     cx, 0x100
        mov     ax, 0x1234
.fill:  mov     [di], ax
        add     ax, 0x0101
        add     di, 2
        loop    .fill
        mov     dword [gdt_src+2], 0x93003000
        mov     dword [gdt_dst+2], 0x93123456
        mov     cx, 0x101
        call    move
        EXPECT_IF nc, "87 up"
        mov     ax, [moved]
        EXPECT  ax, 0, "87 status"
        mov     dword [gdt_src+2], 0x93123456
        mov     dword [gdt_dst+2], 0x93004000
        mov     cx, 0x100
        call    move
        EXPECT_IF nc, "87 down"
        mov     si, 0x3000
        mov     di, 0x4000
        push    0
        pop     es
        mov     cx, 0x100
        repe    cmpsw
        je      .there
        mov     ah, 0x88                ; a machine without memory up there forgets
        int     0x15
        cmp     ax, (0x123456-0x100000)/1024+2
        jb      .there
        or      sp, sp                  ; ZF = 0
        jmp     .moved
.there: cmp     ax, ax
.moved: EXPECT_IF e, "87 contents"
        mov     ax, 0x2402
        int     0x15
        EXPECT_BYTE al, 0, "87 leaves A20 as found"
        mov     word [gdt_src], 15
        mov     cx, 0x100
        call    move
        EXPECT_IF c, "87 beyond the limit"
        mov     ax, [moved]
        EXPECT  ax, 2, "87 exception status"
        mov     word [gdt_src], 0xFFFF

        ; switch to protected mode and back by hand
        push    0
        pop     es
        in      al, 0x21
        mov     ah, al
        in      al, 0xA1
        mov     [masks], ax
        mov     [stack], sp
        mov     si, table89
        mov     bx, 0x5058
        mov     ah, 0x89
        int     0x15
        mov     [moved], ax             ; selectors 18h, 20h, 28h, 30h: base 0
        mov     ax, cs
        mov     [selectors], ax
        mov     ax, ds
        mov     [selectors+2], ax
        mov     ax, es
        mov     [selectors+4], ax
        mov     ax, ss
        mov     [selectors+6], ax
        smsw    ax
        mov     [msw], ax
        mov     eax, cr0
        and     al, 0xFE
        mov     cr0, eax
        jmp     0:.real
.real:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, [stack]
        lidt    [realidt]
        mov     al, 0x11
        out     0x20, al
        out     0xA0, al
        mov     al, 0x08
        out     0x21, al
        mov     al, 0x70
        out     0xA1, al
        mov     al, 0x04
        out     0x21, al
        mov     al, 0x02
        out     0xA1, al
        mov     al, 0x01
        out     0x21, al
        out     0xA1, al
        mov     ax, [masks]
        out     0xA1, al
        mov     al, ah
        out     0x21, al
        sti
        mov     ax, [moved]
        mov     al, 0
        EXPECT  ax, 0, "89 status"
        mov     ax, [msw]
        and     ax, 1
        EXPECT  ax, 1, "89 protected mode"
        EXPECT  [selectors], 0x30, "89 CS"
        EXPECT  [selectors+2], 0x18, "89 DS"
        EXPECT  [selectors+4], 0x20, "89 ES"
        EXPECT  [selectors+6], 0x28, "89 SS"
        mov     ax, 0x2400
        int     0x15

        ; waiting: half a second is nine ticks
        call    tick
        mov     cx, 7
        mov     dx, 0xA120
        mov     ah, 0x86
        int     0x15
        EXPECT_IF nc, "86"
        mov     ax, [0x46C]
        sub     ax, [ticks]
        call    near9
        mov     byte [flag], 0
        call    tick
        mov     ax, 0x8300
        mov     cx, 7
        mov     dx, 0xA120
        push    0
        pop     es
        mov     bx, flag
        int     0x15
        EXPECT_IF nc, "83"
        mov     ax, 0x8300
        int     0x15
        EXPECT_IF c, "83 while busy"
.event: hlt
        mov     ax, [0x46C]
        sub     ax, [ticks]
        cmp     ax, 40
        ja      .late
        test    byte [flag], 0x80
        jz      .event
.late:  call    near9
        EXPECT_BYTE [0x4A0], 0, "83 over"
        mov     ax, 0x8300
        mov     cx, 100
        mov     bx, flag
        int     0x15
        mov     ax, 0x8301
        int     0x15
        EXPECT_IF nc, "83 cancelled"

        ; clock
        mov     ah, 0x05
        mov     cx, 0x1994
        mov     dx, 0x0601
        int     0x1A
        mov     ah, 0x03
        mov     cx, 0x1234
        mov     dx, 0x5600
        int     0x1A
        mov     ah, 0x04
        int     0x1A
        mov     [dates], cx
        mov     [dates+2], dx
        EXPECT  [dates], 0x1994, "1A/04 year"
        EXPECT  [dates+2], 0x0601, "1A/04 day"
        mov     ah, 0x02
        int     0x1A
        mov     [dates], cx
        mov     [dates+2], dh
        EXPECT  [dates], 0x1234, "1A/02 hours"
        mov     al, [dates+2]
        mov     ah, 0
        cmp     al, 0x56
        EXPECT_IF ae, "1A/02 seconds"
        mov     ah, 0x01
        mov     cx, 0x0018
        mov     dx, 0x00AD              ; three ticks to midnight
        int     0x1A
        mov     ah, 0
        int     0x1A
        EXPECT  cx, 0x0018, "1A/00 high"
        mov     cx, 20
.midnight:
        hlt
        cmp     word [0x46E], 0
        je      .day
        loop    .midnight
.day:   mov     ah, 0
        int     0x1A
        mov     [dates], cx
        mov     ah, 0
        push    ax
        EXPECT  [dates], 0, "tick wraps at midnight"
        pop     ax
        EXPECT  ax, 1, "midnight flag"
        mov     ah, 0
        int     0x1A
        EXPECT_BYTE al, 0, "midnight flag once"
        ; alarm two seconds from now
        mov     word [0x4A*4], alarm
        mov     word [0x4A*4+2], 0
        mov     ah, 0x03
        mov     cx, 0x1234
        mov     dx, 0x1000
        int     0x1A
        mov     ah, 0x06
        mov     cx, 0x1234
        mov     dx, 0x1200
        int     0x1A
        EXPECT_IF nc, "1A/06"
        mov     ah, 0x06
        int     0x1A
        EXPECT_IF c, "1A/06 twice"
        call    tick
.ring:  hlt
        mov     ax, [0x46C]
        sub     ax, [ticks]
        cmp     ax, 80
        ja      .rung
        test    byte [rang], 1
        jz      .ring
.rung:  EXPECT_BYTE [rang], 1, "alarm"
        mov     ah, 0x07
        int     0x1A
        mov     ax, 0xB101
        int     0x1A
        EXPECT_IF c, "no PCI BIOS"
        mov     ah, 0x53
        int     0x15
        EXPECT_IF c, "no APM"

        ; user timer hook
        mov     word [0x1C*4], hook
        mov     word [0x1C*4+2], 0
        mov     word [hooked], 0
        hlt
        hlt
        hlt
        cmp     word [hooked], 0
        EXPECT_IF ne, "INT 1Ch"

        ; serial and printer
        cmp     word [0x400], 0
        je      .noserial
        mov     ax, 0x00E3
        mov     dx, 0
        int     0x14
        and     ah, 0x60
        EXPECT_BYTE ah, 0x60, "14/00 transmitter empty"
        mov     dx, [0x400]
        add     dx, 3
        in      al, dx
        EXPECT_BYTE al, 0x03, "14/00 line control"
        mov     al, 0x83
        out     dx, al
        sub     dx, 3
        in      al, dx
        mov     ah, al
        mov     bl, al
        add     dx, 3
        mov     al, 0x03
        out     dx, al
        EXPECT_BYTE bl, 12, "14/00 divisor of 9600"
        mov     dx, [0x400]
        add     dx, 4                   ; loop-back, to test both directions
        mov     al, 0x13
        out     dx, al
        sub     dx, 4
        mov     al, 'x'
        out     dx, al
        mov     cx, 3
        call    pause
        add     dx, 5
        in      al, dx
        and     ax, 1
        EXPECT  ax, 1, "loop-back"
        sub     dx, 5
        in      al, dx
        add     dx, 4
        mov     al, 0x03
        out     dx, al
.noserial:
        mov     ax, 0x0300
        mov     dx, 3
        cmp     word [0x406], 0
        jne     .com4
        int     0x14
        mov     al, 0
        EXPECT  ax, 0x8000, "14/03 absent port"
.com4:  cmp     word [0x408], 0
        je      .noprinter
        mov     ah, 0x02
        mov     dx, 0
        int     0x17
        test    ah, 0x01
        EXPECT_IF z, "17/02 no time-out"
.noprinter:
        ret

near9:  sub     ax, 8
        cmp     ax, 4
        EXPECT_IF b, "half a second"
        ret
tick:   mov     ax, [0x46C]
.same:  cmp     ax, [0x46C]
        je      .same
        mov     ax, [0x46C]
        mov     [ticks], ax
        ret
pause:  hlt
        loop    pause
        ret
move:   push    ds
        pop     es
        mov     si, gdt
        mov     ah, 0x87
        int     0x15
        pushf
        mov     al, ah
        mov     ah, 0
        mov     [moved], ax
        popf
        ret
; AX = 1 if FFFF:0510 is 0:0500.
wraps:  push    es
        push    0xFFFF
        pop     es
        cli
        mov     bx, [0x500]
        mov     word [0x500], 0x1111
        mov     word [es:0x510], 0x2222
        mov     ax, 0
        cmp     word [0x500], 0x2222
        jne     .no
        inc     ax
.no:    mov     [0x500], bx
        sti
        pop     es
        ret
alarm:  mov     byte [cs:rang], 1
        iret
hook:   inc     word [cs:hooked]
        iret

        align   8
gdt:    dw      0, 0, 0, 0
        dw      0, 0, 0, 0
gdt_src: dw     0xFFFF, 0, 0x9300, 0
gdt_dst: dw     0xFFFF, 0, 0x9300, 0
        dw      0, 0, 0, 0
        dw      0, 0, 0, 0
table89:
        dw      0, 0, 0, 0
        dw      0x3F, table89, 0x9300, 0
        dw      0x7F, emptyidt, 0x9300, 0
        dw      0xFFFF, 0, 0x9300, 0
        dw      0xFFFF, 0, 0x9300, 0
        dw      0xFFFF, 0, 0x9300, 0
        dw      0xFFFF, 0, 0x9B00, 0
        dw      0, 0, 0, 0
emptyidt: times 128 db 0
realidt: dw     0x3FF
        dd      0
selectors: dw   0, 0, 0, 0
msw:    dw      0
masks:  dw      0
stack:  dw      0
ext88:  dw      0
e801:   dw      0, 0
sum:    dd      0
regions: dw     0
entry:  times   20 db 0
moved:  dw      0
ticks:  dw      0
flag:   db      0
rang:   db      0
hooked: dw      0
dates:  dw      0, 0
program_end:
        times   CYLS*2*SPT*512-($-$$) db 0
