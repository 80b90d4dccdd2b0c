"""Write the tables as C. Used by gen_tables.py; tables_read.py says what is in them."""
from tables_read import ARCHES

NOTE = "/* Made by scripts/gen_tables.py from data/: do not edit. */\n"
ARCH_ENUM = {arch: "ARCH_" + arch.upper() for arch in ARCHES}
# AUDIT_ARCH_* of linux/audit.h (asserted in tables_check.c), bits of a pointer, numbers begin at.
ARCH_INFO = {
    "x86_64": ("0xc000003eU", 64, "0"),
    "i386": ("0x40000003U", 32, "0"),
    "x32": ("0xc000003eU", 32, "X32_SYSCALL_BIT"),
    "aarch64": ("0xc00000b7U", 64, "0"),
}
# Kernel headers, and some of the C library that go together with them, that define what the tables name.
HEADERS = """
errno.h signal.h time.h sys/resource.h sys/socket.h sys/stat.h sys/time.h unistd.h linux/audit.h linux/bpf.h
linux/capability.h linux/cdrom.h linux/close_range.h linux/eventpoll.h linux/falloc.h linux/fanotify.h linux/fcntl.h
linux/fiemap.h linux/fs.h linux/fscrypt.h linux/fsverity.h linux/futex.h linux/if_tun.h linux/in.h linux/in6.h
linux/inotify.h linux/io_uring.h linux/ioprio.h linux/ipc.h linux/kcmp.h linux/kd.h linux/kexec.h linux/keyctl.h
linux/landlock.h linux/loop.h linux/membarrier.h linux/memfd.h linux/mempolicy.h linux/mman.h linux/module.h
linux/mount.h linux/msg.h linux/net.h linux/nsfs.h linux/openat2.h linux/perf_event.h linux/personality.h
linux/pidfd.h linux/prctl.h linux/ptrace.h linux/random.h linux/reboot.h linux/rseq.h linux/rtc.h linux/sched.h
linux/seccomp.h linux/securebits.h linux/sem.h linux/serial.h linux/shm.h linux/sockios.h linux/stat.h linux/tcp.h
linux/timerfd.h linux/uinput.h linux/userfaultfd.h linux/vt.h linux/wait.h linux/watch_queue.h linux/watchdog.h
linux/xattr.h asm/ioctls.h asm/prctl.h asm/socket.h asm/termbits.h
""".split()


def quoted(text):
    if text is None:
        return "NULL"
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "?": "\\?"}
    out = "".join(escapes.get(c, c) if c in escapes or " " <= c <= "~" else "".join(f"\\{b:03o}" for b in c.encode())
                  for c in text)
    return f'"{out}"'


def quoted_lines(text):
    return "\n\t".join(quoted(line) for line in text.splitlines(keepends=True)) or '""'


def identifier(name):
    return "".join(c if c.isalnum() else "_" for c in name)


def number(value):
    return f"{(value or 0) & (1 << 64) - 1:#x}U" if (value or 0) >= 0 else f"(uint64_t){value}"


def arch_bits(arches):
    return "0" if not arches else " | ".join(f"1U << {ARCH_ENUM[arch]}" for arch in ARCHES if arch in arches)


def by_arch(values):
    """Equal values on all four architectures are written once."""
    if len(set(values)) == 1:
        return f"{{ [0 ... ARCH_COUNT - 1] = {values[0]} }}"
    return "{ " + ", ".join(values) + " }"


def array(declaration, rows, empty="{ 0 }"):
    body = "\n".join(f"\t{row}," for row in rows) or f"\t{empty},"
    return f"{declaration} = {{\n{body}\n}};\n"


def emit_types(tables):
    return fits("struct arg_type", tables.types) + array("const struct arg_type arg_types[]", [
        f'{{ "{kind["name"]}", {{ {kind["bits"][0]}, {kind["bits"][1]} }}, {str(kind["signed"]).lower()}, '
        f'ARG_{kind["kind"].upper()} }}' for kind in tables.types.values()])


def fits(struct, names, member="name"):
    """An array that is too short would lose the end of a name, with a warning at most."""
    longest = max(names, key=len, default="")
    return (f'_Static_assert(sizeof("{longest}") <= sizeof(((struct {struct.removeprefix("struct ")} *)0)->{member}), '
            f'"{longest}");\n')


def emit_sets(tables):
    """Rows refer to names by their place in one text, and sets to their values by number."""
    names = sorted({flag for flag_set in tables.sets.values() for flag in flag_set["values"]})
    places, end = {}, 0
    for name in names:
        places[name] = end
        end += len(name) + 1
    values, rows, index = [], [], {}
    for position, name in enumerate(sorted(tables.sets)):
        members = tables.sets[name]["values"]
        known = []
        for arch in ARCHES:
            bits = 0
            for per in members.values():
                bits |= (per[arch] or 0) & (1 << 64) - 1
            known.append(number(bits))
        rows.append(f'{{ "{name}", {str(tables.sets[name]["bits"]).lower()}, {len(members)}, {len(values)}, '
                    f'{by_arch(known)} }}')
        for flag, per in members.items():
            values.append(f'{{ {places[flag]}, {by_arch([number(per[arch]) for arch in ARCHES])}, '
                          f'{arch_bits([arch for arch in ARCHES if per[arch] is not None])} }} /* {flag} */')
            index.setdefault(flag, position)
    return "\n".join([
        "const char flag_texts[] =\n" + "\n".join(f'\t"{name}\\0"' for name in names) + ";\n",
        array("const struct flag_value flag_values[]", values),
        fits("struct flag_set", tables.sets),
        array("const struct flag_set flag_sets[]", rows),
        f"const size_t flag_set_count = {len(rows)};\n",
        array("const struct flag_name flag_names[]", [f"{{ {places[flag]}, {index[flag]} }}" for flag in names]),
        f"const size_t flag_name_count = {len(index)};\n"])


def emit_calls(tables):
    args, rows, pins = [], [], ["NULL"]
    type_index = {name: place for place, name in enumerate(tables.types)}
    set_index = {name: place for place, name in enumerate(sorted(tables.sets), 1)}
    errno = {name: value for name, value, _ in tables.errno}
    for name, call in tables.calls.items():
        numbers = ", ".join(str(call["nr"].get(arch, -1)) for arch in ARCHES)
        rows.append(f'{{ "{name}", "{call["since"]}", {{ {numbers} }}, CLASS_{call["class"].upper()}, '
                    f'{errno[call["deny"]] if call["deny"] else 0}, {call["weight"]}, {len(call["args"])}, '
                    f'{len(pins) if call["pin"] else 0}, {len(args)}, '
                    f'{arch_bits(call["compat"])}, {arch_bits(call["unstable"])} }}')
        args += [f'{{ "{arg["name"]}", {type_index[arg["type"]]}, {set_index[arg["set"]] if arg["set"] else 0} }}'
                 for arg in call["args"]]
        if call["pin"]:
            pins.append(quoted(call["pin"]))
    return "\n".join([
        f'_Static_assert({len(set_index)} <= UINT8_MAX && {len(type_index)} <= UINT8_MAX && {len(pins)} <= UINT8_MAX, '
        '"numbers of 8 bits");\n',
        fits("struct call_arg", [arg["name"] for call in tables.calls.values() for arg in call["args"]]),
        array("const struct call_arg all_args[]", args),
        array("const char *const pin_texts[]", pins),
        fits("struct call_row", tables.calls),
        fits("struct call_row", [call["since"] for call in tables.calls.values()], "since"),
        array("const struct call_row call_table[]", rows),
        f"const size_t call_count = {len(rows)};\n"])


def emit_numbers(tables):
    out, infos, places = [], [], list(tables.calls)
    for arch in ARCHES:
        owner = {call["nr"][arch]: places.index(name) for name, call in tables.calls.items() if arch in call["nr"]}
        end = max(owner) + 1
        out.append(array(f"static const int16_t by_number_{arch}[]",
                         [", ".join(str(owner.get(nr, -1)) for nr in range(start, min(start + 20, end)))
                          for start in range(0, end, 20)]))
        audit, bits, base = ARCH_INFO[arch]
        infos.append(f'[{ARCH_ENUM[arch]}] = {{ "{arch}", {audit}, {bits}, {base}, {end} }}')
    out.append(array("const int16_t *const calls_by_number[ARCH_COUNT]",
                     [f"[{ARCH_ENUM[arch]}] = by_number_{arch}" for arch in ARCHES]))
    out.append(array("const struct arch_info arch_table[ARCH_COUNT]", infos))
    return "\n".join(out)


def emit_groups(tables):
    out, rows, places = [], [], {name: place for place, name in enumerate(tables.calls)}
    for name in sorted(tables.groups):
        text, members = tables.groups[name]
        label = "group_" + identifier(name[1:])
        numbers = sorted(places[member] for member in members)
        out.append(array(f"static const uint16_t {label}[]", [", ".join(map(str, numbers[start:start + 20]))
                                                              for start in range(0, len(numbers), 20)]))
        rows.append(f'{{ "{name}", {quoted(text)}, {len(numbers)}, {label} }}')
    out.append(array("const struct call_group call_groups[]", rows))
    out.append(f"const size_t call_group_count = {len(rows)};\n")
    return "\n".join(out)


def emit_uring(tables):
    places = {name: place for place, name in enumerate(tables.calls)}
    numbers = sorted({places[call] for operation in tables.uring for call in operation["calls"]})
    return (array("const uint16_t uring_calls[]", [", ".join(map(str, numbers[start:start + 20]))
                                                   for start in range(0, len(numbers), 20)])
            + f"const size_t uring_call_count = {len(numbers)};\n")


def emit_named(title, rows):
    return (array(f"static const struct named_number {title}_rows[]",
                  [f'{{ "{name}", {number(value)}, {quoted(text)} }}' for name, value, text in rows])
            + f'const struct named_table {title}_table = {{ "{title}", {len(rows)}, {title}_rows }};\n')


def emit_rest(tables):
    rights = [f'{{ "{right["name"]}", LANDLOCK_{right["kind"].upper()}, {number(right["bit"])}, {right["abi"]}, '
              f'{str(right["file"]).lower()} }}' for right in tables.landlock]
    texts = [f"{{ {quoted(name)},\n\t{quoted_lines(text)},\n\t{len(text.encode())} }}" for name, text in tables.texts]
    codes = [f"{{ {quoted(code)}, {quoted(title)},\n\t{quoted_lines(text)} }}"
             for code, title, text in tables.diagnostics]
    return "\n".join([
        array("const struct landlock_right landlock_rights[]", rights),
        f"const size_t landlock_right_count = {len(rights)};\n",
        array("const struct embedded_text embedded_texts[]", texts),
        f"const size_t embedded_text_count = {len(texts)};\n",
        array("const struct diag_info diag_infos[]", codes),
        f"const size_t diag_info_count = {len(codes)};\n"])


def emit_conditions(tables, pins, grants):
    """Each condition once; the others refer to it by number, from 1 on: 0 is none."""
    places, spans, nodes = {}, ["{ 0, 0 }"], []

    def place(condition):
        if condition is None:
            return 0
        if condition not in places:
            spans.append(f"{{ {len(nodes)}, {len(condition)} }}")
            places[condition] = len(spans) - 1
            nodes.extend(condition)
        return places[condition]

    def call(name, verdict, conditions):
        numbers = ", ".join(str(place(condition)) for condition in conditions)
        return (f'{{ {list(tables.calls).index(name)}, {str(verdict is not None).lower()}, '
                f'VERDICT_{verdict or "ALLOW"}, {{ {numbers} }} }}')

    def node(kind, arg=0, bits=0, signed=False, mask=None, compare="EQ", value=0):
        return (f"{{ {value:#x}U, {mask or 0:#x}U, COND_{kind}, {arg}, {bits}, COMPARE_{compare}, "
                f"{str(signed).lower()}, {str(mask is not None).lower()} }}")
    pin_rows = [call(name, None, conditions) for name, conditions in pins]
    grant_rows, calls = [], []
    for name, body in grants:
        grant_rows.append(f'{{ "{name}", {len(calls)}, {len(body)} }}')
        calls += [call(*row) for row in body]
    return "\n".join([
        array("const struct compiled_call compiled_pins[]", pin_rows),
        f"const size_t compiled_pin_count = {len(pin_rows)};\n",
        array("const struct compiled_call compiled_calls[]", calls),
        array("const struct compiled_grant compiled_grants[]", grant_rows),
        f"const size_t compiled_grant_count = {len(grant_rows)};\n",
        array("const struct compiled_cond compiled_conds[]", spans),
        f"const size_t compiled_cond_count = {len(spans)};\n",
        array("const struct compiled_node compiled_nodes[]", [node(*row) for row in nodes])])


def compiled(tables, pins, grants):
    return "\n".join([NOTE + '#include "policy/compiled.h"\n', emit_conditions(tables, pins, grants)])


def data(tables):
    ioctls = [(name, values["x86_64"], None) for name, values in tables.sets["ioctl"]["values"].items()]
    named = [emit_named(title, rows) for title, rows in (
        ("errno", tables.errno), ("signal", tables.signal), ("capability", tables.capability),
        ("ioctl", ioctls), ("rlimit", tables.rlimit))]
    return "\n".join([NOTE + '#include "platform/tables_data.h"\n', emit_types(tables), emit_sets(tables),
                      emit_calls(tables), emit_numbers(tables), emit_groups(tables), emit_uring(tables),
                      *named, emit_rest(tables)])


def assert_equal(name, value):
    """Where the headers have @name. Constants of 32 bits may come as int or unsigned."""
    return (f"#ifdef {name}\n_Static_assert(((unsigned long long)({name}) & 0xffffffffU) == {value & 0xffffffff:#x}, "
            f'"{name}");\n#endif\n')


def check_numbers(tables, arch, header, base=""):
    out = [f"#include <{header}>\n"]
    for name, call in tables.calls.items():
        macro, nr = f"__NR_{name}", call["nr"].get(arch)
        if nr is None:
            out.append(f'#ifdef {macro}\n#error "{header} has {name}, syscalls.tbl lacks it for {arch}"\n#endif\n')
        else:
            out.append(f'#ifdef {macro}\n_Static_assert({macro} == {base}{nr}, "{arch} {name}");\n'
                       f"#undef {macro}\n#endif\n")
    return "".join(out)


def check_names(tables, arch):
    """The flag values of @arch; names with prefixes that the tables leave out."""
    out, seen = [], set()
    for flag_set in tables.sets.values():
        for name, values in flag_set["values"].items():
            # the C library's SIGRTMIN is a function call
            if values[arch] is not None and name not in seen and name != "SIGRTMIN":
                out.append(assert_equal(name, values[arch]))
                seen.add(name)
    for prefix, rows in (("", tables.errno), ("CAP_", tables.capability), ("RLIMIT_", tables.rlimit)):
        out += [assert_equal(prefix + (name.upper() if prefix else name), value) for name, value, _ in rows]
    prefixes = {"fs": "LANDLOCK_ACCESS_FS_", "net": "LANDLOCK_ACCESS_NET_", "scope": "LANDLOCK_SCOPE_"}
    out += [assert_equal(prefixes[right["kind"]] + right["name"].upper(), right["bit"]) for right in tables.landlock]
    return "".join(out)


def check(tables):
    headers = "".join(f"#if __has_include(<{header}>)\n#include <{header}>\n#endif\n" for header in HEADERS)
    audit = "".join(f'_Static_assert({macro} == {ARCH_INFO[arch][0]}, "{macro}");\n' for macro, arch in (
        ("AUDIT_ARCH_X86_64", "x86_64"), ("AUDIT_ARCH_I386", "i386"), ("AUDIT_ARCH_AARCH64", "aarch64")))
    x86 = ("#ifndef __X32_SYSCALL_BIT\n#define __X32_SYSCALL_BIT 0x40000000\n#endif\n"
           + check_numbers(tables, "x86_64", "asm/unistd_64.h") + check_numbers(tables, "i386", "asm/unistd_32.h")
           + check_numbers(tables, "x32", "asm/unistd_x32.h", "__X32_SYSCALL_BIT + "))
    # The numbers come first: headers of the C library may bring asm/unistd.h in.
    return "\n".join([
        NOTE + "/* What the installed headers know must be what data/ says; each assertion is one row. */",
        "#if defined(__x86_64__)", x86,
        "#elif defined(__aarch64__)", check_numbers(tables, "aarch64", "asm/unistd.h"),
        "#else\n#error no tables for this architecture\n#endif", headers, audit,
        "#if defined(__x86_64__)", check_names(tables, "x86_64"),
        "#else", check_names(tables, "aarch64"), "#endif", ""])
