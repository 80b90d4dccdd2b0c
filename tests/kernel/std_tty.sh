#!/bin/sh
# std_tty.sh - under std/tty a program talks to a person, and can't type in the person's name (T14).
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

lines='use std/c-runtime@1;use std/tty@1'

# LINES COMMAND...
terminal_under() {
	under "$1" true || return
	shift
	on_terminal "$uid" "$tools/cordon" run -p "$under_policy" -- "$@"
}

check_speaks() {
	terminal_under "$lines" sh -c 'echo spoken >/dev/tty' | grep spoken
}

check_types() {
	terminal_under "$lines" "$tools/attacker" tiocsti
	[ $? = 1 ]
}

check_user() {
	uid=$1
	user_directory tty "$uid"
	t "uid $uid: /dev/tty" check_speaks
	t "uid $uid: modes and size are read" terminal_under "$lines" stty -a
	t "uid $uid: modes are set" terminal_under "$lines" stty raw -echo
	t "uid $uid: nothing is typed" check_types
	t "uid $uid: no other file is written" denied "$lines" touch new
}

accept_begin "std/tty"
check_user 0
check_user 65534
tap_done
