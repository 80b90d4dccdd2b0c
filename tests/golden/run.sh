#!/bin/sh
# Golden cases: tests/golden/cases/NAME/policy.cordon, and beside it what each stage makes of it, for a kernel and
# surroundings that are fixed. UPDATE=1 writes the files anew (then read the diff). `run.sh NAME...` runs only these.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"

cases=${CORDON_SOURCE:?}/tests/golden/cases
kernel=$CORDON_SOURCE/tests/golden/kernel-6.18.txt
surroundings=home=/home/u,user=u,cwd=/home/u/work,tmpdir=/tmp,uid=1000

# stage NAME: what the stage prints; diagnostics in stdout too, exit status last: they are part of the behaviour
stage() {
	(cd "$cases/$1" && "$CORDON" compile --stop-after="$2" --kernel "$kernel" --no-host --surroundings "$surroundings" \
		--color=never --best-effort policy.cordon 2>&1)
	echo "exit $?"
}

compare() {
	if ! stage "$1" "$2" >"$tap_dir/actual"; then
		not_ok "$1: $2" "could not run"
		return
	fi
	if [ "${UPDATE-}" = 1 ]; then
		cp "$tap_dir/actual" "$cases/$1/$2.txt"
	fi
	if [ ! -f "$cases/$1/$2.txt" ]; then
		not_ok "$1: $2" "no $2.txt: run with UPDATE=1 and read what it wrote"
	elif diff -u "$cases/$1/$2.txt" "$tap_dir/actual" >"$tap_dir/diff" 2>&1; then
		ok "$1: $2"
	else
		head -n 40 "$tap_dir/diff" >&2
		not_ok "$1: $2" "differs"
	fi
}

count=0
for policy in "$cases"/*/policy.cordon; do
	name=$(basename "$(dirname "$policy")")
	case " ${*:-$name} " in
	*" $name "*) ;;
	*) continue ;;
	esac
	count=$((count + 1))
	for stage in ast model plan landlock cbpf; do
		compare "$name" "$stage"
	done
done
[ $# -gt 0 ] || t "at least 40 cases" [ "$count" -ge 40 ]
tap_done
