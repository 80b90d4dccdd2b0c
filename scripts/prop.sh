#!/bin/sh
# prop.sh BUILD - the property tests of BUILD with 100,000 cases, those that ask the running kernel with 2,000, and every
# error at every system call of a start. PROP_SCALE=N divides the counts by N; PROP_ONLY="emit layers": only these programs.
set -eu
cd "$(dirname "$0")/.."
build=$(cd "$1" && pwd)
scale=${PROP_SCALE-1}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export CORDON="$build/cordon" WITNESS="$build/tests/kernel/witness" TAP_TIMEOUT=14400
failed=0 passed=0

# row COUNT PROGRAM [TEST]: one line for it; its output only when it fails
row() {
	case " ${PROP_ONLY-${2#*_}} " in
	*" ${2#*_} "*) ;;
	*) return 0 ;;
	esac
	count=$(($1 / scale))
	start=$(date +%s)
	if PROP_COUNT=$count PROP_FILE_POLICIES=$count FAULT_ERRORS=all $cell "$build/tests/$2" ${3+"$3"} >"$log" 2>&1; then
		passed=$((passed + 1))
		printf '%s%s: %d cases (%d s)%s\n' "${2#*_}" "${3+ $3}" "$count" $(($(date +%s) - start)) \
			"$(grep -q '# SKIP' "$log" && grep -o '# SKIP.*' "$log" | head -1)"
	else
		failed=$((failed + 1))
		printf '%s%s: FAILED\n' "${2#*_}" "${3+ $3}"
		tail -n 60 "$log"
	fi
}

cell=
row 100000 prop/prop_layers
row 100000 prop/prop_join
row 100000 prop/prop_syntax
row 100000 prop/prop_emit
row 100000 prop/prop_kernel interpreter_is_model
row 100000 prop/prop_kernel checks_are_the_kernels
row 2000 prop/prop_kernel kernel_is_model
row 2000 prop/prop_kernel interpreter_is_kernel_on_foreign_programs
row 2000 prop/prop_files
[ ! -e "$build/tests/prop/prop_libseccomp" ] || row 100000 prop/prop_libseccomp
cell=$build/tests/kernel/cell
row 1 kernel/test_faults
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
