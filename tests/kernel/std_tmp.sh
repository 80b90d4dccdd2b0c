#!/bin/sh
# std_tmp.sh - std/tmp gives a /tmp of one's own: empty at the start, writable, not executable, gone at the end.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

lines='use std/c-runtime@1;use std/tmp@1'
name=${tap_dir##*/}-inside

check_empty() {
	[ "$(under "$lines" sh -c 'echo /tmp/*')" = '/tmp/*' ]
}

check_files() {
	[ "$(under "$lines;exec /usr/bin/** $loader" sh -c "cd /tmp && echo x >$name && chmod 600 $name && mv $name y && cat y && rm y")" = x ]
}

check_gone() {
	under "$lines" sh -c "echo x >/tmp/$name" && [ ! -e "/tmp/$name" ]
}

check_variable() {
	# shellcheck disable=SC2016 # for the inner shell
	[ "$(TMPDIR=/elsewhere under "$lines" sh -c 'echo $TMPDIR')" = /tmp ]
}

check_two() { # each start has its own
	under "$lines" sh -c "echo x >/tmp/$name" && check_empty
}

check_code() { # it could be written there, and is not to be run
	[ "$(under "$lines;use std/python@1" /usr/bin/python3 -c '
import mmap, os
fd = os.open("/tmp/code", os.O_RDWR | os.O_CREAT)
os.write(fd, bytes(4096))
mmap.mmap(fd, 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
try: mmap.mmap(fd, 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
except PermissionError: print("refused")')" = refused ]
}

check_user() {
	uid=$1
	user_can_isolate "uid $uid" "$uid" || return
	t "uid $uid: /tmp is empty" check_empty
	t "uid $uid: files are made, changed and deleted" check_files
	t "uid $uid: TMPDIR names it" check_variable
	t "uid $uid: nothing of it stays" check_gone
	t "uid $uid: the next start finds it empty" check_two
	t "uid $uid: no code is run from it" check_code
	t "uid $uid: /var/tmp is closed" denied "$lines" touch "/var/tmp/$name"
}

accept_begin "std/tmp"
loader=$(loader_path)
check_user 0
check_user 65534
tap_done
