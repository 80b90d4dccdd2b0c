#!/bin/sh
# attack_wx.sh - ways around W^X (T07) that MDWE doesn't see: each is refused where the policy opens it.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"
. "$CORDON_SOURCE/tests/kernel/attack.sh"

# NAME | ATTACK | LINES that are refused | in which words
refusal_table() {
	cat <<-EOF
		T07_exec_and_write|map-two DIR/f DIR/f|file write,create DIR/**;exec DIR/** LOADER|may be written and executed
		T07_memory_of_processes|proc-mem|file write /proc/**|/proc/PID/mem
		T07_system_v_memory|map-sysv|syscall shmget shmat shmctl|shmat maps
		T07_ptrace_writes_code|poke|ptrace because "a test"|ptrace writes
		T07_mount_below_a_noexec_one|map-twice DIR/noexec/below/f|file read,write,create DIR/noexec/**|could be mapped twice
		T07_two_names|map-two DIR/bound/f DIR/real/f|file write,create DIR/bound/**;file read DIR/real/**|could be mapped twice
	EOF
}

check_table() {
	mkdir "$dir/noexec" "$dir/real" "$dir/bound"
	mine
	mount -t tmpfs -o "noexec,uid=$site_uid" tmpfs "$dir/noexec"
	closed T07_noexec_mount "map-twice $dir/noexec/f" "file read,write,create $dir/noexec/**"
	mkdir "$dir/noexec/below"
	mount -t tmpfs -o "uid=$site_uid" tmpfs "$dir/noexec/below"
	mount --bind "$dir/real" "$dir/bound"
	refusal_table | sed "s#DIR#$dir#g; s#LOADER#$loader#g" >"$tap_dir/table"
	while IFS='|' read -r name line lines words <&3; do
		refused "$name" "$lines" "$words"
		anyway "$name" "$line" "$lines"
	done 3<"$tap_dir/table"
	umount "$dir/noexec/below" "$dir/noexec" "$dir/bound"
}

# With a view of its own the same trees become noexec, mounts below them too.
check_views() {
	mkdir "$dir/tree" "$dir/tree/below"
	mine
	mount -t tmpfs -o "uid=$site_uid" tmpfs "$dir/tree/below"
	lines="isolate mount;file read,write,create $dir/tree/**"
	closed T07_mount_below_in_a_view "map-twice $dir/tree/below/f" "$lines"
	naively T07_mount_below_in_a_view "map-twice $dir/tree/below/f" "$lines;wx allow"
	umount "$dir/tree/below"
}

# What these capabilities are about is root's alone.
check_map_files() {
	[ "$site_uid" = 0 ] || return 0
	attempt map-files
	outcome_is succeeded "T07_map_files works without Cordon"
	for each in sys_admin checkpoint_restore; do
		refused "T07_map_files_$each" "cap $each" 'map_files'
		anyway "T07_map_files_$each" map-files "cap $each"
		naively "T07_map_files_$each" map-files "cap $each;wx allow"
	done
	closed T07_map_files map-files "file read /proc/**"
	closed T07_map_files_in_a_user_namespace map-files "isolate user;cap sys_admin checkpoint_restore;file read /proc/**"
}

# Landlock keeps the program from mounting, and lets it change a mount's flags: with CAP_SYS_ADMIN noexec holds nothing.
check_remount() {
	mkdir "$dir/remount"
	mine
	mount -t tmpfs -o "noexec,uid=$site_uid" tmpfs "$dir/remount"
	lines="file read,write,create $dir/remount/**;syscall mount_setattr because \"a test\""
	refused T07_remounted_view "isolate mount;cap sys_admin;$lines" 'undoes'
	refused T07_remounted "cap sys_admin;$lines" 'undoes'
	closed T07_remounted_without_privilege "map-remounted $dir/remount" "$lines"
	[ "$site_uid" != 0 ] || naively T07_remounted "map-remounted $dir/remount" "wx allow;cap sys_admin;$lines"
	umount "$dir/remount"
}

# The kernel makes the stack executable for whoever asks, MDWE or not.
check_stack() {
	cp "$tools/attacker" "$tools/attacker.plain"
	cp "$CORDON_BUILD/tests/kernel/attacker-stack" "$tools/attacker"
	attempt stack
	outcome_is succeeded "T07_executable_stack works without Cordon"
	refused T07_executable_stack "" 'asks for an executable stack'
	anyway T07_executable_stack stack ""
	naively T07_executable_stack stack "wx allow"
	mv "$tools/attacker.plain" "$tools/attacker"
}

# handed_memory SEALS ATTACK: the attack with a memfd as standard input; the policy is $granted.
handed_memory() {
	attempt "$2" python3 -c '
import fcntl, os, sys
fd = os.memfd_create("handed", os.MFD_ALLOW_SEALING)
os.ftruncate(fd, 4096)
os.fchmod(fd, 0o777)
fcntl.fcntl(fd, fcntl.F_ADD_SEALS, int(sys.argv[1]))
os.dup2(os.open(f"/proc/self/fd/{fd}", os.O_RDONLY), 0)
os.execv(sys.argv[2], sys.argv[2:])' "$1" "$tools/cordon" run -p "$granted" --
}

check_handed() {
	grant "wx allow"
	handed_memory 0 reopen-stdin
	outcome_is succeeded "T07_handed_memory works with wx allow"
	grant ""
	handed_memory 0 reopen-stdin
	case $outcome:$said in
	unstarted:*C0605*) ok "T07_handed_memory is refused (uid $site_uid)" ;;
	*) not_ok "T07_handed_memory is refused (uid $site_uid)" "$outcome: $said" ;;
	esac
	handed_memory 8 reopen-stdin # F_SEAL_WRITE
	outcome_is denied "T07_sealed_memory is handed over, and can't be written"
}

# exec-map is held by noexec mounts: not by those that a descriptor or an empty directory brings along.
check_exec_map() {
	"$tools/attacker" payload "$site/payload" >/dev/null
	mkdir "$dir/empty"
	mine
	mapped="file read,exec-map /usr/** $tools/**"
	grant "isolate mount;wx allow;$mapped"
	attempt map-stdin "$tools/cordon" run -p "$granted" -- <"$site/payload"
	case $outcome:$said in
	unstarted:*C0605*) ok "T06_exec_map_of_a_handed_file is refused (uid $site_uid)" ;;
	*) not_ok "T06_exec_map_of_a_handed_file is refused (uid $site_uid)" "$outcome: $said" ;;
	esac
	naively T06_exec_map_of_a_handed_file map-stdin "isolate mount;wx allow" <"$site/payload"
	lines="isolate mount;wx allow;private $dir/empty;file read,write,create $dir/empty/**"
	closed T06_exec_map_in_a_private_directory "map-written $dir/empty/x" "$lines;$mapped"
	naively T06_exec_map_in_a_private_directory "map-written $dir/empty/x" "$lines"
}

check_user() {
	check_table
	check_views
	check_map_files
	check_remount
	check_stack
	check_handed
	check_exec_map
}

attack_begin "W^X" check_user
