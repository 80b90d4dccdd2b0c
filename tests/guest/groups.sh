#!/bin/sh
# groups.sh - the control groups that tests of limits rely on are there: controllers below the root group, and one group that uid 65534
# may divide; a limit set there holds.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/guest/guest.sh"
groups=/sys/fs/cgroup

check_own() {
	cat /proc/self/cgroup $groups/delegated/cgroup.controllers
	grep -qx '0::/' /proc/self/cgroup && [ "$(cat $groups/delegated/cgroup.controllers)" = 'cpu memory pids' ]
}

# Who owns a group moves into a leaf of it, and only then may turn controllers on for the leaves.
check_delegated() {
	in_group $groups/delegated 65534 sh -ec '
		cd /sys/fs/cgroup/delegated
		mkdir leaf limited
		echo $$ >leaf/cgroup.procs
		echo +memory +pids >cgroup.subtree_control
		echo 3 >limited/pids.max
		echo $$ >limited/cgroup.procs
		cat limited/pids.max limited/memory.max
		# the shell and two more; with the third the shell gives up
		sleep 5 & sleep 5 & sleep 5 &
	' >"$tap_dir/said" 2>&1
	status=$?
	cat "$tap_dir/said"
	[ $status != 0 ] && grep -q 'Cannot fork' "$tap_dir/said"
}

clean_up() {
	for group in leaf limited; do
		if [ -d $groups/delegated/$group ]; then
			echo 1 >$groups/delegated/$group/cgroup.kill
			until ! grep -q 'populated 1' $groups/delegated/$group/cgroup.events; do
				sleep 0.05
			done
			rmdir $groups/delegated/$group
		fi
	done
	echo '-memory -pids' >$groups/delegated/cgroup.subtree_control
}

t "scripts run in the root group, and groups below have controllers" check_own
t "uid 65534 divides the group that was given to it, and a limit holds" check_delegated
t "it can be taken down again" clean_up
tap_done
