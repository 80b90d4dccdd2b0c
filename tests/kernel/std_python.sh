#!/bin/sh
# std_python.sh - under std/python the interpreter and its modules work; the network and other programs are closed.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

only='use std/python@1'

python() {
	under "$only" /usr/bin/python3 -c "$1"
}

check_modules() {
	python 'import asyncio, ctypes, decimal, hashlib, json, lzma, multiprocessing, random, re, sqlite3, ssl, threading, uuid, zlib
print(json.loads("[1]")[0], hashlib.sha256(b"").hexdigest()[:4], re.sub("a", "b", "aa"))'
}

check_threads() {
	[ "$(python 'import threading
r = []
t = [threading.Thread(target=r.append, args=(i,)) for i in range(20)]
[x.start() for x in t]; [x.join() for x in t]
print(sum(r))')" = 190 ]
}

check_fork() {
	python 'import os
pid = os.fork()
if pid == 0: os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7'
}

check_asyncio() {
	[ "$(python 'import asyncio
async def f(): await asyncio.sleep(0.01); return 5
print(asyncio.run(f()))')" = 5 ]
}

check_refused() {
	[ "$(python "$1
except PermissionError: print('refused')")" = refused ]
}

check_user() {
	uid=$1
	user_directory python "$uid"
	t "uid $uid: modules" check_modules
	t "uid $uid: threads" check_threads
	t "uid $uid: fork" check_fork
	t "uid $uid: asyncio" check_asyncio
	t "uid $uid: no program" check_refused 'import subprocess
try: subprocess.run(["/bin/true"])'
	t "uid $uid: no socket" check_refused 'import socket
try: socket.socket()'
	t "uid $uid: no file" check_refused 'try: open("/etc/passwd")'
	t "uid $uid: no new file" check_refused 'try: open("new", "w")'
}

accept_begin "std/python"
check_user 0
check_user 65534
tap_done
