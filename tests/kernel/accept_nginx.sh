#!/bin/sh
# accept_nginx.sh - nginx serves under examples/nginx.cordon, as root and as another user; each of the demo's attacks
# works without Cordon, is denied in nginx's place under the same policy, and works when just that is granted (T60).
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

confined() {
	set -- "$tools/cordon" run -p "$tools/nginx.cordon" --
	[ "$site_uid" = 0 ] || set -- setpriv --reuid "$site_uid" --regid "$site_uid" --clear-groups "$@"
	serve "$@"
}

# Every request is answered, and a worker is who it should be.
check_load() {
	for page in index.html large.html; do
		load 2000 "$page" >"$tap_dir/load"
		read -r rate failed <"$tap_dir/load"
		echo "$page: $rate/s, $failed failed"
		[ "$rate" -gt 0 ] && [ "$failed" = 0 ] || return 1
	done
}

check_upload() { # more than fits into the buffers of nginx goes to run/body
	head -c 300000 /dev/zero >"$tap_dir/upload"
	[ "$(curl -s -o /dev/null -w '%{http_code}' --data-binary "@$tap_dir/upload" http://127.0.0.1:8080/index.html)" = 405 ]
}

check_workers() {
	worker_uid=$site_uid
	[ "$site_uid" != 0 ] || worker_uid=$(id -u www-data)
	workers=0
	for worker in $(pgrep -P "$(cat "$site/run/nginx.pid")"); do
		[ "$(awk '/^Uid:/ { print $2 }' "/proc/$worker/status")" = "$worker_uid" ] || return 1
		grep -q '^NoNewPrivs:[[:space:]]*1' "/proc/$worker/status" || return 1
		grep -q '^Seccomp:[[:space:]]*2' "/proc/$worker/status" || return 1
		workers=$((workers + 1))
	done
	[ "$workers" = 2 ]
}

check_logs() {
	cat "$site/run/error.log"
	[ "$(grep -c '"GET /index.html' "$site/run/access.log")" -ge 2000 ] &&
		! grep -E 'denied|not permitted|emerg|crit' "$site/run/error.log"
}

# expect OUTCOME NAME ATTACK [COMMAND...]
expect() {
	expected=$1
	expect_name=$2
	shift 2
	attempt "$@"
	if [ "$outcome" = "$expected" ]; then
		ok "$expect_name"
	else
		not_ok "$expect_name" "$outcome: $said"
	fi
}

# One line of the table: where nothing but this user's rights forbids the attack, the rest of the row would prove nothing.
attack_row() {
	row="uid $site_uid: $1"
	attempt_in=here
	[ "$2" != "environ 1" ] || attempt_in=child
	attempt "$2"
	case $outcome in
	succeeded) ;;
	untried)
		skip "$row" "needs: $said"
		return
		;;
	*)
		if [ "$site_uid" != 0 ] && [ "$4" = root ]; then
			ok "$row: this user may not anyway, and the row proves nothing"
		else
			not_ok "$row: works without Cordon" "$outcome: $said"
		fi
		return
		;;
	esac
	ok "$row: works without Cordon"
	expect denied "$row: denied in nginx's place" "$2" "$tools/cordon" run -p "$tools/nginx.cordon" --
	grant "$3"
	if [ "$attempt_in" = child ]; then
		# Process 1 outside the domain stays closed to ptrace-like access; the one inside shows what the grant does.
		expect denied "$row: denied on a stranger even with $3" "$2" "$tools/cordon" run -p "$granted" --
		attempt_in=init
	fi
	expect succeeded "$row: works with only this granted: $3" "$2" "$tools/cordon" run -p "$granted" --
}

# The process of Cordon that stays behind, to answer listen(), has the attacker's own uid (T11).
parent_row() {
	row="uid $site_uid: $1 of what started it"
	attempt_in=child
	attempt "$1 parent"
	if [ "$outcome" = succeeded ]; then
		ok "$row: works without Cordon"
		expect denied "$row: denied in nginx's place" "$1 parent" "$tools/cordon" run -p "$tools/nginx.cordon" --
	else
		not_ok "$row: works without Cordon" "$outcome: $said"
	fi
}

check_user() {
	site_make "$tap_dir/site-$1" "$1"
	user_can_isolate "uid $1" "$1" || return
	t "uid $1: nginx starts under its policy" confined
	if [ -n "$serve_pid" ]; then
		t "uid $1: it answers every request" check_load
		t "uid $1: a large upload goes through a temporary file" check_upload
		t "uid $1: two workers, who are who they should be, confined" check_workers
		t "uid $1: it ends when asked" serve_stop
		t "uid $1: its logs are complete and without complaints" check_logs
	fi
	attack_table >"$tap_dir/table"
	while IFS='|' read -r what line grants who <&3; do
		attack_row "$what" "$line" "$grants" "$who"
	done 3<"$tap_dir/table"
	for reach in signal signal-thread prlimit scheduler attach read-memory environ; do
		parent_row "$reach"
	done
}

accept_begin "nginx"
t "the tests and theorems of nginx.cordon hold" check_example nginx
listener_start || not_ok "somebody to connect to"
check_user 0
check_user 65534
tap_done
