#!/bin/sh
# record.sh [PROGRAM...] - how often real programs make each call: bench/histograms/PROGRAM.tsv, written anew.
#
# Needs strace, nginx, ab, redis-server, redis-benchmark, gcc, sqlite3, python3 (scripts/deps). Everything happens in a
# temporary directory and on loopback; only processes that this script started are ended. `record.sh --mix` prints what
# data/frequency.tbl would be if it were made of these files: each program counts alike, ten-thousandths of all calls.
set -eu
cd "$(dirname "$0")/.."
here=$PWD
export LC_ALL=C

work=$(mktemp -d "${TMPDIR:-/tmp}/cordon-record.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# count NAME COMMAND...: run it under strace; NAME.count gets `calls name` lines
count() {
	name=$1
	shift
	strace -f -qq -c -U calls,name -o "$work/$name.count.$$" "$@" >"$work/$name.out" 2>&1 || {
		cat "$work/$name.out" >&2
		return 1
	}
	cat "$work/$name.count.$$" >>"$work/$name.count"
}

# serve NAME PORT COMMAND...: the same in the background, until the port answers
serve() {
	name=$1 port=$2
	shift 2
	strace -f -qq -c -U calls,name -o "$work/$name.count" "$@" >"$work/$name.out" 2>&1 &
	server=$!
	tries=0
	until python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()' "$port" 2>/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || return 1
		sleep 0.1
	done
}

record_nginx() {
	mkdir "$work/site"
	head -c 5000 /dev/zero >"$work/site/small.html"
	head -c 300000 /dev/zero >"$work/site/large.html"
	cat >"$work/nginx.conf" <<-EOF
		daemon off;
		worker_processes 2;
		pid $work/nginx.pid;
		error_log $work/error.log;
		events { worker_connections 256; }
		http {
			access_log $work/access.log;
			client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi;
			uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
			sendfile on;
			server { listen 127.0.0.1:8187; root $work/site; }
		}
	EOF
	chmod 755 "$work/site"
	serve nginx 8187 nginx -c "$work/nginx.conf" -e "$work/error.log"
	for page in small.html large.html missing.html small.html; do
		ab -q -k -n 400 -c 4 "http://127.0.0.1:8187/$page" >/dev/null
		ab -q -n 200 -c 4 "http://127.0.0.1:8187/$page" >/dev/null
	done
	kill -QUIT "$(cat "$work/nginx.pid")"
	wait "$server"
}

record_redis() {
	serve redis 6387 redis-server --port 6387 --bind 127.0.0.1 --dir "$work" --appendonly yes --save '' --daemonize no
	redis-benchmark -p 6387 -q -n 2000 -c 20 -t set,get,lpush,incr >/dev/null
	redis-cli -p 6387 shutdown nosave
	wait "$server" || true
}

record_gcc() {
	{
		echo '#include <stdio.h>'
		echo '#include <stdlib.h>'
		i=0
		while [ "$i" -lt 150 ]; do
			echo "int f$i(int a) { char *p = malloc((size_t)a + $i); int r = p != NULL; free(p); return r * a; }"
			i=$((i + 1))
		done
	} >"$work/functions.c"
	printf '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n' >"$work/hello.c"
	count gcc gcc -O2 -c "$work/functions.c" -o "$work/functions.o"
	count gcc gcc "$work/hello.c" -o "$work/hello"
}

record_sqlite3() {
	{
		echo 'create table t(a integer primary key, b text);'
		echo 'with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)'
		echo "insert into t select i, 'row ' || i from n;"
		echo 'select count(*) from t where b like "%7%";'
		for i in 1 2 3 4 5 6 7 8 9 10; do
			echo "insert into t(b) values ('one more $i');"
		done
		echo 'delete from t where a % 3 = 0;'
		echo 'vacuum;'
	} >"$work/input.sql"
	count sqlite3 sqlite3 "$work/test.db" ".read $work/input.sql"
}

record_python3() {
	cat >"$work/work.py" <<-'EOF'
		import hashlib, http.client, json, os, sqlite3, subprocess
		found = []
		for root, _, names in os.walk("/usr/include"):
		    found += [os.path.join(root, name) for name in sorted(names)]
		sums = {}
		for path in found[:1000]:
		    if os.path.isfile(path):
		        with open(path, "rb") as file:
		            sums[path] = hashlib.sha256(file.read()).hexdigest()
		json.dumps(sums)
		sqlite3.connect(":memory:").execute("select 1").fetchall()
		subprocess.run(["/bin/true"], check=True)
	EOF
	count python3 /usr/bin/python3 "$work/work.py"
}

record_sh() {
	cat >"$work/work.sh" <<-'EOF'
		cd /usr/include || exit 1
		total=0
		for file in *.h; do
			[ -r "$file" ] || continue
			lines=$(wc -l <"$file")
			total=$((total + lines))
		done
		ls -l /usr/bin | sort -k 5 -n | tail -n 5
		find . -name '*.h' | sed 's/.*\///' | sort | uniq -c | sort -rn | head -n 5
		grep -r -l size_t . | wc -l
		echo "$total"
	EOF
	count sh sh "$work/work.sh"
}

# write NAME: sums of what was counted, the most frequent first
write() {
	{
		echo "# How often $1 made each call. Recorded by \`bench/record.sh $1\` (function record_$1: strace -f -c), $(date +%F),"
		echo "# Linux $(uname -r | sed 's/-.*//'), $(uname -m), Debian $(cut -d. -f1 /etc/debian_version), $(dpkg-query -W -f '${Package} ${Version}' "$2" | sed 's/-[^-]*$//')."
		echo "#"
		echo "# call	count"
		awk '$1 ~ /^[0-9]+$/ && $2 != "total" { n[$2] += $1 } END { for (c in n) printf "%s\t%d\n", c, n[c] }' \
			"$work/$1.count" | sort -t "$(printf '\t')" -k 2,2nr -k 1,1
	} >"$here/bench/histograms/$1.tsv"
	echo "bench/histograms/$1.tsv: $(awk '!/^#/ { n += $2 } END { print n }' "$here/bench/histograms/$1.tsv") calls"
}

mix() { # each program counts alike; rows of data/frequency.tbl
	awk '/^#/ { next }
		{ n[FILENAME, $1] = $2; total[FILENAME] += $2; calls[$1]; files[FILENAME] }
		END {
			for (f in files) many++
			for (c in calls) {
				share = 0
				for (f in files) share += n[f, c] / total[f]
				weight = int(10000 * share / many + 0.5)
				if (weight > 0) printf "%-16s %d\n", c, weight
			}
		}' bench/histograms/*.tsv | sort
}

if [ "${1-}" = --mix ]; then
	mix
	exit
fi
[ $# -gt 0 ] || set -- nginx redis gcc sqlite3 python3 sh
for program; do
	case $program in
	nginx) package=nginx-light ;;
	redis) package=redis-server ;;
	sh) package=dash ;;
	gcc | sqlite3 | python3) package=$program ;;
	*) echo "record.sh: no program $program" >&2 && exit 2 ;;
	esac
	"record_$program"
	write "$program" "$package"
done
