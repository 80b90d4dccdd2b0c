#!/bin/sh
# doctor.sh - what `cordon doctor` finds out about this kernel by trying is what Debian's kernel of that version has.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/guest/guest.sh"

# What Debian's kernels have, for root: the words of `cordon doctor --kernel`.
known() {
	cat <<-EOF
		seccomp yes
		notify yes
		userns yes
		privileged yes
		mount_setattr yes
		cgroup2 yes
		cgroup2_cpu yes
		bpf_lsm yes
		execveat_token yes
		ns pid net ipc uts user mount
		arches x86_64 i386 x32
		uid 0
	EOF
	case $(uname -r) in
	6.1.*) printf 'landlock 2\nmdwe no\nexec_check no\n' ;;
	*) printf 'landlock %s\nmdwe yes\nexec_check no\n' "$(landlock_abi)" ;;
	esac
}

check_words() {
	known | sort >"$tap_dir/known"
	"$CORDON" doctor --json >"$tap_dir/json"
	"$CORDON" doctor --kernel | sort | diff "$tap_dir/known" - && return
	cat "$tap_dir/json"
	"$CORDON" doctor --json
	return 1
}

# The same kernel, for somebody who is not root.
check_user() {
	known | sed 's/^\(privileged\|cgroup2\|cgroup2_cpu\|bpf_lsm\) yes/\1 no/; s/^uid 0/uid 65534/' | sort >"$tap_dir/known"
	as 65534 "$CORDON" doctor --kernel | sort | diff "$tap_dir/known" -
}

check_json() {
	"$CORDON" doctor --json | python3 -c '
import json, sys
report = json.load(sys.stdin)
for check in report["checks"]:
    print(check["id"], check["value"], check["duration_us"], check["detail"])
checks = {check["id"]: check for check in report["checks"]}
assert report["schema"] == "cordon.doctor/1"
assert report["enough"] is True
assert checks["landlock"]["value"] == int(sys.argv[1])
assert all(check["available"] or check["remedy"] for check in report["checks"])' "$(landlock_abi)"
}

t "as root" check_words
t "as uid 65534" check_user
t "--json tells the same, and what to do about what is missing" check_json
tap_done
