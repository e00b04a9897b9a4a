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

static const unsigned char welcome_disk[] = {
#embed "../../Media/welcome.img"
};

struct FirmwareBlob firmware_system_bios(void) { return (struct FirmwareBlob){system_bios, sizeof system_bios}; }
struct FirmwareBlob firmware_video_bios(void) { return (struct FirmwareBlob){video_bios, sizeof video_bios}; }
struct FirmwareBlob firmware_welcome_disk(void) { return (struct FirmwareBlob){welcome_disk, sizeof welcome_disk}; }
