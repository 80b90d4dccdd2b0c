#!/bin/sh
# test_traps.sh - the traps of the threat model that one attack can show, each as root and as another user: the attack works
# without Cordon, is denied by a policy that grants everything near it, and works when just what it needs is granted.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"
. "$CORDON_SOURCE/tests/kernel/attack.sh"
. "$CORDON_SOURCE/tests/kernel/rows.sh"

# NAME | ATTACK | near: what the policy grants besides std/c-runtime, and must not be enough | what opens it | who
trap_table() {
	cat <<-EOF
		T04_fchmod|fchmod FILE|file read FILE|file read,attr FILE;isolate mount
		T04_fchown|fchown FILE|file read FILE|file read,attr FILE;isolate mount
		T04_fsetxattr|fsetxattr FILE|file read FILE|file read,attr FILE;isolate mount
		T04_futimens|futimens FILE|file read FILE|file read,attr FILE;isolate mount
		T04_setflags|setflags FILE|file read FILE|file read,attr FILE;ioctl any FS_IOC_GETFLAGS FS_IOC_SETFLAGS;isolate mount
		T04_setflags_without_attr|setflags FILE|file read FILE;ioctl any FS_IOC_GETFLAGS|file read,attr FILE;ioctl any FS_IOC_GETFLAGS FS_IOC_SETFLAGS;isolate mount
		T04_fchmodat2|fchmodat2 FILE|file read FILE|file read,attr FILE;isolate mount
		T04_no_append|overwrite FILE RWF_NOAPPEND|file read FILE|file write FILE;syscall pwritev2
		T04_setfl|overwrite FILE F_SETFL|file read FILE|file write FILE
		T04_punch_hole|overwrite FILE FALLOC_FL_PUNCH_HOLE|file read FILE|file write FILE
		T04_ftruncate|overwrite FILE ftruncate|file read FILE|file write FILE
		T06_loader_closed|loader LOADER $tools/payload|file read $tools/payload|exec LOADER;file read $tools/payload
		T06_loader_on_written|loader LOADER DIR/payload|exec LOADER;isolate mount;file read,write,create DIR/**|exec LOADER;wx allow;file read,write,create DIR/**
		T06_shell|shell|file read /usr/bin/**|exec /bin/sh LOADER
		T06_memfd_program|exec-memfd|exec /** LOADER;file read $tools/**|exec /** LOADER;file read $tools/**;wx allow;syscall memfd_create because "a test"
		T07_map_rwx|map-rwx||wx allow
		T07_write_then_exec|protect-exec||wx allow
		T07_pkey|pkey-exec||wx allow
		T07_personality|personality-exec||wx allow;syscall personality
		T07_file_mapped_twice|map-twice DIR/twice|isolate mount;file read,write,create DIR/**|wx allow;file read,write,create DIR/**
		T07_file_written|map-written DIR/written|isolate mount;file read,write,create DIR/**|wx allow;file read,write,create DIR/**
		T07_memfd_mapped_twice|map-memfd||wx allow;syscall memfd_create because "a test"
		T07_shared_memory|map-sysv||wx allow;syscall shmget shmat shmctl
		T07_proc_mem|proc-mem|file read /proc/**|file read,write /proc/**;wx allow
		T11_signal|signal STRANGER||signal other
		T11_tgkill|signal-thread STRANGER||signal other
		T11_sigqueue|signal-queue STRANGER||signal other
		T11_pidfd|signal-pidfd STRANGER||syscall pidfd_open because "a test";signal other
		T11_prlimit|prlimit STRANGER||syscall prlimit64
		T11_scheduler|scheduler STRANGER||cap sys_nice;syscall sched_setscheduler
		T11_affinity|affinity STRANGER||cap sys_nice;syscall sched_setaffinity
		T11_nice|nice STRANGER||cap sys_nice;syscall setpriority
		T11_ioprio|ioprio STRANGER||cap sys_nice;syscall ioprio_set
		T11_clock|clock STRANGER||syscall timer_create clock_gettime
		T11_owner|owner STRANGER||syscall fcntl if cmd in {F_SETOWN F_SETSIG};ioctl any FIOASYNC;signal other
		T11_owner_ex|owner-ex STRANGER||syscall fcntl if cmd in {F_SETOWN_EX F_SETSIG};ioctl any FIOASYNC;signal other
		T11_sigio|sigio STRANGER||syscall fcntl if cmd == F_SETOWN;ioctl any FIOASYNC;signal other
		T11_sigio_scoped|sigio STRANGER|syscall fcntl if cmd == F_SETOWN;ioctl any FIOASYNC|syscall fcntl if cmd == F_SETOWN;ioctl any FIOASYNC;signal other
		T11_datagram|datagram DIR/datagram||syscall socketpair sendto
		T13_clone|userns-clone||syscall clone if flags & CLONE_NEWUSER != 0 because "a test"
		T13_clone_bit_40|userns-clone-wide||syscall clone because "a test"
		T13_clone3|userns-clone3||syscall clone3 because "a test"
		T13_mmap_prot|map-rwx-wide||wx allow
		T13_socket|socket-wide|net connect tcp *:443|syscall socket because "a test"
		T13_call_number|number-wide||wx allow;syscall memfd_create because "a test"
		T14_int80|int80||arch x86_64 i386
		T20_tcp_is_not_mptcp|mptcp PORT|net connect tcp *:PORT|syscall socket connect because "a test"
		T20_tcp_is_not_udp|socket udp|net connect tcp *:PORT|net connect udp *:*
		T20_tcp_is_not_udplite|socket udplite|net connect tcp *:PORT;net connect udp *:*|syscall socket because "a test"
		T20_tcp_is_not_raw|socket raw|net connect tcp *:PORT|cap net_raw;syscall socket because "a test"|root
		T20_tcp_is_not_packet|socket packet|net connect tcp *:PORT|cap net_raw;syscall socket because "a test"|root
		T20_tcp_is_not_netlink|socket netlink|net connect tcp *:PORT|syscall socket because "a test"
		T20_tcp_is_not_unix|socket unix|net connect tcp *:PORT|syscall socket because "a test"
		T20_tcp_is_not_vsock|socket vsock|net connect tcp *:PORT|syscall socket because "a test"
		T20_tcp_is_not_sctp|socket sctp|net connect tcp *:PORT|syscall socket because "a test"
		T20_tcp_is_not_alg|socket alg|net connect tcp *:PORT|syscall socket because "a test"
		T20_port|connect PORT|net connect tcp *:443|net connect tcp *:PORT
		T20_bind_other_port|bind 8081|net accept tcp *:8080|net accept tcp *:8081
		T20_listen_unbound|listen|net accept tcp *:8080|syscall listen socket because "a test"
		T20_bind_is_not_listen|bind 8081|net bind tcp *:8081|net accept tcp *:8081
		T20_fast_open|fastopen PORT|net connect tcp *:443|net connect tcp *:PORT;syscall sendto
		T20_fast_open_sendmsg|fastopen-msg PORT|net connect tcp *:443|net connect tcp *:PORT;syscall sendmsg
		T42_io_uring|call io_uring_setup||syscall io_uring_setup RING_CALLS because "a test";wx allow
		userfaultfd|call userfaultfd||syscall userfaultfd because "a test";wx allow
		keyctl|call keyctl||syscall keyctl because "a test"
		perf_event_open|call perf_event_open||syscall perf_event_open because "a test";wx allow
		chroot|call chroot||cap sys_chroot;syscall chroot|root
		setuid|call setuid||cap setuid;syscall setuid|root
		traceme|traceme||ptrace because "a test";wx allow
		module_file|module-file||cap sys_module;syscall finit_module because "a test"|root
		delete|delete-file DIR/file|file read,write,create DIR/**;isolate mount|file delete DIR/**
		truncate|truncate-file FILE|file read FILE|file write FILE
	EOF
}

check_user() {
	site_make "$tap_dir/site-$1" "$1"
	user_can_isolate "uid $1" "$1" || return
	rows_run trap_rows
	rows_run x32_table
	refusal_table | sed "s#FILE#$site/dir/file#g; s#DIR#$site/dir#g" >"$tap_dir/table"
	prepare refusals
	while IFS='|' read -r name lines words <&3; do
		t "$name (uid $site_uid) is refused" check_refused "$lines" "$words"
	done 3<"$tap_dir/table"
}

# All that a ring does has to be open by name, whatever the arguments.
trap_rows() {
	ring_calls=$(awk '!/^#/ && $4 != "-" { gsub(",", " ", $4); print $4 }' "$CORDON_SOURCE/data/uring.tbl" |
		tr ' ' '\n' | sort -u | tr '\n' ' ')
	trap_table | sed "s#RING_CALLS#$ring_calls#"
}

# Few kernels have x32; where there is none, tests/prop/test_doors.c asks the filter itself.
x32_table() {
	[ -z "${ATTACKS_LIST-}" ] && ! "$tools/attacker" x32 >/dev/null || echo "T14_x32|x32||arch x86_64 x32"
}

# What no mechanism of this version carries exactly is refused before anything runs, by name.
# NAME | LINES | what the message has to name
refusal_table() {
	cat <<-EOF
		T04_append_without_supervisor|file append FILE|file append
		T04_attr_without_mount|file attr FILE|file attr
		T06_exec_map_without_mount|file exec-map FILE|file exec-map
		T06_exec_without_its_loader|exec /bin/sh|exec /bin/sh
		T07_one_tree_read_and_written|file read,write DIR/**|wx strict
		T07_memfd_under_wx|syscall memfd_create because "a test"|wx strict
		T20_udp_port|net connect udp *:53|net connect udp
		T20_address|net connect tcp 127.0.0.1:80|net connect tcp
		T20_unix_path|net connect unix DIR/socket|net connect unix
	EOF
}

check_refused() {
	grant "$1"
	status=0
	as "$site_uid" "$tools/cordon" run -p "$granted" -- "$tools/attacker" exit-42 >"$tap_dir/refusal" 2>&1 || status=$?
	cat "$tap_dir/refusal"
	[ "$status" = 125 ] && grep -q "^error\[C0401\].*$2" "$tap_dir/refusal"
}

# T14: only a terminal shows it, and nothing opens it.
terminal_table() {
	cat <<-EOF
		T14_tiocsti|tiocsti|syscall ioctl because "a test"|-
		T14_tiocsti-wide|tiocsti-wide|syscall ioctl because "a test"|-
		T14_tioclinux|tioclinux|syscall ioctl because "a test"|-
	EOF
}

# Where the kernel itself says no (EIO, ENOTTY: no console), the filter's EPERM shows that the command never got there.
check_terminal() {
	grant 'syscall ioctl because "a test"'
	for attack in tiocsti tiocsti-wide tioclinux; do
		row="T14_$attack (uid $1)"
		on_terminal "$1" "$tools/attacker" "$attack" >/dev/null
		case $? in
		0) ok "$row works without Cordon" ;;
		2) ;;
		*) not_ok "$row works without Cordon" ;;
		esac
		on_terminal "$1" "$tools/cordon" run -p "$granted" -- "$tools/attacker" "$attack" >"$tap_dir/terminal" 2>&1
		if [ $? = 1 ]; then
			ok "$row is denied even where all of ioctl is granted"
		else
			not_ok "$row is denied even where all of ioctl is granted" "$(cat "$tap_dir/terminal")"
		fi
	done
}

# shellcheck disable=SC2034 # for attack.sh
attack_tables='trap_table x32_table terminal_table'
attack_list
accept_begin "traps"
# shellcheck disable=SC2034 # for rows.sh
loader=$(loader_path)
listener_start || not_ok "somebody to connect to"
check_user 0
check_terminal 0
check_user 65534
check_terminal 65534
tap_done
