#!/bin/sh
# Names of users: what nsswitch.conf leads to, asked only when a policy speaks of a user, and where `cordon` is linked
# statically by a helper program.
# shellcheck disable=SC2016 # $USER and $HOME are words of the policy
. "${TAP_SH:?}"
cd "$tap_dir" || exit 1
helper=${CORDON_BUILD:?}/libexec/user-lookup
name=$(id -un) uid=$(id -u) home=$(getent passwd "$uid" | cut -d: -f6)

# means RULE TEXT: the model of RULE holds TEXT
means() {
	"${CORDON:?}" compile --stop-after=model -a "$1" >said && grep -qF -- "$2" said
}

means_elsewhere() {
	HOME=/elsewhere
	export HOME
	means "$@"
}

means_homeless() (
	unset HOME
	means "$@"
)

means_childless() (
	trap '' CHLD
	means "$@"
)

status_is() {
	wanted=$1
	shift
	"$@" >said 2>&1
	[ $? -eq "$wanted" ]
}

run() {
	"$CORDON" run -a 'use std/c-runtime@1' -a "$1" -- /bin/true
}

t 'a name is a number' means 'file read /x for uid == root' 'uid == 0'
t 'a number needs no data base' means 'file read /x for uid == 4711' 'uid == 4711'
t 'an unknown name is an error' status_is 125 run 'file read /x for uid == no-such-user'
t 'the error names it' grep -q 'C0211.*no-such-user' said
t 'USER is what the data base calls the caller' means 'file read /x/$USER' "/x/$name"
t 'HOME is the environment'\''s' means_elsewhere 'file read $HOME/y' /elsewhere/y
t 'without one it is the data base'\''s' means_homeless 'file read $HOME/y' "${home%/}/y"
t 'an ignored SIGCHLD changes nothing' means_childless 'file read /x for uid == root' 'uid == 0'

# ---- the helper by itself ----
answer() {
	[ "$("$helper" "$1" "$2" | head -n 2 | tr '\n' ' ')" = "$3 " ]
}

t 'the helper knows a name' answer name root '0 root'
t 'the helper knows a number' answer id 0 '0 root'
t 'the helper knows the caller' answer id "$uid" "$uid $name"
t 'nobody has that name' status_is 1 "$helper" name no-such-user
t 'a number that is none' status_is 2 "$helper" id 12x
t 'a question that the helper does not know' status_is 2 "$helper" group root
t 'no question' status_is 2 "$helper"

# ---- without it: a copy of the program finds an installed helper, or none ----
cp "$CORDON" "$tap_dir/cordon"
CORDON=$tap_dir/cordon
t 'what names nobody needs no helper' status_is 0 run 'file read /x for uid == 0'
if run 'file read /x for uid == root' >said 2>&1; then
	skip 'a name without the helper is an error' 'needs: a static cordon, and none installed'
else
	t 'a name without the helper is an error' status_is 125 run 'file read /x for uid == root'
	t 'the error says why' grep -q 'cannot be asked' said
fi
tap_done
