#!/bin/sh
# cordon log, and cordon explain ID: what stands in a log; what doesn't belong there is named, never shown as it is.
# shellcheck source=tests/kernel/cli/cli.sh
. "${CORDON_SOURCE:?}/tests/kernel/cli/cli.sh"

corpus=$CORDON_SOURCE/tests/fuzz/corpus/log

# ---- list ----
exits "a log" 0 "$CORDON" log "$corpus/whole"
writes "each denial once, with its count" "966be98d-1  5x"
t "once" [ "$(grep -c 966be98d-1 "$tap_dir/out")" = 1 ]
writes "the request" "deny EPERM: syscall ptrace(PTRACE_ATTACH, 1, 0, 0)"
writes "the fix" "fix: syscall ptrace because"
exits "--request" 0 "$CORDON" log --request socket "$corpus/whole"
t "--request chooses" [ "$(grep -c '^966be98d-' "$tap_dir/out")" = 1 ]
exits "--program" 0 "$CORDON" log --program nginx "$corpus/whole"
silent "--program chooses"
exits "--since" 0 "$CORDON" log --since 2026-11-26 "$corpus/whole"
silent "--since chooses"
exits "--since the day" 0 "$CORDON" log --since 2026-11-25 "$corpus/whole"
t "--since the day keeps all" [ "$(grep -c '^966be98d-' "$tap_dir/out")" = 4 ]
exits "--domain" 0 "$CORDON" log --domain 00000000 "$corpus/whole"
silent "--domain chooses"
exits "--json" 0 "$CORDON" log --json "$corpus/whole"
is_json "is JSON" cordon.denials/1
run_it "$CORDON" log - <"$corpus/whole"
t "standard input" [ "$status" = 0 ]
CORDON_LOG=$corpus/whole exits "\$CORDON_LOG" 0 "$CORDON" log
exits "what was not written one by one" 0 "$CORDON" log "$corpus/suppressed"
writes "is told" "55a39d79  12701x"
exits "no log" 125 env -u CORDON_LOG "$CORDON" log
says "no log: code" "error[C0706]"
exits "a log that isn't there" 125 "$CORDON" log no-such-file
says "a log that isn't there: code" "error[C0719]"

# ---- what doesn't belong there ----
exits "a torn line" 0 "$CORDON" log "$corpus/torn"
says "is named" "torn:1: skipped"
says "so is the last, without its newline" "torn:3: skipped"
writes "the others are there" "966be98d-1"
exits "a line that is too long" 0 "$CORDON" log "$corpus/long"
says "is named too" "long:1: skipped, this is no denial: it is too long"
for file in escapes raw-bytes; do
	exits "$file" 0 "$CORDON" log "$corpus/$file"
	t "$file: no control character" sh -c '! LC_ALL=C grep -q "[[:cntrl:]]" "$1" "$2"' sh "$tap_dir/out" "$tap_dir/err"
done

# ---- explain ----
exits "explain an id" 0 "$CORDON" explain 966be98d-1 --log "$corpus/whole"
writes "because" 'no line of class `ptrace` grants it'
writes "what to add" 'syscall ptrace because "..."'
CORDON_LOG=$corpus/rule exits "explain, \$CORDON_LOG" 0 "$CORDON" explain 966be98d-1
writes "the line and its place" "deny syscall ptrace  (a b.cordon:7)"
exits "explain --json" 0 "$CORDON" explain --json 966be98d-3 --log "$corpus/whole"
is_json "is that line" cordon.denial/1
exits "an id that isn't there" 125 "$CORDON" explain 966be98d-99 --log "$corpus/whole"
says "an id that isn't there: code" "error[C0717]"

# ---- a whole round ----
if need "from run to the line that allows it" seccomp "landlock>=1"; then
	exits "a denial" 1 "$CORDON" run -a 'use std/readonly@1' --log round.jsonl -- unshare true
	id=$(sed -n 's/.*"id":"\([^"]*\)".*"request":"syscall unshare.*/\1/p' round.jsonl | head -n 1)
	exits "is explained" 0 "$CORDON" explain "$id" --log round.jsonl
	writes "with its request" "syscall unshare("
	request=$(sed -n 's/^  asked *//p' "$tap_dir/out")
	exits "the request can be asked again" 1 "$CORDON" explain -p std/readonly "$request"
fi
tap_done
