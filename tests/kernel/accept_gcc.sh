#!/bin/sh
# accept_gcc.sh - gcc compiles and links under examples/gcc.cordon as root and as another user; what it builds runs
# outside; source code that tries to read secrets or to run programs gets neither.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

gcc_confined() {
	as "$uid" "$tools/cordon" run -p "$tools/gcc.cordon" -- /usr/bin/gcc "$@"
}

write_sources() {
	printf '#include <stdio.h>\n#include "sum.h"\nint main(void) { printf("%%d\\n", sum(40, 2)); return 0; }\n' >main.c
	printf 'int sum(int a, int b);\n' >sum.h
	printf '#include "sum.h"\nint sum(int a, int b) { return a + b; }\n' >sum.c
	printf 'int main(void) { return 0; }\n#include "%s/secret"\n' "$tap_dir" >include.c
	printf '__asm__(".incbin \\"%s/secret\\"");\nint main(void) { return 0; }\n' "$tap_dir" >incbin.c
	echo 'a secret' >"$tap_dir/secret"
	chmod 644 "$tap_dir/secret"
	chown -R "$uid:$uid" .
}

check_build() {
	gcc_confined -O2 -Wall -o sum main.c sum.c && [ "$(as "$uid" ./sum)" = 42 ]
}

check_separate() {
	gcc_confined -c -g -o main.o main.c && gcc_confined -c -g -o sum.o sum.c && gcc_confined -o apart main.o sum.o &&
		[ "$(as "$uid" ./apart)" = 42 ]
}

check_lto() {
	gcc_confined -O2 -flto -o lto main.c sum.c && [ "$(as "$uid" ./lto)" = 42 ]
}

check_error() { # a compiler's own failure passes through
	echo 'int main(void) { return x; }' >wrong.c
	gcc_confined -o wrong wrong.c >"$tap_dir/error" 2>&1
	[ $? = 1 ] && grep -q "undeclared" "$tap_dir/error"
}

check_secret() { # the source, and what the compiler says about the file
	! gcc_confined -o stolen "$1" >"$tap_dir/error" 2>&1 && cat "$tap_dir/error" &&
		grep -qE 'Permission denied|[Nn]o such file|file not found' "$tap_dir/error" && ! grep -q 'a secret' "$tap_dir/error"
}

check_secret_baseline() {
	as "$uid" gcc -o stolen "$1" >"$tap_dir/error" 2>&1
	! grep -qE 'Permission denied|[Nn]o such file|file not found' "$tap_dir/error"
}

check_program() { # -wrapper starts any program in front of the compiler
	! gcc_confined -wrapper '/bin/sh,-c,echo >touched' -c main.c >"$tap_dir/error" 2>&1 && cat "$tap_dir/error" &&
		[ ! -e touched ]
}

check_program_baseline() {
	as "$uid" gcc -wrapper '/bin/sh,-c,echo >touched' -c main.c >/dev/null 2>&1
	[ -e touched ]
}

check_tmp() { # the /tmp that it sees is its own
	echo 'int outside;' >"$tap_dir/outside.c"
	chmod 644 "$tap_dir/outside.c"
	case $tap_dir in
	/tmp/*) ! gcc_confined -c "$tap_dir/outside.c" >"$tap_dir/error" 2>&1 && grep 'No such file' "$tap_dir/error" ;;
	esac
}

check_user() {
	uid=$1
	user_can_isolate "uid $uid" "$uid" || return
	user_directory gcc "$uid"
	write_sources
	t "uid $uid: compile and link, run outside" check_build
	t "uid $uid: compile apart, link, run outside" check_separate
	t "uid $uid: link-time optimisation" check_lto
	t "uid $uid: an error in the source is the compiler's" check_error
	t "uid $uid: #include of a secret is denied" check_secret include.c
	t "uid $uid: and works without Cordon" check_secret_baseline include.c
	t "uid $uid: .incbin of a secret is denied" check_secret incbin.c
	t "uid $uid: and works without Cordon" check_secret_baseline incbin.c
	t "uid $uid: -wrapper starts no other program" check_program
	t "uid $uid: and does without Cordon" check_program_baseline
	t "uid $uid: /tmp is its own" check_tmp
}

accept_begin "gcc"
t "the tests and theorems of gcc.cordon hold" check_example gcc
check_user 0
check_user 65534
tap_done
