#!/bin/sh
# Builds the test programs. -rom also makes NAME.rom, a 64 KB BIOS image for other emulators:
#   qemu-system-i386 -cpu 486 -bios NAME.rom -display none -debugcon stdio -device isa-debug-exit,iobase=0xf4
set -eu
cd "$(dirname "$0")"
for source in *.asm; do
  name=${source%.asm}
  if [ "$name" = rom ]; then continue; fi
  nasm -f bin -o "$name.bin" "$source"
  if [ "${1:-}" = -rom ]; then nasm -f bin -D "PROGRAM=\"$name.bin\"" -o "/tmp/$name.rom" rom.asm; fi
done
