#!/bin/sh
# Builds Media/welcome.img: Media/build.sh [OUTPUT]. With `boot` as first argument it builds the boot sectors of new
# images instead: Media/build.sh boot [DIRECTORY]. Needs nasm and python3. The same sources give the same bytes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" = boot ]; then
  for name in master volume; do
    nasm -f bin -w+all -w+error -o "${2:-$here/boot}/$name.bin" "$here/boot/$name.asm"
  done
  exit
fi
out=${1:-$here/welcome.img}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nasm -f bin -w+all -o "$work/boot.bin" "$here/welcome/boot.asm"
nasm -f bin -w+all -I "$here/welcome/" -o "$work/WELCOME.SYS" "$here/welcome/welcome.asm"
python3 "$here/fatimage.py" "$out" "$work/boot.bin" "$work/WELCOME.SYS" "$here/welcome/README.TXT"
