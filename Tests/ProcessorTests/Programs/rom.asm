; Copies a test program to 10000h and enters it.
        org     0
        incbin  PROGRAM
program_end:
        times   0xFF00 - ($ - $$) db 0
        cli
        cld
        xor     si, si
        xor     di, di
        push    cs
        pop     ds
        mov     ax, 0x1000
        mov     es, ax
        mov     cx, 0x7F80
        rep     movsw
        jmp     0x1000:0
        times   0xFFF0 - ($ - $$) db 0
        jmp     0xF000:0xFF00
        times   0x10000 - ($ - $$) db 0
