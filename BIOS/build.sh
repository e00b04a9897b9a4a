#!/bin/sh
# Builds the ROMs from source. Usage: build.sh [output directory, default: here]
# Needs nasm (and what video/build.sh needs). The output depends on nothing but the sources.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
mkdir -p "$out"
cd "$here"

# Sets the last byte so that all bytes add up to 0 modulo 256.
seal() {
  sum=$(od -An -v -tu1 "$1" | awk '{ for (i = 1; i <= NF; i++) s += $i } END { print (256 - s % 256) % 256 }')
  last=$(($(wc -c <"$1") - 1))
  printf "\\$(printf %03o "$sum")" | dd of="$1" bs=1 seek="$last" conv=notrunc 2>/dev/null
}

# The video BIOS has its own script; it also makes the small font the system BIOS shows at F000:FA6E.
if [ -f video/build.sh ]; then sh video/build.sh "$out/vga.bin"; fi

set -- -f bin -w+error -I include/ -I ./
if [ -f video/font8x8low.inc ]; then set -- "$@" -D FONT8X8; fi
nasm "$@" -o "$out/system.bin" system.asm
seal "$out/system.bin"
