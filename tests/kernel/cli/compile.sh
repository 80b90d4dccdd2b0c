#!/bin/sh
# cordon compile: each stage as text and JSON, raw filters, and output that depends on the policy alone.
# shellcheck source=tests/kernel/cli/cli.sh
. "${CORDON_SOURCE:?}/tests/kernel/cli/cli.sh"

policy a.cordon 'file read /etc/hostname' 'kill ptrace'
exits "no policy" 125 "$CORDON" compile
for stage in ast model plan cbpf landlock; do
	exits "$stage" 0 "$CORDON" compile --stop-after=$stage a.cordon
	t "$stage is text" [ -s "$tap_dir/out" ]
	exits "$stage by -p" 0 "$CORDON" compile --stop-after=$stage -p a.cordon
	exits "$stage --json" 0 "$CORDON" compile --stop-after=$stage --json a.cordon
	t "$stage is JSON with a schema" python3 -c 'import json, sys; json.load(open(sys.argv[1]))["schema"]' "$tap_dir/out"
done
exits "cbpf is the default" 0 "$CORDON" compile a.cordon
writes "cbpf is the default: layer" "# layer 0: profile test,"
exits "-a alone" 0 "$CORDON" compile --stop-after=model -a 'kill ptrace'
exits "two policies are two layers" 0 "$CORDON" compile -p a.cordon -p std/readonly
writes "the second" "# layer 1: profile std/readonly,"

exits "raw" 0 "$CORDON" compile --output=raw a.cordon
size=$(wc -c <"$tap_dir/out")
t "raw is an array of 8 bytes" [ "$size" -gt 0 ] && t "raw: whole instructions" [ $((size % 8)) = 0 ]
exits "raw, second layer" 0 "$CORDON" compile --output=raw --layer 1 -p a.cordon -p std/readonly
exits "raw, no such layer" 125 "$CORDON" compile --output=raw --layer 1 a.cordon
says "raw, no such layer: code" "error[C0710]"
exits "raw of another stage" 125 "$CORDON" compile --output=raw --stop-after=plan a.cordon
says "raw of another stage: code" "error[C0714]"
if command -v script >/dev/null; then
	script -qec "'$CORDON' compile --output=raw a.cordon" /dev/null >"$tap_dir/out" 2>&1 </dev/null
	writes "raw is not for a terminal" "C0714"
else
	skip "raw is not for a terminal" "needs: script(1)"
fi

# ---- what nothing carries ----
policy lost.cordon 'net connect udp 10.0.0.1:53'
exits "a plan shows what is not carried" 0 "$CORDON" compile --stop-after=plan lost.cordon
exits "a filter without it is an error" 125 "$CORDON" compile lost.cordon
says "a filter without it: code" "error[C0401]"
exits "unless --best-effort" 0 "$CORDON" compile --best-effort lost.cordon
says "says what is lost" "warning[C0402]"

# ---- more than the kernel takes ----
{
	printf 'cordon 1\n\nprofile long {\n'
	number=0
	while [ $number -lt 4200 ]; do
		echo "  syscall prctl if option == $((1000 + number * 3))"
		number=$((number + 1))
	done
	echo '}'
} >long.cordon
exits "a filter that is too long" 125 "$CORDON" compile long.cordon
says "a filter that is too long: code" "error[C0711]"
if need "a filter that is too long: run" seccomp; then
	exits "a filter that is too long: run" 125 "$CORDON" run -p std/readonly -p ./long.cordon -- echo ran
	says "a filter that is too long: code of run" "error[C0602]"
	silent "a filter that is too long: nothing ran"
fi

# ---- the same everywhere ----
exits "doctor writes a kernel" 0 "$CORDON" doctor --kernel
cp "$tap_dir/out" kernel.txt
policy where.cordon 'file read $HOME/x ./y $TMPDIR/z /home/$USER/w'
fixed="--kernel kernel.txt --no-host --surroundings home=/home/u,user=u,cwd=/home/u/work,tmpdir=/tmp,uid=1000"
for stage in model plan cbpf landlock; do
	# shellcheck disable=SC2086
	exits "$stage, fixed" 0 "$CORDON" compile --stop-after=$stage $fixed where.cordon
	cp "$tap_dir/out" first
	# shellcheck disable=SC2086
	HOME=/elsewhere USER=other TMPDIR=/var/tmp exits "$stage, fixed, in other surroundings" 0 "$CORDON" compile \
		--stop-after=$stage $fixed "$work/where.cordon"
	t "$stage is the same" sh -c "sed 's|$work/||' '$tap_dir/out' | cmp first -"
done
exits "bad surroundings" 125 "$CORDON" compile --surroundings home=u where.cordon
says "bad surroundings: code" "error[C0703]"
echo 'landlock seven' >kernel.txt
exits "a bad kernel" 125 "$CORDON" compile --kernel kernel.txt a.cordon
says "a bad kernel: code" "error[C0712]"
exits "a missing kernel" 125 "$CORDON" compile --kernel missing a.cordon
chmod 666 a.cordon
exits "nobody asks who can write what is only looked at" 0 "$CORDON" compile a.cordon
tap_done
