#!/bin/sh
# Malformed policies: `cordon check NAME.cordon` must print exactly NAME.expected and exit 125. A policy is
# tests/golden/bad/NAME.cordon, or what NAME.sh prints where it could not stand in a text file. UPDATE=1 writes the
# expectations anew (then read the diff). `bad.sh NAME...` runs only these.
# Every code of data/diagnostics.tbl occurs in an expectation or in another test; unshown.txt says why a few don't.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"

bad=${CORDON_SOURCE:?}/tests/golden/bad

# check NAME: what a user sees, with the exit status as last line
check() {
	"$CORDON" check --color=never "$1.cordon" 2>&1
	echo "exit $?"
}

# one NAME: in $tap_dir/policies, so that file names are relative and the directory is one that nobody else can write
one() {
	expected=$bad/$1.expected
	if ! (cd "$tap_dir/policies" && check "$1") >"$tap_dir/actual"; then
		not_ok "$1" "could not run"
		return
	fi
	if [ "${UPDATE-}" = 1 ]; then
		cp "$tap_dir/actual" "$expected"
	fi
	if [ ! -f "$expected" ]; then
		not_ok "$1" "no $1.expected: run with UPDATE=1 and read what it wrote"
	elif ! diff -u "$expected" "$tap_dir/actual" >"$tap_dir/diff"; then
		head -n 60 "$tap_dir/diff" >&2
		not_ok "$1" "differs"
	elif [ "$(tail -n 1 "$tap_dir/actual")" != "exit 125" ]; then
		not_ok "$1" "exits $(tail -n 1 "$tap_dir/actual"), not 125"
	else
		ok "$1"
	fi
}

# shown CODE: in an expectation, or in a test of another kind
shown() {
	cat "$bad"/*.expected | grep -q "^\(error\|warning\)\[$1\]" && return
	grep -rq "$1" "$CORDON_SOURCE/tests/unit" "$CORDON_SOURCE/tests/kernel" && return
	grep -q "^$1 ." "$bad/unshown.txt" && return
	echo "$1: no test shows it, and unshown.txt does not say why"
	return 1
}

all_shown() {
	result=0
	for code in $(sed -n 's/^\(C[0-9]*\) .*/\1/p' "$CORDON_SOURCE/data/diagnostics.tbl"); do
		shown "$code" || result=1
	done
	return $result
}

# known: codes that are printed have an explanation
known() {
	result=0
	for code in $(cat "$bad"/*.expected | sed -n 's/^[a-z]*\[\(C[0-9]*\)\].*/\1/p' | sort -u); do
		grep -q "^$code " "$CORDON_SOURCE/data/diagnostics.tbl" && continue
		echo "$code is not in data/diagnostics.tbl"
		result=1
	done
	return $result
}

mkdir "$tap_dir/policies"
cp "$bad"/*.cordon "$tap_dir/policies"
for script in "$bad"/*.sh; do
	sh "$script" >"$tap_dir/policies/$(basename "$script" .sh).cordon"
done
chmod -R go-w "$tap_dir/policies"

count=0
for policy in "$tap_dir"/policies/*.cordon; do
	name=$(basename "$policy" .cordon)
	case " ${*:-$name} " in
	*" $name "*) ;;
	*) continue ;;
	esac
	count=$((count + 1))
	one "$name"
done
if [ $# -eq 0 ]; then
	t "at least 80 cases" [ "$count" -ge 80 ]
	t "every printed code is explained" known
	t "every code is shown by a test" all_shown
fi
tap_done
