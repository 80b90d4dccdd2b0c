#!/bin/sh
# std_c-runtime.sh - std/c-runtime lets small programs run, with threads, locale and time zone; and nothing else.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

only='use std/c-runtime@1'

check_time_zone() {
	[ "$(TZ=UTC under "$only" date -d @0 +%H:%M)" = 00:00 ] && TZ=Europe/Paris under "$only" date -d @0 +%Z
}

check_random() {
	[ "$(under "$only" head -c 100 /dev/urandom | wc -c)" = 100 ]
}

check_sort() { # sort uses threads
	seq 300000 | under "$only" sort -rn --parallel=4 -S 64M >"$tap_dir/sorted" && [ "$(head -1 "$tap_dir/sorted")" = 300000 ]
}

check_shell_forks() {
	# shellcheck disable=SC2016 # for the inner shell
	[ "$(under "$only" sh -c 'x=$( (echo inner) ); echo "$x"')" = inner ]
}

check_abort() { # signals to oneself
	under "$only" sh -c 'kill -TERM $$'
	[ $? = 143 ]
}

check_user() {
	uid=$1
	user_directory c-runtime "$uid"
	t "uid $uid: true" under "$only" true
	t "uid $uid: date, with time zones" check_time_zone
	t "uid $uid: /dev/urandom" check_random
	t "uid $uid: a large sort" check_sort
	t "uid $uid: a shell that forks" check_shell_forks
	t "uid $uid: a signal to oneself" check_abort
	t "uid $uid: /dev/null" under "$only" sh -c 'echo >/dev/null'
	t "uid $uid: no file is read" denied "$only" cat /etc/passwd
	t "uid $uid: none is made" denied "$only" touch "$PWD/new"
	t "uid $uid: no directory is listed" denied "$only" ls /etc
	t "uid $uid: no program is started" denied "$only" sh -c '/bin/true'
	for kind in tcp udp unix netlink; do
		t "uid $uid: no $kind socket" denied "$only" "$tools/attacker" socket "$kind"
	done
}

accept_begin "std/c-runtime"
check_user 0
check_user 65534
tap_done
