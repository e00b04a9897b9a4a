; Everything sounds at once: 18 channels of two operators on the OPL3 with vibrato and tremolo, stereo of 16 bits at
; 44.1 kHz by DMA round and round, and the speaker. Then the processor waits. With -D SILENT nothing is started: the
; difference is what sound costs the host (sound_cost.sh).
%include "bios_test.inc"
%include "sound_common.inc"

tests:
        call    enable_irq5
%ifndef SILENT
        mov     ax, 0x0105              ; NEW
        mov     dx, 0x38A
        call    fm
        mov     dx, 0x388
        call    voices
        mov     dx, 0x38A
        call    voices

        mov     ax, BUFFER >> 4
        mov     es, ax
        xor     di, di
        mov     cx, 32768
        mov     ax, 1
.fill:  stosw                           ; noise: the worst for any filter
        mov     bx, ax
        shl     bx, 2
        add     ax, bx
        add     ax, 0x3619
        loop    .fill

        call    reset
        EXPECT_IF z, "a Sound Blaster"
        mov     bl, 0x58                ; round and round
        mov     cx, 32768 - 1
        call    dma16
        DSP     0x41, 0xAC, 0x44, 0xB6, 0x30, 0xFF, 0x0F

        mov     al, 0xB6                ; 440 Hz
        out     0x43, al
        mov     al, 2712 & 0xFF
        out     0x42, al
        mov     al, 2712 >> 8
        out     0x42, al
        in      al, 0x61
        or      al, 3
        out     0x61, al
%endif
        mov     si, text_sounds
        call    say
.wait:  hlt
        jmp     .wait

; Nine channels of the array at port DX.
voices: mov     si, settings
.set:   lodsw
        cmp     ax, 0
        je      .channels
        mov     bx, ax
        mov     cx, 22                  ; operators are at 00h ... 15h with gaps
.each:  mov     ax, bx
        call    fm
        inc     bl
        loop    .each
        jmp     .set
.channels:
        mov     cx, 9
        xor     bx, bx
.next:  mov     al, 0xC0                ; both sides, feedback 5
        add     al, bl
        mov     ah, 0x3A
        call    fm
        mov     al, 0xA0
        add     al, bl
        mov     ah, bl
        shl     ah, 4
        add     ah, 0x41
        call    fm
        mov     al, 0xB0
        add     al, bl
        mov     ah, 0x31
        call    fm
        inc     bl
        loop    .next
        mov     ax, 0xC0BD              ; deep
        call    fm
        ret

irq5:   push    ax
        push    dx
        mov     dx, SB + 0xF
        in      al, dx
        mov     al, 0x20
        out     0x20, al
        pop     dx
        pop     ax
        iret

; 20h, 40h, 60h, 80h, E0h: tremolo, vibrato, held; quiet enough that the sum stays in range
settings:
        dw 0xE120, 0x1840, 0xF060, 0x0480, 0x04E0, 0
text_sounds: db "SOUNDS", 10, 0
program_end:
        times   (CYLS*2*SPT*512)-($-$$) db 0
