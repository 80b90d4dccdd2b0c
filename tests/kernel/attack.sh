# shellcheck shell=sh
# attack.sh - what tests of refusals share; source it after accept.sh. A refusal proves nothing unless the attack that it is
# about works where the policy is enforced without it (T60):
#   refused NAME LINES WORDS       the policy of these lines is refused, before anything runs, in these words
#   naively NAME ATTACK LINES      the attack works under these lines
#   anyway NAME ATTACK LINES       the attack works under these lines when what is refused is left out (--best-effort)
#   closed NAME ATTACK LINES       the policy is accepted, and the attack fails
# Each NAME gets the uid. Descriptor 0 of the functions is the attacker's.

refused() {
	grant "$2"
	refused_status=0
	as "$site_uid" "$tools/cordon" run -p "$granted" -- "$tools/attacker" exit-42 >"$tap_dir/refusal" 2>&1 ||
		refused_status=$?
	if [ "$refused_status" = 125 ] && grep -q "$3" "$tap_dir/refusal"; then
		ok "$1 is refused (uid $site_uid)"
	else
		not_ok "$1 is refused (uid $site_uid)" "status $refused_status: $(cat "$tap_dir/refusal")"
	fi
}

# outcome_is WANTED NAME
outcome_is() {
	if [ "$outcome" = "$1" ]; then
		ok "$2 (uid $site_uid)"
	else
		not_ok "$2 (uid $site_uid)" "$outcome: $said"
	fi
}

naively() {
	grant "$3"
	attempt "$2" "$tools/cordon" run -p "$granted" --
	outcome_is succeeded "$1 works without that rule"
}

anyway() {
	grant "$3"
	attempt "$2" "$tools/cordon" run --best-effort -p "$granted" --
	outcome_is succeeded "$1 works with what is left"
}

closed() {
	grant "$3"
	attempt "$2" "$tools/cordon" run -p "$granted" --
	outcome_is denied "$1 is denied"
}

# who_attaches: who may trace strangers here without Cordon; "root" where Yama leaves it to root alone.
who_attaches() {
	[ -z "${ATTACKS_LIST-}" ] && grep -qsv '^0' /proc/sys/kernel/yama/ptrace_scope && echo root
}

# attack_list: with ATTACKS_LIST=1 in its environment a script prints its rows (rows.sh), those of the functions in
# $attack_tables, and ends: docs/attacks.md is made of them.
attack_list() {
	[ -n "${ATTACKS_LIST-}" ] || return 0
	dir=DIR site=SITE tools=TOOLS
	# shellcheck disable=SC2034 # for the tables
	loader=LOADER
	for attack_table in $attack_tables; do
		"$attack_table"
	done
	# shellcheck disable=SC2034 # for tap.sh
	tap_finished=yes
	exit 0
}

# attack_begin NAME FUNCTION: call FUNCTION for root and for another user, each with a site and an empty $dir of his own.
# Sets $loader, and $listen_port where somebody listens.
attack_begin() {
	attack_list
	accept_begin "$1"
	# shellcheck disable=SC2034 # for whoever called
	loader=$(loader_path)
	listener_start || not_ok "somebody to connect to"
	for attack_uid in 0 65534; do
		site_make "$tap_dir/site-$attack_uid" "$attack_uid"
		user_can_isolate "$1 (uid $attack_uid)" "$attack_uid" || continue
		dir=$site/dir
		mkdir "$dir"
		"$2"
	done
	tap_done
}

# mine: what was made in $dir belongs to the user.
mine() {
	chown -hR "$site_uid:$site_uid" "$dir"
}
