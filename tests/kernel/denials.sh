#!/bin/sh
# denials.sh - `run --log`: what is denied stands in the log, with what would allow it; the answer to the program is the same;
# and neither a flood nor a full disk, a slow reader or bytes of the program's choice do harm. As root and as uid 65534.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"
. "${CORDON_SOURCE:?}/tests/kernel/denials_lib.sh"

# ---- what stands there ----

check_lines() {
	cordon --log "$log" -- ./denied same 7
	t "$u the answer is that of the filter" [ "$status $(cat out)" = "0 wrong 0" ]
	t "$u one id, counted" holds 'len(ids) == 1 and last["count"] == 7 and lines[0]["count"] == 1'
	t "$u request, verdict, fix" holds 'last["request"] == "syscall ptrace(PTRACE_ATTACH, 1, 0, 0)" and
		last["verdict"] == "deny" and last["errno"] == "EPERM" and last["rule"] is None and
		last["missing"] == "ptrace" and last["fix"].startswith("syscall ptrace because")'
	t "$u program and time" holds 'last["program"].endswith("/denied") and last["pid"] > 0 and
		last["first"] <= last["last"] <= last["time"] and last["time"].endswith("Z")'
	t "$u the file is its owner's alone" [ "$(stat -c '%a %u' "$log")" = "600 $uid" ]
	cordon -a 'syscall ptrace because "test"' -a 'wx allow' --log other.jsonl -- ./denied same 1 3 4194303
	t "$u S3_fix: it allows the request" [ "$(cat out)" = "wrong 0" ]
	t "$u and then nothing is logged" [ ! -s other.jsonl ]
	fresh
	cordon -a 'deny syscall ptrace errno EIO because "x"' --log "$log" -- ./denied same 1 5
	t "$u a rule with errno: the same errno" [ "$status" = 0 ]
	t "$u and the rule with its place" holds 'last["errno"] == "EIO" and last["missing"] is None and
		last["rule"]["text"].startswith("deny syscall ptrace") and last["rule"]["line"] == 1'
	fresh
	cordon --log fd:7 -- ./denied descriptors 7>"$log"
	t "$u fd:N is kept from the program" sh -c "! grep -q -e '^7 ' -e '$log' out"
	cordon --log fd:7 -- ./denied same 3 7>"$log"
	t "$u fd:N is written" holds 'last["count"] == 3'
	cordon --log fd:1 -- ./denied same 1
	t "$u fd:1" grep -q cordon.denial/1 out
	cordon -a 'isolate pid' --log fd:7 -- ./denied same 2 7>"$log"
	t "$u in a pid namespace" holds 'last["count"] == 2 and last["pid"] > 1'
}

# Two processes ask for the same: folded. Another program: another entry.
check_folding() {
	fresh
	cordon -a "exec $dir/** /usr/bin/** $loader" --log "$log" -- /bin/sh -c './denied same 2; ./denied same 3; ./copy same 1'
	t "$u equal denials of several processes are one" holds 'sorted(e["count"] for e in final.values()) == [1, 5]'
}

# ---- attacks ----

# T24: 64 threads, each asks for other things.
check_flood() {
	fresh
	cordon --log "$log" -- ./denied flood 64 200
	t "$u T24_flood: every call gets its answer" [ "$status $(cat out)" = "0 wrong 0" ]
	t "$u T24_flood: bounded, and all of it counted" holds \
		'sum(e["count"] for e in final.values() if "ptrace" in e["request"]) + suppressed == 64 * 200 and
		len(lines) < 4000'
}

# Bytes of the program's choice: its own path.
check_bytes() {
	fresh
	evil=$(printf 'x\ny\033[31m"\\\377{}')
	mkdir "$dir/evil" && cp "$dir/denied" "$dir/evil/$evil"
	mine
	cordon --log "$log" -- "./evil/$evil" same 1
	t "$u T24_bytes: one line, no control character" [ "$(wc -l <"$log")" = 1 ]
	t "$u T24_bytes: none" sh -c "! LC_ALL=C grep -q '[^ -~]' '$log'"
	t "$u T24_bytes: readable back" holds 'last["program"].endswith("evil/x\\x0ay\\x1b[31m\"\\\\\\xff{}")'
}

# The log can't be changed by who is logged, even where a rule would let it.
check_own_log() {
	mkdir "$dir/open"
	touch "$dir/open/file"
	mine
	cordon -a "wx allow" -a "file write,create,delete $dir/open/**" --log "$dir/open/log" -- ./denied write "$dir/open/log"
	t "$u a rule that would open the log is refused" [ "$status" = 125 ]
	t "$u by name" grep -q "is the log of what is denied" err
	cordon -a "wx allow" -a "file write,create,delete $dir/open/**" --log "$dir/log" -- ./denied write "$dir/open/file"
	t "$u elsewhere it isn't" grep -q "open 0" out
	cordon --log "$log" -- ./denied write "$log"
	t "$u the log can't be opened" grep -q 'open EACCES' out
}

check_parent() {
	for signal in 2 9 15 19; do
		cordon --log "$log" -- ./denied parent $signal
		t "$u T11_parent: $signal" [ "$(cat out)" = "kill EPERM" ]
	done
	cordon -a 'signal other' --log "$log" -- ./denied parent 19
	t "$u T11_parent: no policy brings it within reach" [ "$status" = 125 ]
}

# ---- where it can't be written ----

check_sinks() {
	cordon --log /dev/full -- ./denied same 3
	t "$u a full disk: the answers stay" [ "$status $(cat out)" = "0 wrong 0" ]
	t "$u and it is said once" [ "$(grep -c 'denials are lost' err)" = 1 ]
	mkfifo "$dir/pipe"
	mine
	cordon --log "$dir/pipe" -- ./denied same 1
	t "$u a pipe without reader is refused" [ "$status" = 125 ]
	t "$u with its code" grep -q 'C0718.*nobody reads it' err
	# A reader that doesn't read: 64 KiB go in, then nothing.
	exec 8<>"$dir/pipe"
	head -c 60000 /dev/zero >&8
	cordon --log "$dir/pipe" -- ./denied flood 8 50
	exec 8>&-
	t "$u a full pipe: the answers stay" [ "$status $(cat out)" = "0 wrong 0" ]
	t "$u and it is said once that its reader is slow" [ "$(grep -c 'reader is too slow' err)" = 1 ]
	# A reader that goes. The pipe is root's: for another user it can't be opened anew.
	{
		as "$uid" ./cordon run -p test.cordon --log fd:7 -- ./denied slowly 5 7>&1 >out 2>err
		echo $? >status
	} | head -n 1 >first
	t "$u a closed pipe: the answers stay" [ "$(cat status) $(cat out)" = "0 wrong 0" ]
	t "$u what was read is whole" grep -q '^{"schema":"cordon.denial/1".*}$' first
	t "$u and it is said once that lines are lost" [ "$(grep -c 'lost to the log: Broken pipe' err)" = 1 ]
	ln -s log "$dir/link"
	cordon --log "$dir/link" -- ./denied same 1
	t "$u a link is refused" [ "$status" = 125 ]
	touch "$dir/shared" && chmod 666 "$dir/shared"
	mine
	cordon --log "$dir/shared" -- ./denied same 1
	t "$u a file that others can write is refused" [ "$status" = 125 ]
	cordon --log fd:9 -- ./denied same 1
	t "$u a closed descriptor is refused" [ "$status" = 125 ]
	cordon --log fd:7 --keep-fd 7 -- ./denied same 1 7>"$dir/kept"
	t "$u so is one that the program keeps" grep -q C0704 err
}

# `kill` is the filter's own: the end of the first process shows it.
check_kill() {
	fresh
	cordon -a 'kill syscall ptrace' --log "$log" -- ./denied same 1
	t "$u a killed program" [ "$status" = 159 ]
	t "$u is recorded" holds 'last["verdict"] == "kill" and "SIGSYS" in last["note"]'
	fresh
	cordon -a 'kill syscall ptrace' --log "$log" -- ./denied child
	t "$u a killed child is not seen" [ "$(cat out)" = "child 31" ]
	t "$u and nothing is made up" [ ! -s "$log" ]
}

# The clause of a rule: what it denies is recorded, --log or not; other denials only with --log.
check_clause() {
	fresh
	cordon -a 'deny syscall ptrace if pid == 4194303 log' -a 'deny mount log' --log "$log" -- ./denied same 2 1 4194303
	t "$u S3_log: the answer is the rule's" [ "$status $(cat out)" = "0 wrong 0" ]
	t "$u S3_log: with --log it is there" holds 'last["rule"]["text"].endswith("log") and last["count"] == 2'
	cordon -a 'deny syscall ptrace if pid == 4194303 log' -- ./denied same 2 1 4194303
	t "$u S3_log: without --log it goes to standard error" grep -q '"count":1,.*"request":"syscall ptrace' err
	t "$u S3_log: counted" grep -q '"count":2,.*"request":"syscall ptrace' err
	cordon -a 'deny syscall ptrace if pid == 4194303 log' -- ./denied same 2 1 4194302
	t "$u S3_log: what another rule denies is not recorded" [ "$(cat out) $(grep -c cordon.denial err)" = "wrong 0 0" ]
	for line in 'deny file write /srv/** log' 'syscall ptrace log because "x"' 'kill syscall ptrace log' 'deny net log'; do
		cordon -a "$line" -- ./denied same 1
		t "$u S3_log: refused by name: $line" grep -q 'only what a filter denies can be handed over' err
	done
}

for uid in 0 65534; do
	need "denials as uid $uid" root seccomp "landlock>=6" || continue
	u="uid $uid:"
	setup
	check_lines
	check_clause
	check_folding
	check_flood
	check_bytes
	check_own_log
	check_parent
	check_sinks
	check_kill
done
tap_done
