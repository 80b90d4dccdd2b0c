#!/bin/sh
# limits.sh - limits of the whole domain and the whole run: they end everything inside and nobody outside, and the report
# says what was used. Limits that need the memory and pids controllers are tested in a guest (tests/guest/limits.sh).
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

accept_begin "limits"

lines="use std/readonly@1;signal domain"

# ends NAME STATUS LINES COMMAND...: COMMAND under these limits ends with this status.
ends() {
	ends_name=$1
	ends_status=$2
	shift 2
	ended=0
	under "$lines;$1" sh -c "$2" >"$tap_dir/out" 2>"$tap_dir/err" </dev/null || ended=$?
	if [ "$ended" = "$ends_status" ]; then
		ok "$ends_name (uid $uid)"
	else
		not_ok "$ends_name (uid $uid)" "status $ended: $(cat "$tap_dir/err")"
	fi
}

# A word that no other process has in its command line.
mark() {
	echo "30$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')"
}

# nobody MARK: no process of that mark lives (a zombie has no command line).
nobody() {
	! pgrep -f "sleep $1" >/dev/null
}

check_time() {
	sleeping=$(mark)
	# one in another session, one whose parent has gone, one that ignores what can be ignored
	ends "time ends all that was started" 124 'limit time 400ms' \
		"setsid sleep $sleeping & (sleep $sleeping &) ; trap '' TERM HUP INT; sleep $sleeping"
	t "time: nobody is left (uid $uid)" nobody "$sleeping"
	t "time: it is said (uid $uid)" grep -q '`limit time 400ms` is reached' "$tap_dir/err"
	user_can_isolate "time with a pid namespace (uid $uid)" "$uid" &&
		ends "time with a pid namespace" 124 'isolate pid;limit time 300ms' "setsid sleep $sleeping & sleep $sleeping"
	t "pid namespace: nobody is left (uid $uid)" nobody "$sleeping"
	ends "time that isn't reached" 7 'limit time 60s' 'exit 7'
	sleeping=$(mark)
	ends "a run with a limit ends with its first process" 0 'limit time 60s' "setsid sleep $sleeping & exit 0"
	t "first process: nobody is left (uid $uid)" nobody "$sleeping"
	# each makes another and leaves: whoever looks for them one by one comes too late
	# shellcheck disable=SC2016 # for the shell inside
	ends "time ends chains of forks" 124 'limit time 500ms' \
		'f() { f & }; i=0; while [ $i -lt 10 ]; do f; i=$((i + 1)); done; sleep '"$sleeping"
	t "forks: nobody is left (uid $uid)" nobody "$sleeping"
}

# The end is for the domain alone. The stranger is of the same user, in the same process group and session.
check_strangers() {
	sleeping=$(mark)
	as "$uid" sleep "$sleeping" &
	stranger_pid=$!
	ends "time ends the domain" 124 'limit time 200ms' 'sleep 100'
	ends "and so does output" 124 'limit output 10' 'while :; do echo hello; done'
	t "a stranger of the same user lives on (uid $uid)" kill -0 "$stranger_pid"
	kill "$stranger_pid"
	wait "$stranger_pid" 2>/dev/null || :
}

check_output() {
	ends "output is cut at the byte" 124 'limit output 1000' 'while :; do echo hello; done'
	t "output: just as much came through (uid $uid)" [ "$(wc -c <"$tap_dir/out")" = 1000 ]
	ends "standard error counts, too" 124 'limit output 100' 'i=0; while [ $i -lt 30 ]; do echo hello; echo hello >&2; i=$((i + 1)); done'
	ends "output below the limit" 0 'limit output 100K' 'i=0; while [ $i -lt 1000 ]; do echo hello; i=$((i + 1)); done'
	t "below the limit all of it came (uid $uid)" [ "$(wc -c <"$tap_dir/out")" = 6000 ]
	ends "none at all is allowed" 0 'limit output 0' ':'
	ends "and none is passed on" 124 'limit output 0' 'echo x'
	t "none: nothing came (uid $uid)" [ ! -s "$tap_dir/out" ]
	t "large output comes whole, to a slow reader (uid $uid)" check_slow_reader
	t "a program learns that nobody reads (uid $uid)" check_no_reader
}

check_slow_reader() {
	sum=$(under "$lines;limit output 10M" sh -c 'yes | head -c 3000000' | (sleep 0.3 && cksum))
	[ "$sum" = "$(yes | head -c 3000000 | cksum)" ]
}

# Without its end the program would write for ever.
check_no_reader() {
	[ "$(under "$lines;limit output 1G" sh -c 'while echo y; do :; done' 2>/dev/null | head -n 1)" = y ]
}

check_one_task() {
	ends "procs 1: no fork" 2 'limit procs 1' 'true | true'
	t "procs 1: it fails as a kernel without room would (uid $uid)" grep -q 'Cannot fork' "$tap_dir/err"
	ends "procs 1: the one may do what it may" 0 'limit procs 1' 'echo x'
	under "$lines;limit procs 1 mem 200M" /usr/bin/python3 -c 'bytearray(400 << 20)' >"$tap_dir/out" 2>&1 &&
		not_ok "procs 1, mem: too much (uid $uid)"
	t "procs 1, mem: memory has its end (uid $uid)" grep -q MemoryError "$tap_dir/out"
	t "procs 1, mem: enough (uid $uid)" under "$lines;limit procs 1 mem 200M" /usr/bin/python3 -c 'bytearray(50 << 20)'
	if [ "$uid" = 65534 ]; then
		ends "procs 1, cpu: the kernel counts it" 137 'limit procs 1 cpu 1s' 'while :; do :; done'
	fi
}

# A user namespace counts its own processes, whoever else runs as this user.
check_namespace() {
	[ "$uid" = 65534 ] && need "limits in a user namespace (uid $uid)" userns || return 0
	ends "procs 4 in a user namespace" 2 'isolate user;limit procs 4' \
		'sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait'
	ends "procs 4: three and the shell" 0 'isolate user;limit procs 4' 'sleep 0.1 & sleep 0.1 & sleep 0.1 & wait'
	ends "procs 4 with a pid namespace" 0 'isolate pid;limit procs 4' 'sleep 0.1 & sleep 0.1 & sleep 0.1 & wait'
	ends "procs 4 with a pid namespace, and one more" 2 'isolate pid;limit procs 4' \
		'sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait'
}

check_cpu() {
	[ "$uid" = 0 ] && need "limits by control group (uid $uid)" cgroup2-cpu || return 0
	ends "cpu: the time of all together" 124 'limit cpu 400ms' 'while :; do :; done & while :; do :; done'
	ends "cpu: nobody gets away by forking and leaving" 124 'limit cpu 400ms' \
		'spin() { i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; }; while :; do (spin &) ; spin; done'
	ends "cpu: sleeping is free" 0 'limit cpu 2s' 'sleep 0.3'
	t "cpu: no group is left (uid $uid)" check_no_group
}

# Groups of other tests, running now, have members.
check_no_group() {
	for group in "$(cgroup_mount)"/cordon-*; do
		[ ! -e "$group" ] || grep -q 'populated 1' "$group/cgroup.events" || sleep 1
		[ ! -e "$group" ] || grep -q 'populated 1' "$group/cgroup.events" || return 1
	done
}

cgroup_mount() {
	awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts
}

# Where neither a group nor anything else holds it, it is refused by name.
check_refused() {
	[ "$uid" = 65534 ] || return 0
	t "mem of several processes is refused (uid $uid)" refuses 'limit mem 1G'
	t "procs, that others' processes would count for, is refused (uid $uid)" refuses 'limit procs 100'
	t "mem with memory that has no address is refused (uid $uid)" refuses 'limit mem 1G procs 1;wx allow;syscall memfd_create because "a test"'
}

refuses() {
	under "$lines;$1" sh -c 'echo ran' >"$tap_dir/out" 2>"$tap_dir/err" && return 1
	grep -q 'nothing here carries `limit' "$tap_dir/err" && ! grep -q ran "$tap_dir/out"
}

# ---- the report ----

report() {
	rm -f "$tap_dir/reports/report"
	printf 'cordon 1\nprofile x {\n%s\n}\n' "$(echo "$lines;$1" | tr ';' '\n')" >"$tools/report.cordon"
	as "$uid" "$tools/cordon" run -p "$tools/report.cordon" --report "$tap_dir/reports/report" -- sh -c "$2" >"$tap_dir/out" 2>&1 || :
	cat "$tap_dir/out"
	python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
print(report)
used = report["used"]
assert report["schema"] == "cordon.report/1"
assert eval(sys.argv[2])' "$tap_dir/reports/report" "$3"
}

check_report() {
	mkdir -p "$tap_dir/reports"
	chown "$uid:$uid" "$tap_dir/reports"
	t "report: a plain run (uid $uid)" report '' 'exit 3' \
		'(report["exit_status"], report["signal"], report["limit_reached"]) == (3, None, None) and used["wall_ms"] >= 0'
	t "report: a signal (uid $uid)" report '' 'kill -9 $$' '(report["exit_status"], report["signal"]) == (None, 9)'
	t "report: time (uid $uid)" report 'limit time 300ms' 'sleep 10' \
		'report["limit_reached"] == "time" and 300 <= used["wall_ms"] and report["limits"][0]["limit"] == "time 300ms"'
	t "report: processor time and memory (uid $uid)" report '' \
		'python3 -c "x = bytearray(64 << 20); sum(range(400000))"' \
		'used["cpu_user_ms"] + used["cpu_system_ms"] > 0 and used["mem_peak_bytes"] > 64 << 20'
	t "report: output (uid $uid)" report 'limit output 1000' 'printf 12345; printf 678 >&2' 'used["output_bytes"] == 8'
	t "report: a place that can't be written stops the run (uid $uid)" no_report /nonexistent/report
	ln -sf "$tap_dir/elsewhere" "$tap_dir/reports/link"
	t "report: never through a link (uid $uid)" no_report "$tap_dir/reports/link"
}

no_report() {
	as "$uid" "$tools/cordon" run -p std/readonly --report "$1" -- echo ran >"$tap_dir/out" 2>"$tap_dir/err" && return 1
	grep -q 'error\[C0720\]' "$tap_dir/err" && ! grep -q ran "$tap_dir/out" && [ ! -e "$tap_dir/elsewhere" ]
}

for uid in 0 65534; do
	check_time
	check_strangers
	check_output
	check_one_task
	check_namespace
	check_cpu
	check_refused
	check_report
done
tap_done
