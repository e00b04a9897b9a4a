; INT 13h of a CD booted by El Torito: without emulation (-D LOADED), or as a diskette (-D DISKETTE, -D SPT=).
%include "bios_test.inc"
%include "bios_int13.inc"

tests:
%ifdef DISKETTE
        EXPECT  [boot_drive], 0, "drive 0"
        DISK    0x0800, 0, 0, 0
        EXPECT  [carry], 0, "08"
        EXPECT  [regcx], 0x4F00+SPT, "08 tracks and sectors"
        EXPECT_BYTE [regdx+1], 1, "08 heads"
        DISK    0x0201, 0x0001, 0, 0
        EXPECT  [es:510], 0xAA55, "02 first sector"
        DISK    0x020C, 0x0002, 0, 0x0A00   ; from the middle of a block on
        EXPECT  [carry], 0, "02 twelve sectors"
        mov     si, tests
        mov     di, 0x0A00 + tests-$$-512
        mov     cx, (program_end-tests)/2
        repe    cmpsw
        EXPECT_IF e, "02 what they hold"
        DISK    0x0201, 0x4F00+SPT, 0x0100, 0
        EXPECT  [carry], 0, "02 last sector"
        DISK    0x0201, 0x0001+SPT, 0, 0
        EXPECT  [carry], 1, "02 sector behind the track"
        DISK    0x0301, 0x0001, 0, 0
        EXPECT  [carry], 1, "03"
        EXPECT  [status], 3, "03 write-protected"
        DISK    0x0100, 0, 0, 0
        EXPECT  [status], 3, "01"
        DISK    0x1500, 0, 0, 0
        EXPECT  [status], 1, "15 no change line"
        DISK    0x4B01, 0, 0, 0
        EXPECT_BYTE [packet+1], (SPT/36)+2, "4B01 kind"
        EXPECT  [packet+4], 20, "4B01 block"
        DISK    0x0201, 0x0001, 1, 0        ; the machine's own drive A is B now, and empty
        EXPECT  [carry], 1, "drive 1 is the empty one"
        DISK    0x4B00, 0, 0, 0
        EXPECT  [carry], 0, "4B00"
        DISK    0x0201, 0x0001, 0, 0
        EXPECT  [carry], 1, "drive 0 after the emulation"
%else
        EXPECT_BYTE [boot_drive], 0xE0, "drive E0h"
        DISK    0x4100, 0, 0x00E0, 0x55AA
        EXPECT  [carry], 0, "41"
        EXPECT  [regbx], 0xAA55, "41 signature"
        mov     ax, [regcx]
        and     ax, 1
        EXPECT  ax, 1, "41 packet functions"
        mov     ax, [regcx]
        and     ax, 2
        EXPECT  ax, 2, "41 locking and ejecting"
        mov     word [packet], 26
        DISK    0x4800, 0, 0x00E0, 0
        EXPECT  [carry], 0, "48"
        EXPECT  [packet+24], 2048, "48 bytes in a block"
        EXPECT  [packet+16], 20+4, "48 blocks"
        mov     ax, [packet+2]
        and     ax, 4
        EXPECT  ax, 4, "48 removable"
        mov     ax, [packet+2]
        and     ax, 0x20
        EXPECT  ax, 0x20, "48 can be locked"
        DISK    0x4502, 0, 0x00E0, 0
        EXPECT_BYTE al, 0, "45 not locked"
        DISK    0x4501, 0, 0x00E0, 0
        EXPECT  [status], 0xB0, "45 unlocked what wasn't locked"
        DISK    0x4500, 0, 0x00E0, 0
        EXPECT  [carry], 0, "45 lock"
        DISK    0x4500, 0, 0x00E0, 0
        DISK    0x4501, 0, 0x00E0, 0
        EXPECT_BYTE al, 1, "45 locked once more than unlocked"
        DISK    0x4600, 0, 0x00E0, 0
        EXPECT  [status], 0xB1, "46 locked"
        DISK    0x4501, 0, 0x00E0, 0
        EXPECT  [carry], 0, "45 unlock"
        call    ask_for_descriptor
        DISK    0x4200, 0, 0x00E0, 0
        EXPECT  [carry], 0, "42"
        EXPECT  [es:1], 0x4443, "42 volume descriptor"
        mov     word [packet+2], 4
        mov     dword [packet+8], 20
        DISK    0x4200, 0, 0x00E0, 0
        EXPECT  [carry], 0, "42 four blocks"
        mov     si, tests
        mov     di, tests-$$
        mov     cx, (program_end-tests)/2
        repe    cmpsw
        EXPECT_IF e, "42 what they hold"
        mov     dword [packet+8], 24
        DISK    0x4200, 0, 0x00E0, 0
        EXPECT  [carry], 1, "42 behind the end"
        DISK    0x4300, 0, 0x00E0, 0
        EXPECT  [status], 3, "43 write-protected"
        DISK    0x0201, 1, 0x00E0, 0
        EXPECT  [carry], 1, "02 isn't there"
        DISK    0x4B01, 0, 0x00E0, 0
        EXPECT_BYTE [packet+2], 0xE0, "4B01 drive"
        EXPECT  [packet+4], 20, "4B01 block"
        DISK    0x4600, 0, 0x00E0, 0
        EXPECT  [carry], 0, "46 opens the tray"
        call    ask_for_descriptor
        DISK    0x4200, 0, 0x00E0, 0
        EXPECT  [carry], 1, "42 with an open tray"
%endif
        ret

; A packet for the volume descriptor.
ask_for_descriptor:
        mov     dword [packet], 0x00010010
        mov     dword [packet+4], BUFFER << 16
        mov     dword [packet+8], 16
        mov     dword [packet+12], 0
        ret
program_end:
        times   16*512-($-$$) db 0
