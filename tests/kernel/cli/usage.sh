#!/bin/sh
# The command line itself: help, unknown words, options, colour, JSON diagnostics.
# shellcheck source=tests/kernel/cli/cli.sh
. "${CORDON_SOURCE:?}/tests/kernel/cli/cli.sh"

verbs='run check fmt compile explain doctor completion'

exits "no verb is an error" 125 "$CORDON"
says "and shows the verbs" "Usage: cordon VERB"
silent "on standard error"
exits "--version" 0 "$CORDON" --version
writes "says the version" "cordon 0."
exits "--help" 0 "$CORDON" --help
for verb in $verbs; do
	grep -q "^  $verb " "$tap_dir/out" && ok "--help names $verb" || not_ok "--help names $verb"
done
for verb in $verbs; do
	exits "$verb --help" 0 "$CORDON" "$verb" --help
	writes "$verb --help shows the usage" "Usage: cordon $verb [OPTIONS]"
	writes "$verb --help shows an example" "Examples:"
	writes "$verb --help lists options" "--json"
	t "$verb --help fits 130 columns" [ "$(awk '{ if (length > most) most = length } END { print most }' "$tap_dir/out")" -le 130 ]
	t "$verb has a manual page" [ -f "$CORDON_SOURCE/man/cordon-$verb.1.scd" ]
	"$CORDON" "$verb" --help | sed -n 's/^ *\(-., \)\{0,1\}--\([a-z-]*\).*/\2/p' >"$tap_dir/options"
	missing=
	while read -r option; do
		case $option in
		help | json | color | quiet) grep -q -- "--$option" "$CORDON_SOURCE/man/cordon.1.scd" || missing="$missing $option" ;;
		*) grep -q -- "--$option" "$CORDON_SOURCE/man/cordon-$verb.1.scd" || missing="$missing $option" ;;
		esac
	done <"$tap_dir/options"
	t "the manual of $verb has every option" [ -z "$missing" ]
	exits "$verb refuses an unknown option" 125 "$CORDON" "$verb" --no-such-option
	says "$verb: with a code" "error[C0701]"
done
exits "help VERB" 0 "$CORDON" help run
writes "is VERB --help" "Usage: cordon run"

exits "unknown verb" 125 "$CORDON" chekc
says "unknown verb: code" "error[C0705]: unknown verb \`chekc\`"
says "unknown verb: suggestion" "did you mean \`cordon check\`?"
mkdir bin
printf '#!/bin/sh\necho trap\n' >bin/cordon-other
chmod 755 bin/cordon-other
PATH=$work/bin:$PATH exits "a verb is not looked up in PATH" 125 "$CORDON" other
exits "nor by a path" 125 "$CORDON" ../../bin/other

# A verb may be a program beside the executable of a build tree (which has a build.ninja), and nowhere else.
mkdir tree tree/libexec
cp "$CORDON" tree/cordon
printf '#!/bin/sh\necho "verb $*"\n' >tree/libexec/cordon-other
chmod 755 tree/libexec/cordon-other
exits "no build tree, no verb" 125 tree/cordon other
touch tree/build.ninja
exits "a verb of the build tree" 0 tree/cordon other x y
writes "gets its arguments" "verb x y"
chmod 644 tree/libexec/cordon-other
exits "one that can't be started" 125 tree/cordon other
says "one that can't be started: cause" "Permission denied"

exits "misspelt option" 125 "$CORDON" check --strit x
says "misspelt option: suggestion" "did you mean \`--strict\`?"
exits "option without its argument" 125 "$CORDON" run -p
says "option without its argument: code" "error[C0702]"
exits "flag with an argument" 125 "$CORDON" check --strict=yes x
says "flag with an argument: code" "error[C0702]"
exits "wrong choice" 125 "$CORDON" compile --stop-after=tree x
says "wrong choice: what there is" "ast|model|plan|cbpf|landlock"
exits "wrong number" 125 "$CORDON" compile --layer=-1 x
says "wrong number: code" "error[C0703]"
exits "option given twice" 125 "$CORDON" compile --layer 0 --stop-after=ast --stop-after=ast x
says "option given twice: code" "error[C0704]"
exits "operand where none is taken" 125 "$CORDON" doctor now
says "operand where none is taken: code" "error[C0706]"
exits "several mistakes in one run" 125 "$CORDON" check --aaa --bbb
says "the first" "aaa"
says "and the second" "bbb"

policy good.cordon
exits "options may be joined" 0 "$CORDON" explain -pgood.cordon 'syscall read'
exits "options may stand after operands" 0 "$CORDON" check good.cordon -q
t "-q is quiet" [ ! -s "$tap_dir/err" ]
cp good.cordon ./-q
exits "-- ends the options" 0 "$CORDON" check -- -q

echo 'cordon 2' >bad.cordon
exits "errors on standard error" 125 "$CORDON" check bad.cordon
silent "not on standard output"
t "without colour in a file" sh -c "! grep -q '$(printf '\033')' '$tap_dir/err'"
exits "--color=always" 125 "$CORDON" check --color=always bad.cordon
t "is coloured" grep -q "$(printf '\033')" "$tap_dir/err"
NO_COLOR=1 exits "NO_COLOR is for auto" 125 "$CORDON" check --color=always bad.cordon
t "--color=always wins" grep -q "$(printf '\033')" "$tap_dir/err"
exits "--json errors" 125 "$CORDON" compile --json bad.cordon
is_json "are JSON on standard error" cordon.diagnostics/1 err
silent "and nothing else"

if [ -w /dev/full ]; then
	"$CORDON" compile good.cordon >/dev/full 2>"$tap_dir/err"
	t "a full disk is an error" [ $? = 125 ]
	says "a full disk: code" "error[C0709]"
else
	skip "a full disk is an error" "needs: /dev/full"
fi
"$CORDON" check good.cordon <&- >&- 2>&-
t "closed standard descriptors do no harm" [ $? = 0 ]
tap_done
