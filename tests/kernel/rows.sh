# shellcheck shell=sh
# rows.sh - tables of attacks; source it after accept.sh. A row is
#   NAME | ATTACK | near | what opens it | who
# The attack works without Cordon, is denied by a policy that grants everything near it (besides std/c-runtime), and works
# when just what it needs is granted, all under the same uid (T60). Lines of a policy are separated by ";". `-` in the fourth
# column: no grant opens it, so the third one grants all that could. `who` is root where only root could do it without
# Cordon, user where root needs no attack.
# In the table FILE DIR OTHER SECRET TOOLS LOADER stand for what prepare() makes.

# What the attacks are about: a directory that may be granted (DIR), with a FILE and names for races, and one that isn't
# (OTHER). They are made once for a user, and copied for each attempt.
rows_make() {
	rows_made=$tap_dir/made-$site_uid
	mkdir "$rows_made" "$rows_made/dir" "$rows_made/dir/below" "$rows_made/dir/below/deep" "$rows_made/dir/mnt" \
		"$rows_made/other"
	for rows_each in file plain name secret below/secret; do
		echo text >"$rows_made/dir/$rows_each"
	done
	cp "$tools/payload" "$rows_made/dir/payload"
	ln -s "$site/other/secret" "$rows_made/dir/link"
	ln -s "$site/other" "$rows_made/dir/directory-link"
	echo 'a secret of the same user' >"$rows_made/other/secret"
	chmod 600 "$rows_made/other/secret"
	chown -hR "$site_uid:$site_uid" "$rows_made"
}

prepare() {
	rm -rf --one-file-system "$site/dir" "$site/other"
	cp -a "$rows_made/dir" "$rows_made/other" "$site"
	case $1 in
	*datagram*) datagram_start || return 1 ;;
	*/dev/shm/attacker) rm -f /dev/shm/attacker ;;
	esac
}

datagram_start() {
	[ -z "${datagram_pid-}" ] || {
		kill "$datagram_pid"
		wait "$datagram_pid"
	} 2>/dev/null
	as "$site_uid" python3 -c '
import signal, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
signal.pause()' "$site/dir/datagram" &
	datagram_pid=$!
	until [ -S "$site/dir/datagram" ]; do
		kill -0 "$datagram_pid" || return 1
		sleep 0.02
	done
}

# expect OUTCOME NAME ATTACK [COMMAND...]
expect() {
	expected=$1
	expect_name=$2
	shift 2
	prepare "$1"
	attempt "$@"
	if [ "$outcome" = "$expected" ]; then
		ok "$expect_name"
	else
		not_ok "$expect_name" "$outcome: $said"
	fi
}

# Several words: $row_in is split.
# shellcheck disable=SC2086
trap_row() {
	row="$1 (uid $site_uid)"
	prepare "$2"
	attempt "$2" $row_in
	case $outcome/$site_uid/$5 in
	succeeded/0/user) return ;; # root is that user already
	succeeded/*) ;;
	untried/*)
		# What this kernel doesn't have fails with an errno of its own; the policy's shows that it never got there.
		grant "$3"
		expect denied "$row is denied, though this kernel lacks it" "$2" $row_in "$tools/cordon" run -p "$granted" --
		return
		;;
	denied/65534/root | denied/0/user) return ;; # it would prove nothing
	*)
		not_ok "$row works without Cordon" "$outcome: $said"
		return
		;;
	esac
	ok "$row works without Cordon"
	grant "$3"
	expect denied "$row is denied" "$2" $row_in "$tools/cordon" run -p "$granted" --
	[ "$4" != - ] || return 0
	grant "$4"
	expect succeeded "$row works when granted: $4" "$2" $row_in "$tools/cordon" run -p "$granted" --
}

# rows_run FUNCTION [WORLD]: the rows that FUNCTION prints, for the user of the site. WORLD is a command in which each attempt
# is made; its words are split.
rows_run() {
	row_in=${2-}
	[ -d "$tap_dir/made-$site_uid" ] || rows_make
	"$1" | sed "s#FILE#$site/dir/file#g; s#DIR#$site/dir#g; s#OTHER#$site/other#g; s#SECRET#$site/secret#g
		s#TOOLS#$tools#g; s#LOADER#$loader#g" >"$tap_dir/table"
	while IFS='|' read -r name line near open who <&3; do
		trap_row "$name" "$line" "$near" "$open" "$who"
	done 3<"$tap_dir/table"
}
