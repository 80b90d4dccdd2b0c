#!/bin/sh
# examples/confine-threads: the server serves, and what gets into its threads can do nothing: code is preloaded that attacks
# in every thread, before and after it is confined, in threads that were started before and after.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"
cd "$tap_dir" || exit 1

# Copies: another user may have no way into the build tree.
mkdir bin www
cp "${EXAMPLE_HTTPD:?}" bin/httpd
cp "${ATTACK_INSIDE:?}" bin/attack-inside.so
cp "${CORDON_BUILD:?}/libcordon.so.0" bin
export LD_LIBRARY_PATH="$tap_dir/bin"
printf 'hello\n' >www/index.html
printf 'secret\n' >secret
ln -s ../secret www/link
chmod -R a+rX bin www . secret

# start [COMMAND...]: the server; its port in $port
start() {
	rm -f url
	ATTACK_FD=9 LD_PRELOAD=$tap_dir/bin/attack-inside.so "$@" "$tap_dir/bin/httpd" www 0 >url 9>report &
	server=$!
	for _ in $(seq 200); do
		[ -s url ] && break
		sleep 0.05
	done
	port=$(sed -n 's/.*:\([0-9]*\)\/$/\1/p' url)
}

# get PATH...: status and body of each, with eight clients that say nothing meanwhile
get() {
	python3 - "$port" "$@" <<'EOP'
import socket, sys
port = int(sys.argv[1])
silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
for path in sys.argv[2:]:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    head, _, body = answer.decode().partition("\r\n\r\n")
    print(head.split(" ")[1], body.strip())
EOP
}

count() {
	grep -c "$1" report
}

check() {
	start "$@"
	t 'it starts' test -n "$port"
	get / /index.html /nothing /link /../secret /../../../../../../etc/passwd >answers
	printf '200 hello\n200 hello\n404 \n403 \n403 \n403 \n' >expected
	t 'it serves what is in its directory, and nothing else' diff expected answers
	kill "$server"
	wait "$server" 2>/dev/null
	t 'before it is confined each thread can do everything' test "$(count 'begin open=0 connect=0 execute=0 code=0')" -eq 4
	t 'after that none can do anything' test "$(grep -v '^begin open=0' report | grep -c '=0')" -eq 0
	t 'in threads that were there' test "$(count '^accept open=13 connect=1 execute=1 code=')" -ge 4
	t 'in threads that were started later' test "$(count '^begin open=13 connect=1 execute=1 code=')" -ge 1
}

check env
if [ "$(id -u)" = 0 ]; then
	chmod a+rwx "$tap_dir"
	rm -f report url
	check setpriv --reuid 65534 --regid 65534 --clear-groups
fi
tap_done
