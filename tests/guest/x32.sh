#!/bin/sh
# x32.sh - a kernel that answers calls by x32 numbers: they are closed with ENOSYS unless the policy names the architecture,
# and then held by the same rules.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/guest/guest.sh"

check_enosys() {
	attack_prepare
	grant "$here"
	attempt x32 "$tools/cordon" run -p "$granted" --
	echo "$outcome: $said"
	[ "$outcome" = denied ] && echo "$said" | grep ENOSYS
}

for uid in 0 65534; do
	attack_begin "$uid"
	attack_row "T14_x32" x32 '' 'arch x86_64 x32'
	t "T14_x32: the answer is ENOSYS (uid $uid)" check_enosys
done
tap_done
