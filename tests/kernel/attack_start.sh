#!/bin/sh
# attack_start.sh - attacks in the time between the start of cordon and that of its program: names, policies and descriptors
# that change meanwhile, signals at any moment, and a confined process that reaches for whoever starts. Nothing ever runs
# with more than a policy says.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/kernel/accept.sh"
. "$CORDON_SOURCE/tests/kernel/attack.sh"
. "$CORDON_SOURCE/tests/kernel/rows.sh"

ROUNDS=${ATTACK_ROUNDS:-120}

# start_attack OUTCOME NAME WAY [COMMAND...]
start_attack() {
	start_expected=$1
	start_name="$2 (uid $site_uid)"
	start_way=$3
	shift 3
	prepare start
	chmod 755 "$dir/payload"
	start_said=$(cd "$site" && as "$site_uid" python3 "$tools/starts.py" "$start_way" "$ROUNDS" "$site" "$@" 2>&1)
	case $start_said in
	"$start_expected"*) ok "$start_name" ;;
	*) not_ok "$start_name" "$start_said" ;;
	esac
}

# NAME | WAY | near | what opens it
starts() {
	cat <<-EOF
		start_with_another_program|swapped_program|file read DIR/**|file read DIR/** OTHER/**
		start_while_signals_arrive|stopped|file read DIR/**|file read DIR/** OTHER/**
		start_beside_an_opening_thread|descriptors|file read DIR/**|-
	EOF
	[ "${site_uid-0}" != 0 ] && [ -n "$(who_attaches)" ] ||
		echo 'start_beside_a_confined_process|haunted|file read DIR/**;ptrace because "a test";wx allow|-'
}

# For docs/attacks.md.
policy_starts() {
	echo 'start_with_another_policy|swapped_policy|file read SECRET, or file read OTHER/**|file read SECRET OTHER/**'
}

check_policies() {
	mkdir -p "$site/policy"
	grant "file read $dir/** $site/secret"
	cp "$granted" "$site/policy/one"
	grant "file read $dir/** $site/other/**"
	cp "$granted" "$site/policy/two"
	chown -R "$site_uid:$site_uid" "$site/policy"
	start_attack denied "start_with_another_policy is denied" swapped_policy "$tools/cordon" run -p "$site/policy/one" --
	grant "file read $dir/** $site/secret $site/other/**"
	start_attack succeeded "start_with_another_policy works when granted" swapped_policy \
		"$tools/cordon" run -p "$granted" --
}

check_user() {
	cp "$CORDON_SOURCE/tests/kernel/starts.py" "$tools"
	rows_make
	starts | sed "s#DIR#$dir#g; s#OTHER#$site/other#g" >"$tap_dir/table"
	while IFS='|' read -r name way near open <&3; do
		start_attack succeeded "$name works without Cordon" "$way"
		grant "$near"
		start_attack denied "$name is denied" "$way" "$tools/cordon" run -p "$granted" --
		[ "$open" != - ] || continue
		grant "$open"
		start_attack succeeded "$name works when granted" "$way" "$tools/cordon" run -p "$granted" --
	done 3<"$tap_dir/table"
	check_policies
}

# shellcheck disable=SC2034 # for attack.sh
attack_tables='starts policy_starts'
attack_begin "start" check_user
