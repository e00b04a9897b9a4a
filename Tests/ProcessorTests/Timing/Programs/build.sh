#!/bin/sh
# Builds the work mix of the score tests with a gcc that makes 32-bit code. The compiler is part of the result: another
# one gives another score.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
gcc -m32 -march=i386 -mtune=i386 -O1 -ffreestanding -fno-builtin -fno-pic -fno-pie -fno-stack-protector \
  -fno-asynchronous-unwind-tables -Wall -Wno-misleading-indentation -c workmix.c -o "$folder/workmix.o"
ld -m elf_i386 --no-warn-rwx-segments -z noexecstack -T workmix.ld "$folder/workmix.o" -o "$folder/workmix.elf"
objcopy -O binary "$folder/workmix.elf" workmix.bin
rm -r "$folder"
