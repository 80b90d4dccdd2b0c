#!/bin/sh
# accept_python3.sh - a Python script works under examples/python3.cordon as root and as another user, without any
# namespace; other programs, the network, its own code and other files are closed to it.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

python() {
	as "$uid" "$tools/cordon" run -p "$tools/python3.cordon" -- /usr/bin/python3 "$@"
}

write_scripts() {
	mkdir -p app out
	cat >app/report.py <<-'EOF'
		import decimal, hashlib, json, re, sqlite3, threading, zlib
		from concurrent.futures import ThreadPoolExecutor
		squares = []
		lock = threading.Lock()
		def square(i):
		    with lock:
		        squares.append(i * i)
		threads = [threading.Thread(target=square, args=(i,)) for i in range(8)]
		for thread in threads: thread.start()
		for thread in threads: thread.join()
		with ThreadPoolExecutor(4) as pool:
		    digests = list(pool.map(lambda i: hashlib.sha256(bytes([i])).hexdigest(), range(16)))
		db = sqlite3.connect(":memory:")
		one = db.execute("select 1").fetchone()[0]
		packed = zlib.decompress(zlib.compress(b"x" * 100000))
		with open("out/result.json", "w") as file:
		    json.dump({"squares": sorted(squares), "digests": len(set(digests)), "one": one, "size": len(packed)}, file)
		print(open(__file__).readline().split()[0])
	EOF
	cat >app/attack.py <<-'EOF'
		import ctypes, mmap, os, socket, subprocess
		def denied(name, act):
		    try:
		        act()
		        print("succeeded:", name)
		    except OSError as error:
		        print("denied:" if isinstance(error, PermissionError) else f"{error!r}:", name)
		denied("subprocess", lambda: subprocess.run(["/bin/true"]))
		denied("os.execv", lambda: os.execv("/bin/true", ["true"]))
		denied("socket", lambda: socket.socket())
		denied("own code", lambda: open("app/report.py", "a"))
		denied("read results", lambda: open("out/result.json"))
		denied("secret", lambda: open("secret"))
		denied("/etc/passwd", lambda: open("/etc/passwd"))
		denied("mmap rwx", lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC))
		denied("kill parent", lambda: os.kill(os.getppid(), 15))
		denied("chmod", lambda: os.chmod("app/report.py", 0o777))
	EOF
	echo secret >secret
	chown -R "$uid:$uid" .
}

check_report() {
	[ "$(python app/report.py)" = import ] && cat out/result.json &&
		[ "$(cat out/result.json)" = '{"squares": [0, 1, 4, 9, 16, 25, 36, 49], "digests": 16, "one": 1, "size": 100000}' ]
}

check_attacks() {
	python app/attack.py >"$tap_dir/attacks"
	cat "$tap_dir/attacks"
	[ "$(grep -c ^denied: "$tap_dir/attacks")" = 10 ]
}

# T60: the same script without Cordon gets everywhere, except where this would end the test.
check_baseline() {
	sed '/kill parent/d; /os.execv/d; /mmap rwx/d' app/attack.py >app/baseline.py
	as "$uid" /usr/bin/python3 app/baseline.py >"$tap_dir/baseline"
	cat "$tap_dir/baseline"
	[ "$(grep -c ^succeeded: "$tap_dir/baseline")" = 7 ]
}

check_user() {
	uid=$1
	user_directory python3 "$uid"
	write_scripts
	t "uid $uid: json, threads, sqlite3, zlib, hashes, a result" check_report
	t "uid $uid: programs, network, other files, own code, rwx memory are closed" check_attacks
	t "uid $uid: without Cordon they are open" check_baseline
}

accept_begin "python3"
t "the tests and theorems of python3.cordon hold" check_example python3
check_user 0
check_user 65534
tap_done
