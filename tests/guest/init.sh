#!/bin/sh
# init.sh - process 1 of a guest: makes what a booted system has, runs the scripts that /guest/scripts names, and switches
# off. On the second serial port it says what happens, one line each (boot.py reads it):
#   begin NAME        1 TEXT: a line of the script's standard output        2 TEXT: of its standard error
#   end NAME STATUS MILLISECONDS
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
export PATH HOME LC_ALL

make_world() {
	mount -t proc -o nosuid,nodev,noexec proc /proc
	mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
	mount -t devtmpfs -o nosuid,mode=755 devtmpfs /dev
	mkdir -p /dev/pts /dev/shm
	mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts /dev/pts
	mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm
	ln -sf /proc/self/fd /dev/fd
	ln -sf /proc/self/fd/0 /dev/stdin
	ln -sf /proc/self/fd/1 /dev/stdout
	ln -sf /proc/self/fd/2 /dev/stderr
	mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run
	mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
	mount -t securityfs -o nosuid,nodev,noexec securityfs /sys/kernel/security
	mount -t bpf -o nosuid,nodev,noexec,mode=700 bpf /sys/fs/bpf
	ip link set lo up
	echo guest >/proc/sys/kernel/hostname
}

# The controllers are on for what is made below the root group, where scripts start, and one group belongs to another user,
# as `systemd-run --user --scope -p Delegate=yes` makes it.
make_groups() {
	echo '+cpu +memory +pids' >/sys/fs/cgroup/cgroup.subtree_control
	mkdir /sys/fs/cgroup/delegated
	for file in . cgroup.procs cgroup.threads cgroup.subtree_control; do
		chown 65534:65534 "/sys/fs/cgroup/delegated/$file"
	done
}

uptime_ms() {
	awk '{ print int($1 * 1000) }' /proc/uptime
}

run_script() {
	name=$(basename "$1" .sh)
	echo "begin $name" >&3
	echo "guest: $name" >/dev/kmsg
	status=0
	start=$(uptime_ms)
	# Files, not pipes: what a script leaves running must not hold it up.
	timeout -k 5 "$GUEST_SECONDS" setsid sh "$1" >/run/stdout 2>/run/stderr </dev/null || status=$?
	awk '{ print 1, $0 }' /run/stdout >&3
	awk '{ print 2, $0 }' /run/stderr >&3
	echo "end $name $status $(($(uptime_ms) - start))" >&3
}

make_world
make_groups
. /guest/environment
stty -F /dev/ttyS1 raw
exec 3>/dev/ttyS1
while read -r script; do
	run_script "$script"
done </guest/scripts
echo "done" >&3
stty -F /dev/ttyS1 raw # waits until all is written
echo o >/proc/sysrq-trigger
sleep 60
