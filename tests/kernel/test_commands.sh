#!/bin/sh
# test_commands.sh - no ioctl command reaches a driver unless a line opens it: every command of data/ioctls.tbl and some
# thousand other numbers, on devices, a terminal, files, sockets and pipes that may be used otherwise. What the line
# opens reaches them.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

# kind DEVICE: the command line's first words for what is tried on it
commands() {
	case $1 in
	tty) on_terminal "$commands_uid" "$tools/cordon" run -p "$granted" -- "$tools/commands" "$1" "$tools/list" ;;
	*) as "$commands_uid" "$tools/cordon" run -p "$granted" -- "$tools/commands" "$1" "$tools/list" ;;
	esac
}

# expect KIND NAMES: just these commands get through
expect() {
	commands "$1" >"$tap_dir/through" 2>"$tap_dir/complaint" </dev/null
	expect_status=$?
	if [ "$expect_status" = 2 ]; then
		skip "commands of $1 (uid $commands_uid)" "needs: $1"
		return
	fi
	tr -d '\r' <"$tap_dir/through" | awk '{ print $1 }' | sort -u | tr '\n' ' ' >"$tap_dir/names"
	echo "$2" | tr ' ' '\n' | sort -u | tr '\n' ' ' >"$tap_dir/wanted"
	if [ "$expect_status" = 0 ] && cmp -s "$tap_dir/names" "$tap_dir/wanted"; then
		ok "only these reach $1 (uid $commands_uid): $2"
	else
		not_ok "only these reach $1 (uid $commands_uid): $2" \
			"status $expect_status: $(cat "$tap_dir/names") $(cat "$tap_dir/complaint")"
	fi
}

# The numbers of c-runtime's line; some have two names, and TIOCINQ is FIONREAD.
runtime='FIOCLEX FIONBIO FIONCLEX FIONREAD TCGETS TIOCGWINSZ TIOCINQ'
devices='file read,write /dev/ptmx /dev/pts/** /dev/tty /dev/loop-control /dev/fuse /dev/net/tun;wx allow'

check_user() {
	commands_uid=$1
	for kind in null zero tty pty file directory socket pipe /dev/loop-control /dev/fuse /dev/net/tun; do
		case $kind in
		/*) as "$commands_uid" sh -c ': 3<>"$1"' sh "$kind" 2>/dev/null || continue ;;
		esac
		grant "$devices;file read $tools/**"
		expect "$kind" "$runtime"
	done
	for opened in 'file FIGETBSZ' 'file FS_IOC_GETFLAGS' 'tty TIOCGPGRP' 'pty TIOCGPTN' 'socket SIOCATMARK' 'pipe FIOQSIZE'; do
		grant "$devices;file read $tools/**;ioctl any ${opened#* }"
		expect "${opened% *}" "$runtime ${opened#* }"
	done
	check_async
}

# terminal_signals COMMAND...: how many SIGIO a process gets that shares the terminal's group with COMMAND, when somebody types.
terminal_signals() {
	as "$commands_uid" python3 -c '
import os, pty, signal, subprocess, sys
child, master = pty.fork()
if child == 0:
    count = []
    signal.signal(signal.SIGIO, lambda *_: count.append(1))
    status = subprocess.call(sys.argv[1:])
    print("signals", len(count) if status == 0 else "broken", flush=True)
    os._exit(0)
text = b""
while True:
    try:
        part = os.read(master, 4096)
    except OSError:
        break
    text += part
    if b"ready" in part:
        os.write(master, b"x\n")
os.waitpid(child, 0)
print(text.decode().split("signals ")[1].strip())' "$@"
}

# FIOASYNC makes a terminal signal whoever is in its foreground group. No template opens it; where a line does, Landlock
# still keeps the signal inside.
check_async() {
	if [ "$(terminal_signals "$tools/commands" async)" -gt 0 ]; then
		ok "T11_fioasync works without Cordon (uid $commands_uid)"
	else
		not_ok "T11_fioasync works without Cordon (uid $commands_uid)"
	fi
	grant 'ioctl any FIOASYNC'
	async=$(terminal_signals "$tools/cordon" run -p "$granted" -- "$tools/commands" async)
	if [ "$async" = 0 ]; then
		ok "T11_fioasync is denied (uid $commands_uid)"
	else
		not_ok "T11_fioasync is denied (uid $commands_uid)" "$async signals"
	fi
	grant 'ioctl any FIOASYNC;signal other'
	async=$(terminal_signals "$tools/cordon" run -p "$granted" -- "$tools/commands" async)
	if [ "$async" -gt 0 ]; then
		ok "T11_fioasync works when granted: signal other (uid $commands_uid)"
	else
		not_ok "T11_fioasync works when granted: signal other (uid $commands_uid)" "$async"
	fi
}

# The table's commands, and numbers that nobody has a name for; of those that have several names all are listed.
list_make() {
	sed 's/^#.*//' "$CORDON_SOURCE/data/ioctls.tbl" | awk 'NF && $2 != "-" { print $1, $2 }'
	awk 'BEGIN { srand(1); for (i = 0; i < 2000; i++) printf "random-%d 0x%04x%04x\n", i, rand() * 65536, rand() * 65536 }'
}

accept_begin "ioctl commands"
cp "$CORDON_BUILD/tests/kernel/commands" "$tools/commands"
list_make >"$tools/list"
chmod 644 "$tools/list"
check_user 0
check_user 65534
tap_done
