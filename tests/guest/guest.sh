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

# What any policy needs on this kernel: below Landlock's ABI 6 signals are kept inside by a pid namespace.
here='signal domain'
[ "$(landlock_abi)" -ge 6 ] || here='isolate pid'

# attack_begin UID: a site, and in it $dir/file that is fresh for each attempt.
attack_begin() {
	site_make "$tap_dir/site-$1" "$1"
	dir=$site/dir
}

attack_prepare() {
	rm -rf "$dir"
	mkdir "$dir"
	echo text >"$dir/file"
	cp "$tools/payload" "$dir/payload"
	chown -R "$site_uid:$site_uid" "$dir"
}

# attack_expect OUTCOME NAME ATTACK [COMMAND...]
attack_expect() {
	expected=$1
	expect_name="$2 (uid $site_uid)"
	shift 2
	attack_prepare
	attempt "$@"
	if [ "$outcome" = "$expected" ]; then
		ok "$expect_name"
	else
		not_ok "$expect_name" "$outcome: $said"
	fi
}

# attack_row NAME ATTACK NEAR OPEN: the attack works without Cordon, is denied by a policy that grants everything near it,
# and works when just what it needs is granted. FILE and DIR in the lines are the site's.
attack_row() {
	row_attack=$(echo "$2" | sed "s#FILE#$dir/file#; s#DIR#$dir#; s#LOADER#$(loader_path)#")
	row_near=$(echo "$3;$here" | sed "s#FILE#$dir/file#g; s#DIR#$dir#g; s#LOADER#$(loader_path)#g")
	row_open=$(echo "$4;$here" | sed "s#FILE#$dir/file#g; s#DIR#$dir#g; s#LOADER#$(loader_path)#g")
	attack_expect succeeded "$1 works without Cordon" "$row_attack"
	attack_prepare
	grant "$row_near"
	attack_expect denied "$1 is denied" "$row_attack" "$tools/cordon" run -p "$granted" --
	attack_prepare
	grant "$row_open"
	attack_expect succeeded "$1 works when granted: $4" "$row_attack" "$tools/cordon" run -p "$granted" --
}
