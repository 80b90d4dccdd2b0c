#!/bin/sh
# attack_processes.sh - attempts to find or make somebody who is not confined: children of odd kinds (T10), processes of the
# same user, set-id programs; and to have the kernel or the loader do it: core dumps, the environment of ld.so, signals of
# the terminal.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"
. "$CORDON_SOURCE/tests/kernel/attack.sh"
. "$CORDON_SOURCE/tests/kernel/rows.sh"

because='because "a test"'

# NAME | ATTACK | near | what opens it | who
children() {
	for kind in vm files fs vm-files vfork untraced ptrace sysvsem io; do
		echo "T10_child_$kind|child $kind OTHER/secret|file read DIR/**|file read OTHER/**"
	done
	echo "child_of_the_parent|brother||syscall clone $because"
}

# A call that is granted still stops at the border of the domain; on a child of one's own it works.
strangers() {
	attaches=$(who_attaches)
	for each in pidfd_getfd process_vm_writev kcmp process_madvise; do
		case $each in
		process_madvise) who=root stranger_who=root ;;
		kcmp) who='' stranger_who='' ;;
		*) who='' stranger_who=$attaches ;;
		esac
		lines="ptrace $because;syscall pidfd_open $because;cap sys_nice;wx allow"
		cat <<-EOF
			stranger_$each|intrude $each STRANGER|$lines|-|$stranger_who
			child_$each|intrude-child $each|syscall pidfd_open $because;wx allow|$lines|$who
		EOF
	done
	cat <<-EOF
		stranger_ptrace|attach STRANGER|ptrace $because;wx allow|-|$attaches
		stranger_process_vm_readv|read-memory STRANGER|ptrace $because;wx allow|-|$attaches
		stranger_proc_mem|intrude mem STRANGER|file read /proc/**|-|$attaches
		stranger_proc_maps|intrude maps STRANGER|file read /proc/**|-
		stranger_proc_fd|intrude fd STRANGER|file read /proc/** /dev/**|-
		stranger_proc_auxv|intrude auxv STRANGER|file read /proc/**|-
		stranger_environ|environ STRANGER|file read /proc/**|-
		stranger_robust_list|intrude robust-list STRANGER||-
		stranger_robust_list_in_a_domain|intrude robust-list STRANGER|syscall get_robust_list $because|-
		stranger_move_pages|intrude move_pages STRANGER|cap sys_nice|-
		stranger_move_pages_in_a_domain|intrude move_pages STRANGER|cap sys_nice;syscall move_pages $because|-
		T11_tkill|intrude tkill STRANGER|signal domain|signal other
		T11_tgsigqueue|intrude tgsigqueue STRANGER|signal domain|signal other
		T12_resume|intrude resume STRANGER|signal domain|signal other
		stranger_stop|intrude stop STRANGER|signal domain|signal other
		abstract_socket|abstract @$abstract|file read /**|-
		abstract_socket_in_a_domain|abstract @$abstract|syscall socket connect $because|-
	EOF
}

set_id() {
	for each in setuid setgid; do
		cat <<-EOF
			set_id_$each|set-id TOOLS/$each|exec TOOLS/** LOADER|-|user
			set_id_${each}_with_capabilities|set-id TOOLS/$each|exec TOOLS/** LOADER;cap setuid setgid;syscall setresuid setresgid|-|user
		EOF
	done
}

# Written and mapped: where both are granted the tree becomes noexec, for the loader too.
loader_environment() {
	for variable in LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH; do
		lines="exec TOOLS/attacker LOADER;file read TOOLS/library.so;file read,write,create DIR/**"
		echo "T07_$variable|environment $variable TOOLS/library.so DIR|isolate mount;$lines|wx allow;$lines"
	done
}

core_dumps() {
	echo "core_dump|core-dump DIR|file read DIR/**|file write,create DIR/**"
}

# Somebody with a name in the abstract space.
abstract_start() {
	abstract=cordon-attack-$site_uid
	as "$site_uid" python3 -c '
import signal, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind("\0" + sys.argv[1])
s.listen()
signal.pause()' "$abstract" &
	until grep -q "@$abstract\$" /proc/net/unix; do
		kill -0 "$!" || return 1
		sleep 0.02
	done
}

# For docs/attacks.md; below they are tried on a terminal.
terminal_signals() {
	cat <<-EOF
		T11_terminal_signal|terminal-signal|signal domain|signal other;ioctl any FIOASYNC
		T11_terminal_signal_in_a_domain|terminal-signal|ioctl any FIOASYNC|signal other;ioctl any FIOASYNC
	EOF
}

# A terminal whose input is ready signals the whole group in its foreground: FIOASYNC needs no F_SETOWN there. Status: 0 when
# somebody of the group who isn't the program was ended by it.
terminal_signal() {
	as "$site_uid" python3 -c '
import os, pty, signal, sys
pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    ready, go = os.pipe()
    bystander = os.fork()
    if bystander == 0:
        signal.alarm(20)
        signal.pause()
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    program = os.fork()
    if program == 0:
        os.execv(sys.argv[1], sys.argv[1:])
    _, status = os.waitpid(program, 0)
    if os.waitstatus_to_exitcode(status):
        os.kill(bystander, signal.SIGKILL)
    else:
        os.kill(bystander, signal.SIGTERM)
    _, status = os.waitpid(bystander, 0)
    os._exit(0 if os.WTERMSIG(status) == signal.SIGIO else 1)
os.write(terminal, b"a line\n" * 1)
said = b""
try:
    while True:
        part = os.read(terminal, 1000)
        if not part:
            break
        said += part
        if b"armed" in said:
            said = b""
            os.write(terminal, b"a line\n")
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$@"
}

check_terminal_signals() {
	t "T11_terminal_signal works without Cordon (uid $site_uid)" terminal_signal "$tools/attacker" terminal-signal
	grant 'signal domain'
	if terminal_signal "$tools/cordon" run -p "$granted" -- "$tools/attacker" terminal-signal; then
		not_ok "T11_terminal_signal is denied (uid $site_uid)"
	else
		ok "T11_terminal_signal is denied (uid $site_uid)"
	fi
	grant 'signal other;ioctl any FIOASYNC'
	t "T11_terminal_signal works when granted (uid $site_uid)" \
		terminal_signal "$tools/cordon" run -p "$granted" -- "$tools/attacker" terminal-signal
	grant 'ioctl any FIOASYNC'
	if terminal_signal "$tools/cordon" run -p "$granted" -- "$tools/attacker" terminal-signal; then
		not_ok "T11_terminal_signal_in_a_domain is denied (uid $site_uid)"
	else
		ok "T11_terminal_signal_in_a_domain is denied (uid $site_uid)"
	fi
}

check_user() {
	cp "$CORDON_BUILD/tests/kernel/attacker-library.so" "$tools/library.so"
	cp "$tools/attacker" "$tools/setuid"
	cp "$tools/attacker" "$tools/setgid"
	chmod 4755 "$tools/setuid"
	chmod 2755 "$tools/setgid"
	abstract_start || not_ok "somebody in the abstract space"
	rows_run children
	rows_run strangers
	if python3 -c 'import os, sys; sys.exit(os.statvfs(sys.argv[1]).f_flag & os.ST_NOSUID)' "$tools"; then
		rows_run set_id
	else
		skip "set_id (uid $site_uid)" "needs: set-id programs below /tmp"
	fi
	rows_run loader_environment
	case $(cat /proc/sys/kernel/core_pattern) in
	*[/\|@]*) skip "core_dump (uid $site_uid)" "needs: core dumps in the working directory" ;;
	*) rows_run core_dumps ;;
	esac
	check_terminal_signals
}

abstract=NAME
# shellcheck disable=SC2034 # for attack.sh
attack_tables='children strangers set_id loader_environment core_dumps terminal_signals'
attack_begin "processes" check_user
