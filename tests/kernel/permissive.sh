#!/bin/sh
# permissive.sh - `run --permissive`: everything that the policy would deny happens, and stands in the log with the object
# and the line that would allow it; and it is loudly said that nothing is enforced. As root and as uid 65534.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"
. "${CORDON_SOURCE:?}/tests/kernel/denials_lib.sh"

# said REQUEST: it stands in the log, with a fix.
said() {
	t "$u recorded: $1" holds "any(e['request'] == '$1' and e['fix'] and e['permissive'] for e in entries)"
}

check_calls() {
	fresh
	cordon --permissive --log "$log" -- ./denied same 3 3 4194303
	t "$u the call happens" [ "$status $(cat out)" = "0 wrong 0" ]
	t "$u it is recorded with what would have been answered" holds 'last["count"] == 3 and last["permissive"] and
		last["errno"] == "EPERM" and last["request"].startswith("syscall ptrace(")'
	t "$u said at the start" grep -q 'WARNING: PERMISSIVE: nothing' err
	t "$u and at the end, with the number" grep -q 'WARNING: PERMISSIVE: 3 times' err
	fresh
	cordon -a 'kill syscall ptrace' --permissive --log "$log" -- ./denied same 1 3 4194303
	t "$u nobody is killed" [ "$status" = 0 ]
	t "$u but the verdict is recorded" holds 'last["verdict"] == "kill" and last["rule"]["text"].startswith("kill")'
	cordon --permissive -- ./denied same 1 3 4194303
	t "$u without --log: on standard error" grep -q '^{"schema":"cordon.denial/1".*"permissive":true' err
	fresh
	cordon -a 'syscall ptrace because "test"' -a 'wx allow' --permissive --log "$log" -- ./denied same 1 3 4194303
	t "$u what is allowed is not recorded" [ ! -s "$log" ]
}

check_objects() {
	fresh
	mkdir "$dir/made"
	mine
	# shellcheck disable=SC2016
	as "$uid" ./cordon run --permissive -a 'use std/c-runtime@1' -a "file read $dir/copy" --log "$log" -- /bin/sh -c '
		set -e
		cd made
		echo text >file
		mv file other
		ln -s other link
		cat link ../copy >/dev/null
		chmod 600 other
		rm other link
		mkdir folder
		rmdir folder
		/usr/bin/env true
	' >out 2>err
	status=$?
	t "$u everything works as without a policy" [ "$status" = 0 ]
	said "file create \"$dir/made/file\""
	said "file write \"$dir/made/file\""
	said "file rename \"$dir/made/other\""
	said "file read \"$dir/made/other\""
	said "file attr \"$dir/made/other\""
	said "file delete \"$dir/made/link\""
	said "file create \"$dir/made/folder\""
	said 'exec "/usr/bin/env"'
	t "$u what is granted is not recorded" sh -c "! grep -q 'file read..*$dir/copy' '$log'"
	# The fixes of a run make the policy of the next.
	python3 -c 'import json, sys
for line in open(sys.argv[1]):
	denial = json.loads(line)
	if denial["request"].split()[0] == "exec":
		print(denial["fix"])' "$log" | sort -u >fixes
	t "$u there are fixes" grep -q '^exec /usr/bin/env$' fixes
}

# Names of the program's choice: what a person pastes must not mean more.
check_names() {
	fresh
	for name in '*' '?x' "\$HOME" 'a"b' 'a\b'; do
		touch "$dir/made/$name"
	done
	mine
	as "$uid" ./cordon run --permissive -a 'use std/c-runtime@1' --log "$log" -- /bin/cat "$dir/made/*" "$dir/made/?x" \
		"$dir/made/\$HOME" "$dir/made/a\"b" "$dir/made/a\\b" >out 2>err
	t "$u T25_names: a wildcard in a name makes no fix" holds 'all(e["fix"] is None for e in entries
		if "*" in e["request"] or "?" in e["request"] or "$" in e["request"])'
	t "$u T25_names: all are recorded" holds 'len([e for e in entries if "/made/" in e["request"]]) == 5'
	t "$u T25_names: quotes are escaped" holds 'any(e["fix"] and "a\\\"b" in e["fix"] for e in entries)'
}

check_network() {
	fresh
	# shellcheck disable=SC2016
	as "$uid" ./cordon run --permissive -p std/readonly -a 'net connect tcp 127.0.0.1:81' --log "$log" -- python3 -c '
import errno, socket
def ask(port):
	try:
		socket.create_connection(("127.0.0.1", port))
	except OSError as error:
		print(port, errno.errorcode[error.errno])
ask(80)
ask(81)
server = socket.socket()
server.bind(("127.0.0.1", 8081))
server.listen()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 53))
local = socket.socket(socket.AF_UNIX)
local.bind("sock")
' >out 2>err
	t "$u the kernel's own answers come through" [ "$(cat out)" = "$(printf '80 ECONNREFUSED\n81 ECONNREFUSED')" ]
	said 'net connect tcp 127.0.0.1:80'
	said 'net bind tcp 127.0.0.1:8081'
	said 'net accept tcp 127.0.0.1:8081'
	said 'net connect udp 127.0.0.1:53'
	said "net bind unix $dir/sock"
	t "$u the granted port is not recorded" sh -c "! grep -q '127.0.0.1:81\"' '$log'"
}

# T22: signals neither lose an answer nor change one.
check_signals() {
	fresh
	as "$uid" ./cordon run --permissive -a 'use std/c-runtime@1' --log "$log" -- python3 -c '
import os, signal
count = 0
def tick(*_):
	global count
	count += 1
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
for i in range(2000):
	os.close(os.open("/dev/null", os.O_WRONLY))
signal.setitimer(signal.ITIMER_REAL, 0)
print("done" if count else "no signals")
' >out 2>err
	t "$u T22_permissive: no answer is lost under signals" grep -qx "done" out
}

for uid in 0 65534; do
	need "permissive as uid $uid" root seccomp || continue
	u="uid $uid:"
	setup
	check_calls
	check_objects
	check_names
	check_network
	check_signals
done
tap_done
