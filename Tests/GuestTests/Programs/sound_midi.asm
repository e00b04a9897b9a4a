; Notes over the MIDI interface of a Sound Blaster 16 as a driver sends them: reset, UART mode, a program, two notes after
; each other, a chord. Prints a line per check to port E9h.
; Source: Roland, MPU-401 Technical Reference Manual; MIDI 1.0.
%include "bios_test.inc"

MPU     equ 0x330

tests:
        mov     al, 0xFF
        call    command
        EXPECT  ax, 0xFE, "a reset is acknowledged"
        mov     al, 0x3F
        call    command
        EXPECT  ax, 0xFE, "UART mode is acknowledged"
        mov     si, organ
        call    play
        mov     si, first
        call    play
        call    half_second
        mov     si, second
        call    play
        call    half_second
        mov     si, chord
        call    play
        call    half_second
        mov     si, quiet
        call    play
        call    half_second
        ret

; Command AL; the answer in AX, FFFFh if none comes.
command:
        mov     dx, MPU + 1
        push    ax
.busy:  in      al, dx
        test    al, 0x40
        jnz     .busy
        pop     ax
        out     dx, al
        mov     cx, 10000
.none:  in      al, dx
        test    al, 0x80
        loopnz  .none
        mov     ax, 0xFFFF
        jnz     .over
        dec     dx
        in      al, dx
        mov     ah, 0
.over:  ret

; The bytes at SI up to a zero length.
play:   lodsb
        mov     cl, al
        mov     ch, 0
.next:  mov     dx, MPU + 1
.busy:  in      al, dx
        test    al, 0x40
        jnz     .busy
        dec     dx
        lodsb
        out     dx, al
        loop    .next
        ret

; Nine ticks of 54.9 ms.
half_second:
        mov     bx, [0x46C]
.wait:  mov     ax, [0x46C]
        sub     ax, bx
        cmp     ax, 9
        jb      .wait
        ret

organ:  db 2, 0xC0, 19                  ; church organ: it holds
first:  db 3, 0x90, 69, 100             ; A4
second: db 4, 69, 0, 81, 100            ; running status: off, A5
chord:  db 6, 81, 0, 60, 100, 67, 100   ; C4, G4
quiet:  db 3, 0xB0, 123, 0
program_end:
        times   (CYLS*2*SPT*512)-($-$$) db 0
