#!/bin/sh
# install-deps.sh [--dry-run] SECTION... - install what scripts/deps lists in the sections and this system lacks.
# Asks no questions, starts no services, and does not touch the network when nothing is missing. With --dry-run it only
# says what is missing: status 1 if anything is.
set -eu
here=$(dirname "$0")
dry_run=no
[ "${1-}" = --dry-run ] && dry_run=yes && shift

if ! command -v dpkg-query >/dev/null; then
	echo "install-deps: this is no Debian system; install by hand what $here/deps lists" >&2
	exit 1
fi

# Packages of the sections that are named in "$@", one a line.
wanted() {
	awk -v sections=" $* " '
		/^\[/ { inside = index(sections, " " substr($1, 2, length($1) - 2) " "); next }
		inside && NF && !/^#/ { print $1 }' "$here/deps"
}

missing=
for package in $(wanted "$@"); do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$dry_run" = yes ]; then
	echo "missing packages:$missing"
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	printf 'Packages are missing. As root: apt-get install --no-install-recommends%s\n' "$missing" >&2
	exit 1
fi

# Servers that come along (nginx, redis) shall not start: the tests start their own, confined. Debian's way to say so is
# this file; where the administrator already has one, it stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi

echo "==> installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list
apt-get install -qq --yes --no-install-recommends -o Dpkg::Options::=--force-confold $missing >/dev/null
