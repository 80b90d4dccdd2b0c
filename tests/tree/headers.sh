#!/bin/sh
# Each public header compiles alone, as C and as C++, with gcc and clang; each internal header compiles alone as C.
. "${TAP_SH:?}"
cd "${CORDON_SOURCE:?}" || exit 1

strict='-Wall -Wextra -Wpedantic -Werror -fsyntax-only'

# compiles_alone HEADER LANGUAGE COMPILER OPTION...: also twice in a row, so that its guard is tried
compiles_alone() {
	header=$1 language=$2
	shift 2
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" | "$@" -x "$language" -
}

for header in $(find include -name '*.h' | sort); do
	name=${header#include/}
	# shellcheck disable=SC2086 # $strict is a list
	for compiler in gcc:c:c99 clang:c:c99 g++:c++:c++11 clang++:c++:c++11; do
		command=${compiler%%:*} standard=${compiler##*:} language=${compiler#*:}
		t "$name with $command as $standard" \
			compiles_alone "$name" "${language%:*}" "$command" $strict "-std=$standard" -Iinclude
	done
done
for header in $(find src -name '*.h' | sort); do
	t "$header" compiles_alone "${header#src/}" c gcc -Wall -Wextra -Wno-comment -Werror -fsyntax-only -std=gnu17 \
		-D_GNU_SOURCE -Isrc -Iinclude "-I${CORDON_BUILD:?}"
done
tap_done
