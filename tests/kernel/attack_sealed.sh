#!/bin/sh
# attack_sealed.sh - `wx sealed`: once its loader is done a program makes no new executable memory, in no way, and real
# programs work under it. And scripts: an interpreter that asks the kernel is told to ask.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"
. "$CORDON_SOURCE/tests/kernel/attack.sh"

# NAME | ATTACK | LINES besides | what stands in place of `wx sealed` for the attack to work
sealed_table() {
	cat <<-EOF
		sealed_library|map-library LIBC||wx strict
		sealed_library_in_a_child|map-library-child LIBC||wx strict
		sealed_mremap|move-code||wx strict
		sealed_memfd|map-memfd|syscall memfd_create because "a test"|wx allow
		sealed_executed_image|map-library LIBC|exec $tools/** LOADER|wx strict
		sealed_personality|personality-exec|syscall personality|wx allow
	EOF
}

libc_path() {
	ldd /bin/true | sed -n 's/.*=> \(.*libc\.so[^ ]*\).*/\1/p'
}

check_table() {
	sealed_table | sed "s#LIBC#$(libc_path)#; s#LOADER#$loader#" >"$tap_dir/table"
	while IFS='|' read -r name line lines instead <&3; do
		closed "$name" "$line" "wx sealed;$lines"
		naively "$name" "$line" "$instead;$lines"
	done 3<"$tap_dir/table"
	refused sealed_memfd_and_exec "wx sealed;exec $tools/** $loader;syscall memfd_create because \"a test\"" 'memfd_create makes'
	refused sealed_shared_memory 'wx sealed;syscall shmget shmat' 'shmat maps'
}

# A program without a loader is sealed by its filter alone: no process stays behind.
check_static() {
	cp "$tools/attacker" "$tools/attacker.plain"
	cp "$CORDON_BUILD/tests/kernel/attacker-static" "$tools/attacker"
	closed sealed_static "map-library $(libc_path)" 'wx sealed'
	naively sealed_static "map-library $(libc_path)" 'wx strict'
	grant 'wx sealed'
	t "a static program needs no parent (uid $site_uid)" executes_in_place as "$site_uid" "$tools/cordon" run --dry-run -p "$granted" -- "$tools/attacker" exit-42
	mv "$tools/attacker.plain" "$tools/attacker"
}

# What an image was doesn't bind the next: each exec loads its libraries, thousands of times.
check_exec() {
	grant "wx sealed;exec /bin/sh /bin/true /usr/bin/dash /usr/bin/true $loader;signal domain"
	# shellcheck disable=SC2016 # for the shell inside
	t "executed programs load their libraries (uid $site_uid)" as "$site_uid" "$tools/cordon" run -p "$granted" -- \
		/bin/sh -c 'i=0; while [ $i -lt 300 ]; do /bin/true || exit 1; i=$((i + 1)); done'
}

check_programs() {
	grant "wx sealed;use std/tty@1"
	t "sqlite3 works sealed (uid $site_uid)" adds_up as "$site_uid" "$tools/cordon" run -p "$granted" -- /usr/bin/sqlite3 :memory: \
		'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT sum(i) FROM n'
	(cd "$site" && sed "s/^  isolate mount/  isolate mount\n  wx sealed/" "$tools/nginx.cordon" >"$tools/nginx-sealed.cordon")
	set -- "$tools/cordon" run -p "$tools/nginx-sealed.cordon" --
	[ "$site_uid" = 0 ] || set -- setpriv --reuid "$site_uid" --regid "$site_uid" --clear-groups -- "$@"
	t "nginx serves sealed (uid $site_uid)" serve "$@"
	serve_stop || :
}

# asking NAME STATUS LINES FILE: the interpreter that asks the kernel ends like this.
asking() {
	grant "$3"
	asking_status=0
	as "$site_uid" "$tools/cordon" run -p "$granted" -- "$tools/interpreter" "$4" >"$tap_dir/said" 2>&1 || asking_status=$?
	if [ "$asking_status" = "$2" ]; then
		ok "$1 (uid $site_uid)"
	else
		not_ok "$1 (uid $site_uid)" "status $asking_status: $(cat "$tap_dir/said")"
	fi
}

fails() {
	! "$@"
}

adds_up() {
	[ "$("$@")" = 5050 ]
}

executes_in_place() {
	"$@" | grep -q '^in this process'
}

check_scripts() {
	cp "$CORDON_BUILD/tests/kernel/interpreter" "$tools/interpreter"
	printf '#!%s\nthe script ran\n' "$tools/interpreter" >"$dir/script"
	chmod 755 "$dir/script"
	mine
	asking "script: wx strict doesn't make interpreters ask" 0 "file read $dir/script" "$dir/script"
	asking "script: sealed, the file may be read and not executed" 3 "wx sealed;file read $dir/script" "$dir/script"
	asking "script: sealed, the file may be executed" 0 "wx sealed;exec $dir/script $loader $tools/interpreter" "$dir/script"
	asking "script: sealed, nobody may read it" 4 "wx sealed" "$dir/script"
	grant "wx sealed;exec $dir/script $loader $tools/interpreter /bin/sh /usr/bin/dash"
	t "script: started by its name (uid $site_uid)" as "$site_uid" "$tools/cordon" run -p "$granted" -- \
		/bin/sh -c "$dir/script"
	grant "wx sealed;exec $dir/script $loader /bin/sh /usr/bin/dash"
	t "script: its interpreter isn't granted (uid $site_uid)" fails as "$site_uid" "$tools/cordon" run -p "$granted" -- \
		/bin/sh -c "$dir/script"
	grant "wx sealed;exec $tools/interpreter $loader /bin/sh /usr/bin/dash;file read $dir/script"
	t "script: only its interpreter is granted (uid $site_uid)" fails as "$site_uid" "$tools/cordon" run -p "$granted" -- \
		/bin/sh -c "$dir/script"
}

check_user() {
	check_table
	check_static
	check_exec
	check_programs
	check_scripts
}

attack_begin "sealed" check_user
