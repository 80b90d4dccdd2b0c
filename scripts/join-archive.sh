#!/bin/sh
# join-archive.sh INPUT.a OUTPUT.a OBJCOPY AR CC... - one archive with one object in it, whose only global names are the
# public ones. A static archive has no hidden symbols: without this every internal name (str_init, arena_new ...) could
# clash with a name of the program that links it.
set -eu
input=$1 output=$2 objcopy=$3 ar=$4
shift 4
object=$output.o
trap 'rm -f "$object"' EXIT
"$@" -r -nostdlib -o "$object" -Wl,--whole-archive "$input" -Wl,--no-whole-archive
"$objcopy" --localize-hidden "$object"
rm -f "$output"
"$ar" rcsD "$output" "$object"
