// #embed (C23) rather than the assembler's .incbin: the compiler lists embedded files among the dependencies, so a
// rebuilt ROM rebuilds this file.
#include "CFirmware.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char system_bios[] = {
#embed "../../BIOS/system.bin"
};

static const unsigned char video_bios[] = {
#embed "../../BIOS/vga.bin"
};

static const unsigned char et4000_bios[] = {
#embed "../../BIOS/et4000.bin"
};

static const unsigned char welcome_disk[] = {
#embed "../../Media/welcome.img"
};

static const unsigned char volume_boot[] = {
#embed "../../Media/boot/volume.bin"
};

static const unsigned char master_boot[] = {
#embed "../../Media/boot/master.bin"
};

struct FirmwareBlob firmware_volume_boot(void) { return (struct FirmwareBlob){volume_boot, sizeof volume_boot}; }
struct FirmwareBlob firmware_master_boot(void) { return (struct FirmwareBlob){master_boot, sizeof master_boot}; }
struct FirmwareBlob firmware_system_bios(void) { return (struct FirmwareBlob){system_bios, sizeof system_bios}; }
struct FirmwareBlob firmware_video_bios(void) { return (struct FirmwareBlob){video_bios, sizeof video_bios}; }
struct FirmwareBlob firmware_et4000_bios(void) { return (struct FirmwareBlob){et4000_bios, sizeof et4000_bios}; }
struct FirmwareBlob firmware_welcome_disk(void) { return (struct FirmwareBlob){welcome_disk, sizeof welcome_disk}; }
