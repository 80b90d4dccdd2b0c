#!/bin/sh
# The tests' own tools: a failure must be seen. The harness says the right thing of each sample test, and run-tests.py
# counts right, in CI and outside.
. "${TAP_SH:?}"

TAP_TIMEOUT=1 "${TAP_SAMPLE:?}" >"$tap_dir/tap" 2>"$tap_dir/diagnostics"
status=$?

# line_of TEST: its line without the number
line_of() {
	sed -n "s/^\(.*ok\) [0-9]* - $1\( .*\)\{0,1\}\$/\1\2/p" "$tap_dir/tap"
}

t 'a failed test makes the status 1' test "$status" -eq 1
t 'the plan counts all tests' grep -qx "1..$("$TAP_SAMPLE" --list | wc -l)" "$tap_dir/tap"
for name in $("$TAP_SAMPLE" --list); do
	case $name in
	passes*) expected=ok ;;
	fails*) expected='not ok' ;;
	skipped) expected='ok # SKIP on purpose' ;;
	skipped_need) expected='ok # SKIP needs: landlock>=1000' ;;
	leaks) if [ "${CORDON_SANITIZED:?}" = yes ]; then expected='not ok'; else expected=ok; fi ;;
	esac
	t "sample: $name" test "$(line_of "$name")" = "$expected"
done
t 'diagnostics say where' grep -q 'sample.c:[0-9]*: failed: 1 + 1 == 3' "$tap_dir/diagnostics"
t 'a filter selects' test "$("$TAP_SAMPLE" passes_by 2>/dev/null | grep -c '^ok')" -eq 2

# ---- run-tests.py, over made-up builds ----

mkdir -p "$tap_dir/build/meson-info"

# declare PROTOCOL SCRIPT: a build with one test, the shell SCRIPT
declare_test() {
	python3 - "$tap_dir" "$@" >"$tap_dir/build/meson-info/intro-tests.json" <<'EOP'
import json, sys
print(json.dumps([{"name": "made-up", "cmd": ["sh", "-c", sys.argv[3]], "suite": ["cordon:unit"], "timeout": 1,
	"env": {}, "workdir": sys.argv[1], "protocol": sys.argv[2], "is_parallel": True}]))
EOP
}

# counts CI LAST_LINE STATUS
counts() {
	CI=$1 "${CORDON_SOURCE:?}/scripts/run-tests.py" --build "$tap_dir/build" >"$tap_dir/run" 2>&1
	run_status=$?
	cat "$tap_dir/run"
	[ "$(tail -n 1 "$tap_dir/run")" = "$2" ] && [ "$run_status" -eq "$3" ]
}

declare_test tap 'echo "1..2"; echo "ok 1 - a"; echo "ok 2 - b"'
t 'run: two pass' counts true '2 passed, 0 failed, 0 skipped' 0
declare_test tap 'echo "ok 1 - a"; echo "not ok 2 - b"; echo "1..2"; exit 1'
t 'run: one fails' counts true '1 passed, 1 failed, 0 skipped' 1
declare_test tap 'echo "1..2"; echo "ok 1 - a"'
t 'run: a test that is missing fails' counts true '1 passed, 1 failed, 0 skipped' 1
declare_test tap 'echo "ok 1 - a"'
t 'run: no plan fails' counts true '1 passed, 1 failed, 0 skipped' 1
declare_test tap 'echo "1..1"; echo "ok 1 - a"; exit 3'
t 'run: an exit status fails' counts true '1 passed, 1 failed, 0 skipped' 1
declare_test tap 'echo "1..1"; echo "ok 1 - a"; sleep 5'
t 'run: too long fails' counts true '1 passed, 1 failed, 0 skipped' 1
declare_test tap 'echo "1..1"; echo "ok 1 - a # SKIP bad weather"'
t 'run: a skip is a skip' counts false '0 passed, 0 failed, 1 skipped' 0
t 'run: in CI it is a failure' counts true '0 passed, 1 failed, 0 skipped' 1
declare_test tap 'echo "1..1"; echo "ok 1 - a # SKIP needs: userns"'
t 'run: a need that the machine lacks is excused' counts true '0 passed, 0 failed, 1 skipped' 0
declare_test exitcode 'exit 0'
t 'run: exit 0 passes' counts true '1 passed, 0 failed, 0 skipped' 0
declare_test exitcode 'exit 1'
t 'run: exit 1 fails' counts true '0 passed, 1 failed, 0 skipped' 1
tap_done
