#!/bin/sh
# refused.sh - a policy that needs more than this kernel has is refused, naming the rule and the mechanism that is missing, and
# nothing runs; with --best-effort the program runs, and the same is listed as lost; `require` is never lost.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/guest/guest.sh"

# NAME | the kernel lacks it below this Landlock ABI, or "mdwe" | LINES besides what this kernel carries | the rule | what is missing
refusals() {
	cat <<-EOF
		connect to a port|4|net connect tcp *:443|net connect tcp|TCP ports need Landlock ABI 4, this kernel has ABI; missing: landlock
		accept on a port|4|net accept tcp *:8080|net accept tcp|TCP ports need Landlock ABI 4, this kernel has ABI; missing: landlock
		signals of the domain alone|6|signal domain|signal domain|this kernel's Landlock (ABI ABI) can't keep signals inside the domain; missing: landlock
		what nobody wrote: signals stay inside|6||signals stay in the domain|it needs Landlock ABI 6, this kernel has ABI; missing: landlock
		what nobody wrote: W^X for i386|mdwe|arch x86_64 i386|wx strict|this kernel has no PR_SET_MDWE (6.3), which more than x86_64 and x32 need; missing: prctl
		a requirement|4|require landlock >= 4 else refuse|require landlock >= 4|this kernel has landlock ABI; missing: launch
		a requirement that is no number|mdwe|require mdwe else refuse|require mdwe|this kernel has mdwe 0; missing: launch
	EOF
}

# What this kernel carries in any case, so that the rule in question is all that is wrong.
carried() {
	case $1 in
	*W^X*) echo 'syscall @basic;file read /**;isolate pid' ;;
	*inside | *domain*) echo 'syscall @basic;file read /**;wx allow' ;;
	*) echo 'syscall @basic;file read /**;wx allow;isolate pid' ;;
	esac
}

check_refused() {
	status=0
	as "$uid" "$tools/cordon" run -p "$policy" -- "$tools/attacker" exit-42 >"$tap_dir/out" 2>&1 || status=$?
	cat "$tap_dir/out"
	[ "$status" = 125 ] && grep -qF "error[C0401]: nothing here carries \`$1" "$tap_dir/out" && grep -qF "$2" "$tap_dir/out"
}

check_listed() {
	status=0
	as "$uid" "$tools/cordon" run --best-effort -p "$policy" -- "$tools/attacker" exit-42 >"$tap_dir/out" 2>&1 || status=$?
	cat "$tap_dir/out"
	case $1 in
	require*) # is no rule that could be lost
		[ "$status" = 125 ] && grep -qF "error[C0401]: nothing here carries \`$1" "$tap_dir/out"
		;;
	*)
		[ "$status" = 42 ] && grep -qF "warning[C0402]: \`$1" "$tap_dir/out" && grep -qF "$2" "$tap_dir/out" &&
			grep -q 'WARNING: best effort: [12] lines\{0,1\} of the policy' "$tap_dir/out"
		;;
	esac
}

lacks() {
	case $1 in
	mdwe) "$CORDON" doctor --kernel | grep -qx 'mdwe no' ;;
	*) [ "$abi" -lt "$1" ] ;;
	esac
}

abi=$(landlock_abi)
refusals | sed "s/this kernel has ABI/this kernel has $abi/; s/landlock ABI/landlock $abi/; s/ABI ABI/ABI $abi/" >"$tap_dir/table"
for uid in 0 65534; do
	while IFS='|' read -r name since lines rule missing <&3; do
		if ! lacks "$since"; then
			skip "$name (uid $uid)" "needs: a kernel without it"
			continue
		fi
		policy "$(carried "$name");$lines"
		t "$name is refused (uid $uid)" check_refused "$rule" "$missing"
		t "$name with --best-effort (uid $uid)" check_listed "$rule" "$missing"
	done 3<"$tap_dir/table"
done
tap_done
