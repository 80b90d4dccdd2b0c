# shellcheck shell=sh
# accept.sh - the frame of an acceptance test: source it after tap.sh, then call `accept_begin NAME`, which ends the test
# as skipped where there is no cell. $tap_dir is open to other users; each user gets directories of his own in it.
. "$CORDON_SOURCE/tests/kernel/site.sh"

# Debian's own programs, which other users can reach too.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

accept_begin() {
	if [ -z "${CELL-}" ]; then
		skip "$1" "needs: root"
		tap_done
	fi
	chmod 755 "$tap_dir"
	tools_make "$tap_dir/tools"
	cd / || exit 1
}

# check_example NAME: the policy's own tests and theorems hold, for a directory that is not the whole file system.
check_example() {
	(cd "$tap_dir" && "$CORDON" check "$tools/$1.cordon")
}

# user_directory NAME UID: make $tap_dir/NAME-UID for this user and go there.
user_directory() {
	mkdir -p "$tap_dir/$1-$2"
	chown "$2:$2" "$tap_dir/$1-$2"
	cd "$tap_dir/$1-$2" || exit 1
}

# user_can_isolate NAME UID: `isolate mount` without root needs a user namespace; skips NAME where the machine has none.
user_can_isolate() {
	as "$2" unshare --user --mount true 2>/dev/null && return 0
	skip "$1" "needs: userns"
	return 1
}

# under LINES COMMAND...: run COMMAND as $uid under a policy of these lines (separated by ";").
under() {
	under_policy=$tools/under.cordon
	{
		echo 'cordon 1'
		echo 'profile under {'
		echo "$1" | tr ';' '\n'
		echo '}'
	} >"$under_policy"
	shift
	as "$uid" "$tools/cordon" run -p "$under_policy" -- "$@"
}

# denied LINES COMMAND...: COMMAND starts under these lines, and fails.
denied() {
	denied_status=0
	under "$@" 2>"$tap_dir/complaint" || denied_status=$?
	echo "status $denied_status: $(cat "$tap_dir/complaint")"
	[ "$denied_status" != 0 ] && ! grep -q '^error\[C' "$tap_dir/complaint"
}

# on_terminal UID COMMAND...: run COMMAND as this user with a new terminal as its standard input and output.
on_terminal() {
	on_uid=$1
	shift
	as "$on_uid" python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" \
		</dev/null
}
