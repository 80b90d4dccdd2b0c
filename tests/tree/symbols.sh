#!/bin/sh
# What the libraries show and what the programs need: only names that a public header declares, and nothing but libc.
. "${TAP_SH:?}"
cd "${CORDON_BUILD:?}" || exit 1

# The functions that public headers declare, one a line.
declared() {
	find "${CORDON_SOURCE:?}/include/cordon" -name '*.h' -exec \
		gcc -E -P -include {} -x c /dev/null -I"$CORDON_SOURCE/include" \; |
		grep -oE '\bcordon_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u
}

not() {
	! "$@"
}

same() {
	diff -u "$1" "$2"
}

# needs_only FILE NAME...: DT_NEEDED of FILE is within the names
needs_only() {
	file=$1
	shift
	for library in $(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		case " $* " in
		*" $library "*) ;;
		*) echo "$file needs $library" && return 1 ;;
		esac
	done
}

declared >"$tap_dir/declared"
nm -D --defined-only libcordon.so | awk '$2 != "A" { sub("@.*", "", $3); print $3 }' | sort -u >"$tap_dir/shared"
nm --defined-only --extern-only libcordon.a | awk 'NF == 3 { print $3 }' | sort -u >"$tap_dir/static"

t 'public headers declare something' test -s "$tap_dir/declared"
t 'libcordon.so shows what the headers declare, and nothing else' same "$tap_dir/declared" "$tap_dir/shared"
t 'libcordon.a shows the same' same "$tap_dir/declared" "$tap_dir/static"
t 'libcordon.so has the soname libcordon.so.0' sh -c 'readelf -d libcordon.so | grep -q "SONAME.*\[libcordon.so.0\]"'
t 'every name of libcordon.so has the version CORDON_0' \
	sh -c '! nm -D --defined-only libcordon.so | grep cordon_ | grep -v "@@CORDON_0$"'
# What can be written: the compiler's own, and src/enforce/threads.c, which says why.
writable() {
	objdump -t "$1" | awk 'NF > 3 && $(NF - 2) == ".bss" || NF > 3 && $(NF - 2) == ".data" { print $NF }' |
		grep -vxE '\.bss|\.data|__dso_handle|__TMC_END__|completed\.[0-9]+' | sort
}

if [ "${CORDON_SANITIZED:?}" = yes ]; then
	skip 'libcordon.so has no static data but that of a stop' 'needs: a build without sanitizers'
else
	t 'libcordon.so has no static data but that of a stop' test "$(writable libcordon.so)" = stop
fi
if [ "${CORDON_SANITIZED:?}" = yes ]; then
	skip 'cordon needs libc and libcordon only' 'needs: a build without sanitizers'
else
	t 'cordon needs libc and libcordon only' needs_only "${CORDON:?}" libc.so.6 libcordon.so.0
fi
t 'a library too many is found' not needs_only libexec/user-lookup libcordon.so.0
tap_done
