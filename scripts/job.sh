#!/bin/sh
# job.sh WORD... - one job of the project each: what `make WORD` and ./check do. Works without make.
# Environment: CC and CFLAGS for `build`, DESTDIR for `install`, FUZZ_SECONDS (per target, default 300),
# TALLY (a file that test runs append `PASSED FAILED SKIPPED` to, instead of printing it).
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS="${ASAN_OPTIONS-detect_stack_use_after_return=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS-print_stacktrace=1}"

require() {
	for tool; do
		command -v "$tool" >/dev/null && continue
		echo "$tool is missing: run scripts/install-deps.sh build check guest developer as root (scripts/deps says what for)" >&2
		exit 1
	done
}

quietly() {
	log=$(mktemp)
	if "$@" >"$log" 2>&1; then
		rm -f "$log"
	else
		cat "$log" >&2
		rm -f "$log"
		return 1
	fi
}

# compile DIR OPTION...: a build directory that is there keeps its options
compile() {
	require meson ninja python3
	dir=$1
	shift
	if [ ! -e "$dir/build.ninja" ]; then
		quietly meson setup "$dir" "$@"
	fi
	ninja --quiet -C "$dir"
}

run_tests() {
	scripts/run-tests.py ${TALLY:+--tally "$TALLY"} "$@"
}

sources() {
	find src -name '*.c' | sort
}

job_build() {
	compile build
}

job_release() { # what the demo runs; a build directory that is there keeps its options
	compile build --buildtype=release
}

job_tests() { # everything, with the default compiler and every warning an error
	[ ! -e build/build.ninja ] || warnings_are_errors build || quietly meson configure build -Dwerror=true
	compile build -Dwerror=true
	run_tests --build build
}

# warnings_are_errors DIR: does it have -Dwerror=true already? To set it again would configure it again.
warnings_are_errors() {
	meson introspect "$1" --buildoptions | python3 -c '
import json, sys
sys.exit(not any(option["name"] == "werror" and option["value"] for option in json.load(sys.stdin)))'
}

job_guest() { # tests on other kernels; GUEST_KERNEL=backports takes a later one than Debian 12's
	compile build
	run_tests --build build --suite guest
}

job_asan() { # clang with AddressSanitizer and UndefinedBehaviorSanitizer
	require clang
	CC=clang compile build-asan -Dwerror=true -Db_sanitize=address,undefined -Db_lundef=false
	run_tests --build build-asan --label asan --suite unit --suite prop --suite golden --suite fuzz
}

job_clang() {
	require clang
	CC=clang compile build-clang -Dwerror=true
	run_tests --build build-clang --label clang
}

job_analyze() { # gcc -fanalyzer loses itself in optimised code
	require gcc
	CC=gcc compile build-analyze --buildtype=plain -Doptimization=0 -Dwerror=true -Dtests=false -Dc_args=-fanalyzer
}

job_tidy() {
	require clang clang-tidy
	# As clang compiles it, and without the sanitizers' special cases.
	[ -e build-clang/build.ninja ] || CC=clang quietly meson setup build-clang -Dwerror=true
	# One file each: the analyzer's va_list check confuses several.
	if ! sources | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build-clang 2>build-clang/tidy.log; then
		grep -vE '^[0-9]+ warnings? generated|^Suppressed|^Use -header-filter' build-clang/tidy.log >&2 || true
		return 1
	fi
}

job_cppcheck() {
	require cppcheck
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr --std=c11 \
		--suppressions-list=scripts/cppcheck.suppress --library=gnu --library=posix -D__x86_64__ -D_GNU_SOURCE -j "$(nproc)" \
		-I src -I include src
}

job_lint() {
	require clang-format shellcheck
	# shellcheck disable=SC2046 # words are wanted
	clang-format --dry-run -Werror $(find src include tests bench examples -name '*.[ch]')
	compile build
	build/cordon fmt --check data/grants.cordon data/std/*.cordon examples/*.cordon
	run_tests --build build --label lint --suite tree layers shell
}

job_fmt() {
	require clang-format
	# shellcheck disable=SC2046
	clang-format -i $(find src include tests bench examples -name '*.[ch]')
}

job_cover() {
	require gcovr
	CC=gcc compile build-cover -Db_coverage=true
	status=0
	run_tests --build build-cover --suite unit --suite prop --suite golden --suite kernel --suite fuzz || status=$?
	gcovr --root . --filter src/ build-cover
	return "$status"
}

job_fuzz() { # each target for FUZZ_SECONDS of processor time; FUZZ_TARGETS: only these
	require clang
	CC=clang compile build-fuzz -Dfuzzing=true -Db_sanitize=address,undefined -Db_lundef=false
	for target in ${FUZZ_TARGETS-$(fuzz_targets)}; do
		corpus=tests/fuzz/corpus/$target found=build-fuzz/corpus/$target
		mkdir -p "$found"
		printf 'fuzz_%s: ' "$target"
		scripts/fuzz.py "${FUZZ_SECONDS-300}" "build-fuzz/tests/fuzz/fuzz_$target" -max_len=4096 \
			-artifact_prefix="build-fuzz/$target-" "$found" "$corpus"
	done
}

fuzz_targets() {
	awk '!/^#/ && NF && !seen[$1]++ { print $1 }' tests/fuzz/targets.tbl
}

job_fuzz_cover() { # how much of what it is for each corpus reaches
	require gcovr gcc
	CC=gcc compile build-cover -Db_coverage=true
	scripts/fuzz_cover.py build-cover
}

job_fuzz_merge() { # what fuzzing found, as far as it reaches something new, into the corpora that are kept
	require clang
	CC=clang compile build-fuzz -Dfuzzing=true -Db_sanitize=address,undefined -Db_lundef=false
	for target in ${FUZZ_TARGETS-$(fuzz_targets)}; do
		mkdir -p "build-fuzz/corpus/$target"
		"build-fuzz/tests/fuzz/fuzz_$target" -merge=1 -max_len=4096 "tests/fuzz/corpus/$target" \
			"build-fuzz/corpus/$target" 2>/dev/null
		printf 'fuzz_%s: %s inputs\n' "$target" "$(find "tests/fuzz/corpus/$target" -type f | wc -l)"
	done
}

job_prop() { # properties at the size that the project promises, and every fault of a start
	compile build -Dwerror=true
	scripts/prop.sh build
}

job_bench() {
	compile build --buildtype=release
	meson test -C build --no-rebuild --benchmark --verbose
}

job_doc() {
	require scdoc
	compile build
	find build/man -name '*.[1-9]' | sort
}

job_install() {
	compile build
	meson install -C build --no-rebuild --quiet
}

job_cross_aarch64() { # compiles only: nothing here can run it
	require aarch64-linux-gnu-gcc
	compile build-aarch64 --cross-file scripts/aarch64.cross -Dwerror=true
}

words=$(sed -n 's/^job_\([a-z0-9_]*\)().*/\1/p' scripts/job.sh | tr _ -)
[ $# -gt 0 ] || set -- build
for word; do
	if ! printf '%s\n' "$words" | grep -qx -- "$word"; then
		printf 'job.sh: no job %s; there are:\n%s\n' "$word" "$words" >&2
		exit 2
	fi
	"job_$(echo "$word" | tr - _)"
done
