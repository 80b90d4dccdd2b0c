#!/bin/sh
# limits.sh - limits that a control group holds, as root and for a user to whom a group was delegated: memory, processes,
# processor time of all together; the report; and that nothing is left.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/guest/guest.sh"
groups=/sys/fs/cgroup
own_number=0

# confined LIMITS COMMAND...: run COMMAND as $uid under these limits. This kernel's Landlock doesn't know signals.
confined() {
	policy "syscall @basic;file read /**;exec /**;wx allow;isolate pid;signal domain;$1"
	shift
	if [ "$uid" = 0 ]; then
		"$tools/cordon" run -p "$policy" --report "$reports/report-$uid" -- "$@"
	else
		own_group
		in_group "$own" "$uid" "$tools/cordon" run -p "$policy" --report "$reports/report-$uid" -- "$@"
	fi
}

# A group of the user's own, as systemd-run -p Delegate=yes would make it. Sets $own.
own_group() {
	own_number=$((own_number + 1))
	own=$groups/own-$own_number
	mkdir "$own"
	chown "$uid" "$own" "$own/cgroup.procs" "$own/cgroup.subtree_control" "$own/cgroup.threads"
}

# ends NAME STATUS LIMITS COMMAND...
ends() {
	ends_name=$1
	ends_wanted=$2
	shift 2
	ends_status=0
	confined "$@" >"$tap_dir/out" 2>"$tap_dir/err" || ends_status=$?
	if [ $ends_status = "$ends_wanted" ]; then
		ok "$ends_name (uid $uid)"
	else
		not_ok "$ends_name (uid $uid)" "status $ends_status: $(cat "$tap_dir/out" "$tap_dir/err")"
	fi
}

reported() {
	cat "$reports/report-$uid"
	python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
used = report["used"]
assert eval(sys.argv[2])' "$reports/report-$uid" "$1"
}

nothing_left() {
	left=$(find $groups -name 'cordon-*' ! -name cordon-parent -type d)
	echo "$left"
	[ -z "$left" ]
}

two_eaters='import os
for i in range(2): os.fork()
x = bytearray(24 << 20)
import time; time.sleep(2)'

check_user() {
	ends "mem: what one process takes is its end" 124 'limit mem 64M' python3 -c 'x = bytearray(200 << 20)'
	t "mem: it is said (uid $uid)" grep -q '`limit mem 67108864` is reached' "$tap_dir/err"
	t "mem: it is reported (uid $uid)" reported 'report["limit_reached"] == "mem" and report["signal"] == 9'
	ends "mem: four processes together" 124 'limit mem 80M' python3 -c "$two_eaters"
	ends "mem: enough" 0 'limit mem 128M' python3 -c 'x = bytearray(32 << 20)'
	t "mem: the peak is reported (uid $uid)" reported '32 << 20 < used["mem_peak_bytes"] < 128 << 20'
	ends "procs: the fourth is refused" 2 'limit procs 3' sh -c 'sleep 3 & sleep 3 & sleep 3 &'
	t "procs: it is reported (uid $uid)" reported 'used["procs_refused"] >= 1'
	ends "procs: within the limit" 0 'limit procs 3' sh -c 'sleep 0.1 & sleep 0.1 & wait'
	ends "cpu: the time of both together" 124 'limit cpu 1s' sh -c 'while :; do :; done & while :; do :; done'
	t "cpu: it is reported (uid $uid)" reported 'used["cpu_user_ms"] + used["cpu_system_ms"] >= 1000 and used["of_whole_domain"]'
	t "no group is left (uid $uid)" nothing_left
}

# Who could write there would leave the group.
check_escape() {
	policy "syscall @basic;file read /**;exec /**;wx allow;isolate pid;file create $groups/**;limit mem 64M"
	"$tools/cordon" run -p "$policy" -- sh -c 'echo ran' >"$tap_dir/out" 2>&1 && return 1
	cat "$tap_dir/out"
	grep -q 'error\[C0401\]' "$tap_dir/out" && ! grep -q '^ran' "$tap_dir/out"
}

reports=$tap_dir/reports
mkdir "$reports"
chmod 1777 "$reports"
for uid in 0 65534; do
	check_user
done
t "no policy lets a program leave its group" check_escape
rmdir $groups/own-*/cordon-parent $groups/own-*
tap_done
