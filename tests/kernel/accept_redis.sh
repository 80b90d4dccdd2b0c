#!/bin/sh
# accept_redis.sh - redis works under examples/redis.cordon as root and as another user: a load, a snapshot by a forked
# child, a restart that finds the data; and it can't be told to write where it shouldn't.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"

cli() {
	redis-cli -p 6379 "$@"
}

# redis_start [COMMAND...]: by COMMAND, or as it is.
redis_start() {
	as "$uid" "$@" /usr/bin/redis-server --bind 127.0.0.1 --port 6379 --dir . --save '' --enable-protected-configs yes \
		>redis.log 2>&1 &
	redis_pid=$!
	tries=200
	until [ "$(cli ping 2>/dev/null)" = PONG ]; do
		tries=$((tries - 1))
		if [ "$tries" = 0 ] || ! kill -0 "$redis_pid" 2>/dev/null; then
			cat redis.log
			kill "$redis_pid" 2>/dev/null
			redis_pid=
			return 1
		fi
		sleep 0.05
	done
}

redis_stop() {
	cli shutdown save
	wait "$redis_pid" || {
		cat redis.log
		return 1
	}
}

check_values() {
	cli set key value && cli lpush list a b c && [ "$(cli get key)" = value ] && [ "$(cli llen list)" = 3 ]
}

check_load() {
	redis-benchmark -p 6379 -q -n 4000 -c 8 -t set,get,incr,lpush
}

check_snapshot() {
	cli bgsave
	tries=100
	until cli info persistence | grep -q '^rdb_bgsave_in_progress:0'; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
	cli info persistence | grep rdb_last_bgsave_status:ok && [ -s dump.rdb ]
}

check_confined() {
	grep -q '^Seccomp:[[:space:]]*2' "/proc/$(cli info server | sed -n 's/^process_id:\([0-9]*\).*/\1/p')/status"
}

# What an attacker with access to an open redis does first: have it write a file where he wants one.
write_elsewhere() {
	rm -f "$elsewhere"/*
	cli config set dir "$elsewhere"
	cli save
	cli config set dir "$PWD"
	[ -e "$elsewhere/dump.rdb" ]
}

check_elsewhere() {
	! write_elsewhere
}

check_complaints() {
	cat redis.log
	! grep -iE 'denied|not permitted|crash|fatal' redis.log
}

check_user() {
	uid=$1
	user_can_isolate "uid $uid" "$uid" || return
	user_directory elsewhere "$uid"
	elsewhere=$PWD
	user_directory redis "$uid"
	set -- "$tools/cordon" run -p "$tools/redis.cordon" --
	t "uid $uid: redis starts under its policy" redis_start "$@"
	[ -n "$redis_pid" ] || return
	t "uid $uid: values come back" check_values
	t "uid $uid: a load of four commands" check_load
	t "uid $uid: a forked child writes a snapshot" check_snapshot
	t "uid $uid: it is confined" check_confined
	t "uid $uid: it stops and saves" redis_stop
	t "uid $uid: it starts again" redis_start "$@"
	[ -n "$redis_pid" ] || return
	t "uid $uid: the data are there" test "$(cli get key)" = value
	t "uid $uid: no complaint in its log" check_complaints
	t "uid $uid: it can't be made to write elsewhere" check_elsewhere
	t "uid $uid: it stops" redis_stop
	t "uid $uid: it starts without Cordon" redis_start
	t "uid $uid: and writes elsewhere" write_elsewhere
	t "uid $uid: it stops without Cordon" redis_stop
}

accept_begin "redis"
t "the tests and theorems of redis.cordon hold" check_example redis
check_user 0
check_user 65534
tap_done
