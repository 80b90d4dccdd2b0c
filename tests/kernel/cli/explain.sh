#!/bin/sh
# cordon explain: names, requests with their reasons and fixes, plans; and cordon doctor.
# shellcheck source=tests/kernel/cli/cli.sh
. "${CORDON_SOURCE:?}/tests/kernel/cli/cli.sh"

exits "a code" 0 "$CORDON" explain C0504
writes "a code: text" "C0504: others can write the policy"
exits "codes" 0 "$CORDON" explain codes
cut -c 1-5 "$tap_dir/out" >codes
t "there are many" [ "$(wc -l <codes)" -gt 50 ]
bad=
while read -r code; do
	"$CORDON" explain "$code" >"$tap_dir/out" 2>&1 && grep -q 'Wrong' "$tap_dir/out" && grep -q 'Right' "$tap_dir/out" ||
		bad="$bad $code"
done <codes
t "every code is explained with a wrong and a right example" [ -z "$bad" ] || echo "# lacking:$bad" >&2
grep -rhoE '"C0[0-9]{3}"' "$CORDON_SOURCE/src" | tr -d '"' | sort -u >used
missing=$(sort -u codes | comm -23 used -)
t "every code in the source has its explanation" [ -z "$missing" ] || echo "# missing: $missing" >&2

exits "a template" 0 "$CORDON" explain std/tmp
writes "a template: its text" "template std/tmp@1"
exits "a template with its version" 0 "$CORDON" explain std/tmp@1
exits "templates" 0 "$CORDON" explain templates
writes "templates are listed" "std/readonly"
exits "a call" 0 "$CORDON" explain openat
writes "a call: class" "typed"
writes "a call: number" "x86_64 257"
writes "a call: names of values" "O_CLOEXEC"
exits "a group" 0 "$CORDON" explain @network
writes "a group: members" "connect"
exits "groups" 0 "$CORDON" explain groups
for word in C0504 std/tmp openat @network templates groups codes; do
	exits "$word --json" 0 "$CORDON" explain --json "$word"
	is_json "$word is JSON" cordon.explain/1
done
exits "an unknown word" 125 "$CORDON" explain opneat
says "an unknown word: code" "error[C0717]"
says "an unknown word: suggestion" "did you mean \`cordon explain openat\`?"
exits "a request without a policy" 125 "$CORDON" explain 'file read "/etc/shadow"'
says "a request without a policy: what is missing" "-p POLICY"
exits "nothing" 125 "$CORDON" explain

# ---- requests ----
policy web.cordon 'file read /etc/hostname' 'deny net because "offline"'
exits "an allowed request" 0 "$CORDON" explain -p web.cordon 'file read "/etc/hostname"'
writes "an allowed request: the line" "by file read /etc/hostname  (web.cordon:5)"
writes "an allowed request: the mechanism" "landlock"
exits "a request in several words" 0 "$CORDON" explain -p web.cordon file read /etc/hostname
exits "a denied request" 1 "$CORDON" explain -p web.cordon file read /etc/shadow
writes "a denied request: verdict" "deny: file read \"/etc/shadow\""
writes "a denied request: fix" "fix: file read /etc/shadow"
fix=$(sed -n 's/^ *fix: //p' "$tap_dir/out")
exits "the fix works" 0 "$CORDON" explain -p web.cordon -a "$fix" file read /etc/shadow
exits "a request denied by a line" 1 "$CORDON" explain -p web.cordon 'net connect tcp 10.0.0.1:443'
writes "a request denied by a line: the line" "by deny net because"
writes "a request denied by a line: fix" "deny net except 10.0.0.1:443"
exits "a dangerous call" 1 "$CORDON" explain -p web.cordon 'syscall bpf'
writes "a dangerous call: because" 'fix: syscall bpf because'
exits "--json" 1 "$CORDON" explain --json -p web.cordon 'file read "/etc/shadow"'
is_json "is a decision" cordon.decision/1
exits "two policies" 1 "$CORDON" explain -p web.cordon -p std/readonly 'file read "/etc/shadow"'
writes "the one that denies" "profile test: deny"
writes "the one that allows" "profile std/readonly: allow"
exits "a bad request" 125 "$CORDON" explain -p web.cordon 'fiel read /x'
exits "--plan" 0 "$CORDON" explain --plan -p web.cordon
writes "--plan: each line" "file read /etc/hostname"
exits "--plan --json" 0 "$CORDON" explain --plan --json -p web.cordon
is_json "is a plan" cordon.plan/1
exits "--plan without a policy" 125 "$CORDON" explain --plan

# ---- doctor ----
if need "doctor finds what run needs" seccomp "landlock>=1"; then
	exits "doctor finds what run needs" 0 "$CORDON" doctor
	writes "doctor: a row" "Landlock"
	exits "doctor --json" 0 "$CORDON" doctor --json
	is_json "is JSON" cordon.doctor/1
	# the way that seccomp is taken away: a filter that answers seccomp(2) with an error
	exits "where something is missing it says so" 1 "$CORDON" run -p std/readonly -a 'deny syscall landlock_create_ruleset' \
		-a 'isolate pid' -- "$CORDON" doctor
	writes "where something is missing: the row" "missing"
fi
if need "a kernel that can't be asked" seccomp "landlock>=1"; then
	exits "a kernel that can't be asked" 125 "$CORDON" run -p std/readonly -a 'deny syscall clone fork vfork clone3' -- \
		"$CORDON" doctor
	says "a kernel that can't be asked: code" "error[C0713]"
fi
tap_done
