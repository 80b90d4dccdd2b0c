# shellcheck shell=sh
# cli.sh - what the tests of the command line share. Source it; end the script with tap_done.
#   run_it COMMAND...        runs it: $status, $tap_dir/out, $tap_dir/err
#   exits NAME STATUS COMMAND...   runs it and compares the exit status
#   says NAME TEXT / writes NAME TEXT   the last run's stderr / stdout has the fixed TEXT
#   silent NAME              the last run wrote nothing to stdout
# The program works in a directory of its own, $work, which other users can reach.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"
: "${CORDON:?}" "${CORDON_SOURCE:?}"

umask 022
chmod 755 "$tap_dir"
work=$tap_dir/work
mkdir "$work"
cd "$work" || exit 1
unset NO_COLOR TMPDIR

status=0
# Standard input is the caller's.
run_it() {
	"$@" >"$tap_dir/out" 2>"$tap_dir/err"
	status=$?
}

exits() {
	exits_name=$1
	exits_status=$2
	shift 2
	run_it "$@" </dev/null
	if [ "$status" = "$exits_status" ]; then
		ok "$exits_name"
	else
		sed 's/^/# /' "$tap_dir/err" >&2
		not_ok "$exits_name" "exit $status, expected $exits_status: $*"
	fi
}

holds() {
	if grep -qF -e "$3" "$tap_dir/$2"; then
		ok "$1"
	else
		sed 's/^/# /' "$tap_dir/$2" >&2
		not_ok "$1" "std$2 lacks: $3"
	fi
}

says() {
	holds "$1" err "$2"
}

writes() {
	holds "$1" out "$2"
}

silent() {
	t "$1" [ ! -s "$tap_dir/out" ]
}

# A policy that allows what small programs need, and the lines given.
policy() {
	policy_file=$1
	shift
	{
		echo 'cordon 1'
		echo
		echo 'profile test {'
		echo '  use std/c-runtime@1'
		for policy_line in "$@"; do
			echo "  $policy_line"
		done
		echo '}'
	} >"$policy_file"
}

# Is stdout of the last run one JSON value of schema $2?
is_json() {
	t "$1" python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
sys.exit(value["schema"] != sys.argv[2])' "$tap_dir/${3:-out}" "$2"
}
