# shellcheck shell=sh
# shellcheck disable=SC2034
# denials_lib.sh - what the tests of `run --log` and `run --permissive` share. Source it behind tap.sh, in a cell; $uid says
# for whom.
#   setup               $dir, a directory of the user's with the programs; the current directory
#   cordon ARGUMENT...  cordon run under a small policy, as the user: $status, out, err
#   fresh               no log
#   holds PYTHON        an expression over `lines` of $log; ids, final (last line of each id), last, suppressed
. "${CORDON_SOURCE:?}/tests/kernel/site.sh"
loader=$(loader_path)

setup() {
	chmod 755 "$tap_dir"
	dir=$tap_dir/$uid
	log=$dir/log
	mkdir "$dir"
	cp "$CORDON" "$dir/cordon"
	cp "$CORDON_BUILD/tests/kernel/denied" "$dir/denied"
	cp "$dir/denied" "$dir/copy"
	printf 'cordon 1\n\nprofile test {\n  use std/c-runtime@1\n  file read %s/**\n}\n' "$dir" >"$dir/test.cordon"
	chmod 644 "$dir/test.cordon"
	chmod 755 "$dir"/cordon "$dir"/denied "$dir"/copy
	mine
	cd "$dir" || exit 1
}

mine() {
	chown -R "$uid:$uid" "$dir"
}

fresh() {
	rm -f "$log"
}

cordon() {
	as "$uid" ./cordon run -p test.cordon "$@" >out 2>err </dev/null
	status=$?
}

holds() {
	python3 - "$log" "$1" <<-'EOF' || { tail -n 5 err "$log" >&2; return 1; }
		import json, sys
		lines = [json.loads(line) for line in open(sys.argv[1])]
		assert all(line["schema"] == "cordon.denial/1" for line in lines)
		suppressed = sum(line["count"] for line in lines if line.get("event") == "suppressed")
		entries = [line for line in lines if "event" not in line]
		final = {line["id"]: line for line in entries}
		ids = list(final)
		last = entries[-1] if entries else None
		sys.exit(not eval(" ".join(sys.argv[2].split())))
	EOF
}
