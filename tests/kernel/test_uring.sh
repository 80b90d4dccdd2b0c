#!/bin/sh
# test_uring.sh - io_uring (T42): what a ring does is refused by the planner unless the policy opens it by name, and where it
# does, Landlock still holds files and TCP ports. ring.c does each operation with raw system calls, as root and as another
# user. Each is shown to work without Cordon.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

table=$CORDON_SOURCE/data/uring.tbl

# The calls that operations stand for, each once.
ring_calls() {
	awk '!/^#/ && $4 != "-" { print $4 }' "$table" | tr ',' '\n' | sort -u
}

# ring OPERATION [COMMAND...]: do it as $site_uid in the site, started by COMMAND. Sets $outcome and $said.
ring() {
	ring_line=$(echo "$1" | sed "s#IN#$site/in#g; s#OUT#$site/out#g; s/PORT/$listen_port/")
	shift
	rm -rf "$site/in" "$site/out"
	mkdir "$site/in" "$site/out"
	echo text | tee "$site/in/file" >"$site/out/file"
	chown -R "$site_uid:$site_uid" "$site/in" "$site/out"
	ring_status=0
	# shellcheck disable=SC2086 # the operation's words
	said=$(cd "$site" && as "$site_uid" "$@" "$tools/ring" $ring_line 2>&1 </dev/null) || ring_status=$?
	case $ring_status in
	0) outcome=succeeded ;;
	1) outcome=denied ;;
	2) outcome=untried ;;
	125) outcome=unstarted ;;
	*) outcome=broken ;;
	esac
}

# OPERATION | what of files and TCP has to be granted for it besides the calls; "-": the calls alone open it
operation_table() {
	cat <<-EOF
		read OUT/file|file read OUT/**
		read2 OUT/file|file read OUT/**
		read-as-personality OUT/file|file read OUT/**
		create OUT/new|file write,create OUT/**
		write OUT/file|file write OUT/**
		truncate OUT/file|file write OUT/**
		fallocate OUT/file|file write OUT/**
		mkdir OUT/new|file create OUT/**
		symlink OUT/new|file create OUT/**
		unlink OUT/file|file delete OUT/**
		link OUT/file OUT/new|file create,link OUT/**
		rename OUT/file OUT/new|file create,delete,rename OUT/**
		connect PORT|net connect tcp *:PORT
		bind 8081|net bind tcp *:8081
		listen 8081|net bind tcp *:8081
		stat OUT/file|-
		setxattr IN/file|-
		mptcp PORT|-
		udp PORT|-
		listen-unbound|-
		setsockopt|-
		message|-
	EOF
}

# wide LINES: a policy that opens a ring and all that it does, files of $site/in, and these lines.
wide() {
	grant "wx allow;file read,write $site/in/**;syscall io_uring_setup io_uring_enter io_uring_register $calls because \"a test\";$(
		echo "$1" | sed "s#OUT#$site/out#g")"
}

# expect OUTCOME NAME OPERATION [COMMAND...]
expect() {
	expected=$1
	expect_name="$2 (uid $site_uid)"
	shift 2
	ring "$@"
	if [ "$outcome" = "$expected" ]; then
		ok "$expect_name"
	else
		not_ok "$expect_name" "$outcome: $said"
	fi
}

check_operation() {
	ring "$1"
	case $outcome in
	succeeded) ;;
	untried)
		skip "T42 $1 (uid $site_uid)" "needs: this operation in this kernel"
		return
		;;
	*)
		not_ok "T42 $1 works without Cordon (uid $site_uid)" "$outcome: $said"
		return
		;;
	esac
	if [ "$2" = - ]; then
		wide ''
		expect succeeded "T42 $1 is what the calls open" "$1" "$tools/cordon" run -p "$granted" --
		return
	fi
	wide ''
	expect denied "T42 $1 is denied" "$1" "$tools/cordon" run -p "$granted" --
	RING_SQPOLL=1
	export RING_SQPOLL
	expect denied "T42 $1 by a thread of the kernel is denied" "$1" "$tools/cordon" run -p "$granted" --
	unset RING_SQPOLL
	wide "$2"
	expect succeeded "T42 $1 works when granted" "$1" "$tools/cordon" run -p "$granted" --
}

# refused NAME LINES WORDS: nothing runs under these lines, and the message says WORDS.
refused() {
	grant "$2"
	ring message "$tools/cordon" run -p "$granted" --
	case $outcome/$said in
	unstarted/*C0401*"$3"*) ok "T42 $1 is refused (uid $site_uid)" ;;
	*) not_ok "T42 $1 is refused (uid $site_uid)" "$outcome: $said" ;;
	esac
}

check_refusals() {
	openers='syscall io_uring_setup io_uring_enter io_uring_register'
	refused "a ring alone" "wx allow;$openers because \"a test\"" 'socket'
	for entry in io_uring_setup io_uring_enter io_uring_register; do
		refused "$entry alone" "wx allow;syscall $entry because \"a test\"" 'socket'
	done
	for left_out in $(ring_calls); do
		# What c-runtime opens without conditions is open anyway.
		case $(awk -v call="$left_out" '$1 == call { print $7 }' "$CORDON_SOURCE/data/syscalls.tbl")/$(
			grep -c "^$left_out " "$CORDON_SOURCE/data/pins.tbl") in
		basic/0) continue ;;
		esac
		case $left_out in openat | openat2) continue ;; esac # c-runtime reads libraries
		rest=$(ring_calls | grep -vx "$left_out" | tr '\n' ' ')
		refused "a ring without $left_out" "wx allow;$openers $rest because \"a test\"" "$left_out"
	done
	all="wx allow;$openers $calls because \"a test\""
	refused "a ring beside a deny of some sockets" "$all;deny syscall socket if family == AF_VSOCK" 'socket'
	refused "a ring beside a deny of attr" "$all;deny file attr" 'setxattr'
	refused "a ring beside a deny of net" "$all;deny net" 'connect'
	refused "a ring beside an answered listen()" "$all;net accept tcp *:8080" 'listen'
	grant "$all;net accept tcp *:*"
	expect succeeded "T42 a ring with accept on all ports" 'listen 8081' "$tools/cordon" run -p "$granted" --
}

# A ring that was made outside acts with the credentials of outside, without any call.
check_handed() {
	expect succeeded "T42 a handed ring works without Cordon" "give $tools/ring given OUT/file"
	grant "file read $tools/**"
	expect unstarted "T42 a handed ring is refused" "give $tools/cordon run -p $granted -- $tools/ring given OUT/file"
	case $said in
	*C0608*) ok "T42 a handed ring is refused by name (uid $site_uid)" ;;
	*) not_ok "T42 a handed ring is refused by name (uid $site_uid)" "$said" ;;
	esac
}

# Terminals take no commands from a ring: what no policy can open stays closed.
check_terminal() {
	wide ''
	on_terminal "$site_uid" "$tools/cordon" run -p "$granted" -- "$tools/ring" terminal-command >"$tap_dir/said" 2>&1
	if [ $? = 1 ]; then
		ok "T14_uring types nothing into the terminal (uid $site_uid)"
	else
		not_ok "T14_uring types nothing into the terminal (uid $site_uid)" "$(cat "$tap_dir/said")"
	fi
}

check_user() {
	site_make "$tap_dir/site-$1" "$1"
	user_can_isolate "uid $1" "$1" || return
	operation_table >"$tap_dir/operations"
	while IFS='|' read -r line grants <&3; do
		check_operation "$line" "$grants"
	done 3<"$tap_dir/operations"
	check_refusals
	check_handed
	check_terminal
}

accept_begin "io_uring"
cp "$CORDON_BUILD/tests/kernel/ring" "$tools/ring"
if ! "$tools/ring" probe >"$tap_dir/count"; then
	skip "io_uring" "needs: io_uring in this kernel"
	tap_done
fi
calls=$(ring_calls | tr '\n' ' ')
listener_start || not_ok "somebody to connect to"
count=$(cat "$tap_dir/count")
rows=$(grep -vc '^#' "$table")
if [ "$count" -le "$rows" ]; then
	ok "data/uring.tbl has every operation of this kernel"
else
	not_ok "data/uring.tbl has every operation of this kernel" "the kernel has $count, the table $rows"
fi
check_user 0
check_user 65534
tap_done
