#!/bin/sh
# What a user, a machine or an attacker can put before Cordon instead of what it expects. Each has a test of its name, and
# none runs the program: the file that it would make stays absent, the status is 125, 126 or 127, and the message has a
# code and says what to do. Environment: the programs of tests/kernel that make it so.
# shellcheck source=tests/kernel/cli/cli.sh
. "${CORDON_SOURCE:?}/tests/kernel/cli/cli.sh"
: "${WITNESS:?}" "${WITHOUT:?}" "${START_WITH:?}" "${RACE_POLICY:?}"

need "bad input" seccomp "landlock>=1" || tap_done
cp "$WITNESS" "$CORDON" "$WITHOUT" "$START_WITH" .
chmod 755 witness cordon without start_with
mkdir made
cordon=$work/cordon marker=$work/made/marker
true=$(realpath "$(which true)")
policy marks.cordon 'wx allow' "file create,write $work/made/**" 'exec /usr/** /lib/** /lib64/**' 'file read /usr/**'
mkdir policies
mv marks.cordon policies
make_it="run -p policies/marks.cordon -- mkdir $marker"
policy policies/seal.cordon "file read $work/data"
echo secret >secret
echo data >data

# ran: did it? Forgets it.
ran() {
	[ -e "$marker" ] || return 1
	rmdir "$marker" 2>/dev/null || rm -f "$marker"
}

# clear: is what the last run had to say a message for people?
clear_message() {
	grep -q '^error\[C[0-9]*\]: ' "$tap_dir/err" && grep -q '^ *= \(note\|help\): ' "$tap_dir/err" &&
		! grep -qiE 'assert|segmentation|sanitizer|backtrace|core dumped|\(null\)' "$tap_dir/err"
}

# refused NAME CODE COMMAND...: Cordon refuses, with this code, and nothing runs. Standard input is the caller's.
refused() {
	refused_name=$1 refused_code=$2
	shift 2
	run_it timeout 60 "$@"
	if ran; then
		not_ok "$refused_name" "the program ran"
	elif [ "$status" -lt 125 ] || [ "$status" -gt 127 ]; then
		not_ok "$refused_name" "status $status: $(cat "$tap_dir/err")"
	elif ! clear_message || ! grep -qF "error[$refused_code]" "$tap_dir/err"; then
		not_ok "$refused_name" "unclear: $(cat "$tap_dir/err")"
	else
		ok "$refused_name"
	fi
}

# runs NAME COMMAND...: what is refused above is refused for that reason: otherwise it works.
runs() {
	runs_name=$1
	shift
	run_it timeout 60 "$@"
	if [ "$status" = 0 ] && ran; then
		ok "$runs_name"
	else
		not_ok "$runs_name" "status $status: $(cat "$tap_dir/err")"
	fi
}

# confined COMMAND...: starts the witness in some way; it is confined, or Cordon says why it isn't run. Prints what is wrong.
confined() {
	run_it timeout 60 "$@" "$cordon" run -p policies/seal.cordon -- ./witness "$marker" secret="$work/secret" data="$work/data" \
		</dev/null
	if ran; then
		echo "the program ran unconfined"
	elif grep -q '^witness$' "$tap_dir/out"; then
		for confined_line in 'read the secret: EACCES' 'seccomp 2' 'no new privileges 1' 'tcp socket: EPERM' 'writable code: EACCES'; do
			grep -qx "$confined_line" "$tap_dir/out" || echo "the program ran without: $confined_line"
		done
	elif [ "$status" -lt 125 ] || [ "$status" -gt 127 ]; then
		echo "status $status: $(cat "$tap_dir/err")"
	elif ! clear_message && ! grep -q 'error while loading shared libraries' "$tap_dir/err"; then
		echo "unclear: $(cat "$tap_dir/err")"
	fi
}

# confined_each NAME COMMAND...: as NAME, with what `confined` has to say.
confined_each() {
	confined_name=$1
	shift
	confined_wrong=$(confined "$@")
	if [ -z "$confined_wrong" ]; then
		ok "$confined_name"
	else
		not_ok "$confined_name" "$confined_wrong"
	fi
}

# shellcheck disable=SC2086
runs "a good policy" "$cordon" $make_it
confined_each "a sealed policy"
t "and it runs" grep -qx 'read the data: works' "$tap_dir/out"

# ---- no memory ----
# A limit under which the loader can't even load Cordon is not Cordon's to answer.
sweep() {
	sweep_at=$3 sweep_wrong='' sweep_started=no
	while [ "$sweep_at" -le "$4" ]; do
		if ./start_with "$2" "$sweep_at" -- "$cordon" --version >/dev/null 2>&1; then
			sweep_started=yes
			sweep_each=$(confined ./start_with "$2" "$sweep_at" --)
			! grep -qF 'error[C0730]' "$tap_dir/err" || : >"$tap_dir/memory"
			[ -z "$sweep_each" ] || sweep_wrong="$sweep_wrong
$sweep_at bytes: $sweep_each"
		fi
		sweep_at=$((sweep_at + $5))
	done
	if [ -z "$sweep_wrong" ] && [ "$sweep_started" = yes ]; then
		ok "$1"
	else
		not_ok "$1" "started: $sweep_started$sweep_wrong"
	fi
}
sweep "no memory: address space" as-limit 2000000 16000000 131072
t "with enough of it the program runs" grep -qx end "$tap_dir/out"
sweep "no memory: data" data-limit 0 3000000 65536
t "no memory: told as such" [ -e "$tap_dir/memory" ]

# ---- no descriptors ----
for files in 0 1 2 3 4 5 6 7 8 9 10 11 12 16; do
	confined_each "no descriptors: at most $files" ./start_with no-files "$files" --
done
confined_each "no descriptors: the table is full" ./start_with full-table --

# ---- no /proc ----
if need "no /proc" userns; then
	spaces="unshare --user --map-root-user --mount"
	# shellcheck disable=SC2086
	{
		runs "a mount table of its own" $spaces "$cordon" $make_it
		refused "no /proc: an empty file system covers it" C0518 $spaces sh -c 'mount -t tmpfs none /proc && exec "$@"' sh "$cordon" $make_it
		refused "no /proc: and namespaces are wanted" C0518 $spaces sh -c 'mount -t tmpfs none /proc && exec "$@"' sh "$cordon" \
			run -p policies/marks.cordon -a 'isolate mount pid' -- mkdir "$marker"
	}
fi
if need "no /proc at all" root mount; then
	# shellcheck disable=SC2086
	refused "no /proc at all" C0518 unshare --mount sh -c 'while umount -l /proc 2>/dev/null; do :; done; exec "$@"' sh "$cordon" $make_it
fi

# ---- a kernel without ... ----
# shellcheck disable=SC2086
{
	refused "a kernel without Landlock" C0401 ./without landlock_create_ruleset -- "$cordon" $make_it
	refused "a kernel that was booted without Landlock" C0401 ./without landlock_create_ruleset=95 -- "$cordon" $make_it
	refused "a kernel without seccomp" C0401 ./without seccomp prctl:22 -- "$cordon" $make_it
	refused "a kernel without seccomp()" C0401 ./without seccomp -- "$cordon" $make_it
	refused "a kernel without execveat" C0401 ./without execveat -- "$cordon" $make_it
	confined_each "a kernel without memory-deny-write-execute" ./without prctl:65 --
	refused "... for an architecture that the filter can't hold it on" C0401 ./without prctl:65 -- "$cordon" run \
		-p policies/seal.cordon -a 'arch x86_64 i386' -- mkdir "$marker"
}
for call in landlock_add_rule landlock_restrict_self close_range openat2 getrandom capset prctl pidfd_open signalfd4 clone fchdir; do
	confined_each "a kernel without $call" ./without "$call" --
	confined_each "one that refuses $call" ./without "$call=1" --
done

# ---- a policy that changes while it is read ----
mkdir race
policy race/a.cordon 'file read /etc/a' 'file read /etc/b'
policy race/b.cordon 'file write /etc/c' 'net connect tcp *:80' 'file read /etc/d' '# and something longer than the other'
for each in a b; do
	cp race/$each.cordon race/p.cordon
	"$cordon" compile --stop-after=ast race/p.cordon >race/$each.answer
done
for way in rename truncate; do
	run_it "$RACE_POLICY" $way 1500 race/p.cordon race/a.cordon race/b.cordon race/a.answer race/b.answer -- \
		"$cordon" compile --stop-after=ast race/p.cordon
	sed 's/^/# /' "$tap_dir/out" >&2
	t "a policy that changes while it is read: $way" [ "$status" = 0 ]
done

# ---- a policy that others can write ----
cp -r policies others
chmod 666 others/marks.cordon
refused "a policy that others can write" C0504 "$cordon" run -p others/marks.cordon -- mkdir "$marker"
chmod 644 others/marks.cordon
chmod 777 others
refused "a directory that others can write" C0505 "$cordon" run -p others/marks.cordon -- mkdir "$marker"
chmod 755 others
runs "neither" "$cordon" run -p others/marks.cordon -- mkdir "$marker"

# ---- cycles of use ----
cat >cycle.cordon <<-END
	cordon 1

	template a/x@1 {
	  use a/y@1
	}

	template a/y@1 {
	  use a/x@1
	}

	profile p {
	  use std/c-runtime@1
	  use a/x@1
	}
END
refused "cycles of use" C0202 "$cordon" run -p cycle.cordon -- "$true"
says "cycles of use: place" "cycle.cordon:"
printf 'cordon 1\n\ntemplate a/x@1 {\n  use a/x@1\n}\n\nprofile p {\n  use a/x@1\n}\n' >self.cordon
refused "a template that uses itself" C0202 "$cordon" run -p self.cordon -- mkdir "$marker"

# ---- 100 MB ----
{
	cat policies/marks.cordon
	head -c 100000000 /dev/zero | tr '\0' '#'
} >large.cordon
refused "100 MB of policy" C0503 "$cordon" run -p large.cordon -- mkdir "$marker"
says "100 MB of policy: the limit" "4 MiB"
refused "100 MB of policy through a file as standard input" C0503 "$cordon" run -p - -- mkdir "$marker" <large.cordon
# shellcheck disable=SC2002 # a pipe is wanted
cat large.cordon | {
	refused "100 MB of policy through a pipe" C0503 "$cordon" run -p - -- mkdir "$marker"
	echo "$tap_number $tap_failed" >"$tap_dir/counted"
}
read -r tap_number tap_failed <"$tap_dir/counted"
rm large.cordon
refused "a pipe that never ends" C0503 sh -c 'yes "# more" | "$@"' sh "$cordon" run -p - -- mkdir "$marker"
refused "an endless device as standard input" C0503 "$cordon" run -p - -- mkdir "$marker" </dev/zero
refused "an endless device as policy" C0502 "$cordon" run -p /dev/zero -- mkdir "$marker"
refused "a directory as policy" C0502 "$cordon" run -p ./policies -- mkdir "$marker"
refused "a directory as standard input" C0501 "$cordon" run -p - -- mkdir "$marker" <policies
mkfifo fifo.cordon
refused "a FIFO as policy" C0502 "$cordon" run -p ./fifo.cordon -- mkdir "$marker"
refused "/dev/stdin, which a pipe is" C0502 sh -c 'cat policies/marks.cordon | "$@"' sh "$cordon" run -p /dev/stdin -- mkdir "$marker"

# ---- newlines and bytes that are no UTF-8 ----
newline='a
b' bytes=$(printf 'a\377\033[31mb')
visible() {
	t "$1: what is shown is harmless" sh -c '! LC_ALL=C grep -q "[^ -~]" "$1"' sh "$tap_dir/err"
}
refused "a newline in a policy's name" C0501 "$cordon" run -p "./policies/$newline" -- mkdir "$marker"
visible "a newline in a policy's name"
refused "no UTF-8 in a policy's name" C0501 "$cordon" run -p "./policies/$bytes" -- mkdir "$marker"
visible "no UTF-8 in a policy's name"
mkdir "$newline" "$bytes"
cp policies/marks.cordon "$newline"
cp policies/marks.cordon "$bytes"
runs "a policy below such a name" "$cordon" run -p "$newline/marks.cordon" -- mkdir "$marker"
runs "and below such bytes" "$cordon" run -p "$bytes/marks.cordon" -- mkdir "$marker"
echo 'fiel read /x' >>"$newline/marks.cordon"
refused "a mistake in a policy below such a name" C0101 "$cordon" run -p "$newline/marks.cordon" -- mkdir "$marker"
visible "a mistake in a policy below such a name"
refused "a newline in a program's name" C0708 "$cordon" run -p policies/marks.cordon -- "./no/$newline"
visible "a newline in a program's name"
refused "no UTF-8 in a program's name" C0708 "$cordon" run -p policies/marks.cordon -- "./no/$bytes"
visible "no UTF-8 in a program's name"
refused "no UTF-8 in a rule" C0115 "$cordon" run -p policies/marks.cordon -a "file read /etc/$bytes" -- mkdir "$marker"
visible "no UTF-8 in a rule"
refused "a newline in a rule's path" C0101 "$cordon" run -p policies/marks.cordon -a "file read /etc/$newline" -- mkdir "$marker"

# ---- programs that are none ----
refused "a target that is a directory" C0715 "$cordon" run -p policies/marks.cordon -- "$work/race"
t "a target that is a directory: status" [ "$status" = 126 ]
printf '#!/no/such/interpreter\nmkdir %s\n' "$marker" >script
printf '#!\n' >empty-line
printf 'mkdir %s\n' "$marker" >text
printf '' >nothing
printf '#!%s/race\n' "$work" >through-directory
printf '\177ELF' >stub
chmod 755 script empty-line text nothing through-directory stub
for each in script empty-line text nothing through-directory stub; do
	refused "a script without interpreter: $each" C0604 "$cordon" run -p policies/marks.cordon -a "exec $work/**" -- "./$each"
done

# ---- standard descriptors ----
refused "a closed stdin that should hold the policy" C0102 "$cordon" run -p - -- mkdir "$marker" <&-
# shellcheck disable=SC2086
runs "a closed stdin, stdout and stderr" ./start_with no-stdio -- "$cordon" $make_it
# shellcheck disable=SC2086
runs "a closed stdin" sh -c 'exec "$@" <&-' sh "$cordon" $make_it
for data in "compile --stop-after=model policies/marks.cordon" "explain C0101" "doctor" "fmt policies/marks.cordon" \
	"check --json policies/marks.cordon" "run --dry-run -p policies/marks.cordon -- true" "--version" "help run"; do
	# shellcheck disable=SC2086
	{
		run_it sh -c 'exec "$@" >/dev/full' sh "$cordon" $data
		t "a full disk is told: $data" [ "$status" = 125 ]
		says "a full disk is told: $data: code" C0709
		run_it ./start_with stop-reading -- "$cordon" $data
		t "nobody reads it: $data" [ "$status" = 141 ]
		run_it ./start_with ignored -- ./start_with stop-reading -- "$cordon" $data
		t "nobody reads it, and SIGPIPE is ignored: $data" [ "$status" = 125 ]
	}
done

# ---- arguments, environment, signals, directories ----
for way in argc-0 no-argv; do
	run_it ./start_with "$way" -- "$cordon"
	t "no argument at all: $way" [ "$status" = 125 ]
	says "no argument at all: $way: usage" "Usage: cordon VERB"
done
# As many as fit into Cordon's own exec, and then some variables more.
long=$(head -c 3000 /dev/zero | tr '\0' x)
policy policies/long.cordon 'wx allow' 'exec /usr/** /lib/** /lib64/**' "env set A=$long B=$long C=$long D=$long"
# shellcheck disable=SC2086
{
	refused "too many arguments for an exec" C0604 env -i ./start_with many-words 160500 -- "$cordon" \
		run -p policies/long.cordon -- "$true"
	runs "no HOME, no environment" env -i "$cordon" run -p policies/marks.cordon -- "$(which mkdir)" "$marker"
	refused "a variable that is not there" C0204 "$cordon" run -p policies/marks.cordon -a 'file read $NOTHING/x' -- mkdir "$marker"
	runs "an environment that is no UTF-8" env "X=$bytes" "HOME=/$bytes" "$cordon" $make_it
	runs "signals are ignored" ./start_with ignored -- "$cordon" $make_it
	runs "signals are blocked" ./start_with blocked -- "$cordon" $make_it
	runs "signals are blocked, and a parent stays" ./start_with blocked -- "$cordon" run -p policies/marks.cordon \
		-a 'isolate pid' -- mkdir "$marker"
	runs "no terminal" setsid --wait "$cordon" $make_it
}
mkdir gone
(
	cd gone || exit 1
	rmdir "$work/gone"
	refused "the directory is gone: a relative policy" C0501 "$cordon" run -p p.cordon -- mkdir "$marker"
	refused "the directory is gone: mounts" C0613 "$cordon" run -p "$work/policies/marks.cordon" -a 'isolate mount' -- mkdir "$marker"
	runs "the directory is gone: chdir" "$cordon" run -p "$work/policies/marks.cordon" -a 'isolate mount' -a 'chdir /' -- mkdir "$marker"
	runs "the directory is gone: nothing depends on it" "$cordon" run -p "$work/policies/marks.cordon" -- mkdir "$marker"
	echo "$tap_number $tap_failed" >"$tap_dir/counted"
)
read -r tap_number tap_failed <"$tap_dir/counted"
tap_done
