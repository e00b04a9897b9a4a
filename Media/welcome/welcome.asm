; The program on the built-in disk: says what Heirloom is and shows live what works. Loaded to 0000:8000 by boot.asm.
; Needs a 386, a BIOS and a colour text screen; asks the BIOS for everything but the picture itself.

        cpu     386
        bits    16
        org     0x8000

; Colours.
DESK    equ     0x17
FRAME   equ     0x1B
TITLE   equ     0x1E
LABEL   equ     0x17
VALUE   equ     0x1F
BAR     equ     0x70

F_1     equ     0x3B                            ; scan codes
F_7     equ     0x41
F_8     equ     0x42

start:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        cld
        call    look_around
        call    hook
        mov     ax, 0x0003
        int     0x10
        call    new_screen

; Sleeps until something happens: a tick (IRQ 0) or a key (IRQ 1).
main:   hlt
        mov     ah, 0x11
        int     0x16
        jz      .no_key
        mov     ah, 0x10
        int     0x16
        call    key
        jmp     main_update
.no_key:
        mov     ax, [ticks]
        cmp     ax, [ticks_shown]
        je      main
        mov     [ticks_shown], ax
main_update:
        call    update
        jmp     main

; MARK: Interrupts

hook:   cli
        mov     eax, [0x1C * 4]
        mov     [old_1c], eax
        mov     word [0x1C * 4], on_tick
        mov     word [0x1C * 4 + 2], 0
        mov     eax, [0x15 * 4]
        mov     [old_15], eax
        mov     word [0x15 * 4], on_15
        mov     word [0x15 * 4 + 2], 0
        sti
        ret

on_tick:
        inc     dword [cs:ticks]
        pushad
        push    ds
        push    es
        push    cs
        pop     ds
        call    tune_step
        pop     es
        pop     ds
        popad
        jmp     far [cs:old_1c]

; INT 15h function 4Fh: the BIOS shows each raw byte from the keyboard before it makes a key of it.
on_15:  cmp     ah, 0x4F
        jne     .pass
        push    bx
        mov     bx, [cs:raw_count]
        and     bx, 15
        mov     [cs:bx + raw], al
        inc     word [cs:raw_count]
        pop     bx
.pass:  jmp     far [cs:old_15]

; MARK: What is in this machine

look_around:
        ; Alignment check flag: settable on a 486. ID flag: CPUID is there.
        pushfd
        pop     eax
        mov     ecx, eax
        xor     eax, 1 << 18
        push    eax
        popfd
        pushfd
        pop     eax
        push    ecx
        popfd
        xor     eax, ecx
        test    eax, 1 << 18
        jz      .cpu_known
        mov     word [cpu_name], text_486
        mov     eax, ecx
        xor     eax, 1 << 21
        push    eax
        popfd
        pushfd
        pop     eax
        push    ecx
        popfd
        xor     eax, ecx
        test    eax, 1 << 21
        jz      .cpu_known
        cpu     586
        xor     eax, eax
        cpuid
        mov     [vendor], ebx
        mov     [vendor + 4], edx
        mov     [vendor + 8], ecx
        mov     eax, 1
        cpuid
        cpu     386
        shr     ax, 8
        and     al, 15
        cmp     al, 4
        je      .cpu_known
        mov     word [cpu_name], text_newer
.cpu_known:
        int     0x11
        mov     [equipment], ax
        int     0x12
        mov     [base_kb], ax
        xor     cx, cx
        xor     dx, dx
        mov     ax, 0xE801
        int     0x15
        jc      .old
        mov     bx, cx
        or      bx, dx
        jz      .in_ax
        mov     ax, cx                          ; kilobytes from 1 to 16 MB
        mov     bx, dx                          ; 64-kilobyte blocks above
.in_ax: movzx   eax, ax
        movzx   ebx, bx
        shl     ebx, 6
        add     eax, ebx
        mov     [extended_kb], eax
        ret
.old:   mov     ah, 0x88
        int     0x15
        jc      .none
        movzx   eax, ax
        mov     [extended_kb], eax
.none:  ret

; MARK: Writing to the screen

; ES:DI := cell at DH row (below [top]), DL column. Keeps the rest.
place:  push    ax
        push    dx
        mov     ax, 0xB800
        cmp     byte [0x463], 0xD4
        je      .segment
        mov     ax, 0xB000
.segment:
        mov     es, ax
        mov     al, dh
        add     al, [top]
        mul     byte [columns]
        xor     dh, dh
        add     ax, dx
        add     ax, ax
        mov     di, ax
        pop     dx
        pop     ax
        ret

; SI: text ended by 0, AH: colour, ES:DI: cell. A byte 1...6 in the text changes the colour.
write:  lodsb
        test    al, al
        jz      .return
        cmp     al, 6
        jbe     .colour
        stosw
        jmp     write
.colour:
        movzx   bx, al
        mov     ah, [bx + colours - 1]
        jmp     write
.return:
        ret
colours:
        db      LABEL, VALUE, TITLE, FRAME, 0x1A, 0x1C

; SI: records of row, column, text, 0; ends with FFh. Starts each text in LABEL colour.
write_all:
        lodsb
        cmp     al, 0xFF
        je      .return
        mov     dh, al
        lodsb
        mov     dl, al
        call    place
        mov     ah, LABEL
        call    write
        jmp     write_all
.return:
        ret

; AX: colour in AH. EAX value in EBX, decimal at ES:DI, CX: digits, zeros in front if [pad] is '0'.
write_decimal:
        push    eax
        push    ebx
        push    edx
        push    ebp
        mov     bp, cx
        add     cx, cx
        add     di, cx
        push    di
        push    ax
        mov     eax, ebx
        pop     bx                              ; BH: colour
.digit: xor     edx, edx
        mov     ecx, 10
        div     ecx
        add     dl, '0'
        sub     di, 2
        mov     dh, bh
        mov     [es:di], dx
        dec     bp
        jz      .done
        test    eax, eax
        jnz     .digit
        mov     dl, [pad]
.pad:   sub     di, 2
        mov     [es:di], dx
        dec     bp
        jnz     .pad
.done:  pop     di
        pop     ebp
        pop     edx
        pop     ebx
        pop     eax
        ret

; EBX: value, AH: colour: decimal without blanks in front.
write_number:
        push    eax
        push    edx
        mov     eax, ebx
        mov     cx, 1
.count: xor     edx, edx
        push    ecx
        mov     ecx, 10
        div     ecx
        pop     ecx
        test    eax, eax
        jz      .go
        inc     cx
        jmp     .count
.go:    pop     edx
        pop     eax
        jmp     write_decimal

; AL: byte, as two hexadecimal digits in colour AH.
write_hex:
        push    ax
        shr     al, 4
        call    .digit
        pop     ax
        push    ax
        and     al, 15
        call    .digit
        pop     ax
        ret
.digit: cmp     al, 10
        jb      .decimal
        add     al, 7
.decimal:
        add     al, '0'
        stosw
        ret

; AL: BCD byte.
write_bcd equ write_hex

; AL: character, AH: colour, CX: count.
write_run:
        rep     stosw
        ret

; DH row, DL column, CH height, CL width, SI: title. Single frame.
draw_box:
        pusha
        mov     ah, FRAME
        movzx   bp, ch
        sub     bp, 2
        movzx   bx, cl
        sub     bx, 2
        call    place
        mov     al, 0xDA
        stosw
        mov     al, 0xC4
        mov     cx, bx
        rep     stosw
        mov     al, 0xBF
        stosw
        push    dx
.row:   inc     dh
        call    place
        mov     al, 0xB3
        stosw
        mov     al, ' '
        mov     cx, bx
        rep     stosw
        mov     al, 0xB3
        stosw
        dec     bp
        jnz     .row
        inc     dh
        call    place
        mov     al, 0xC0
        stosw
        mov     al, 0xC4
        mov     cx, bx
        rep     stosw
        mov     al, 0xD9
        stosw
        pop     dx
        add     dl, 2
        call    place
        mov     ax, TITLE << 8 | ' '
        stosw
        call    write
        mov     al, ' '
        stosw
        popa
        ret

; MARK: Screens

; Everything anew, after a change of mode or page.
new_screen:
        mov     al, [0x44A]
        mov     [columns], al
        mov     al, [0x484]
        inc     al
        cmp     al, 25
        jae     .rows
        mov     al, 25
.rows:  mov     [rows], al
        mov     byte [top], 0
        xor     dx, dx
        call    place
        mov     al, [rows]
        mul     byte [columns]
        mov     cx, ax
        mov     ax, DESK << 8 | ' '
        rep     stosw
        ; Bars.
        xor     dx, dx
        call    place
        movzx   cx, byte [columns]
        mov     ax, BAR << 8 | ' '
        rep     stosw
        mov     dx, 0x0001
        call    place
        mov     si, text_bar
        cmp     byte [columns], 80
        jb      .bar
        mov     si, text_bar_wide
.bar:
        mov     ah, BAR
        call    write
        call    key_bar
        call    show_tune
        cmp     byte [columns], 80
        jb      page_narrow
        movzx   bx, byte [page]
        add     bx, bx
        call    [bx + pages]
        cmp     byte [rows], 50
        jb      .return
        mov     byte [top], 24                  ; the lower half shows the characters (or the welcome page) too
        mov     bx, pages + 2
        cmp     byte [page], 1
        jne     .second
        mov     bx, pages + 6
.second:
        call    [bx]
        mov     byte [top], 0
.return:
        call    place_cursor
        ret
pages:  dw      page_welcome, page_characters, page_keyboard, page_help

key_bar:
        mov     dh, [rows]
        dec     dh
        xor     dl, dl
        call    place
        movzx   cx, byte [columns]
        mov     ax, 0x3020
        rep     stosw
        call    place
        mov     si, text_keys
        cmp     byte [columns], 80
        jae     .next
        mov     si, text_keys_narrow
.next:  lodsb
        test    al, al
        jz      .return
        mov     ah, 0x1F                        ; the key
        stosw
        lodsb
        stosw
        mov     ah, 0x30
.text:  lodsb
        cmp     al, '|'
        je      .next
        stosw
        jmp     .text
.return:
        ret
text_keys:
        db      'F1 Welcome |F2 Characters |F3 Keyboard |F4 Disks |F5 80x25 |F6 80x50 |F7 40x25 |F8 Tune|', 0
text_keys_narrow:
        db      'F5 80x25  |F6 80x50  |F7 40x25  |F8 Tune|', 0

; F1: the machine, clocks, keyboard, colours.
page_welcome:
        mov     dx, 0x0201
        mov     cx, 10 << 8 | 40
        mov     si, title_machine
        call    draw_box
        mov     dx, 0x022A
        mov     cx, 10 << 8 | 37
        mov     si, title_live
        call    draw_box
        mov     dx, 0x0C01
        mov     cx, 11 << 8 | 40
        mov     si, title_colours
        call    draw_box
        mov     dx, 0x0C2A
        mov     cx, 11 << 8 | 37
        mov     si, title_start
        call    draw_box
        mov     si, text_welcome
        call    write_all
        ; Processor.
        mov     dx, 0x0311
        call    place
        mov     ah, VALUE
        mov     si, [cpu_name]
        call    write
        mov     si, vendor                      ; empty without CPUID
        call    write
        mov     dx, 0x0411
        call    place
        mov     si, text_no
        test    byte [equipment], 2
        jz      .fpu
        mov     si, text_yes
.fpu:   call    write
        mov     dx, 0x0511
        call    place
        movzx   ebx, word [base_kb]
        call    write_number
        mov     si, text_kb_base
        call    write
        mov     ah, VALUE
        mov     ebx, [extended_kb]
        call    write_number
        mov     si, text_kb
        call    write
        ; Drives and ports, from the equipment word and 40:75.
        mov     dx, 0x0611
        call    place
        mov     ah, VALUE
        xor     ebx, ebx
        mov     bx, [equipment]
        test    bl, 1
        jz      .no_floppy
        shr     bx, 6
        and     bx, 3
        inc     bx
        jmp     .floppies
.no_floppy:
        xor     bx, bx
.floppies:
        call    write_number
        mov     si, text_floppy
        call    write
        movzx   ebx, byte [0x475]
        mov     ah, VALUE
        call    write_number
        mov     si, text_hard
        call    write
        mov     dx, 0x0711
        call    place
        mov     ah, VALUE
        xor     ebx, ebx
        mov     bl, [equipment + 1]
        shr     bl, 1
        and     bl, 7
        call    write_number
        mov     si, text_serial
        call    write
        xor     ebx, ebx
        mov     bl, [equipment + 1]
        shr     bl, 6
        mov     ah, VALUE
        call    write_number
        mov     si, text_parallel
        call    write
        ; Video.
        mov     dx, 0x0811
        call    place
        mov     ax, 0x1A00
        int     0x10
        mov     si, text_vga
        cmp     al, 0x1A
        jne     .not_vga
        cmp     bl, 7
        jae     .vga
.not_vga:
        mov     si, text_older
.vga:   mov     ah, VALUE
        call    write
        mov     al, [0x449]
        call    write_hex
        mov     si, text_h
        call    write
        ; 16 colours on 8 backgrounds.
        mov     dx, 0x0D05
        xor     bx, bx                          ; attribute
.line:  call    place
        mov     cx, 16
.cell:  mov     al, bl
        mov     ah, bl
        call    write_hex
        inc     bx
        loop    .cell
        inc     dh
        cmp     bl, 0x80
        jb      .line
        call    place
        mov     si, text_blink
        mov     ah, 0x9E
        jmp     write

; F2: all characters and what can be made of them.
page_characters:
        mov     dx, 0x0201
        mov     cx, 20 << 8 | 40
        mov     si, title_characters
        call    draw_box
        mov     dx, 0x022A
        mov     cx, 20 << 8 | 37
        mov     si, title_frames
        call    draw_box
        mov     dx, 0x0306
        call    place
        mov     bx, text_digits
        mov     cx, 16
        xor     si, si
.head:  mov     al, [bx + si]
        mov     ah, FRAME
        stosw
        mov     al, ' '
        stosw
        inc     si
        loop    .head
        xor     bp, bp                          ; character
        mov     dx, 0x0403
.line:  call    place
        mov     si, bp
        shr     si, 4
        mov     al, [bx + si]
        mov     ah, FRAME
        stosw
        mov     al, ' '
        stosw
        stosw
        mov     cx, 16
        mov     ah, VALUE
.cell:  mov     ax, bp
        mov     ah, VALUE
        stosw
        mov     al, ' '
        stosw
        inc     bp
        loop    .cell
        inc     dh
        cmp     bp, 256
        jb      .line
        mov     si, text_frames
        call    write_all
        ; Shades in all colours.
        mov     dx, 0x0E2D
        mov     bl, 8
.shade: call    place
        mov     ah, bl
        mov     si, text_shades
.shade_next:
        lodsb
        test    al, al
        jz      .shade_end
        stosw
        stosw
        stosw
        stosw
        stosw
        jmp     .shade_next
.shade_end:
        inc     dh
        inc     bl
        cmp     bl, 14
        jb      .shade
        ret

; F3: what the keyboard says.
page_keyboard:
        mov     dx, 0x0201
        mov     cx, 20 << 8 | 78
        mov     si, title_keyboard
        call    draw_box
        mov     si, text_keyboard
        jmp     write_all

; F4: how to go on.
page_help:
        mov     dx, 0x0201
        mov     cx, 20 << 8 | 78
        mov     si, title_help
        call    draw_box
        mov     si, text_help
        jmp     write_all

; 40 columns.
page_narrow:
        mov     dx, 0x0201
        mov     cx, 20 << 8 | 38
        mov     si, title_narrow
        call    draw_box
        mov     si, text_narrow
        call    write_all
        mov     dx, 0x0D04
        call    place
        xor     ax, ax
        mov     bx, 16
.colour:
        mov     al, 0xDB
        stosw
        stosw
        inc     ah
        dec     bx
        jnz     .colour
        jmp     place_cursor

; MARK: Live

update: mov     byte [pad], '0'
        call    clock_in_bar
        cmp     byte [columns], 80
        jb      .narrow
        cmp     byte [page], 0
        je      .welcome
        cmp     byte [page], 2
        je      update_keyboard
        ret
.narrow:
        mov     dx, 0x0613
        call    write_ticks
        mov     dx, 0x0713
        call    place
        jmp     write_uptime
.welcome:
        mov     dx, 0x033C
        call    place
        call    write_rtc_time
        mov     dx, 0x043C
        call    place
        call    write_rtc_date
        mov     dx, 0x053C
        call    write_ticks
        mov     dx, 0x063C
        call    place
        call    write_uptime
        ; A mark that walks with the ticks.
        mov     dx, 0x072D
        call    place
        mov     cx, 32
        mov     ax, FRAME << 8 | 0xFA
        rep     stosw
        mov     ax, [ticks]
        and     ax, 63
        cmp     ax, 32
        jb      .forth
        xor     ax, 63
.forth: add     dl, al
        call    place
        mov     ax, VALUE << 8 | 0xFE
        stosw
        ; Last key.
        mov     dx, 0x083C
        call    write_last_key
        mov     dx, 0x0939
        call    write_shifts
        ; Screen and cursor.
        mov     dx, 0x0911
        call    place
        mov     ah, VALUE
        mov     byte [pad], ' '
        movzx   ebx, byte [columns]
        call    write_number
        mov     si, text_by
        call    write
        movzx   ebx, byte [rows]
        mov     ah, VALUE
        call    write_number
        mov     si, text_cursor
        call    write
        push    di
        push    es
        push    ax
        mov     ah, 3
        mov     bh, [0x462]
        int     0x10
        pop     ax
        pop     es
        pop     di
        mov     ah, VALUE
        movzx   ebx, dh
        call    write_number
        mov     al, ','
        stosw
        movzx   ebx, dl
        call    write_number
        mov     al, ' '
        stosw
        ret

update_keyboard:
        mov     dx, 0x0517
        call    write_last_key
        mov     dx, 0x0617
        call    write_shifts
        ; Raw bytes, newest at the right.
        mov     dx, 0x0717
        call    place
        mov     si, [raw_count]
        sub     si, 16
        mov     cx, 16
        mov     ah, VALUE
.raw:   mov     bx, si
        test    bx, bx
        jns     .there
        mov     al, ' '
        stosw
        stosw
        jmp     .raw_next
.there: and     bx, 15
        mov     al, [bx + raw]
        mov     ah, VALUE
        cmp     al, 0x80
        jb      .raw_write
        mov     ah, 0x13                        ; a key let go
.raw_write:
        call    write_hex
.raw_next:
        mov     al, ' '
        stosw
        inc     si
        loop    .raw
        ret

; DX: where. Scan code, ASCII code and the character of the last key.
write_last_key:
        call    place
        mov     ah, VALUE
        mov     al, [last_key + 1]
        call    write_hex
        mov     al, ' '
        stosw
        mov     al, [last_key]
        call    write_hex
        mov     al, ' '
        stosw
        mov     ax, [last_key]
        mov     ah, TITLE
        stosw
        ret

; DX: where. Shift, Ctrl, Alt and the lock keys from 40:17, lit when down.
write_shifts:
        call    place
        mov     si, .names
.next:  lodsb
        test    al, al
        jz      .return
        mov     ah, VALUE
        test    [0x417], al
        jnz     .name
        mov     ah, 0x13
.name:  lodsb
        cmp     al, '|'
        je      .space
        stosw
        jmp     .name
.space: mov     al, ' '
        stosw
        jmp     .next
.return:
        ret
.names: db      0x03, 'Shf|', 0x04, 'Ctl|', 0x08, 'Alt|', 0x40, 'Cap|', 0x20, 'Num|', 0

; DX: where. Ticks counted here by IRQ 0 through INT 1Ch.
write_ticks:
        call    place
        mov     byte [pad], ' '
        mov     ebx, [ticks]
        mov     ah, VALUE
        call    write_number
        mov     byte [pad], '0'
        ret

; Time since the start from the ticks: 65536 / 1193182 seconds each.
write_uptime:
        mov     eax, [ticks]
        mov     ebx, 65536
        mul     ebx
        mov     ebx, 1193182
        div     ebx                             ; good for two years
        xor     edx, edx
        mov     ebx, 60
        div     ebx
        push    dx                              ; seconds
        xor     edx, edx
        div     ebx
        push    dx                              ; minutes
        mov     ebx, eax
        mov     ah, VALUE
        mov     cx, 2
        call    write_decimal
        mov     al, ':'
        stosw
        pop     bx
        movzx   ebx, bx
        mov     cx, 2
        call    write_decimal
        mov     al, ':'
        stosw
        pop     bx
        movzx   ebx, bx
        mov     cx, 2
        jmp     write_decimal

write_rtc_time:
        mov     byte [.colour], VALUE
.any:   push    di
        push    es
        clc
        mov     ah, 2
        int     0x1A
        pop     es
        pop     di
        jc      .return
        mov     ah, [.colour]
        mov     al, ch
        call    write_bcd
        mov     al, ':'
        stosw
        mov     al, cl
        call    write_bcd
        mov     al, ':'
        stosw
        mov     al, dh
        jmp     write_bcd
.return:
        ret
.colour:
        db      0

write_rtc_date:
        push    di
        push    es
        clc
        mov     ah, 4
        int     0x1A
        pop     es
        pop     di
        jc      .return
        mov     ah, VALUE
        mov     al, ch
        call    write_bcd
        mov     al, cl
        call    write_bcd
        mov     al, '-'
        stosw
        mov     al, dh
        call    write_bcd
        mov     al, '-'
        stosw
        mov     al, dl
        jmp     write_bcd
.return:
        ret

clock_in_bar:
        xor     dh, dh
        mov     dl, [columns]
        sub     dl, 9
        call    place
        mov     byte [write_rtc_time.colour], BAR
        jmp     write_rtc_time.any

; MARK: Keys

; AX: key as INT 16h function 10h gives it.
key:    cmp     al, 0xE0
        jne     .plain
        test    ah, ah
        jz      .plain
        xor     al, al                          ; grey keys give E0h instead of 0
.plain: mov     [last_key], ax
        test    al, al
        jnz     .character
        cmp     ah, F_1
        jb      .cursor
        cmp     ah, F_1 + 3
        jbe     .page
        cmp     ah, F_7
        jbe     .mode
        cmp     ah, F_8
        je      toggle_tune
.cursor:
        cmp     ah, 0x49                        ; page up
        je      .back
        cmp     ah, 0x51                        ; page down
        je      .forth
        ret
.back:  mov     al, [page]
        dec     al
        jmp     .turn
.forth: mov     al, [page]
        inc     al
.turn:  and     al, 3
        mov     [page], al
        jmp     new_screen
.page:  sub     ah, F_1
        mov     [page], ah
        jmp     new_screen
.mode:  sub     ah, F_1 + 4
        push    ax
        mov     al, 3
        cmp     ah, 2
        jb      .set
        mov     al, 1
.set:   xor     ah, ah
        int     0x10
        pop     ax
        cmp     ah, 1
        jne     .drawn
        mov     ax, 0x1112
        xor     bl, bl
        int     0x10
.drawn: jmp     new_screen

; Echo: kept in a line that shifts left when it is full.
.character:
        movzx   bx, byte [echo_length]
        cmp     al, 8
        je      .delete
        cmp     al, ' '
        jb      .return
        cmp     bx, 30
        jb      .append
        push    ax
        push    es
        xor     ax, ax
        mov     es, ax
        mov     si, echo + 1
        mov     di, echo
        mov     cx, 29
        rep     movsb
        pop     es
        pop     ax
        dec     bx
.append:
        mov     [bx + echo], al
        inc     bx
        jmp     .show
.delete:
        test    bx, bx
        jz      .return
        dec     bx
.show:  mov     [echo_length], bl
        mov     byte [bx + echo], 0
        jmp     place_cursor
.return:
        ret

; Shows the echo line where the page has one, and the cursor behind it.
place_cursor:
        mov     dx, 0x0A2D
        cmp     byte [columns], 80
        jb      .narrow
        cmp     byte [page], 0
        je      .there
        mov     dx, 0x0917
        cmp     byte [page], 2
        je      .there
        mov     cx, 0x2000                      ; pages without an echo line: no cursor
        mov     ah, 1
        int     0x10
        ret
.narrow:
        mov     dx, 0x0904
.there: call    place
        push    dx
        mov     si, echo
        mov     ah, TITLE
.echo:  lodsb
        test    al, al
        jz      .rest
        stosw
        jmp     .echo
.rest:  pop     dx
        mov     cx, 31
        sub     cl, [echo_length]
        mov     al, ' '
        rep     stosw
        add     dl, [echo_length]
        mov     ah, 2
        mov     bh, [0x462]
        int     0x10
        mov     cx, 0x0607
        mov     ah, 1
        int     0x10
        ret

; MARK: Texts

%include "texts.inc"
%include "sound.inc"

; MARK: Variables

text_386:       db      '386 ', 0
text_486:       db      '486 ', 0
text_newer:     db      '586+ ', 0
cpu_name:       dw      text_386
vendor:         times 13 db 0
equipment:      dw      0
base_kb:        dw      0
extended_kb:    dd      0
columns:        db      80
rows:           db      25
top:            db      0
page:           db      0
pad:            db      '0'
last_key:       dw      0
echo_length:    db      0
echo:           times 32 db 0
ticks:          dd      0
ticks_shown:    dw      0xFFFF
raw_count:      dw      0
raw:            times 16 db 0
old_1c:         dd      0
old_15:         dd      0
