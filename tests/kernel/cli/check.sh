#!/bin/sh
# cordon check: errors of all files, trust, tests and theorems, --host, --plan, --strict.
# shellcheck source=tests/kernel/cli/cli.sh
. "${CORDON_SOURCE:?}/tests/kernel/cli/cli.sh"

policy good.cordon 'file read /etc/hostname' 'test allow file read "/etc/hostname"' 'test deny file read "/etc/shadow"' \
	'never file read /etc/shadow'
exits "a good policy" 0 "$CORDON" check good.cordon
says "is counted" "ok: 1 profile, 2 tests, 1 theorem"
silent "on standard error"
exits "no file is an error" 125 "$CORDON" check
says "no file: code" "error[C0706]"

run_it "$CORDON" check - <good.cordon
t "standard input" [ "$status" = 0 ]
echo 'cordon' >bad.cordon
run_it "$CORDON" check - <bad.cordon
t "standard input with an error" [ "$status" = 125 ]
says "is called <stdin>" "<stdin>:1"

policy test.cordon 'test allow file read "/etc/shadow"'
exits "a test that fails" 125 "$CORDON" check test.cordon
says "a test that fails: place" "test.cordon:5:"
says "a test that fails: code" "error[C0301]"
policy never.cordon 'file read /etc/**' 'never file read /etc/shadow'
exits "a theorem that fails" 125 "$CORDON" check never.cordon
says "a theorem that fails: code" "error[C0302]"
exits "every file is looked at" 125 "$CORDON" check bad.cordon good.cordon test.cordon never.cordon
says "the first" bad.cordon
says "the third" test.cordon
says "the fourth" never.cordon

exits "--json" 125 "$CORDON" check --json good.cordon test.cordon
is_json "is a report" cordon.check/1
t "with the diagnostics in it" grep -q C0301 "$tap_dir/out"
t "and nothing on standard error" [ ! -s "$tap_dir/err" ]

printf 'cordon 1\n\ntemplate a/b@1 $dir {\n  file read $dir/**\n}\n' >template.cordon
exits "a template with an open parameter" 0 "$CORDON" check template.cordon
says "is skipped, and said to be" "1 template"
printf 'cordon 1\n\ntemplate a/b@1 $dir=/srv {\n  file read $dir/**\n  test allow file read "/srv/x"\n}\n' >template.cordon
exits "a template with defaults" 0 "$CORDON" check template.cordon
says "is checked with its tests" "1 profile, 1 test,"

printf 'cordon 1\n\ntemplate a/b@1 {\n  file raed /y\n}\n\nprofile x {\n  use a/b@1\n}\n' >twice.cordon
exits "a mistake in a template that is used" 125 "$CORDON" check twice.cordon
t "is told once" [ "$(grep -c C0206 "$tap_dir/err")" = 1 ]

for file in "$CORDON_SOURCE"/data/std/*.cordon; do
	exits "$(basename "$file") holds its tests" 0 "$CORDON" check "$file"
done

# ---- trust ----
chmod 666 good.cordon
exits "a file that others can write" 125 "$CORDON" check good.cordon
says "a file that others can write: code" "error[C0504]"
says "a file that others can write: help" "chmod go-w good.cordon"
chmod 644 good.cordon
mkdir open
cp good.cordon open/
chmod 777 open
exits "a directory that others can write" 125 "$CORDON" check open/good.cordon
says "a directory that others can write: code" "error[C0505]"
exits "a directory" 125 "$CORDON" check open
says "a directory: code" "error[C0502]"
exits "a missing file" 125 "$CORDON" check missing.cordon
says "a missing file: code" "error[C0501]"
says "a missing file: cause" "No such file or directory"
mkfifo fifo.cordon
exits "a FIFO doesn't block" 125 timeout 5 "$CORDON" check fifo.cordon
exits "an endless device" 125 timeout 5 "$CORDON" check /dev/zero
exits "a file whose size is not what it says" 125 "$CORDON" check /proc/version
says "a file whose size is not what it says: code" "error[C0507]"
truncate -s 5M large.cordon
exits "a large file" 125 "$CORDON" check large.cordon
says "a large file: code" "error[C0503]"

# ---- this host ----
mkdir tree tree/open tree/shut
echo secret >tree/shut/key
ln tree/shut/key tree/open/key
policy host.cordon "file read $work/tree/** $work/nothing" "deny file read $work/tree/shut/**"
exits "--host" 0 "$CORDON" check --host host.cordon
says "warns of what is absent" "warning[C0514]: \`$work/nothing\` does not exist"
says "warns of hard links" "warning[C0515]: \`$work/tree/shut/key\` has 2 names"
exits "--host --strict" 1 "$CORDON" check --host --strict host.cordon
if need "--host says what it couldn't see" root; then
	mkdir tree/hidden
	chmod 700 tree/hidden
	policy hidden.cordon "deny file read $work/tree/hidden/**"
	exits "--host says what it couldn't see" 0 setpriv --reuid 65534 --regid 65534 --clear-groups "$CORDON" check --host hidden.cordon
	says "what it couldn't see: code" "warning[C0516]"
fi
exits "--plan" 0 "$CORDON" check --plan host.cordon
says "warns of what nothing carries" "warning[C0402]"
exits "--plan --strict" 1 "$CORDON" check --plan --strict host.cordon
tap_done
