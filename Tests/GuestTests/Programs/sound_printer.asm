; A converter on the printer port. With -D DISNEY a Disney Sound Source: its queue of 16 bytes, the flag that it is full,
; its rate of 7 kHz measured with timer 2. Otherwise a Covox Speech Thing, a level for each byte. Both play 1 kHz for
; 0.4 s. Prints a line per check to port E9h.
; Source: "Sound Source Summary" (anonymous, 1990s): on 04h, off 0Ch, a pulse of control bit 3 sends, status bit 6 is full.
%include "bios_test.inc"
%include "stopwatch.inc"

LPT     equ 0x378

tests:
%ifdef DISNEY
        mov     dx, LPT + 2
        mov     al, 0x04
        out     dx, al
        dec     dx
        in      al, dx
        and     ax, 0x40
        EXPECT  ax, 0, "an empty queue isn't full"
        call    stopwatch
        xor     cx, cx
.fill:  mov     al, 0x80
        call    send
        inc     cx
        mov     dx, LPT + 1
        in      al, dx
        test    al, 0x40
        jnz     .full
        cmp     cx, 100
        jb      .fill
.full:  call    read_watch
        ; what has been played meanwhile: a sample in 170 timer counts
        mov     ax, [elapsed]
        xor     dx, dx
        mov     bx, 170
        div     bx
        sub     cx, ax
        sub     cx, 16
        cmp     cx, 1
        EXPECT_IF be, "16 bytes fill it"

        ; 140 samples are 20 ms, 23,864 timer counts; up to two of them may have had room at once
        call    stopwatch
        mov     cx, 140
.feed:  mov     dx, LPT + 1
.wait:  in      al, dx
        test    al, 0x40
        jnz     .wait
        mov     al, 0x80
        call    send
        loop    .feed
        call    read_watch
        mov     ax, [elapsed]
        sub     ax, 23864 - 400
        cmp     ax, 600
        EXPECT_IF be, "7000 bytes a second"

        mov     cx, 400
.tone:  mov     si, wave7
.next:  mov     dx, LPT + 1
.busy:  in      al, dx
        test    al, 0x40
        jnz     .busy
        lodsb
        call    send
        cmp     si, wave7 + 7
        jb      .next
        loop    .tone
        mov     dx, LPT + 2
        mov     al, 0x0C
        out     dx, al
%else
        mov     dx, LPT
        mov     al, 0x5A
        out     dx, al
        in      al, dx
        EXPECT_BYTE al, 0x5A, "the data lines read back"
        mov     dx, LPT + 1
        in      al, dx
        and     ax, 0xC0
        EXPECT  ax, 0xC0, "resistors drive no line of the status"
        mov     cx, 400
        call    stopwatch
        mov     di, 0
.tone:  mov     si, wave8
.next:  lodsb
        mov     dx, LPT
        out     dx, al
        add     di, 149                 ; 8008 Hz
.wait:  call    read_watch
        mov     ax, [elapsed]
        sub     ax, di
        js      .wait
        cmp     si, wave8 + 8
        jb      .next
        loop    .tone
        mov     dx, LPT
        mov     al, 0x80
        out     dx, al
%endif
        mov     ax, 50000               ; what is left is heard before the end
        call    delay
        ret

; AL to the converter.
send:   push    dx
        mov     dx, LPT
        out     dx, al
        add     dx, 2
        mov     al, 0x0C
        out     dx, al
        mov     al, 0x04
        out     dx, al
        pop     dx
        ret

; 128 + 100 sin, seven and eight samples a period
wave7:  db 128, 206, 225, 171, 85, 31, 50
wave8:  db 128, 199, 228, 199, 128, 57, 28, 57
program_end:
        times   (CYLS*2*SPT*512)-($-$$) db 0
