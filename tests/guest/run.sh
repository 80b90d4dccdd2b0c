#!/bin/sh
# run.sh - policies that this kernel carries, and what the filter stands in for on an older one: truncation, which Landlock
# sees from ABI 3 on, and W^X, which the kernel holds from 6.3 on.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/guest/guest.sh"

check_readonly() {
	as "$uid" "$tools/cordon" run -p std/readonly -a "$here" -- sh -c 'cat /etc/hostname && ! touch "$0"' "$dir/new" &&
		[ ! -e "$dir/new" ]
}

# No file rules, no loader: the filter alone.
check_filter() {
	status=0
	policy "syscall @basic;$here"
	as "$uid" "$tools/cordon" run -p "$policy" -- "$tools/attacker-static" exit-42 || status=$?
	[ "$status" = 42 ]
}

# Each layer takes something away.
check_stack() {
	policy "use std/readonly@1;$here"
	cp "$policy" "$tools/first.cordon"
	policy "use std/readonly@1;deny syscall uname;$here"
	as "$uid" "$tools/cordon" run -p "$tools/first.cordon" -p "$policy" -- sh -c \
		'cat /etc/hostname && ! uname && ! touch "$0"' "$dir/new" >"$tap_dir/out" 2>&1
	status=$?
	cat "$tap_dir/out"
	[ $status = 0 ] && [ ! -e "$dir/new" ]
}

# A tree that may be written, without truncate() by name.
check_written() {
	policy "use std/c-runtime@1;file write,create $dir/**;file read /usr/**;$here"
	as "$uid" "$tools/cordon" run -p "$policy" -- python3 -c '
import os, sys
name = sys.argv[1] + "/file"
for flags in os.O_WRONLY | os.O_TRUNC, os.O_WRONLY | os.O_CREAT | os.O_TRUNC:
    fd = os.open(name, flags)
    assert os.fstat(fd).st_size == 0
    os.write(fd, b"more text")
    os.ftruncate(fd, 4)
    os.close(fd)
try:
    os.truncate(name, 0)
    assert sys.argv[2] == "yes"
except PermissionError:
    assert sys.argv[2] == "no"' "$dir" "$truncates"
}

truncates=no
[ "$(landlock_abi)" -lt 3 ] || truncates=yes
cp "$CORDON_BUILD/tests/kernel/attacker-static" "$tools"
for uid in 0 65534; do
	attack_begin "$uid"
	attack_prepare
	t "std/readonly (uid $uid)" check_readonly
	t "a filter alone (uid $uid)" check_filter
	t "two layers (uid $uid)" check_stack
	t "a file is written and truncated by who may write it (uid $uid)" check_written
	attack_row "truncation by who may write" "truncate-open FILE 1" 'file read FILE' 'file write FILE'
	for access in 0 3; do
		name="truncation without the right to write, access mode $access"
		attack_expect succeeded "$name works without Cordon" "truncate-open $dir/file $access"
		attack_prepare
		grant "file read $dir/file;$here"
		attack_expect denied "$name is denied" "truncate-open $dir/file $access" "$tools/cordon" run -p "$granted" --
	done
	attack_row "memory writable and executable" map-rwx '' 'wx allow'
	attack_row "written memory made executable" protect-exec '' 'wx allow'
	attack_row "the same with a key" pkey-exec '' 'wx allow'
	attack_row "the same by personality" personality-exec 'syscall personality' 'wx allow;syscall personality'
	attack_row "memory mapped twice" map-memfd '' 'wx allow;syscall memfd_create because "a test"'
	attack_row "the loader runs a file without permission" "loader LOADER DIR/payload" 'file read DIR/payload' \
		'exec LOADER;file read DIR/payload'
	attack_row "an i386 call" int80 '' 'arch x86_64 i386;wx allow'
	attack_row "a user namespace by clone" userns-clone '' \
		'syscall clone if flags & CLONE_NEWUSER != 0 because "a test"'
done
tap_done
