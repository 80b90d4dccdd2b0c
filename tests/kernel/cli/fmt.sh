#!/bin/sh
# cordon fmt: canonical text, in place or to standard output; what has errors stays as it is.
# shellcheck source=tests/kernel/cli/cli.sh
. "${CORDON_SOURCE:?}/tests/kernel/cli/cli.sh"

printf 'cordon 1\n\n\n\nprofile a{\n      file    read   /etc/hostname   # why\n}\n' >rough.cordon
cp rough.cordon copy.cordon
exits "prints" 0 "$CORDON" fmt rough.cordon
writes "canonical text" "  file read /etc/hostname"
t "and leaves the file" cmp rough.cordon copy.cordon
cp "$tap_dir/out" canonical.cordon
run_it "$CORDON" fmt <rough.cordon
t "without a file it reads standard input" cmp "$tap_dir/out" canonical.cordon
run_it "$CORDON" fmt - <rough.cordon
t "as with -" cmp "$tap_dir/out" canonical.cordon
exits "canonical text stays" 0 "$CORDON" fmt canonical.cordon
t "as it is" cmp "$tap_dir/out" canonical.cordon

exits "--check of canonical text" 0 "$CORDON" fmt --check canonical.cordon
silent "says nothing"
exits "--check of other text" 1 "$CORDON" fmt --check canonical.cordon rough.cordon
t "names it" [ "$(cat "$tap_dir/out")" = rough.cordon ]
exits "--check --json" 1 "$CORDON" fmt --check --json rough.cordon
is_json "is JSON" cordon.fmt/1
exits "--check and --write" 125 "$CORDON" fmt --check --write rough.cordon

chmod 640 rough.cordon
ln -s rough.cordon link.cordon
exits "a link is not replaced" 125 "$CORDON" fmt -w link.cordon
says "a link is not replaced: code" "error[C0517]"
t "a link stays a link" [ -L link.cordon ]
exits "-w" 0 "$CORDON" fmt -w rough.cordon
t "rewrites" cmp rough.cordon canonical.cordon
t "keeps the mode" [ "$(stat -c %a rough.cordon)" = 640 ]
if need "-w keeps the owner" root; then
	cp copy.cordon owned.cordon
	chown 65534:65534 owned.cordon
	"$CORDON" fmt -w owned.cordon
	t "-w keeps the owner" [ "$(stat -c %u:%g owned.cordon)" = 65534:65534 ]
fi
t "leaves nothing beside it" sh -c '! ls | grep -q cordon-fmt'

printf 'cordon 1\n\nprofile a {\n  fiel read /a\n}\n' >wrong.cordon
cp wrong.cordon copy.cordon
exits "-w of a file with errors" 125 "$CORDON" fmt -w wrong.cordon
says "shows them" "wrong.cordon:4:3"
t "leaves it as it is" cmp wrong.cordon copy.cordon
for file in "$CORDON_SOURCE"/data/std/*.cordon "$CORDON_SOURCE"/examples/*.cordon; do
	exits "$(basename "$file") can be formatted" 0 "$CORDON" fmt "$file"
	cp "$tap_dir/out" once
	run_it "$CORDON" fmt once
	t "$(basename "$file"): twice is once" cmp once "$tap_dir/out"
done
tap_done
