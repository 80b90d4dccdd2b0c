#!/bin/sh
# modules.sh - root loads a real module by each call and takes it out again: it works without Cordon, neither a template nor
# the capability alone is enough, and it works when the capability and the call are granted.
. "${TAP_SH:?}"
. "$CORDON_SOURCE/tests/guest/guest.sh"
module=/guest/modules/dummy.ko

is_loaded() {
	grep -q '^dummy ' /proc/modules
}

unload() {
	! is_loaded || "$tools/attacker" unload dummy
}

load() {
	is_loaded || "$tools/attacker" load-file "$module"
}

# module_row NAME ATTACK CALL: before each attempt the module is out, or in where it shall be taken out.
module_row() {
	before=unload
	[ "$3" != delete_module ] || before=load
	$before >/dev/null
	attack_expect succeeded "$1 works without Cordon" "$2"
	$before >/dev/null
	attack_expect denied "$1 is denied by std/readonly" "$2" "$tools/cordon" run -p std/readonly -a "$here" --
	grant "file read /guest/**;cap sys_module;$here"
	attack_expect denied "$1 is denied with the capability alone" "$2" "$tools/cordon" run -p "$granted" --
	grant "file read /guest/**;syscall $3 because \"a test\";$here"
	attack_expect denied "$1 is denied with the call alone" "$2" "$tools/cordon" run -p "$granted" --
	grant "file read /guest/**;cap sys_module;syscall $3 because \"a test\";$here"
	attack_expect succeeded "$1 works when both are granted" "$2" "$tools/cordon" run -p "$granted" --
}

attack_begin 0
module_row "finit_module" "load-file $module" finit_module
module_row "init_module" "load-image $module" init_module
module_row "delete_module" "unload dummy" delete_module
t "it is out again" unload
tap_done
