#!/bin/sh
# std_dns.sh - under std/dns a program looks names up over TCP, and connects nowhere else. The name server is the test's.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

lines='use std/c-runtime@1;use std/dns@1'

# Answers every question of type A with 192.0.2.7, over TCP alone: a resolver that asks by UDP gets nothing.
server_start() {
	cat >"$tap_dir/server.py" <<-'EOF'
		import socket, struct
		s = socket.socket()
		s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		s.bind(("127.0.0.1", 53))
		s.listen(16)
		print("ready", flush=True)
		while True:
		    c = s.accept()[0]
		    while True:
		        size = c.recv(2, socket.MSG_WAITALL)
		        if len(size) < 2: break
		        q = c.recv(struct.unpack(">H", size)[0], socket.MSG_WAITALL)
		        end = q.index(b"\0", 12) + 5
		        a = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes([192, 0, 2, 7]) if q[end - 3] == 1 else b""
		        r = q[:2] + b"\x81\x80\0\1" + (b"\0\1" if a else b"\0\0") + b"\0\0\0\0" + q[12:end] + a
		        c.sendall(struct.pack(">H", len(r)) + r)
	EOF
	/usr/bin/python3 "$tap_dir/server.py" >"$tap_dir/server" &
	server_pid=$!
	until grep -qs ready "$tap_dir/server"; do
		kill -0 "$server_pid" || return 1
		sleep 0.05
	done
	# In the mounts of this cell alone.
	echo 'nameserver 127.0.0.1' >"$tap_dir/resolv.conf"
	echo 'hosts: files dns' >"$tap_dir/nsswitch.conf"
	chmod 644 "$tap_dir/resolv.conf" "$tap_dir/nsswitch.conf"
	for each in resolv.conf nsswitch.conf; do
		[ -e "/etc/$each" ] || return 1
		mount --bind "$tap_dir/$each" "/etc/$each" || return 1
	done
}

check_lookup() {
	under "$lines" getent hosts name.test | grep '^192.0.2.7 '
}

check_getaddrinfo() {
	under "$lines;use std/python@1" /usr/bin/python3 -c '
import socket
print(socket.getaddrinfo("name.test", 80, type=socket.SOCK_STREAM)[0][4][0])' | grep '^192.0.2.7$'
}

check_hosts() {
	under "$lines" getent hosts localhost
}

check_user() {
	uid=$1
	t "uid $uid: a name is found" check_lookup
	t "uid $uid: getaddrinfo finds it too" check_getaddrinfo
	t "uid $uid: /etc/hosts" check_hosts
	t "uid $uid: no other port" denied "$lines" "$tools/attacker" connect 80
	t "uid $uid: no UDP" denied "$lines" "$tools/attacker" udp 53
	t "uid $uid: no listening" denied "$lines" "$tools/attacker" bind 53
}

accept_begin "std/dns"
if server_start; then
	check_user 0
	check_user 65534
else
	not_ok "a name server"
fi
tap_done
