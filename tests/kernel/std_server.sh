#!/bin/sh
# std_server.sh - under std/server a daemon finds users and names, and gets no secrets, sockets or programs by it.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

only='use std/server@1'

check_users() {
	under "$only" getent passwd www-data | grep '^www-data:' && under "$only" getent group www-data | grep '^www-data:'
}

check_names() {
	under "$only" getent services http | grep 80/tcp && under "$only" getent protocols tcp
}

check_user() {
	uid=$1
	user_directory server "$uid"
	t "uid $uid: users and groups" check_users
	[ ! -e /etc/services ] || t "uid $uid: services and protocols" check_names
	t "uid $uid: the number of processors" under "$only" nproc --all
	t "uid $uid: /etc/shadow is closed" denied "$only" cat /etc/shadow
	t "uid $uid: no port" denied "$only" "$tools/attacker" bind 8080
	t "uid $uid: no program" denied "$only" sh -c '/bin/true'
	t "uid $uid: no file" denied "$only" touch new
}

accept_begin "std/server"
check_user 0
check_user 65534
tap_done
