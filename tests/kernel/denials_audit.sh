#!/bin/sh
# denials_audit.sh - what Landlock denies is in the log where the kernel's audit records can be read; where not, it is said
# why. Not in a cell: records reach the first network namespace alone. Auditing is on for the seconds that a run takes.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"
. "${CORDON_SOURCE:?}/tests/kernel/denials_lib.sh"

audit=$CORDON_SOURCE/tests/kernel/audit.py

# audited ARGUMENT...: cordon run with auditing on
audited() {
	python3 "$audit" ./cordon run -p test.cordon "$@" >out 2>err </dev/null
}

said() {
	t "recorded: $1" holds "any(e['request'] == '$1' and e['mechanism'] == 'landlock' and e['fix'] == '$2'
		and e['verdict'] == 'deny' and e['pid'] > 1 for e in entries)"
}

check_records() {
	fresh
	# shellcheck disable=SC2016
	audited -a "exec /usr/bin/** $loader $dir/**" -a 'net connect tcp *:81' --log "$log" -- /bin/sh -c '
		cat /etc/hostname
		echo >"$1/new"
		echo >"$1/a b"
		kill -0 1
		./denied read "$1/none" >/dev/null
		./denied same 2
	' sh "$dir"
	t "the program ran" grep -q 'wrong 0' out
	said 'file read "/etc/hostname"' 'file read /etc/hostname'
	said "file create \"$dir\"" "file create $dir/**"
	said 'signal other' 'signal other'
	t "programs are those that asked" holds 'any(e["program"].endswith("/cat") and "hostname" in e["request"]
		for e in entries)'
	t "calls are there as before" holds 'any(e["mechanism"] == "seccomp" and e["count"] == 2 for e in entries)'
	t "and nothing is said to be missing" sh -c "! grep -q 'are not logged' err"
	fresh
	audited -a 'net connect tcp *:81' -a 'exec /usr/bin/**' -a "exec $loader" --log "$log" -- \
		/bin/bash -c 'exec 3<>/dev/tcp/127.0.0.1/80'
	said 'net connect tcp *:80' 'net connect tcp *:80'
	fresh
	audited -a 'kill syscall ptrace' --log "$log" -- ./denied same 1
	t "the call that was killed" holds 'last["verdict"] == "kill" and last["request"] == "syscall ptrace" and
		len(entries) == 1'
}

# Another program's denials are not ours.
check_others() {
	fresh
	# shellcheck disable=SC2016
	python3 "$audit" sh -c '
		./cordon run -p test.cordon -- ./denied read /etc/passwd
		./cordon run -p test.cordon --log "$1" -- ./denied read /etc/hostname &
		./cordon run -p test.cordon -- ./denied read /etc/passwd
		wait
	' sh "$log" >out 2>err
	t "denials of another domain are not in it" holds 'all("passwd" not in e["request"] for e in entries) and
		any("hostname" in e["request"] for e in entries)'
}

# What can't be seen is said.
check_blind() {
	fresh
	cordon --log "$log" -- ./denied read /etc/hostname
	t "uid $uid: it is said that files are not logged" grep -q 'are not logged: .*; --permissive shows them' err
	t "uid $uid: and the call fails as ever" grep -q 'open EACCES' out
	cordon --permissive --log "$log" -- ./denied read /etc/hostname
	t "uid $uid: --permissive shows them" holds 'any(e["request"] == "file read \"/etc/hostname\"" for e in entries)'
}

# shellcheck disable=SC2034
uid=0
if need "denials by Landlock" root seccomp "landlock>=7"; then
	setup
	if reason=$(python3 "$audit" true); then
		check_records
		check_others
	else
		skip "denials by Landlock" "needs: $reason"
	fi
	uid=65534
	setup
	check_blind
fi
tap_done
