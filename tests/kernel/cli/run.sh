#!/bin/sh
# cordon run: exit codes, look-up of the program, policies by name, descriptors, dry run, best effort, prefer.
# shellcheck source=tests/kernel/cli/cli.sh
. "${CORDON_SOURCE:?}/tests/kernel/cli/cli.sh"

need "cordon run" seccomp "landlock>=1" || tap_done
ro="-p std/readonly"

# ---- exit codes ----
# shellcheck disable=SC2086
{
	exits "status 0" 0 "$CORDON" run $ro -- true
	exits "status 1" 1 "$CORDON" run $ro -- false
	exits "status 42" 42 "$CORDON" run $ro -- sh -c 'exit 42'
	exits "-- may be left out" 7 "$CORDON" run $ro sh -c 'exit 7'
	exits "options of the program are its own" 0 "$CORDON" run $ro sh -c 'test "$1" = --help' x --help
	exits "not found in PATH" 127 "$CORDON" run $ro -- no-such-program
	says "not found: code" "error[C0708]"
	exits "not found by path" 127 "$CORDON" run $ro -- ./no-such-program
	exits "not executable" 126 "$CORDON" run $ro -- /etc/passwd
	says "not executable: code" "error[C0715]"
	exits "a directory" 126 "$CORDON" run $ro -- /etc
	exits "an empty name" 127 "$CORDON" run $ro -- ''
	run_it "$CORDON" run $ro -- sh -c 'kill -TERM $$' 2>/dev/null
	t "killed by a signal: 128 + 15" [ "$status" = 143 ]
	exits "a parent that stays says the same" 143 "$CORDON" run $ro -a 'isolate pid' -- sh -c 'sh -c "kill -TERM \$\$"'
	exits "and passes the status" 42 "$CORDON" run $ro -a 'isolate pid' -- sh -c 'exit 42'
}
mkdir path
echo text >path/no-such-program
PATH=$work/path:$PATH exits "in PATH, but not executable" 126 "$CORDON" run -p std/readonly -- no-such-program
exits "no program" 125 "$CORDON" run -p std/readonly
says "no program: code" "error[C0706]"
exits "no policy" 125 "$CORDON" run -- true
says "no policy: code" "error[C0707]"
says "no policy: what to try" "cordon run -p std/readonly -- true"
silent "nothing ran"
exits "a policy with errors" 125 "$CORDON" run -a 'fiel read /x' -- echo ran
silent "nothing ran under it"
policy fails.cordon 'file read /**' 'exec /**' 'test deny file read "/etc/passwd"'
exits "a policy whose test fails" 125 "$CORDON" run -p fails.cordon -- echo ran
silent "nothing ran under it either"
exits "a template that isn't there" 125 "$CORDON" run -p std/nothing -- echo ran
says "a template that isn't there: code" "error[C0508]"

# ---- what it does ----
exits "reading is allowed" 0 "$CORDON" run -p std/readonly -- cat /etc/hostname
exits "writing is not" 1 "$CORDON" run -p std/readonly -- touch x
t "nothing was written" [ ! -e x ]
exits "two lines more" 0 "$CORDON" run -p std/readonly -a 'wx allow' -a "file create,write $work/**" -- sh -c 'echo text >x'
t "are enough to write" [ "$(cat x)" = text ]
run_it "$CORDON" run -p std/readonly -- cat <x
t "standard input and output pass" [ "$(cat "$tap_dir/out")" = text ]
policy lines.cordon 'file read /etc/hostname' 'exec /usr/** /lib/** /lib64/**'
run_it "$CORDON" run -p - -- true <lines.cordon
t "a policy from standard input" [ "$status" = 0 ]
exits "-a alone" 0 "$CORDON" run -a 'use std/c-runtime@1' -- true
exits "two policies: both have to allow" 1 "$CORDON" run -p std/readonly -p lines.cordon -- cat /etc/passwd
exits "two policies: what both allow" 0 "$CORDON" run -p std/readonly -p lines.cordon -- cat /etc/hostname
mkdir new
exits "-a is for the last one" 1 "$CORDON" run -p std/readonly -p lines.cordon -a "file create $work/new/**" -- touch new/y
rmdir new
mkdir std
policy std/readonly 'file edit /**'
exits "no file takes the place of std/" 1 "$CORDON" run -p std/readonly -- touch y
rm -r std
mkdir bin
cp "$(which true)" bin/here
PATH=$work/bin:$PATH exits "PATH is searched" 0 "$CORDON" run -p std/readonly -- here
PATH='' exits "an empty PATH is the current directory" 127 "$CORDON" run -p std/readonly -- true

# ---- trust ----
chmod 666 lines.cordon
exits "a policy that others can write" 125 "$CORDON" run -p lines.cordon -- echo ran
silent "doesn't run anything"
says "a policy that others can write: code" "error[C0504]"
chmod 644 lines.cordon
cp lines.cordon tool
chmod 755 tool
exits "a policy that is the program" 125 "$CORDON" run -p ./tool -- ./tool
says "a policy that is the program: code" "error[C0509]"

# ---- profiles ----
true_path=$(realpath "$(which true)")
false_path=$(realpath "$(which false)")
printf 'cordon 1\n\nprofile a %s {\n  use std/c-runtime@1\n}\n\nprofile b %s {\n  use std/c-runtime@1\n}\n' "$true_path" \
	"$false_path" >two.cordon
exits "the program chooses the profile" 1 "$CORDON" run -p two.cordon -- false
exits "or nothing runs" 125 "$CORDON" run -p two.cordon -- echo ran
says "or nothing runs: code" "error[C0510]"
exits "--profile chooses it" 0 "$CORDON" run -p two.cordon --profile b -- true
exits "--profile of nobody" 125 "$CORDON" run -p two.cordon --profile c -- true
says "--profile of nobody: code" "error[C0512]"

# ---- descriptors ----
echo text >data
# shellcheck disable=SC2016
script='cat <&3'
"$CORDON" run -p std/readonly -- sh -c "$script" 3<data >"$tap_dir/out" 2>/dev/null
t "other descriptors are closed" [ ! -s "$tap_dir/out" ]
"$CORDON" run -p std/readonly --keep-fd 3 -- sh -c "$script" 3<data >"$tap_dir/out" 2>/dev/null
t "unless they are named" [ "$(cat "$tap_dir/out")" = text ]
exits "a descriptor that isn't open" 125 "$CORDON" run -p std/readonly --keep-fd 9 -- true
says "a descriptor that isn't open: code" "error[C0716]"
exits "no number" 125 "$CORDON" run -p std/readonly --keep-fd x -- true
exits "standard ones need no naming" 125 "$CORDON" run -p std/readonly --keep-fd 1 -- true

# ---- dry run, best effort, requirements ----
exits "--dry-run" 0 "$CORDON" run -p std/readonly --dry-run -- touch dry
writes "--dry-run shows the program" "touch"
writes "--dry-run shows each line" "exec /**"
writes "--dry-run shows the steps" "steps"
t "--dry-run runs nothing" [ ! -e dry ]
exits "--dry-run --json" 0 "$CORDON" run -p std/readonly --dry-run --json -- true
is_json "is JSON" cordon.dry-run/1
udp='net connect udp 10.0.0.1:53'
exits "what nothing carries is refused" 125 "$CORDON" run -p std/readonly -a "$udp" -- echo ran
says "by name" "nothing here carries \`$udp\`"
says "with the missing mechanism" "supervisor"
silent "and nothing runs"
exits "--dry-run shows it" 125 "$CORDON" run -p std/readonly -a "$udp" --dry-run -- true
writes "--dry-run marks it" "NOT supervisor"
exits "--best-effort runs" 0 "$CORDON" run -p std/readonly -a "$udp" --best-effort -- true
says "--best-effort lists what is lost" "warning[C0402]: \`$udp\` is NOT enforced"
says "loudly" "WARNING: best effort: 1 line of the policy is not enforced"
exits "-q doesn't silence that" 0 "$CORDON" run -q -p std/readonly -a "$udp" --best-effort -- true
says "loudly, with -q" "WARNING: best effort"
exits "best effort is confined otherwise" 1 "$CORDON" run -p std/readonly -a "$udp" --best-effort -- touch best
exits "a requirement that holds" 0 "$CORDON" run -p std/readonly -a 'require landlock >= 1 else refuse' -- true
exits "a requirement that doesn't" 125 "$CORDON" run -p std/readonly -a 'require landlock >= 999 else refuse' -- true
exits "isn't waived by --best-effort" 125 "$CORDON" run -p std/readonly -a 'require landlock >= 999 else refuse' \
	--best-effort -- true

# ---- prefer ----
policy prefer-die.cordon "prefer $work/better.cordon else die"
policy prefer-vanilla.cordon "prefer $work/better.cordon else vanilla"
exits "prefer else die" 125 "$CORDON" run -p prefer-die.cordon -- echo ran
says "prefer else die: code" "error[C0513]"
silent "a good death is better"
exits "prefer else vanilla" 0 "$CORDON" run -p prefer-vanilla.cordon -- touch free
says "prefer else vanilla: loudly" "WITHOUT confinement"
t "prefer else vanilla: runs free" [ -e free ]
policy better.cordon 'file read /**'
exits "the preferred one is taken" 1 "$CORDON" run -p prefer-vanilla.cordon -- touch caught
t "and confines" [ ! -e caught ]
chmod 666 better.cordon
exits "one that can't be trusted isn't missing" 125 "$CORDON" run -p prefer-vanilla.cordon -- echo ran
silent "so nothing runs"

# ---- as another user ----
if need "uid 65534" root; then
	as="setpriv --reuid 65534 --regid 65534 --clear-groups"
	# shellcheck disable=SC2086
	exits "uid 65534: run" 0 $as "$CORDON" run -p std/readonly -- true
	# shellcheck disable=SC2086
	exits "uid 65534: denied" 1 $as "$CORDON" run -p std/readonly -- touch /tmp/cordon-test-x
	# shellcheck disable=SC2086
	exits "uid 65534: status" 42 $as "$CORDON" run -p std/readonly -- sh -c 'exit 42'
fi
exits "stacked" 0 "$CORDON" run -p std/readonly -- "$CORDON" run -p std/readonly -- cat /etc/hostname
exits "stacked: the outer holds" 1 "$CORDON" run -p std/readonly -- "$CORDON" run -p std/readonly \
	-a "file create $work/**" -- touch "$work/stacked"
tap_done
