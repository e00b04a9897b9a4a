// The ROMs and the built-in disk, as bytes inside the program: no file has to be found at run time.
#ifndef HEIRLOOM_CFIRMWARE_H
#define HEIRLOOM_CFIRMWARE_H

#include <stddef.h>

/// One embedded file. Valid for the life of the program.
struct FirmwareBlob {
  const unsigned char *bytes;
  size_t size;
};

/// The system BIOS (BIOS/system.bin): 64 KB, seen at F0000h and at FFFF0000h.
struct FirmwareBlob firmware_system_bios(void);
/// The video BIOS (BIOS/vga.bin): 32 KB, seen at C0000h.
struct FirmwareBlob firmware_video_bios(void);
/// The ET4000's video BIOS (BIOS/et4000.bin): 32 KB, seen at C0000h.
struct FirmwareBlob firmware_et4000_bios(void);
/// The built-in floppy disk (Media/welcome.img): 1,474,560 bytes.
struct FirmwareBlob firmware_welcome_disk(void);
/// The boot sector of an empty FAT volume (Media/boot/volume.bin): 512 bytes.
struct FirmwareBlob firmware_volume_boot(void);
/// The master boot record of a new disk (Media/boot/master.bin): 512 bytes.
struct FirmwareBlob firmware_master_boot(void);

#endif
