#!/bin/sh
# docs/policy.md tells the truth: each of its examples passes `cordon check` and stays as it is in meaning, and its grammar
# and the manual page know every statement and class that the parser knows.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"

page=${CORDON_SOURCE:?}/docs/policy.md
manual=$CORDON_SOURCE/man/cordon-policy.5.scd
examples=$tap_dir/examples
mkdir "$examples"

# One file per ```cordon block, named by its line; lines that are no whole file become those of a profile.
awk -v dir="$examples" '
	/^```cordon$/ { file = sprintf("%s/line-%03d.cordon", dir, NR); inside = 1; first = 1; next }
	/^```$/ { if (inside && wrapped) print "}" > file; inside = 0; next }
	inside && first {
		wrapped = $0 !~ /^cordon 1/
		if (wrapped) printf "cordon 1\n\nprofile example {\n" > file
		first = 0
	}
	inside { print > file }
' "$page"
chmod -R go-w "$examples"

for example in "$examples"/*.cordon; do
	name=$(basename "$example" .cordon)
	t "policy.md $name: check" "$CORDON" check "$example"
	"$CORDON" fmt "$example" >"$tap_dir/once" 2>/dev/null
	"$CORDON" fmt - <"$tap_dir/once" >"$tap_dir/twice" 2>/dev/null
	t "policy.md $name: fmt is a fixed point" cmp "$tap_dir/once" "$tap_dir/twice"
done
t "there are examples" [ "$(find "$examples" -name '*.cordon' | wc -l)" -ge 20 ]

sed -n '/^```ebnf$/,/^```$/p' "$page" >"$tap_dir/grammar"
statements=$(sed -n 's/^\t{ "\([a-z-]*\)", STATEMENT_[A-Z_]*, .*/\1/p' "$CORDON_SOURCE/src/policy/parse_statement.c")
t "the parser's statements were found" [ "$(echo "$statements" | wc -l)" -ge 17 ]
for word in $statements file net exec signal ptrace ioctl mount syscall except errno because log profile template cordon; do
	t "grammar: $word" grep -q "\"$word\"" "$tap_dir/grammar"
	t "cordon-policy(5): $word" grep -q "^\*$word\*\|^.*\*$word" "$manual"
done
tap_done
