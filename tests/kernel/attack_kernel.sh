#!/bin/sh
# attack_kernel.sh - calls that reach past files and sockets, and attempts to get rid of what holds: options of prctl,
# personalities, filters and domains of one's own, namespaces, mounts.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"
. "$CORDON_SOURCE/tests/kernel/attack.sh"
. "$CORDON_SOURCE/tests/kernel/rows.sh"

because='because "a test"'

# NAME | ATTACK | near | what opens it | who
calls() {
	cat <<-EOF
		add_key|call add_key|syscall keyctl $because|syscall add_key $because
		request_key|call request_key|syscall keyctl $because|syscall request_key $because
		bpf|call bpf|cap bpf|wx allow;cap bpf sys_admin;syscall bpf $because|root
		inotify|call inotify_init1|file read /**|syscall inotify_init1
		fanotify|call fanotify_init|wx allow;cap sys_admin;file read /**|wx allow;cap sys_admin;syscall fanotify_init|root
		message_queue|call msgget|syscall mq_open mq_unlink|syscall msgget msgctl
		semaphores|call semget|syscall msgget msgctl|syscall semget semctl
		shared_memory|call shmget|syscall semget semctl|wx allow;syscall shmget shmctl
		posix_queue|call mq_open|syscall msgget msgctl|-
		posix_queue_in_a_domain|call mq_open|syscall mq_open mq_unlink;file read /dev/**|-
		aio|call io_setup||syscall io_setup
		memfd_secret|call memfd_secret||wx allow;syscall memfd_secret $because
		pidfd_open|call pidfd_open|signal other|syscall pidfd_open $because
		name_to_handle|call name_to_handle_at|file read /**|syscall name_to_handle_at $because
		syslog|call syslog||cap syslog;syscall syslog|root
		sethostname|call sethostname|wx allow;cap sys_admin|wx allow;cap sys_admin;syscall sethostname|root
		adjtimex|call adjtimex|cap sys_time|cap sys_time;syscall adjtimex|root
		quotactl|call quotactl|wx allow;cap sys_admin|wx allow;cap sys_admin;syscall quotactl|root
		modify_ldt|call modify_ldt||syscall modify_ldt
		ioperm|call ioperm|cap sys_rawio|cap sys_rawio;syscall ioperm|root
		swapoff|call swapoff|wx allow;cap sys_admin;file read /dev/**|wx allow;cap sys_admin;syscall swapoff;file read,write /dev/null|root
		acct|call acct|cap sys_pacct;file read /**|cap sys_pacct;syscall acct|root
		clone3|call clone3||syscall clone3 $because
		sync|call sync||syscall sync
	EOF
}

undoing() {
	cat <<-EOF
		undo_no_new_privs|undo PR_SET_NO_NEW_PRIVS OTHER/secret|file read DIR/**|file read OTHER/**
		undo_seccomp|undo PR_SET_SECCOMP OTHER/secret|file read DIR/**|file read OTHER/**
		undo_dumpable|undo PR_SET_DUMPABLE OTHER/secret|file read DIR/**|file read OTHER/**
		undo_parent_death|undo PR_SET_PDEATHSIG OTHER/secret|file read DIR/**;isolate pid|file read OTHER/**;isolate pid
		undo_mdwe|undo-mdwe||wx allow
		option_keepcaps|option PR_SET_KEEPCAPS|cap setuid|syscall prctl $because
		option_ambient|option PR_CAP_AMBIENT|cap setuid|syscall prctl $because
		option_securebits|option PR_SET_SECUREBITS|cap setpcap|cap setpcap;syscall prctl $because|root
		option_ptracer|option PR_SET_PTRACER||syscall prctl $because
		option_merge|option PR_SET_MEMORY_MERGE|cap sys_resource|cap sys_resource;syscall prctl $because|root
		personality_no_random|personality 0x0040000||syscall personality
		personality_exec|personality 0x0400000||wx allow;syscall personality
		personality_32|personality 0x8||syscall personality
		filter_on_top|allowing-filter||syscall keyctl $because
		listener|own-listener OTHER/secret|file read OTHER/**|syscall seccomp ioctl $because;file read OTHER/**
		listener_continues|own-listener OTHER/secret|syscall seccomp ioctl $because|syscall seccomp ioctl $because;file read OTHER/**
		domain_on_top|own-domain OTHER/secret|file read DIR/**|file read OTHER/**
	EOF
}

spaces() {
	for space in mnt pid net ipc uts cgroup; do
		cat <<-EOF
			unshare_$space|unshare $space|wx allow;cap sys_admin|wx allow;cap sys_admin;syscall unshare $because|root
			clone_$space|clone-space $space|wx allow;cap sys_admin|wx allow;cap sys_admin;syscall clone $because|root
		EOF
	done
	lines="wx allow;cap sys_admin sys_chroot sys_ptrace;syscall pidfd_open setns $because"
	cat <<-EOF
		unshare_files|unshare files||syscall unshare $because
		unshare_width|userns-wide||syscall unshare $because
		setns_mnt|setns mnt STRANGER|$lines|-|root
		setns_net|setns net STRANGER|$lines|-|root
	EOF
}

mounts() {
	lines="wx allow;cap sys_admin sys_chroot"
	for each in mount bind remount umount pivot_root move_mount; do
		case $each in
		move_mount) calls='move_mount open_tree' ;;
		umount) calls=umount2 ;;
		bind | remount) calls=mount ;;
		*) calls=$each ;;
		esac
		echo "mount_$each|mount $each DIR/mnt|$lines;file read /**;syscall $calls $because|-|root"
	done
	for each in open_tree fsopen fspick mount_setattr; do
		echo "mount_$each|mount $each DIR/mnt|$lines|$lines;syscall $each $because|root"
	done
	echo "mount_chroot|mount chroot DIR/mnt|$lines|$lines;syscall chroot|root"
}

check_user() {
	rows_run calls
	rows_run undoing
	rows_run spaces
	# Nobody else's mounts are touched: each attempt has a mount namespace, and a file system of its own to play with.
	cat >"$tools/play" <<-'EOF'
		#!/bin/sh
		mount -t tmpfs tmpfs "$PLAY" && exec "$@"
	EOF
	chmod 755 "$tools/play"
	[ "$site_uid" != 0 ] || rows_run mounts "unshare --mount env PLAY=$dir/mnt $tools/play"
}

# shellcheck disable=SC2034 # for attack.sh
attack_tables='calls undoing spaces mounts'
attack_begin "kernel" check_user
