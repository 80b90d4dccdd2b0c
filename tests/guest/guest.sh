# shellcheck shell=sh
# guest.sh - what scripts of the guest suite share; source it after tap.sh. README.md says what a guest has.
. "$CORDON_SOURCE/tests/kernel/site.sh"
cd / || exit 1
chmod 755 "$tap_dir"
tools_make "$tap_dir/tools"

# landlock_abi: the number that the kernel gives, without Cordon.
landlock_abi() {
	landlock_number=0
	while "$TAP_NEED" "landlock>=$((landlock_number + 1))" >/dev/null; do
		landlock_number=$((landlock_number + 1))
	done
	echo "$landlock_number"
}

# in_group DIRECTORY UID COMMAND...: run COMMAND as this user in this control group.
in_group() {
	group_directory=$1
	group_uid=$2
	shift 2
	# The number of this shell, which becomes COMMAND.
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group_directory" \
		setpriv --reuid "$group_uid" --regid "$group_uid" --clear-groups -- "$@"
}

# policy LINES: a policy of just these lines (separated by ";"). Sets $policy, its file.
policy() {
	policy=$tools/policy.cordon
	{
		echo 'cordon 1'
		echo 'profile tested {'
		echo "$1" | tr ';' '\n'
		echo '}'
	} >"$policy"
}
