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
# The work mix of the score tests, where there is a gcc that makes 32-bit code. The compiler is part of the result: a
# different one gives a different score.
if command -v gcc > /dev/null; then
  folder=$(mktemp -d)
  gcc -m32 -march=i386 -mtune=i386 -O1 -ffreestanding -fno-builtin -fno-pic -fno-pie -fno-stack-protector \
    -fno-asynchronous-unwind-tables -Wall -Wno-misleading-indentation -c workmix.c -o "$folder/workmix.o"
  ld -m elf_i386 --no-warn-rwx-segments -z noexecstack -T workmix.ld "$folder/workmix.o" -o "$folder/workmix.elf"
  objcopy -O binary "$folder/workmix.elf" workmix.bin
  rm -r "$folder"
fi
