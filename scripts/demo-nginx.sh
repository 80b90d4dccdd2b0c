#!/bin/sh
# demo-nginx.sh - nginx from Debian serves pages under examples/nginx.cordon; then a program that does what an exploit
# would takes its place under the same policy. Each attack is tried three times as the same user: without Cordon, in
# nginx's place, and with just that one thing granted, so that a denial is known to be the policy's. `./demo` calls it
# after the build; it needs root, to be root and another user in turn, and a loopback network of its own (cell.c).
# Exit status: 0 when everything is as it must be.
set -eu

source_tree=$(cd "$(dirname "$0")/.." && pwd)
: "${CORDON_SOURCE:=$source_tree}" "${CORDON_BUILD:=$source_tree/build}"
: "${CORDON:=$CORDON_BUILD/cordon}" "${CELL_PROGRAM:=$CORDON_BUILD/tests/kernel/cell}"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export CORDON_SOURCE CORDON_BUILD CORDON CELL_PROGRAM PATH

if [ "${1-}" != --in-cell ]; then
	[ "$(id -u)" = 0 ] || {
		echo "demo: this needs root: it starts a server as root and as another user" >&2
		exit 1
	}
	for program in "$CORDON" "$CELL_PROGRAM" "$CORDON_BUILD/tests/kernel/attacker"; do
		[ -x "$program" ] || {
			echo "demo: $program isn't built: ./demo builds it" >&2
			exit 1
		}
	done
	exec "$CELL_PROGRAM" sh "$0" --in-cell
fi
[ -n "${CELL-}" ] || {
	echo "demo: this root may not make namespaces (a container without CAP_SYS_ADMIN?), which the demo needs" >&2
	exit 1
}

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$directory"
. "$CORDON_SOURCE/tests/kernel/site.sh"

failures=0
wrong() {
	failures=$((failures + 1))
	echo "WRONG: $*"
}

# measure NAME COMMAND...: start nginx by COMMAND, put load on it, stop it.
measure() {
	name=$1
	shift
	[ "$site_uid" = 0 ] || set -- setpriv --reuid "$site_uid" --regid "$site_uid" --clear-groups "$@"
	serve "$@" || {
		wrong "nginx doesn't start $name"
		return
	}
	# One round to warm up, one to count.
	load 1000 index.html >/dev/null
	read -r rate failed <<-EOF
		$(load 10000 index.html)
	EOF
	printf '  %-24s 10000 requests, %d failed, %d requests per second\n' "$name" "$failed" "$rate"
	if [ "$failed" != 0 ] || [ "$rate" = 0 ]; then
		wrong "$failed requests failed $name"
	fi
	serve_stop || wrong "nginx ended with status $serve_status $name"
}

# In words, with the errno that the attacker saw.
show() {
	case $outcome in
	succeeded) echo "succeeds" ;;
	denied) echo "denied (${said##*: })" ;;
	untried) echo "can't be tried" ;;
	*) echo "BROKEN" ;;
	esac
}

# attack_row WHAT ATTACK GRANTS WHO
attack_row() {
	attempt_in=here
	[ "$2" != "environ 1" ] || attempt_in=child
	attempt "$2"
	baseline=$outcome
	cell_1=$(show)
	[ "$baseline" = succeeded ] || why=$said
	attempt "$2" "$tools/cordon" run -p "$tools/nginx.cordon" --
	cell_2=$(show)
	[ "$outcome" = denied ] || wrong "$1, in nginx's place: $outcome: $said"
	cell_3="-"
	if [ "$baseline" = succeeded ]; then
		[ "$attempt_in" = here ] || attempt_in=init
		grant "$3"
		attempt "$2" "$tools/cordon" run -p "$granted" --
		cell_3=$(show)
		[ "$outcome" = succeeded ] || wrong "$1, granted: $outcome: $said"
	elif [ "$baseline" != untried ] && ! { [ "$site_uid" != 0 ] && [ "$4" = root ]; }; then
		wrong "$1, without Cordon: $why"
	fi
	printf '  %-36s %-18s %-18s %s\n' "$1" "$cell_1" "$cell_2" "$cell_3"
	[ "$baseline" != untried ] || echo "      $why"
}

demonstrate() {
	site_make "$directory/site-$1" "$1"
	echo
	echo "== nginx, started as $2 =="
	if ! as "$1" unshare --user --mount true 2>/dev/null; then
		echo "  left out: 'isolate mount' as this user needs user namespaces, and this machine has none"
		return
	fi
	measure "without Cordon" env
	measure "under nginx.cordon" "$tools/cordon" run -p "$tools/nginx.cordon" --
	echo
	echo "== an attacker in its place, as $2 =="
	printf '  %-36s %-18s %-18s %s\n' attack "without Cordon" "in nginx's place" "with only that granted"
	attack_table >"$directory/table"
	while IFS='|' read -r what line grants who <&3; do
		attack_row "$what" "$line" "$grants" "$who"
	done 3<"$directory/table"
}

tools_make "$directory/tools"
echo "The policy, $CORDON_SOURCE/examples/nginx.cordon:"
sed 's/^/  | /' "$tools/nginx.cordon"
listener_start || wrong "somebody to connect to"
demonstrate 0 "root (workers are www-data)"
demonstrate 65534 "uid 65534"

echo
if [ "$failures" -gt 0 ]; then
	echo "$failures of these are not as they must be."
	exit 1
fi
cat <<-EOF
	Every request was answered, and every attack that works without Cordon was denied under the policy.
	Where the first column says denied, the user's own rights forbid it already, and that row proves nothing.
	Process 1 is a stranger in the first two columns; in the last it is the attacker's own, since no line opens strangers.
EOF
