; Heirloom system BIOS, 64 KB at F000:0000.
; Build: see build.sh. Layout: code from 0000h, fixed entry points of the IBM AT from E05Bh.
        cpu     386
        bits    16
        org     0
section .text

%include "defs.inc"

        db      "Heirloom BIOS", 0

%include "post.inc"
%include "memory.inc"
%include "console.inc"
%include "interrupts.inc"
%include "time.inc"
%include "keyboard.inc"
%include "keytables.inc"
%include "mouse.inc"
%include "floppy.inc"
%include "floppymedia.inc"
%include "disk.inc"
%include "cdrom.inc"
%include "serial.inc"
%include "services.inc"
%include "boot.inc"
%include "fixed.inc"
