#!/bin/sh
# Every shell script parses, keeps to plain sh, and passes shellcheck.
. "${TAP_SH:?}"
cd "${CORDON_SOURCE:?}" || exit 1

scripts=$(find . -path './build*' -prune -o -path ./.git -prune -o -type f \
	\( -name '*.sh' -o -path ./check -o -path ./demo -o -path ./.ci/run \) -print | sort)
for script in $scripts; do
	t "sh -n $script" sh -n "$script"
done
if command -v shellcheck >/dev/null; then
	for script in $scripts; do
		t "shellcheck $script" shellcheck --shell=sh --severity=warning --exclude=SC1090,SC1091,SC2154 "$script"
	done
else
	skip shellcheck 'shellcheck is missing'
fi
tap_done
