#!/bin/sh
# Completion in the real shells: what is completed, and that the words are those of the tables.
# shellcheck source=tests/kernel/cli/cli.sh
. "${CORDON_SOURCE:?}/tests/kernel/cli/cli.sh"

mkdir bin home
ln -s "$CORDON" bin/cordon
PATH=$work/bin:$PATH
HOME=$work/home
XDG_CONFIG_HOME=$work/home
XDG_DATA_HOME=$work/home
export PATH HOME XDG_CONFIG_HOME XDG_DATA_HOME
policy web.cordon
sed 's/profile test/profile webserver/' web.cordon >"a file.cordon"
mkdir folder

# ---- what the scripts ask ----

# answers NAME LINES WORD...: the answer for these words, one space between candidates
answers() {
	answers_name=$1
	answers_wanted=$2
	shift 2
	answers_got=$("$CORDON" completion --complete -- "$@" | cut -f 1 | tr '\n' ' ')
	if [ "$answers_got" = "$answers_wanted" ]; then
		ok "$answers_name"
	else
		not_ok "$answers_name" "$answers_got, not $answers_wanted"
	fi
}

answers "a verb" 'run ' ru
answers "help and a verb" 'compile completion ' help comp
answers "an option" '--best-effort ' run --be
answers "names and letters" '--kernel --json --color --quiet -q --help -h ' doctor -
answers "choices" 'ast ' compile --stop-after as
answers "choices behind =" '--color=auto --color=always ' run --color=a
answers "templates, and files" 'std/readonly :files ' run -p std/read
answers "behind =" '--policy=std/tmp --policy=std/tty :files ' run --policy=std/t
answers "profiles of the policy" 'test ' run -p web.cordon --profile ''
answers "of all policies" 'test webserver ' run -p web.cordon "-pa file.cordon" --profile ''
answers "none of a broken policy" '' run -p nowhere.cordon --profile ''
answers "files" ':files ' check ''
answers "a program" ':program 5 ' run -p std/tty -- ls
answers "and its words" ':program 5 ' run -p std/tty -- ls -l --color=a
answers "also without --" ':program 4 ' run -p std/tty ls -
answers "an option once only" '' run --dry-run --dry
answers "some more than once" '--policy ' run -p std/tty --pol
answers "subjects" 'templates ' explain templ
answers "codes" 'C0101 ' explain C0101
answers "calls" 'openat openat2 ' explain openat
answers "requests are no subjects" '' explain -p web.cordon ope
answers "shells" 'bash ' completion ba
answers "nothing for an unknown verb" '' nonsense --
answers "nothing for no words" ''

# Every option that --help shows is offered: both come from the table.
for verb in $("$CORDON" completion --complete -- '' | cut -f 1); do
	[ "$verb" = help ] && continue
	case $verb in log) [ -x "$(dirname "$(readlink -f "$CORDON")")/libexec/cordon-$verb" ] || continue ;; esac
	"$CORDON" "$verb" --help | sed -n 's/^ *\(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p' | sort >"$tap_dir/shown"
	"$CORDON" completion --complete -- "$verb" -- | cut -f 1 | sort >"$tap_dir/offered"
	t "all options of $verb are offered" cmp "$tap_dir/shown" "$tap_dir/offered"
done
exits "no shell is an error" 125 "$CORDON" completion
exits "an unknown shell is one" 125 "$CORDON" completion tcsh
says "it names those that are known" "bash, zsh, fish"
exits "as JSON" 0 "$CORDON" completion --json --complete -- run --dry
is_json "candidates as JSON" cordon.completion/1
exits "a script as JSON" 0 "$CORDON" completion --json zsh
is_json "the script as JSON" cordon.completion-script/1

# ---- the shells ----

# in_shell SHELL LINE WANTED: what SHELL makes of LINE
in_shell() {
	shell_got=$("in_$1" "$2" 2>"$tap_dir/complaint")
	if [ "$shell_got" = "$3" ]; then
		ok "$1: $2"
	else
		not_ok "$1: $2" "got '$shell_got', not '$3'; $(cat "$tap_dir/complaint")"
	fi
}

# All candidates, as readline gets them. bash breaks the line into words itself, with $COMP_WORDBREAKS.
in_bash() {
	# shellcheck disable=SC2016 # bash's own
	bash --norc --noprofile -c '
		if [ "$3" ]; then . "$3"; fi
		. "$1"
		complete -W "alpha beta" thing
		COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=()
		rest=$2
		while [[ $rest =~ ^" "*(=|[^= ]+)(.*)$ ]]; do
			COMP_WORDS+=("${BASH_REMATCH[1]}")
			rest=${BASH_REMATCH[2]}
		done
		[[ $2 == *" " ]] && COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_cordon cordon
		echo "${COMPREPLY[*]}"' bash "$tap_dir/cordon.bash" "$1" "$bash_library"
}

in_fish() {
	# shellcheck disable=SC2016 # fish's own
	fish --no-config -c 'source $argv[1]; complete -c thing -f -a "alpha beta"; complete -C $argv[2]' \
		"$tap_dir/cordon.fish" "$1" | cut -f 1 | tr '\n' ' ' | sed 's/ $//'
}

# The line after a tab, on a terminal.
in_zsh() {
	# shellcheck disable=SC2016 # zsh's own
	zsh -f -c '
		zmodload zsh/zpty
		zpty -b shell zsh -f -i
		zpty -w shell "PS1=; unsetopt zle_bracketed_paste; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D"
		zpty -w shell "$3"
		zpty -w shell "thing() { : }; _thing() { compadd alpha beta }; compdef _thing thing"
		zpty -w shell "show() { print -r -- \"<\$BUFFER>\" }; zle -N show; bindkey \"^X\" show; print rea\"\"dy"
		zpty -r -m shell text "*ready*"
		zpty -n -w shell "$2"$'"'\\t\\030'"'
		zpty -r -m shell text "*<*>*"
		print -r -- "${${text##*<}%%>*}"' zsh "$tap_dir/zsh" "$1" "$zsh_load"
}

mkdir "$tap_dir/zsh"
"$CORDON" completion bash >"$tap_dir/cordon.bash"
"$CORDON" completion zsh >"$tap_dir/zsh/_cordon"
"$CORDON" completion fish >"$tap_dir/cordon.fish"

for bash_library in '' /usr/share/bash-completion/bash_completion; do
	if ! command -v bash >/dev/null || { [ "$bash_library" ] && [ ! -e "$bash_library" ]; }; then
		skip "bash completes" "needs: bash, bash-completion"
		continue
	fi
	in_shell bash 'cordon ru' 'run'
	in_shell bash 'cordon run --best' '--best-effort'
	in_shell bash 'cordon run --color al' 'always'
	in_shell bash 'cordon run --color=al' 'always'
	in_shell bash 'cordon run -p std/read' 'std/readonly'
	in_shell bash 'cordon run --policy=web' 'web.cordon'
	in_shell bash 'cordon check a' 'a file.cordon'
	in_shell bash 'cordon run -p web.cordon --profile ' 'test'
	in_shell bash 'cordon run -p web.cordon -- cordo' 'cordon'
	in_shell bash 'cordon run -- cat web' 'web.cordon'
	[ -z "$bash_library" ] || in_shell bash 'cordon run --color=never -- thing al' 'alpha'
done

if command -v fish >/dev/null; then
	in_shell fish 'cordon ru' 'run'
	in_shell fish 'cordon run --best' '--best-effort'
	in_shell fish 'cordon run --color al' 'always'
	in_shell fish 'cordon run --color=al' '--color=always'
	in_shell fish 'cordon run -p std/read' 'std/readonly'
	in_shell fish 'cordon run --policy=web' '--policy=web.cordon'
	in_shell fish 'cordon check fol' 'folder/'
	in_shell fish 'cordon run -p web.cordon --profile ' 'test'
	in_shell fish 'cordon run -- thing al' 'alpha'
	in_shell fish 'cordon run -p std/tty -- thing ' 'alpha beta'
	in_shell fish 'cordon run -- cat web' 'web.cordon'
else
	skip "fish completes" "needs: fish"
fi

for zsh_load in ':' 'eval "$(cordon completion zsh)"'; do
	command -v zsh >/dev/null || {
		skip "zsh completes" "needs: zsh"
		break
	}
	in_shell zsh 'cordon ru' 'cordon run '
	in_shell zsh 'cordon run --best' 'cordon run --best-effort '
	in_shell zsh 'cordon run --color al' 'cordon run --color always '
	in_shell zsh 'cordon run --color=al' 'cordon run --color=always '
	in_shell zsh 'cordon run -p std/read' 'cordon run -p std/readonly '
	in_shell zsh 'cordon run --policy=web' 'cordon run --policy=web.cordon '
	in_shell zsh 'cordon check fol' 'cordon check folder/'
	in_shell zsh 'cordon run -p web.cordon --profile ' 'cordon run -p web.cordon --profile test '
	in_shell zsh 'cordon run -- thing al' 'cordon run -- thing alpha '
	in_shell zsh 'cordon run -p std/tty -- cat web' 'cordon run -p std/tty -- cat web.cordon '
done
tap_done
