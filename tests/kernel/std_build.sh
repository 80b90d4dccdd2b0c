#!/bin/sh
# std_build.sh - under std/build an untrusted source tree is configured, compiled and tested: in its directory, with a /tmp
# of its own, without network and without the rest of the user's files.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

only='use std/build@1'

write_sources() {
	cat >configure <<-'EOF'
		#!/bin/sh
		echo 'int main(void) { return 0; }' >conftest.c && cc -o conftest conftest.c && ./conftest && echo "CFLAGS=-O2" >config.mk
	EOF
	chmod 755 configure
	printf 'include config.mk\ncheck: hello\n\t./hello | grep hello\nhello: hello.o\n\tcc -o $@ $^\n' >Makefile
	printf '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n' >hello.c
	chown -R "$uid:$uid" .
}

check_build() {
	under "$only" sh -c './configure && make check' && [ -x hello ]
}

check_clean() {
	under "$only" sh -c 'rm -rf hello hello.o conftest* && mkdir -p sub/dir && mv hello.c sub/dir && ln -s sub/dir/hello.c . && ls -la'
}

check_elsewhere() {
	denied "$only" sh -c "echo x >'$tap_dir/elsewhere-$uid/new'" && [ ! -e "$tap_dir/elsewhere-$uid/new" ]
}

check_secret() {
	denied "$only" cat "$tap_dir/elsewhere-$uid/secret"
}

check_user() {
	uid=$1
	user_can_isolate "uid $uid" "$uid" || return
	user_directory elsewhere "$uid"
	echo secret >secret
	chown "$uid" secret
	user_directory build "$uid"
	write_sources
	t "uid $uid: configure, make, run the test" check_build
	t "uid $uid: delete, rename, link" check_clean
	t "uid $uid: nothing is written elsewhere" check_elsewhere
	t "uid $uid: nothing is read there" check_secret
	t "uid $uid: no network" denied "$only;file read $tools/**" "$tools/attacker" socket tcp
}

accept_begin "std/build"
check_user 0
check_user 65534
tap_done
