; Heirloom VGA BIOS: the option ROM at C0000h of a plain VGA (registers 3B0-3DFh, memory A0000-BFFFFh), and with -D ET4000
; that of a Tseng ET4000AX with VESA BIOS extensions.
;
; Built by video/build.sh. Function numbers and register contents follow the IBM PS/2 and Personal Computer BIOS
; Interface Technical Reference (interrupt 10h) and the IBM VGA register descriptions.
; 386 instructions are used, but no upper half of a register is left changed.

        cpu     386
        bits    16
        org     0

%include "video/defs.inc"

ROM_SIZE        equ     0x8000

; MARK: Header

        db      0x55, 0xAA
        db      ROM_SIZE / 512
        jmp     near rom_init                   ; entry point at offset 3, far called by the system BIOS
        times   0x1E - ($ - $$) db 0
        db      'IBM VGA compatible BIOS', 0    ; "IBM" at 1Eh: what programs look for before they trust a VGA
name:   db      'Heirloom VGA BIOS 1.0', 13, 10, 0
        db      'MIT licence', 0

; MARK: Start

; Called once by the system BIOS's option ROM scan. Leaves 80x25 text on the screen. All registers are kept.
rom_init:
        pushf
        pushad
        push    ds
        push    es
        cld
        mov     dx, 0x3C3                       ; VGA subsystem enable
        mov     al, 1
        out     dx, al
        xor     ax, ax
        mov     es, ax
        cli
        mov     eax, [es:0x10 * 4]              ; the former INT 10h stays reachable as INT 42h
        mov     [es:0x42 * 4], eax
        mov     word [es:0x10 * 4], int10
        mov     [es:0x10 * 4 + 2], cs
        mov     word [es:0x1F * 4], font8x8 + 128 * 8
        mov     [es:0x1F * 4 + 2], cs
        mov     word [es:0x43 * 4], font8x8
        mov     [es:0x43 * 4 + 2], cs
        sti
        mov     ax, BDA
        mov     ds, ax
        mov     byte [B_VIDEO_CONTROL], 0x60    ; 256 KB, colour, cursor emulation on
        mov     byte [B_SWITCHES], 0xF9         ; feature bits F, switches 9: enhanced colour display
        mov     byte [B_VGA_FLAGS], 0x11        ; 400 lines, VGA active
        mov     byte [B_DCC_INDEX], 0x0B        ; VGA with colour display, no second adapter
        mov     word [B_SAVE_POINTER], save_pointers
        mov     [B_SAVE_POINTER + 2], cs
        call    clear_dac
        call    clear_all_memory
        mov     ax, 0x0003
        int     0x10
        mov     si, name
.print: lodsb_cs
        test    al, al
        jz      .done
        mov     ah, 0x0E
        mov     bx, 7
        int     0x10
        jmp     .print
.done:  pop     es
        pop     ds
        popad
        popf
        retf

; All 256 KB to zero, whatever was there: four planes at once.
clear_all_memory:
        mov     dx, SEQ
        mov     ax, 0x0F02
        out     dx, ax
        mov     ax, 0x0604
        out     dx, ax
        mov     dx, GC
        mov     ax, 0x0005
        out     dx, ax
        mov     ax, 0x0506
        out     dx, ax
        mov     ax, 0xFF08
        out     dx, ax
        mov     ax, 0x0001
        out     dx, ax
        mov     ax, 0x0003
        out     dx, ax
        mov     ax, 0xA000
        mov     es, ax
        xor     di, di
        xor     eax, eax
        mov     cx, 0x4000
        rep     stosd
        ret

; MARK: INT 10h

int10:
        sti
        cld
        push    ds
        push    es
        pusha
        mov     bp, sp                          ; handlers find the caller's registers at [bp + F_...]
        mov     si, BDA
        mov     ds, si
%ifdef ET4000
        cmp     ah, 0x4F
        je      .vbe
%endif
        cmp     ah, 0x1D
        jae     .exit                           ; unknown functions return everything unchanged
        mov     si, ax
        shr     si, 8
        add     si, si
        call    [cs:si + functions]
.exit:  popa
        pop     es
        pop     ds
        iret
%ifdef ET4000
.vbe:   call    vbe
        jmp     .exit
%endif

functions:
        dw      set_mode, set_cursor_shape, set_cursor_position, get_cursor     ; 00-03
        dw      light_pen, select_page, scroll_up, scroll_down                  ; 04-07
        dw      read_character, write_character_attribute, write_character      ; 08-0A
        dw      set_palette_cga, write_pixel, read_pixel, teletype, get_mode    ; 0B-0F
        dw      palette_functions, font_functions, alternate_select             ; 10-12
        dw      write_string, none, none, none, none, none, none                ; 13-19
        dw      display_combination, state_information, save_restore            ; 1A-1C

none:   ret

%include "video/modeset.inc"
%include "video/cursor.inc"
%include "video/scroll.inc"
%include "video/character.inc"
%include "video/teletype.inc"
%include "video/pixel.inc"
%include "video/palette.inc"
%include "video/font.inc"
%include "video/config.inc"
%include "video/state.inc"
%include "video/tables.inc"
%ifdef ET4000
%include "video/svga.inc"
%include "video/vbe.inc"
%endif

; MARK: Fonts

font8x16:       incbin  "font8x16.bin"
font8x14:       incbin  "font8x14.bin"
font8x8:        incbin  "font8x8.bin"
alt9x16:        incbin  "alt9x16.bin"
alt9x14:        incbin  "alt9x14.bin"

        times   ROM_SIZE - 1 - ($ - $$) db 0xFF
        db      0                               ; checksum, filled in by build.sh: all bytes add up to 0
