; A Sound Blaster 16 as its programming guide describes it: detection, identification, interrupt and DMA probes, every
; way of transfer with the number and the time of its interrupts (measured with timer 2), positions read from the 8237,
; mixer, FM timers, MIDI interface. Prints a line per check to port E9h.
; Source: Creative, Sound Blaster Series Hardware Programming Guide; Intel 8237A and 8254 data sheets.
%include "bios_test.inc"
%include "sound_common.inc"

; MIXER register, value
%macro MIXER 2
        mov     al, %1
        mov     ah, %2
        call    mixer
%endmacro
; DMA8 mode, count; DMA16 mode, count: channel 1 or 5 on the buffer.
%macro DMA8 2
        mov     bl, %1
        mov     cx, %2 - 1
        call    dma8
%endmacro
%macro DMA16 2
        mov     bl, %1
        mov     cx, %2 - 1
        call    dma16
%endmacro
; TOOK low, high, "name": timer counts since the stopwatch was started.
%macro TOOK 3
        mov     ax, [elapsed]
        sub     ax, %1
        mov     bx, %2 - %1
        cmp     ax, bx
        EXPECT_IF be, %3
%endmacro

tests:
        call    enable_irq5
        mov     ax, BUFFER >> 4
        mov     es, ax
        xor     di, di
        mov     cx, 16384               ; a saw
        xor     ax, ax
.fill:  stosw
        add     ax, 0x0301
        loop    .fill

        ; detection
        call    reset
        EXPECT_IF z, "reset answers AAh"
        DSP     0xE1
        call    answer
        mov     ah, al
        call    answer
        EXPECT  ax, 0x040D, "version 4.13"
        DSP     0xE0, 0x3C
        call    answer
        EXPECT_BYTE al, 0xC3, "identification is the complement"
        DSP     0xE4, 0x95, 0xE8
        call    answer
        EXPECT_BYTE al, 0x95, "test register"
        DSP     0xE3
        call    answer
        mov     ah, al
        call    answer
        EXPECT  ax, 'C' * 256 + 'O', "copyright"
        call    reset

        ; mixer
        mov     al, 0x80
        call    read_mixer
        and     ax, 0x0F
        EXPECT  ax, 2, "interrupt 5"
        mov     al, 0x81
        call    read_mixer
        EXPECT_BYTE al, 0x22, "DMA 1 and 5"
        MIXER   0x22, 0xDB
        mov     al, 0x30
        call    read_mixer
        and     ax, 0xF0
        EXPECT  ax, 0xD0, "master left"
        mov     al, 0x31
        call    read_mixer
        and     ax, 0xF0
        EXPECT  ax, 0xB0, "master right"
        MIXER   0, 0

        ; interrupt and DMA probes
        mov     word [interrupts], 0
        DSP     0xF2
        call    short_wait
        EXPECT  [interrupts], 1, "F2h interrupts"
        DMA8    0x44, 1
        mov     byte [es:0], 0
        DSP     0xE2, 0x00
        call    short_wait
        EXPECT_BYTE [es:0], 0x40, "E2h writes by DMA"

        ; 8-bit single cycle: 400 samples of 100 us are 40 ms, 47,727 counts
        DSP     0xD1, 0x40, 156
        DMA8    0x48, 400
        mov     word [interrupts], 0
        DSP     0x14, 0x8F
        mov     al, 0x01
        call    stopwatch
        call    dsp
        call    wait_interrupt
        TOOK    47680, 47800, "single cycle takes its time"
        call    position8
        EXPECT  ax, 0xFFFF, "the channel has reached terminal count"
        call    short_wait
        EXPECT  [interrupts], 1, "one interrupt"

        ; the position
        DMA8    0x48, 400
        DSP     0x14, 0x8F
        mov     al, 0x01
        call    stopwatch
        call    dsp
        mov     cx, 400
        mov     word [jumps], 0
        mov     word [last], 399
.follow:
        call    position8
        cmp     ax, [last]
        jbe     .falls
        inc     word [jumps]
.falls: mov     [last], ax
        cmp     ax, 200
        ja      .follow
        call    read_watch
        mov     ax, [jumps]
        EXPECT  ax, 0, "the count falls steadily"
        TOOK    23700, 24000, "at half of the block half of the time"
        DSP     0xD0
        call    position8
        mov     [last], ax
        call    short_wait
        call    position8
        EXPECT  ax, [last], "D0h holds the position"
        mov     word [interrupts], 0
        DSP     0xD4
        call    wait_interrupt
        EXPECT  [interrupts], 1, "D4h goes on to the end"

        ; 8-bit auto-init: blocks of 100 samples of 50 us; ten interrupts are 50 ms, 59,659 counts less the first
        DSP     0x40, 206
        DMA8    0x58, 200
        DSP     0x48, 99, 0
        mov     word [interrupts], 0
        mov     al, 0x1C
        call    stopwatch
        call    dsp
.ten:   cmp     word [interrupts], 10
        jb      .ten
        call    read_watch
        TOOK    59600, 59760, "ten blocks of auto-init"
        DSP     0xDA
        call    long_wait
        EXPECT  [interrupts], 11, "DAh ends with the block"

        ; general commands: 8-bit stereo at 22,050 Hz, 441 pairs are 20 ms, 23,864 counts
        DSP     0x41, 0x56, 0x22
        DMA8    0x48, 882
        mov     word [interrupts], 0
        DSP     0xC0, 0x20, 0x71
        mov     al, 0x03
        call    stopwatch
        call    dsp
        call    wait_interrupt
        TOOK    23780, 23960, "8-bit stereo by C0h"

        ; 16-bit stereo at 44,100 Hz, auto-init: 441 pairs a block, four blocks are 40 ms
        DSP     0x41, 0xAC, 0x44
        DMA16   0x58, 1764
        mov     word [interrupts], 0
        mov     word [wides], 0
        DSP     0xB6, 0x30, 0x71
        mov     al, 0x03
        call    stopwatch
        call    dsp
.four:  cmp     word [interrupts], 4
        jb      .four
        call    read_watch
        TOOK    47640, 47820, "16-bit stereo by B6h"
        EXPECT  [wides], 4, "82h says 16 bits"
        DSP     0xD9
        call    long_wait
        EXPECT  [interrupts], 5, "D9h ends with the block"

        ; ADPCM of 4 bits with a reference byte: 1 + 2 * 100 samples of 100 us are 20.1 ms, 23,983 counts
        DSP     0x40, 156
        DMA8    0x48, 101
        mov     word [interrupts], 0
        DSP     0x75, 100
        mov     al, 0
        call    stopwatch
        call    dsp
        call    wait_interrupt
        TOOK    23900, 24070, "ADPCM, two samples a byte"
        DMA8    0x48, 101
        mov     word [interrupts], 0
        DSP     0x77, 100
        mov     al, 0
        call    stopwatch
        call    dsp
        call    wait_interrupt
        TOOK    35830, 36010, "ADPCM, three samples a byte"

        ; silence: 300 samples are 30 ms, 35,795 counts
        mov     word [interrupts], 0
        DSP     0x80, 0x2B
        mov     al, 0x01
        call    stopwatch
        call    dsp
        call    wait_interrupt
        TOOK    35720, 35880, "silence"

        ; recording: silence comes in
        mov     byte [es:99], 0x12
        DMA8    0x44, 100
        mov     word [interrupts], 0
        DSP     0x24, 99, 0
        call    wait_interrupt
        EXPECT_BYTE [es:99], 0x80, "silence is recorded"

        ; direct output
        mov     cx, 500
.direct:
        DSP     0x10
        mov     al, cl
        call    dsp
        loop    .direct
        DSP     0x10, 0x80
        EXPECT_IF z, "direct output"

        ; FM timers, as every AdLib detection does it
        mov     ax, 0x6004
        call    fm_first
        mov     ax, 0x8004
        call    fm_first
        mov     dx, 0x388
        in      al, dx
        and     ax, 0xE0
        EXPECT  ax, 0, "FM timers are quiet"
        mov     ax, 0xFF02
        call    fm_first
        mov     ax, 0x2104
        call    fm_first
        mov     ax, 96                  ; 80 us
        call    delay
        mov     dx, 0x388
        in      al, dx
        and     ax, 0xE6
        EXPECT  ax, 0xC0, "timer 1 runs over, and it is an OPL3"
        mov     ax, 0x6004
        call    fm_first
        mov     ax, 0x8004
        call    fm_first

        ; MIDI interface
        mov     word [interrupts], 0
        mov     dx, 0x331
        mov     al, 0xFF
        out     dx, al
        in      al, dx
        and     ax, 0xC0
        mov     [last], ax
        call    short_wait
        EXPECT  [last], 0, "MIDI: an answer waits"
        mov     dx, 0x330
        in      al, dx
        EXPECT_BYTE al, 0xFE, "MIDI: acknowledged"
        mov     dx, 0x201
        out     dx, al
        call    short_wait
        mov     dx, 0x201
        in      al, dx
        EXPECT_BYTE al, 0xFF, "no joystick"
        DSP     0xD3
        ret

; The interrupt: who it was, and an acknowledgement for each.
irq5:   push    ax
        push    dx
        push    ds
        xor     ax, ax
        mov     ds, ax
        inc     word [interrupts]
        mov     dx, SB + 4
        in      al, dx
        push    ax
        mov     al, 0x82
        out     dx, al
        inc     dx
        in      al, dx
        mov     ah, al
        test    ah, 1
        jz      .wide
        mov     dx, SB + 0xE
        in      al, dx
.wide:  test    ah, 2
        jz      .midi
        inc     word [wides]
        mov     dx, SB + 0xF
        in      al, dx
.midi:  pop     ax
        mov     dx, SB + 4
        out     dx, al
        mov     al, 0x20
        out     0x20, al
        pop     ds
        pop     dx
        pop     ax
        iret

mixer:  mov     dx, SB + 4
        out     dx, al
        inc     dx
        mov     al, ah
        out     dx, al
        ret
read_mixer:
        mov     dx, SB + 4
        out     dx, al
        inc     dx
        in      al, dx
        ret

; AH into register AL of the first array.
fm_first:
        push    dx
        mov     dx, 0x388
        call    fm
        pop     dx
        ret

; Channel 1 on the buffer: mode BL, count CX.
dma8:   mov     al, 5
        out     0x0A, al
        out     0x0C, al
        mov     al, bl
        or      al, 1
        out     0x0B, al
        mov     al, 0
        out     0x02, al
        out     0x02, al
        mov     al, cl
        out     0x03, al
        mov     al, ch
        out     0x03, al
        mov     al, BUFFER >> 16
        out     0x83, al
        mov     al, 1
        out     0x0A, al
        ret

; What is left on channel 1 in AX.
position8:
        cli
        push    dx
        out     0x0C, al
        call    .read
.again: mov     dx, ax
        call    .read           ; the count isn't latched: it may have passed a multiple of 256 between the bytes
        cmp     ah, dh
        jne     .again
        pop     dx
        sti
        ret
.read:  in      al, 0x03
        mov     ah, al
        in      al, 0x03
        xchg    al, ah
        ret

; Waits for an interrupt, at most 55 ms, and reads the stopwatch.
wait_interrupt:
        call    read_watch
        cmp     word [interrupts], 0
        jne     .over
        cmp     word [elapsed], 0xFF00
        jb      wait_interrupt
.over:  ret

short_wait:
        mov     ax, 2400
        jmp     delay
long_wait:
        mov     ax, 30000
        jmp     delay

interrupts:     dw 0
wides:          dw 0
last:           dw 0
jumps:          dw 0
program_end:
        times   (CYLS*2*SPT*512)-($-$$) db 0
