#!/bin/sh
# attack_names.sh - objects with several names, names that somebody else chose, and names of Cordon's own: what a rule says
# about one name has to hold for the object, or the policy is refused.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"
. "$CORDON_SOURCE/tests/kernel/attack.sh"

# What takes away under one name is not outflanked by a grant under another.
check_two_names() {
	mkdir "$dir/real" "$dir/bound"
	echo text >"$dir/real/file"
	ln -s real "$dir/link"
	mine
	mount --bind "$dir/real" "$dir/bound"
	for each in link bound; do
		lines="file write $dir/$each/**;deny file write $dir/real/**"
		refused "T02_deny_by_another_name_$each" "$lines" 'carries `deny file write'
		anyway "T02_deny_by_another_name_$each" "write-file $dir/real/file" "$lines"
		refused "T02_except_by_another_name_$each" "file read $dir/$each/** except $dir/real/**" 'carries `file read'
		naively "T02_except_by_another_name_$each" "read-file $dir/real/file" "file read $dir/$each/**"
	done
	umount "$dir/bound"
	# What may be executed may be read.
	lines="exec /usr/bin/** $loader;deny file read /usr/bin/true"
	refused T02_deny_read_of_what_may_be_executed "$lines" 'carries `deny file read'
	anyway T02_deny_read_of_what_may_be_executed "read-file /usr/bin/true" "$lines"
}

# A link that the program can make in one run must not decide what the next one may reach.
check_planted_links() {
	mkdir "$dir/work"
	mine
	grant "file create,delete $dir/work/**"
	attempt "symlink $site/secret $dir/work/notes" "$tools/cordon" run -p "$granted" --
	outcome_is succeeded "T02_link_of_an_earlier_run can be made"
	refused T02_link_of_an_earlier_run "file create,delete $dir/work/**;file read $dir/work/notes" \
		'it may be its own work'
	naively T02_link_of_an_earlier_run "read-file $site/secret" "file read $dir/work/notes"
	# In a template, which its user can't change, such a link leads nowhere.
	{
		echo 'cordon 1'
		echo 'template local/notes@1 {'
		echo "  file read $dir/work/notes"
		echo '}'
		echo 'profile granted {'
		echo '  use std/c-runtime@1'
		echo '  use local/notes@1'
	} >"$tools/template.cordon"
	{ cat "$tools/template.cordon"; echo '}'; } >"$tools/naive.cordon"
	{ cat "$tools/template.cordon"; echo "  file create,delete $dir/work/**"; echo '}'; } >"$tools/real.cordon"
	attempt "read-file $site/secret" "$tools/cordon" run -p "$tools/naive.cordon" --
	outcome_is succeeded "T02_link_in_a_template works where the program makes no names"
	attempt "read-file $site/secret" "$tools/cordon" run -p "$tools/real.cordon" --
	outcome_is denied "T02_link_in_a_template is denied where it does"
}

# As fs.protected_symlinks has it, which looks at who follows a link, not at who asks where it leads.
check_foreign_links() {
	mkdir "$dir/sticky"
	ln -s "$site/secret" "$dir/sticky/mine"
	ln -s "$site/secret" "$dir/sticky/foreign"
	mine
	chown 0 "$dir/sticky"
	chmod 1777 "$dir/sticky"
	chown -h 1 "$dir/sticky/foreign"
	refused T02_link_of_another_user "file read $dir/sticky/foreign" 'another user made'
	naively T02_link_of_another_user "read-file $site/secret" "file read $dir/sticky/mine"
}

# /proc/mounts and the like lead to whoever looks.
check_self() {
	refused T01_link_to_self "file read /proc/mounts" 'another object in each process'
	ln -s /proc/self "$dir/me"
	mine
	refused T01_link_to_self_by_another_name "file read $dir/me/**" 'another object in each process'
}

check_directory() {
	refused T06_directory_is_not_its_files "exec /usr/bin $loader" 'holds for all below it'
	naively T06_directory_is_not_its_files shell "exec /usr/bin/** $loader"
}

# What hides under a private directory is reached by no other way.
check_masks() {
	mkdir "$dir/masked"
	echo text >"$dir/masked/secret"
	mine
	lines="isolate mount;private $dir/masked;file read /**"
	attempt "read-file /proc/STRANGER/root$dir/masked/secret"
	outcome_is succeeded "T02_root_of_an_outsider works without Cordon"
	# A user namespace alone already keeps others out.
	[ "$site_uid" != 0 ] || {
		attempt "read-file /proc/STRANGER/root$dir/masked/secret" unshare --mount \
			sh -c "mount -t tmpfs tmpfs $dir/masked && \"\$@\"" sh
		outcome_is succeeded "T02_root_of_an_outsider works where there is only a mask"
	}
	closed T02_root_of_an_outsider "read-file /proc/STRANGER/root$dir/masked/secret" "$lines"
	closed T02_directory_of_an_outsider "read-file /proc/STRANGER/cwd/dir/masked/secret" "$lines"
	grant "$lines"
	attempt "read-file $dir/masked/secret" "$tools/cordon" run -p "$granted" --
	case $outcome:$said in
	broken:*ENOENT*) ok "T02_private_directory is empty (uid $site_uid)" ;;
	*) not_ok "T02_private_directory is empty (uid $site_uid)" "$outcome: $said" ;;
	esac
}

# A grant of attr needs writable mounts; the host's devices must not be on one.
check_devices() {
	attempt "chmod /dev/tty"
	[ "$outcome" = succeeded ] || return 0 # only their owner could do it anyway
	ok "T04_mode_of_a_device works without Cordon (uid $site_uid)"
	closed T04_mode_of_a_device "chmod /dev/tty" "isolate mount;private /dev;file read,attr $dir/**"
	naively T04_mode_of_a_device "chmod /dev/tty" "isolate mount;file read,attr /dev/**"
}

# A grant about a directory that isn't there yet must not open chmod() for all that is.
check_absent() {
	echo text >"$dir/file"
	mine
	closed T04_attr_of_what_is_absent "chmod $dir/file" "file attr $dir/absent/**"
	closed T04_edit_of_what_is_absent "chmod $dir/file" "file edit $dir/absent/**"
	naively T04_attr_of_what_is_absent "chmod $dir/file" 'syscall chmod because "a test"'
}

# A policy that the program may change is none in the next run.
check_own_policy() {
	mkdir "$dir/project"
	mine
	grant "file write $dir/project/**"
	cp "$granted" "$dir/project/app.cordon"
	mine
	attempt "write-file $dir/project/app.cordon" "$tools/cordon" run -p "$granted" --
	outcome_is succeeded "T25_own_policy works where another policy is in force"
	cp "$granted" "$dir/project/app.cordon"
	granted_saved=$granted
	cp "$granted" "$tools/linked.cordon"
	ln -s "$tools/linked.cordon" "$dir/project/link.cordon"
	for each in "$dir/project/app.cordon" ./dir/project/app.cordon ./dir/project/link.cordon; do
		attempt "write-file $dir/project/app.cordon" "$tools/cordon" run -p "$each" --
		case $outcome:$said in
		unstarted:*'is the policy'*) ok "T25_own_policy is refused (uid $site_uid): ${each#"$site"}" ;;
		*) not_ok "T25_own_policy is refused (uid $site_uid): ${each#"$site"}" "$outcome: $said" ;;
		esac
	done
	granted=$granted_saved
}

# sendmsg() has its address in memory: who has a socket for datagrams sends to anybody.
check_datagrams() {
	refused T20_bound_datagrams "net bind udp *:*" 'sendmsg has the address in memory'
	naively T20_bound_datagrams "udp-message PORT" "net bind,connect udp *:*"
	closed T20_no_datagrams "udp-message PORT" "net connect tcp *:*"
}

# T03: Landlock knows objects and not how they are called. A name as such would have to be asked for at every open.
check_names_as_such() {
	echo text >"$dir/a.key"
	mine
	refused T03_names_as_such "file read $dir/*.txt" 'carries `file read'
	refused T03_names_as_such_denied "file read $dir/**;deny file read $dir/*.key" 'carries `deny file read'
	anyway T03_names_as_such_denied "deleted $dir/a.key" "file read,delete $dir/**;deny file read $dir/*.key"
}

# Processes that share memory can't be in two phases; so far no phase is enforced at all.
check_phases() {
	refused T10_phases "phase start {;file read /etc/hostname;};phase serve after setuid {;deny net;}" 'carries `phase'
}

check_user() {
	check_two_names
	check_planted_links
	check_foreign_links
	check_self
	check_directory
	check_masks
	check_devices
	check_absent
	check_own_policy
	check_datagrams
	check_names_as_such
	check_phases
}

attack_begin "names" check_user
