#!/bin/sh
# userns.sh - namespaces for somebody who is not root rest on Debian's switch: with it, which is the default, views and pid
# namespaces work; without it they are refused by name.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/guest/guest.sh"
switch=/proc/sys/kernel/unprivileged_userns_clone

check_default() {
	cat $switch
	[ "$(cat $switch)" = 1 ] && as 65534 unshare --user --mount true
}

confined() {
	as "$uid" "$tools/cordon" run -p "$policy" -- "$@"
}

# Process 1 of its own namespace, a view where only what is granted can be changed.
check_view() {
	policy "use std/c-runtime@1;isolate mount pid;exec /usr/**;file read /**;file read,write,create $tools/out-$uid/**"
	mkdir -p "$tools/out-$uid"
	chown "$uid:$uid" "$tools/out-$uid"
	confined sh -c 'echo $$ && echo text >"$0/new" && ! touch "$1"' "$tools/out-$uid" "$tap_dir/outside" >"$tap_dir/out" 2>&1
	status=$?
	cat "$tap_dir/out"
	[ $status = 0 ] && [ "$(cat "$tools/out-$uid/new")" = text ] && [ "$(head -n 1 "$tap_dir/out")" -le 2 ] &&
		[ ! -e "$tap_dir/outside" ]
}

check_refused() {
	echo 0 >$switch
	status=0
	policy "use std/c-runtime@1;isolate $1"
	as 65534 "$tools/cordon" run -p "$policy" -- "$tools/attacker" exit-42 >"$tap_dir/out" 2>&1 || status=$?
	echo 1 >$switch
	cat "$tap_dir/out"
	[ "$status" = 125 ] && grep -q "^error\[C0401\].*\`isolate $1\`" "$tap_dir/out" &&
		grep -q 'this caller may not make such a namespace; missing: namespace' "$tap_dir/out"
}

check_doctor() {
	echo 0 >$switch
	as 65534 "$tools/cordon" doctor >"$tap_dir/out"
	echo 1 >$switch
	cat "$tap_dir/out"
	grep -q unprivileged_userns_clone "$tap_dir/out"
}

t "the default lets any user make namespaces" check_default
for uid in 0 65534; do
	t "isolate mount pid (uid $uid)" check_view
	attack_begin "$uid"
	attack_row "a user namespace" userns '' 'syscall unshare if flags == CLONE_NEWUSER because "a test"'
done
for kind in pid mount net; do
	t "isolate $kind is refused where the switch is off" check_refused "$kind"
done
t "cordon doctor names the switch" check_doctor
tap_done
