# shellcheck shell=sh
# tap.sh - TAP for shell tests. Source it; end the script with tap_done.
#   t NAME COMMAND...      runs COMMAND; ok when it returns 0, else its output goes to stderr
#   ok NAME                not_ok NAME [WHY]                 skip NAME REASON
#   need NAME NEED...      returns 0 when the machine has all NEEDs, else skips NAME and returns 1
# The environment names the build: CORDON (the program), TAP_NEED (tests/harness/need). $tap_dir is a directory of the
# test's own, removed at the end.
tap_number=0
tap_failed=0
tap_finished=no
tap_dir=$(mktemp -d) || exit 1

tap_end() {
	rm -rf "$tap_dir"
	[ "$tap_finished" = yes ] || echo "Bail out! the script ended early"
}
trap tap_end EXIT
trap 'exit 1' HUP INT TERM

ok() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1"
}

not_ok() {
	tap_number=$((tap_number + 1))
	tap_failed=$((tap_failed + 1))
	[ -z "${2-}" ] || printf '# %s: %s\n' "$1" "$2" >&2
	echo "not ok $tap_number - $1"
}

skip() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}

t() {
	tap_name=$1
	shift
	if "$@" >"$tap_dir/output" 2>&1 </dev/null; then
		ok "$tap_name"
	else
		sed 's/^/# /' "$tap_dir/output" >&2
		not_ok "$tap_name" "failed: $*"
	fi
}

need() {
	tap_name=$1
	shift
	tap_lacks=$("${TAP_NEED:?}" "$@")
	case $? in
	0) return 0 ;;
	1) skip "$tap_name" "needs: $tap_lacks" ;;
	*) not_ok "$tap_name" "unknown need: $tap_lacks" ;;
	esac
	return 1
}

tap_done() {
	tap_finished=yes
	echo "1..$tap_number"
	exit $((tap_failed > 0))
}
