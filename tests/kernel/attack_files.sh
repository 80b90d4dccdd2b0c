#!/bin/sh
# attack_files.sh - ways to a file that isn't granted: other names, magic links, descriptors, handles, deleted names (T03),
# and names that change while they are looked up (T05).
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"
. "$CORDON_SOURCE/tests/kernel/attack.sh"
. "$CORDON_SOURCE/tests/kernel/rows.sh"

# NAME | ATTACK | near | what opens it | who
other_names() {
	cat <<-EOF
		O_PATH_reopened|reopen OTHER/secret|file read DIR/** /proc/**|file read DIR/** OTHER/**
		T03_deleted|deleted OTHER/secret|file read DIR/** /proc/**;file delete OTHER/**|file read,delete OTHER/**
		moved_to_a_grant|moved OTHER/secret DIR|file read,create,delete,rename DIR/**;file create,delete,rename OTHER/**|file read,create,delete,rename DIR/** OTHER/**
		linked_to_a_grant|linked OTHER/secret DIR|file read,create,link DIR/**|file read,create,link DIR/** OTHER/**
		linked_descriptor|linked-descriptor OTHER/secret DIR|file read,create,link DIR/**|file read,create,link DIR/** OTHER/**
		symlink_out|symlinked OTHER/secret DIR|file read,create DIR/**|file read,create DIR/**;file read OTHER/**
		dot_dot|up DIR ../other/secret|file read DIR/**|file read DIR/** OTHER/**
		root_of_oneself|through /proc/self/root OTHER/secret|file read DIR/** /proc/**|file read OTHER/**
		root_of_a_thread|through /proc/thread-self/root OTHER/secret|file read DIR/** /proc/**|file read OTHER/**
		root_of_a_stranger|through /proc/STRANGER/root OTHER/secret|file read /proc/** OTHER/**|-
		cwd_of_oneself|through /proc/self/cwd /other/secret|file read DIR/** /proc/**|file read OTHER/**
		cwd_of_a_stranger|through /proc/STRANGER/cwd OTHER/secret|file read /proc/** OTHER/**|-
		dev_fd|through /dev/fd/../root OTHER/secret|file read DIR/** /dev/** /proc/**|file read OTHER/**
		unnamed_file|unnamed DIR|file read DIR/**|file write DIR/**
		shared_memory_file|create-file /dev/shm/attacker|file read /dev/**|file write,create /dev/shm/**
	EOF
}

# Not every file system has handles.
handles() {
	[ -n "${ATTACKS_LIST-}" ] || "$tools/attacker" handle "$site/secret" "$site" >/dev/null || return 0
	cat <<-EOF
		file_handle|handle OTHER/secret DIR|cap dac_read_search;file read DIR/** OTHER/**|cap dac_read_search;syscall name_to_handle_at open_by_handle_at because "a test";file read DIR/** OTHER/**|root
		file_handle_out|handle OTHER/secret DIR|cap dac_read_search;syscall name_to_handle_at open_by_handle_at because "a test";file read DIR/**|cap dac_read_search;syscall name_to_handle_at open_by_handle_at because "a test";file read DIR/** OTHER/**|root
	EOF
}

# With attr granted, and all the same: whoever executes such a file has the rights of its owner, outside as well.
set_id_files() {
	for way in chmod fchmod fchmodat fchmodat2; do
		near="isolate mount;file read,attr FILE"
		cat <<-EOF
			set_user_id_by_$way|mark FILE $way user|$near|$near;syscall $way because "a test"
			set_group_id_by_$way|mark FILE $way group|$near|$near;syscall $way because "a test"
		EOF
	done
	for way in write map fallocate; do
		near="isolate mount;file read,write,create DIR/**"
		echo "set_id_from_birth_$way|born DIR/born $way|$near|$near;cap fsetid|root"
	done
}

# Files by which the kernel is told things. Opened for writing, and nothing written: what it would do is not for a test.
kernel_files() {
	while IFS='|' read -r name path near open who; do
		[ -z "${ATTACKS_LIST-}$(ls -d "$path" 2>/dev/null)" ] || echo "$name|open-write $path|$near|$open|$who"
	done <<-EOF
		core_pattern|/proc/sys/kernel/core_pattern|file read /proc/**|file write /proc/sys/kernel/core_pattern|root
		sysrq|/proc/sysrq-trigger|file read /proc/**|file write /proc/sysrq-trigger|root
		modprobe|/proc/sys/kernel/modprobe|file read /proc/**|file write /proc/sys/**|root
		uevent_helper|/sys/kernel/uevent_helper|file read /sys/**|file write /sys/**|root
		drop_caches|/proc/sys/vm/drop_caches|file read /proc/**|file write /proc/sys/vm/**|root
		oom_score|/proc/self/oom_score_adj|file read /proc/**|file read,write /proc/**;wx allow
		clear_refs|/proc/self/clear_refs|file read /proc/**|file read,write /proc/**;wx allow
		uid_map|/proc/self/uid_map|file read /proc/**|file read,write /proc/**;wx allow
	EOF
}

# Each is a careful program that looks first and opens then: without Cordon it leaks, whatever it looked at.
races() {
	near="file read,create,delete,rename,link DIR/**"
	cat <<-EOF
		T05_race_link|race link DIR OTHER/secret|$near|$near;file read OTHER/**
		T05_race_directory|race directory DIR OTHER/secret|$near|$near;file read OTHER/**
		T05_race_depth|race depth DIR SECRET|$near|$near;file read SECRET
		T05_race_hard_link|race hard-link DIR OTHER/secret|$near|file read,create,delete,rename,link DIR/** OTHER/**
	EOF
}

# NAME | ATTACK | near | what opens it. What these attack was opened by their starter.
handed_over() {
	cat <<-EOF
		inherited_descriptor|inherited|file read DIR/**|--keep-fd
		inherited_file_for_writing|stdin-write|file read OTHER/** /proc/**|file write OTHER/**
		inherited_socket_connects|stdin-connect PORT|net connect tcp *:443|net connect tcp *:PORT
		inherited_socket_binds|stdin-bind 8082|net bind tcp *:8080|net bind tcp *:8082
		inherited_socket_listens|stdin-listen|net connect,bind tcp *:8080|syscall listen because "a test"
		inherited_socket_accepts|stdin-accept|net connect tcp *:*|net accept tcp *:8080
	EOF
}

# What the starter left open, and without the close-on-exec flag.
check_inherited() {
	open_many='
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
for number in (*range(3, 40), 255, 1000):
    if number != fd:
        os.dup2(fd, number)
os.set_inheritable(fd, True)
os.execv(sys.argv[2], sys.argv[2:])'
	prepare inherited
	attempt inherited python3 -c "$open_many" "$site/other/secret"
	outcome_is succeeded "inherited_descriptor works without Cordon"
	grant "file read $dir/**"
	attempt inherited python3 -c "$open_many" "$site/other/secret" "$tools/cordon" run -p "$granted" --
	outcome_is denied "inherited_descriptor is denied"
	attempt inherited python3 -c "$open_many" "$site/other/secret" "$tools/cordon" run --keep-fd 39 -p "$granted" --
	outcome_is succeeded "inherited_descriptor works when handed over: --keep-fd"
	attempt stdin-write <"$site/other/secret"
	outcome_is succeeded "inherited_file_for_writing works without Cordon"
	grant "file read $site/other/** /proc/**"
	attempt stdin-write "$tools/cordon" run -p "$granted" -- <"$site/other/secret"
	outcome_is denied "inherited_file_for_writing is denied"
	grant "file write $site/other/**"
	attempt stdin-write "$tools/cordon" run -p "$granted" -- <"$site/other/secret"
	outcome_is succeeded "inherited_file_for_writing works when granted"
}

# Standard input is a socket that the starter made. BOUND: to a port, and listening.
socket_attempt() {
	socket_program='
import os, socket, sys
s = socket.socket()
if sys.argv[1] == "bound":
    s.bind(("127.0.0.1", 0))
if sys.argv[1] == "listening":
    s.listen()
os.dup2(s.fileno(), 0)
os.execv(sys.argv[2], sys.argv[2:])'
	socket_state=$1
	socket_line=$2
	shift 2
	attempt "$socket_line" python3 -c "$socket_program" "$socket_state" "$@"
}

check_sockets() {
	handed_over | grep inherited_socket >"$tap_dir/table"
	while IFS='|' read -r name line near open <&3; do
		case $line in
		stdin-listen) state=bound ;;
		stdin-accept) state=listening ;;
		*) state=new ;;
		esac
		socket_attempt "$state" "$line"
		outcome_is succeeded "$name works without Cordon"
		grant "$near"
		socket_attempt "$state" "$line" "$tools/cordon" run -p "$granted" --
		outcome_is denied "$name is denied"
		grant "$open"
		socket_attempt "$state" "$line" "$tools/cordon" run -p "$granted" --
		outcome_is succeeded "$name works when granted: $open"
	done 3<"$tap_dir/table"
}

check_user() {
	rows_run other_names
	rows_run handles
	rows_run kernel_files
	rows_run set_id_files
	rows_run races
	check_inherited
	check_sockets
}

# The cell's own: no attack leaves a file in the machine's.
[ -z "${CELL-}" ] || ! [ -d /dev/shm ] || mount -t tmpfs -o mode=1777 tmpfs /dev/shm
# shellcheck disable=SC2034 # for attack.sh
attack_tables='other_names handles kernel_files set_id_files races handed_over'
attack_begin "files" check_user
