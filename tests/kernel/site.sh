# shellcheck shell=sh
# site.sh - what the demo and the acceptance tests share: a site, that is a directory for nginx with an attacker beside it,
# and the attacks with what would have to be granted for each. Source it, in a cell (cell.c). Variables:
#   CORDON CORDON_SOURCE CORDON_BUILD   the program, the source tree, the build tree
#   CELL_PROGRAM                        cell
# The site's files belong to the user who will run there; programs and policies are copies, since that user may have no
# way into the source tree.

# as UID COMMAND...: as this user, without other groups and privileges.
as() {
	as_uid=$1
	shift
	if [ "$as_uid" = 0 ]; then
		"$@"
	else
		HOME=/nonexistent setpriv --reuid "$as_uid" --regid "$as_uid" --clear-groups -- "$@"
	fi
}

# tools_make DIRECTORY: the programs and policies. Sets $tools.
tools_make() {
	tools=$1
	mkdir -p "$tools"
	cp "$CORDON" "$tools/cordon"
	cp "$CORDON_BUILD/tests/kernel/attacker" "$tools/attacker"
	cp "$tools/attacker" "$tools/payload"
	cp "$CORDON_SOURCE"/examples/*.cordon "$tools"
	chmod 755 "$tools" "$tools/cordon" "$tools/attacker"
	chmod 644 "$tools"/*.cordon "$tools/payload"
}

# site_make DIRECTORY UID: nginx's files for one user. Sets $site, $site_uid.
site_make() {
	site=$1
	site_uid=$2
	mkdir -p "$site/conf" "$site/www"
	cp "$CORDON_SOURCE/examples/nginx/nginx.conf" "$site/conf"
	echo '<p>A page.</p>' >"$site/www/index.html"
	head -c 20000 /dev/zero | tr '\0' x >"$site/www/large.html"
	echo 'a secret of the same user' >"$site/secret"
	mkdir -p "$site/run/body" "$site/run/proxy" "$site/run/fastcgi" "$site/run/uwsgi" "$site/run/scgi"
	chown -R "$site_uid:$site_uid" "$site"
	chmod -R u=rwX,go=rX "$site"
	chmod 600 "$site/secret"
	# Root's workers are www-data.
	[ "$site_uid" != 0 ] || chown www-data "$site"/run/*
}

# serve [COMMAND...]: start nginx in the site, by COMMAND (cordon run ...) or as it is. Returns when it answers.
serve() {
	(cd "$site" && exec "$@" /usr/sbin/nginx -p . -c conf/nginx.conf) >"$site/nginx.out" 2>&1 &
	serve_pid=$!
	serve_tries=200
	until curl -s -o /dev/null http://127.0.0.1:8080/index.html; do
		serve_tries=$((serve_tries - 1))
		if [ "$serve_tries" = 0 ] || ! kill -0 "$serve_pid" 2>/dev/null; then
			cat "$site/nginx.out" "$site/run/error.log" 2>/dev/null
			kill "$serve_pid" 2>/dev/null
			serve_pid=
			return 1
		fi
		sleep 0.05
	done
}

serve_stop() {
	[ -z "${serve_pid-}" ] || {
		kill -QUIT "$(cat "$site/run/nginx.pid")" && wait "$serve_pid"
		serve_status=$?
		serve_pid=
		return "$serve_status"
	}
}

# load REQUESTS PAGE: prints `REQUESTS_PER_SECOND FAILED`.
load() {
	ab -q -n "$1" -c 8 "http://127.0.0.1:8080/$2" 2>&1 | awk '
		/^Requests per second/ { rate = int($4) }
		/^Failed requests/ { failed = $3 }
		/^Non-2xx/ { failed += $3 }
		/^Complete requests/ { complete = $3 }
		END { print rate + 0, (complete == '"$1"' ? failed + 0 : '"$1"' - complete) }'
}

# loader_path: the dynamic loader of this machine's programs.
loader_path() {
	for loader_each in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do
		[ ! -e "$loader_each" ] || echo "$loader_each"
	done
}

# The attacks, one a line: WHAT | ATTACK AND ARGUMENTS | what Cordon has to grant for it, lines separated by ";" | root
# where only root may do such a thing at all. STRANGER is a process of the same user outside; it is new for each attempt. PORT is where somebody listens.
attack_table() {
	loader=$(loader_path)
	cat <<-EOF
		read /etc/shadow|read-file /etc/shadow|file read /etc/shadow|root
		read a secret of the same user|read-file $site/secret|file read $site/secret
		start a shell|shell|exec /bin/sh $loader
		connect out|connect PORT|net connect tcp *:PORT
		write below the web root|create-file $site/www/new.html|file write,create $site/www/**
		map writable and executable memory|map-rwx|wx allow
		trace a process|ptrace|ptrace because "a test";wx allow
		load a kernel module|module|cap sys_module;syscall init_module because "a test"|root
		make a user namespace|userns|syscall unshare if flags == CLONE_NEWUSER because "a test"
		send a signal to a stranger|signal STRANGER|signal other
		read /proc/1/environ|environ 1|file read /proc/**
	EOF
}

# listener_start: somebody to connect to. Sets $listen_port.
listener_start() {
	listen_port=4444
	python3 -c '
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen(64)
print("ready", flush=True)
while True:
    s.accept()[0].close()' "$listen_port" >"$tools/listener" &
	listener_pid=$!
	until grep -qs ready "$tools/listener"; do
		kill -0 "$listener_pid" || return 1
		sleep 0.05
	done
}

# stranger_start: a process of $site_uid that belongs to nobody's domain. Sets $stranger.
stranger_start() {
	if [ "$site_uid" = 0 ]; then
		sleep 60 &
	else
		setpriv --reuid "$site_uid" --regid "$site_uid" --clear-groups sleep 60 &
	fi
	stranger=$!
	# It is a stranger of this user once setpriv has become sleep.
	until [ "$(cat "/proc/$stranger/comm")" = sleep ]; do
		kill -0 "$stranger" || return 1
		sleep 0.02
	done
}

# What an attempt did to a stranger counts, not what it thinks: one that got a signal is gone, another lives. A signal
# whose call succeeded and that never arrived was denied.
stranger_check() {
	case $outcome/$attempt_line in
	succeeded/signal* | succeeded/owner* | succeeded/sigio*)
		timeout 3 tail -s 0.05 --pid="$stranger" -f /dev/null || {
			outcome=denied
			said="$said, but no signal arrived"
		}
		;;
	*) kill -0 "$stranger" 2>/dev/null || outcome=broken ;;
	esac
	kill "$stranger" 2>/dev/null || :
	wait "$stranger" 2>/dev/null || :
}

# attempt ATTACK [COMMAND...]: perform one attack as $site_uid in the site; the attacker is started by COMMAND, or as it
# is. Sets $outcome (succeeded, denied, untried, broken, unstarted) and $said (the line that it or Cordon printed).
# $attempt_in chooses where:
#   here     (default) in this cell
#   child    in a new cell whose process 1 is a shell of the same user, outside the domain
#   init     in a new cell whose process 1 is the attacker itself, where COMMAND executes in place
attempt() {
	attempt_line=$1
	shift
	stranger=
	case $attempt_line in
	*STRANGER*) stranger_start ;;
	esac
	attempt_line=$(echo "$attempt_line" | sed "s/STRANGER/$stranger/; s/PORT/${listen_port-0}/")
	rm -f "$site/www/new.html"
	# The attack's words are split here.
	# shellcheck disable=SC2086
	set -- "$@" "$tools/attacker" $attempt_line
	case ${attempt_in-here} in
	child) set -- sh -c '"$@"; exit $?' sh "$@" ;;
	esac
	case $site_uid in
	0) ;;
	*) set -- setpriv --reuid "$site_uid" --regid "$site_uid" --clear-groups "$@" ;;
	esac
	case ${attempt_in-here} in
	child | init) set -- "$CELL_PROGRAM" "$@" ;;
	esac
	attempt_status=0
	# shellcheck disable=SC2034 # for whoever called
	said=$(cd "$site" && HOME=/nonexistent "$@" 2>&1) || attempt_status=$?
	case $attempt_status in
	0) outcome=succeeded ;;
	1 | 159) outcome=denied ;; # 159: killed by SIGSYS
	2) outcome=untried ;;
	125 | 126 | 127) outcome=unstarted ;;
	*) outcome=broken ;;
	esac
	[ -z "$stranger" ] || stranger_check
}

# grant LINES: a policy of what any C program needs and just these lines (separated by ";"). Sets $granted, its file.
grant() {
	granted=$tools/granted.cordon
	{
		echo 'cordon 1'
		echo 'profile granted {'
		echo '  use std/c-runtime@1'
		echo "$1" | sed "s/PORT/${listen_port-0}/g" | tr ';' '\n'
		echo '}'
	} >"$granted"
}
