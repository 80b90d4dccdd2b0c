#!/bin/sh
# accept_sqlite3.sh - the sqlite3 shell works under examples/sqlite3.cordon as root and as another user: tables, a
# transaction with its journal, a rollback, WAL; and its own ways out (.shell, ATTACH, writefile) are closed.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

sql() {
	as "$uid" "$tools/cordon" run -p "$tools/sqlite3.cordon" -- /usr/bin/sqlite3 -batch "$@"
}

check_fill() {
	sql notes.db "create table t(a integer primary key, b text); begin;
		insert into t select value, hex(randomblob(16)) from generate_series(1, 1000); commit;
		create index i on t(b); begin; delete from t; rollback;"
	[ "$(sql notes.db 'select count(*), sum(a) from t;')" = "1000|500500" ]
}

check_wal() {
	[ "$(sql wal.db 'pragma journal_mode=wal; create table t(a); insert into t values (1), (2); select sum(a) from t;')" = "wal
3" ]
}

check_vacuum() {
	[ "$(sql notes.db 'vacuum; pragma integrity_check;')" = ok ]
}

check_shell() {
	sql notes.db '.shell echo out >shell.txt' || :
	[ ! -e shell.txt ]
}

check_attach() {
	rm -f "$tap_dir/elsewhere/x.db"
	! sql notes.db "attach '$tap_dir/elsewhere/x.db' as x; create table x.t(a);" && [ ! -e "$tap_dir/elsewhere/x.db" ]
}

check_readfile() {
	[ "$(sql notes.db "select quote(readfile('$tap_dir/elsewhere/secret'));")" = NULL ]
}

check_user() {
	uid=$1
	user_can_isolate "uid $uid" "$uid" || return
	rm -rf "$tap_dir/elsewhere"
	user_directory elsewhere "$uid"
	mv "$tap_dir/elsewhere-$uid" "$tap_dir/elsewhere"
	echo secret >"$tap_dir/elsewhere/secret"
	chown "$uid" "$tap_dir/elsewhere/secret"
	user_directory sqlite3 "$uid"
	t "uid $uid: tables, a transaction, an index, a rollback" check_fill
	t "uid $uid: write-ahead log" check_wal
	t "uid $uid: vacuum and integrity check" check_vacuum
	t "uid $uid: .shell starts nothing" check_shell
	t "uid $uid: no database elsewhere" check_attach
	t "uid $uid: no file of the same user elsewhere is read" check_readfile
}

accept_begin "sqlite3"
t "the tests and theorems of sqlite3.cordon hold" check_example sqlite3
check_user 0
check_user 65534
tap_done
