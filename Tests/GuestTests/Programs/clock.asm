; The two clocks against each other: ticks of IRQ 0 between the seconds of the real-time clock (IRQ 8, update ended), its
; periodic interrupt, the update-in-progress flag, and the 8254 read while it counts. Prints a line per check to port
; E9h. Sources: Intel 8254 data sheet 231164-005 (1.193182 MHz by the board's crystal), Motorola MC146818 data sheet.
%include "bios_test.inc"

RTC_B   equ 0x8B                ; index of register B, NMI masked while we change it
RTC_C   equ 0x0C

tests:
        cli
        mov     word [0x70*4], irq8
        mov     word [0x70*4+2], 0
        mov     word [0x1C*4], tick
        mov     word [0x1C*4+2], 0
        in      al, 0xA1                ; IRQ 8 and the cascade
        and     al, 0xFE
        out     0xA1, al
        in      al, 0x21
        and     al, 0xFB
        out     0x21, al

        ; seconds: three of them, by the update-ended interrupt
        mov     ah, 0x12                ; UIE, 24 hours
        call    arm
        call    second                  ; the first may be short
        mov     word [ticks], 0
        mov     cx, 3
.more:  call    second
        loop    .more
        mov     ax, [ticks]
        mov     [counted], ax
        mov     ah, 0x02
        call    arm
        cmp     word [counted], 54      ; 3 s * 18.2065 Hz = 54.6
        jb      .bad
        cmp     word [counted], 55
.bad:   EXPECT_IF be, "ticks in three seconds"
        cmp     word [counted], 54
        EXPECT_IF ae, "no tick is lost"

        ; periodic interrupt: 1024 Hz is what register A has after the BIOS (rate 6)
        mov     al, 0x0A
        out     0x70, al
        in      al, 0x71
        and     ax, 0x7F
        EXPECT  ax, 0x26, "register A"
        mov     ah, 0x52                ; PIE and UIE
        call    arm
        call    second
        mov     word [periods], 0
        call    second
        mov     ax, [periods]
        mov     [counted], ax
        mov     ah, 0x02
        call    arm
        mov     ax, [counted]
        sub     ax, 1023
        cmp     ax, 2
        EXPECT_IF be, "1024 periods in a second"

        ; UIP is seen before the second changes, and only for a short time
        call    seconds
        mov     dl, al
        mov     cx, 0                   ; polls with UIP
        mov     dword [polls], 0
.poll:  mov     al, 0x0A
        out     0x70, al
        in      al, 0x71
        inc     dword [polls]
        jz      .seen
        test    al, 0x80
        jz      .idle
        inc     cx
.idle:  call    seconds
        cmp     al, dl
        je      .poll
.seen:  jcxz    .never
        or      sp, sp
.never: EXPECT_IF nz, "UIP before the update"

        ; counter 0 counts down by two in mode 3 and is latched as a whole
        mov     cx, 1000
        mov     bx, 0
.latch: cli
        mov     al, 0
        out     0x43, al
        in      al, 0x40
        mov     ah, al
        in      al, 0x40
        sti
        xchg    al, ah
        test    al, 1                   ; even counts only
        jz      .even
        inc     bx
.even:  loop    .latch
        mov     ax, bx
        EXPECT  ax, 0, "mode 3 counts by two"

        ; read-back: status of counter 0 is mode 3, both bytes, binary, loaded
        mov     al, 0xE2
        out     0x43, al
        in      al, 0x40
        and     ax, 0x7F
        EXPECT  ax, 0x36, "read-back status"

        ; IRQ 0 at 1 kHz: 1193 counts a period, 993 to 1007 periods (a tick of slack) in a second
        cli
        mov     al, 0x34                ; mode 2
        out     0x43, al
        mov     ax, 1193
        out     0x40, al
        mov     al, ah
        out     0x40, al
        sti
        mov     ah, 0x12
        call    arm
        call    second
        mov     word [ticks], 0
        call    second
        mov     ax, [ticks]
        mov     [counted], ax
        mov     ah, 0x02
        call    arm
        mov     ax, [counted]
        sub     ax, 999
        cmp     ax, 2                   ; 1193182 / 1193 = 1000.15
        EXPECT_IF be, "1000 ticks in a second"
        mov     al, 0x36
        out     0x43, al
        mov     al, 0
        out     0x40, al
        out     0x40, al
        ret

; AH to register B, flags of register C cleared.
arm:    cli
        mov     al, RTC_B
        out     0x70, al
        jmp     short $+2
        mov     al, ah
        out     0x71, al
        mov     al, RTC_C
        out     0x70, al
        jmp     short $+2
        in      al, 0x71
        sti
        ret

; Waits for the next update-ended interrupt.
second: mov     byte [ended], 0
.wait:  hlt
        cmp     byte [ended], 0
        je      .wait
        ret

; Returns AL: the seconds.
seconds:
        mov     al, 0
        out     0x70, al
        jmp     short $+2
        in      al, 0x71
        ret

tick:   inc     word [cs:ticks]
        iret

irq8:   push    ax
        mov     al, RTC_C
        out     0x70, al
        jmp     short $+2
        in      al, 0x71
        test    al, 0x10
        jz      .period
        mov     byte [cs:ended], 1
.period:
        test    al, 0x40
        jz      .done
        inc     word [cs:periods]
.done:  mov     al, 0x20
        out     0xA0, al
        out     0x20, al
        pop     ax
        iret

ticks:  dw      0
periods: dw     0
counted: dw     0
polls:  dd      0
ended:  db      0
program_end:
        times   CYLS*2*SPT*512-($-$$) db 0
