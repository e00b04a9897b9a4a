#!/bin/bash
# What sound costs the host: processor time of a guest minute in which everything sounds, less that of one in which
# nothing does, as a share of one core at real time. Usage: sound_cost.sh PATH/TO/heirloom [SECONDS]
set -eu
heirloom=$(realpath "${1:?usage: sound_cost.sh PATH/TO/heirloom [SECONDS]}")
seconds=${2:-60}
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
nasm -f bin -o "$folder/loud.img" sound_full.asm
nasm -f bin -o "$folder/silent.img" -D SILENT sound_full.asm

# Processor time, user and system, of a run of $1 and the first letters of what the guest said.
cost() {
  local TIMEFORMAT='%U %S'
  { time "$heirloom" run "$folder/$1.img" --read-only --headless --speed max --debug-port stdout \
    --do "wait ${seconds}s" --do quit >"$folder/said"; } 2>"$folder/time"
  grep -q SOUNDS "$folder/said" || { echo "the guest said: $(cat "$folder/said")" >&2 && exit 1; }
  tail -1 "$folder/time"
}

best() {
  for _ in 1 2 3; do cost "$1"; done | awk '{ t = $1 + $2; if (!n++ || t < least) least = t } END { print least }'
}

loud=$(best loud)
silent=$(best silent)
awk -v loud="$loud" -v silent="$silent" -v seconds="$seconds" 'BEGIN {
  printf "with everything sounding %.2f s, silent %.2f s: sound costs %.1f %% of a core\n", loud, silent, 100 * (loud - silent) / seconds
}'
