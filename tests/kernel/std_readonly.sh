#!/bin/sh
# std_readonly.sh - under std/readonly a user looks at everything, with any program, and changes nothing.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

only='use std/readonly@1'

check_pipeline() {
	[ "$(under "$only" sh -c 'find /etc -name passwd -type f 2>/dev/null | xargs grep -h "^root:" | cut -d: -f1 | head -1')" = root ]
}

check_terminal() {
	under "$only" true
	on_terminal "$uid" "$tools/cordon" run -p "$under_policy" -- sh -c 'echo out >/dev/tty' | grep out
}

check_user() {
	uid=$1
	user_directory readonly "$uid"
	echo text >file
	chown "$uid" file
	t "uid $uid: a pipeline over /etc" check_pipeline
	t "uid $uid: ls and stat" under "$only" sh -c 'ls -la / >/dev/null && stat file >/dev/null'
	t "uid $uid: output to /dev/null" under "$only" sh -c 'echo >/dev/null'
	t "uid $uid: output to the terminal" check_terminal
	t "uid $uid: no new file" denied "$only" touch new
	t "uid $uid: no change" denied "$only" sh -c 'echo more >>file'
	t "uid $uid: no truncation" denied "$only" truncate -s 0 file
	t "uid $uid: no deletion" denied "$only" rm -f file
	t "uid $uid: no renaming" denied "$only" mv file other
	t "uid $uid: no link" denied "$only" ln file other
	t "uid $uid: no symbolic link" denied "$only" ln -s file other
	t "uid $uid: no directory" denied "$only" mkdir directory
	t "uid $uid: no mode" denied "$only" chmod 600 file
	t "uid $uid: no time" denied "$only" touch -d @0 file
	t "uid $uid: no socket" denied "$only" "$tools/attacker" socket tcp
	t "uid $uid: the file is what it was" test "$(cat file)" = text
}

accept_begin "std/readonly"
check_user 0
check_user 65534
tap_done
