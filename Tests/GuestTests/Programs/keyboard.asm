; What the keyboard sends, byte by byte: everything that IRQ 1 brings is printed to port E9h in hexadecimal, a line
; for each burst. First as the 8042 translates it (scan code set 1), after Esc untranslated (set 2), after Esc again
; commands to the keyboard are tried. The person at the keyboard presses keys with pauses of half a second.
; Sources: IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-key)".
%include "bios_test.inc"

tests:
        cli
        mov     word [0x09*4], irq1
        mov     word [0x09*4+2], 0
        sti
        mov     si, .set1
        call    say
        mov     word [last], 0x0181     ; Esc, translated
        call    listen
        call    command_byte
        and     al, 0xBF                ; no translation
        call    set_command_byte
        mov     si, .set2
        call    say
        mov     word [last], 0xF076
        call    listen
        mov     si, .commands
        call    say
        cli
        mov     al, 0xEE                ; echo
        call    ask
        mov     al, 0xF2                ; identify
        call    ask
        mov     al, 0xED                ; LEDs
        call    ask
        mov     al, 0x07
        call    ask
        mov     al, 0xF3                ; typematic: 250 ms, 30 a second
        call    ask
        mov     al, 0x00
        call    ask
        mov     al, 0xF0                ; which set
        call    ask
        mov     al, 0x00
        call    ask
        mov     al, 0xFF                ; reset
        call    ask
        call    command_byte
        or      al, 0x40
        call    set_command_byte
        sti
        ret
.set1:  db      "SET 1", 10, 0
.set2:  db      "SET 2", 10, 0
.commands:
        db      "COMMANDS", 10, 0

; Prints bursts until one ends with [last].
listen: mov     word [tail], 0
        mov     byte [count], 0
.wait:  hlt
        cmp     byte [count], 0
        je      .wait
        mov     ax, [0x46C]
        sub     ax, [when]
        cmp     ax, 3
        jb      .wait
        mov     byte [count], 0
        mov     al, 10
        out     0xE9, al
        mov     ax, [tail]
        cmp     ax, [last]
        jne     .wait
        ret

irq1:   push    ax
        push    ds
        push    0
        pop     ds
        in      al, 0x60
        mov     ah, [tail]
        mov     [tail+1], ah
        mov     [tail], al
        mov     byte [count], 1
        push    word [0x46C]
        pop     word [when]
        call    hex2
        mov     al, 0x20
        out     0x20, al
        pop     ds
        pop     ax
        iret

; AL to the keyboard; prints what it answers within a second.
ask:    push    ax
        call    hex2
        mov     al, ':'
        out     0xE9, al
        mov     al, ' '
        out     0xE9, al
        call    ready
        pop     ax
        out     0x60, al
        mov     cx, 0                   ; half a second: 33000 changes of the refresh bit
        mov     bx, 33000
.wait:  in      al, 0x61
        and     al, 0x10
        cmp     al, ch
        je      .wait
        mov     ch, al
        dec     bx
        jz      .done
        in      al, 0x64
        test    al, 1
        jz      .wait
        in      al, 0x60
        call    hex2
        jmp     .wait
.done:  mov     al, 10
        out     0xE9, al
        ret

; The 8042's command byte in AL. Interrupts are closed meanwhile, so that IRQ 1 doesn't take it away.
command_byte:
        pushf
        cli
        call    ready
        mov     al, 0x20
        out     0x64, al
.wait:  in      al, 0x64
        test    al, 1
        jz      .wait
        in      al, 0x60
        popf
        ret

set_command_byte:
        push    ax
        call    ready
        mov     al, 0x60
        out     0x64, al
        call    ready
        pop     ax
        out     0x60, al
        ret

ready:  in      al, 0x64
        test    al, 2
        jnz     ready
        ret

; AL as two digits and a blank.
hex2:   push    ax
        push    ax
        shr     al, 4
        call    .digit
        pop     ax
        and     al, 15
        call    .digit
        mov     al, ' '
        out     0xE9, al
        pop     ax
        ret
.digit: cmp     al, 10
        sbb     al, 0x69
        das
        out     0xE9, al
        ret

tail:   dw      0
last:   dw      0
when:   dw      0
count:  db      0
program_end:
        times   CYLS*2*SPT*512-($-$$) db 0
