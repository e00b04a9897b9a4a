#!/bin/sh
# Builds the VGA BIOS: video/build.sh [OUTPUT], default BIOS/vga.bin, and the ET4000's as et4000.bin beside it.
# Needs nasm and python3.
# The same sources give the same bytes: no date, no path in the ROM.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../vga.bin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/fontgen.py" "$work"
cmp -s "$work/font8x8low.inc" "$here/font8x8low.inc" || cp "$work/font8x8low.inc" "$here/font8x8low.inc"
build() {
  target=$1
  shift
  nasm -f bin -w+all "$@" -I "$here/../" -I "$work/" -o "$work/rom.bin" "$here/../vga.asm"
  python3 - "$work/rom.bin" "$target" <<'END'
import sys
rom = bytearray(open(sys.argv[1], 'rb').read())
if len(rom) != 0x8000:
    sys.exit(f'vga.asm: ROM is {len(rom)} bytes, not 32768')
rom[-1] = -sum(rom[:-1]) & 0xFF
open(sys.argv[2], 'wb').write(rom)
END
}
build "$out"
build "$(dirname "$out")/et4000.bin" -D ET4000
