#!/bin/sh
# Runs the processor's test programs on QEMU and on Bochs, as far as they are installed, and shows where these say
# something else than NAME.txt (what a 486 must print by the manuals). Known differences, each with its reason, are in
# compare.md. Usage: compare.sh [NAME...]
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ $# -gt 0 ] || set -- cpu_*.asm

on_qemu() {
  timeout 20 qemu-system-i386 -cpu 486 -m 16 -drive "file=$1,format=raw,if=floppy" -boot a -display none \
    -debugcon stdio -device isa-debug-exit,iobase=0xf4 2>/dev/null || true
}

on_bochs() {
  cat >"$folder/bochsrc" <<RC
display_library: term
romimage: file=/usr/share/bochs/BIOS-bochs-legacy
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
megs: 16
cpu: model=pentium, count=1, ips=50000000, reset_on_triple_fault=0
clock: sync=none
boot: floppy
floppya: 1_44=$1, status=inserted
port_e9_hack: enabled=1
log: /dev/null
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
RC
  # Debian's Bochs waits for its debugger's "continue".
  echo continue >"$folder/rc"
  # It writes port E9h between escape sequences of its screen.
  TERM=xterm timeout 20 script -qec "bochs -q -f $folder/bochsrc -rc $folder/rc" /dev/null </dev/null 2>/dev/null |
    tr -d '\r' | sed 's/\x1b[][()][^a-zA-Z]*[a-zA-Z]//g; s/\x1b.//g' || true
}

# From the first line that is expected to DONE.
trim() {
  awk -v first="$(head -n 1 "$1" | cut -c 1-9)" '{ i = index($0, first); if (!on && i) { on = 1; $0 = substr($0, i) } if (on) print } /DONE/ { exit }'
}

for source; do
  name=${source%.asm}
  [ -f "$name.txt" ] || continue
  nasm -f bin -I ./ -o "$folder/disk.img" "$name.asm"
  for emulator in qemu bochs; do
    case $emulator in
    qemu) command -v qemu-system-i386 >/dev/null || continue ;;
    bochs) command -v bochs >/dev/null || continue ;;
    esac
    cp "$folder/disk.img" "$folder/copy.img"
    "on_$emulator" "$folder/copy.img" | head -c 20000 | trim "$name.txt" >"$folder/said"
    if diff "$name.txt" "$folder/said" >"$folder/diff"; then
      echo "$name $emulator: the same"
    else
      echo "$name $emulator: $(grep -c '^[<>]' "$folder/diff") lines differ"
      head -n 40 "$folder/diff"
    fi
  done
done
