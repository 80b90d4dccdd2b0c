#!/usr/bin/env python3
"""scripts/gen_tables.py: the tables as they are pass; every kind of bad row stops the build with FILE:LINE and the
reason; the same input gives the same output; what the installed headers know agrees, also where they have no macro."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.environ.get("CORDON_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.path.insert(0, os.path.join(SOURCE, "tests/harness"))
sys.path.insert(0, os.path.join(SOURCE, "scripts"))
sys.dont_write_bytecode = True
import tables_read  # noqa: E402
import tap  # noqa: E402

DATA = os.path.join(SOURCE, "data")

# what is wrong, table, regular expression that matches in one row (None: whole file), replacement, words of the message
BAD_ROWS = [
    ("a call without a class", "syscalls", r"(?m)^(read .*2\.6\.12) +basic +- .*$", r"\1", "8 columns"),
    ("a call without arguments or void", "syscalls", r"(?m)^(getpid .*?) +void$", r"\1", "void"),
    ("an unknown class", "syscalls", r"(?m)^(read .*) basic ", r"\1 harmless ", "unknown class `harmless`"),
    ("an unknown type", "syscalls", r"(?m)^(read .*)buf:ptr", r"\1buf:pointer", "unknown type `pointer`"),
    ("an argument without a type", "syscalls", r"(?m)^(read .*)buf:ptr", r"\1buf", "name:type"),
    ("an unknown flag set", "syscalls", r"(?m)^(openat .*)flags/open", r"\1flags/opem", "unknown flag set `opem`"),
    ("a flag set on a plain number", "syscalls", r"(?m)^(read .*)count:size", r"\1count:size/open", "no named values"),
    ("two arguments of one name", "syscalls", r"(?m)^(read .*)buf:ptr", r"\1fd:ptr", "name of its own"),
    ("seven arguments", "syscalls", r"(?m)^(mmap .*)$", r"\1 more:int", "at most 6"),
    ("two calls of one number", "syscalls", r"(?m)^(read +)0 ", r"\g<1>1 ", "two calls with the number 1"),
    ("a number out of range", "syscalls", r"(?m)^(read +)0 ", r"\g<1>40000 ", "too great"),
    ("a number with an unknown mark", "syscalls", r"(?m)^(read +)0 ", r"\g<1>0x ", "not a number"),
    ("the x32 mark elsewhere", "syscalls", r"(?m)^(read +)0 ", r"\g<1>0c ", "mark c"),
    ("a call on no architecture", "syscalls", r"(?m)^(vm86 +- +)166", r"\g<1>-", "no architecture"),
    ("rows out of order", "syscalls", r"(?m)^(read .*)\n((?:#.*\n)*readahead .*)$", r"\2\n\1", "belongs before"),
    ("a row twice", "syscalls", r"(?m)^(read .*)$", r"\1\n\1", "twice"),
    ("a release that is none", "syscalls", r"(?m)^(read .*) 2\.6\.12 ", r"\1 early ", "not a kernel release"),
    ("an unknown error name", "syscalls", r"(?m)^(clone3 .*)ENOSYS", r"\1ENOSUS", "unknown error `ENOSUS`"),
    ("a number that the record has not", "syscalls", r"(?m)^(read +)0 ", r"\g<1>470 ", "does not have x86_64 0"),
    ("a call that is missing", "syscalls", r"(?m)^read .*\n", "", "as `read`"),
    ("a call that the record has not", "recorded-6.18", r"(?m)^x86_64 +0 +read\n", "", "does not have x86_64 0 `read`"),
    ("a recorded call twice", "recorded-6.18", r"(?m)^(x86_64 +0 +read)$", r"\1\n\1", "twice"),
    ("a blank at the end", "syscalls", r"(?m)^(read .*)$", r"\1 ", "blanks at the end"),
    ("a type twice", "types", r"(?m)^(int .*)$", r"\1\n\1", "twice"),
    ("a width that is none", "types", r"(?m)^(int +)32", r"\g<1>33", "8, 16, 32 or 64"),
    ("a width missing", "types", r"(?m)^(int +)32 ", r"\1", "5 columns"),
    ("an unknown kind of type", "types", r"(?m)^(int .*)value", r"\1valve", "unknown kind `valve`"),
    ("a descriptor of 64 bits", "types", r"(?m)^(fd +)32", r"\g<1>64", "descriptor is 32 bits"),
    ("a set twice", "flags", r"(?m)^set open_resolve ", "set open ", "twice"),
    ("a set of an unknown kind", "flags", r"(?m)^set open bits", "set open bit", "unknown kind of set"),
    ("a name twice in a set", "flags", r"(?m)^(\tO_EXCL .*)$", r"\1\n\1", "twice in set"),
    ("a name with two values", "flags", r"(?m)^(set memfd_secret bits\n\tO_CLOEXEC +)0x80000", r"\g<1>0x40000",
     "another value"),
    ("a value that is no number", "flags", r"(?m)^(\tO_EXCL +)0x80", r"\g<1>0200", "not a number"),
    ("a value of an unknown architecture", "flags", r"(?m)^(\tO_EXCL +0x80)", r"\1  arm=0x1",
     "unknown architecture `arm`"),
    ("a value nowhere", "flags", r"(?m)^(\tO_EXCL +)0x80", r"\1-", "no architecture"),
    ("a negative bit", "flags", r"(?m)^(\tO_EXCL +)0x80", r"\1-1", "no negative"),
    ("a value before any set", "flags", r"(?m)^set open bits.*\n", "", "below its set"),
    ("a command twice", "ioctls", r"(?m)^(TCGETS .*)$", r"\1\n\1", "twice"),
    ("a command of more than 32 bits", "ioctls", r"(?m)^(TCGETS +)0x", r"\g<1>0x1", "32 bits"),
    ("a pin of an unknown call", "pins", r"(?m)^prlimit64 ", "prlimit63 ", "unknown call `prlimit63`"),
    ("a pin of a call that is not basic", "pins", r"(?m)^prlimit64 .*$", "ptrace pid == 0", "only basic calls"),
    ("a pin of an unknown argument", "pins", r"(?m)^(prlimit64 +)pid", r"\1who", "`who` is not an argument"),
    ("a pin with an unknown value", "pins", r"(?m)^(socketpair .*)AF_UNIX", r"\1AF_UNICS", "unknown value `AF_UNICS`"),
    ("a pin with a value of another set", "pins", r"(?m)^(socketpair .*)AF_UNIX", r"\1O_EXCL",
     "unknown value `O_EXCL`"),
    ("a pin that looks into memory", "pins", r"(?m)^(sendto +)addr == NULL", r"\1addr == 5", "pointer"),
    ("a pin that does not parse", "pins", r"(?m)^(prlimit64 +pid) ==", r"\1 =", "characters that no condition has"),
    ("a pin without an end", "pins", r"(?m)^(prlimit64 +pid ==) 0", r"\1", "the end"),
    ("a pin with too much", "pins", r"(?m)^(prlimit64 +pid == 0)", r"\1 0", "after the end"),
    ("a pin with a value too wide", "pins", r"(?m)^(prlimit64 +pid ==) 0", r"\1 0x100000000", "does not fit"),
    ("a pin name that one architecture lacks", "pins", r"(?m)^(prctl +option) in \{", r"\1 == MAP_32BIT or option in {",
     "unknown value `MAP_32BIT`"),
    ("pins out of order", "pins", r"(?m)^(get_robust_list.*)\n(getpriority.*)$", r"\2\n\1", "belongs before"),
    ("a basic call with a pid and no pin", "pins", r"(?m)^prlimit64 .*\n", "", "needs a row in pins.tbl"),
    ("a basic call with an address and no pin", "pins", r"(?m)^sendto .*\n", "", "needs a row in pins.tbl"),
    ("a gap in the operations of a ring", "uring", r"(?m)^WRITEV .*\n", "", "without gaps"),
    ("an operation of a ring twice", "uring", r"(?m)^WRITEV ", "READV ", "twice"),
    ("an operation of a ring with an unknown call", "uring", r"(?m)^(SOCKET .*) socket ", r"\1 sockets ",
     "unknown call `sockets`"),
    ("an operation of a ring that nobody holds", "uring", r"(?m)^(SOCKET .*) nothing$", r"\1 luck",
     "unknown holder `luck`"),
    ("an operation of a ring with an unknown right", "uring", r"(?m)^(MKDIRAT .*)make_dir", r"\1make_dirs",
     "unknown Landlock right"),
    ("an operation of a ring held by landlock alone", "uring", r"(?m)^(MKDIRAT .*landlock) make_dir", r"\1",
     "names rights"),
    ("an operation of a ring that reaches and names no call", "uring", r"(?m)^(SOCKET .*) socket ", r"\1 - ",
     "name the calls"),
    ("a group with an unknown member", "groups", r"\tswapoff", "\tswapof", "unknown call `swapof`"),
    ("a group twice", "groups", r"(?m)^@swap ", "@sync ", "twice"),
    ("a member twice", "groups", r"\tswapoff", "\tswapoff swapoff", "twice"),
    ("a group without help", "groups", r"(?m)^@swap .*$", "@swap", "2 columns"),
    ("an empty group", "groups", r"\n\tswapoff swapon", "", "no members"),
    ("an error twice", "errno", r"(?m)^(EPERM .*)$", r"\1\n\1", "twice"),
    ("errors out of order", "errno", r"(?m)^(EPERM +)1 ", r"\g<1>9 ", "ordered by number"),
    ("an error without help", "errno", r"(?m)^(EPERM +1) .*$", r"\1", "3 columns"),
    ("a Landlock right of two bits", "landlock", r"(?m)^(fs +execute +)0x1 ", r"\g<1>0x3 ", "one bit"),
    ("a Landlock right twice", "landlock", r"(?m)^(fs +execute .*)$", r"\1\n\1", "twice"),
    ("a Landlock right of no kind", "landlock", r"(?m)^fs( +execute )", r"ft\1", "unknown kind `ft`"),
    ("a weight of an unknown call", "frequency", r"(?m)^read ", "raed ", "unknown call `raed`"),
    ("weights that do not sum up", "frequency", r"(?m)^(read +)\d+", r"\g<1>9999", "sum up"),
    ("diagnostics out of order", "diagnostics", None, "C0102 b\n  x\n\nC0101 a\n  x\n", "in order"),
    ("a diagnostic without explanation", "diagnostics", None, "C0101 a\n", "no explanation"),
    ("a diagnostic without a code", "diagnostics", None, "unknown word\n", "begins with"),
]


def generate(data, out):
    command = [sys.executable, os.path.join(SOURCE, "scripts/gen_tables.py"), "--data", data, "--out", out]
    return subprocess.run(command, text=True, capture_output=True, check=False)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def check_bad_row(data, what, table, pattern, replacement, words):
    path = os.path.join(data, table + ".tbl")
    good = read(path) if os.path.exists(path) else None
    bad, count = (replacement, 1) if pattern is None else re.subn(pattern, replacement, good, count=1)
    write(path, bad)
    message = "accepted"
    try:
        tables_read.read_all(data)
    except tables_read.TableError as error:
        message = str(error)
    tap.ok(f"{table}.tbl: {what} is refused",
           count == 1 and re.match(r"\S+\.tbl(:\d+)?: ", message) and words in message,
           f"matched {count}, wanted `{words}`: {message}")
    if good is None:
        os.remove(path)
    else:
        write(path, good)


def check_exit(folder, data):
    """A bad row ends the generator with 1, the place on stderr, and without any output."""
    path, out = os.path.join(data, "syscalls.tbl"), os.path.join(folder, "out")
    good = read(path)
    write(path, re.sub(r"(?m)^(read .*) basic ", r"\1 ", good))
    os.makedirs(out)
    result = generate(data, out)
    tap.ok("a bad row ends the run with its place, and nothing is written",
           result.returncode == 1 and re.match(r"\S+syscalls\.tbl:\d+: ", result.stderr) and not os.listdir(out),
           result.stderr)
    write(path, good)


def check_good(folder):
    outputs = []
    for name in ("first", "second"):
        out = os.path.join(folder, name)
        os.makedirs(out)
        result = generate(DATA, out)
        tap.ok(f"the tables as they are pass ({name} run)", result.returncode == 0, result.stderr)
        outputs.append([read(os.path.join(out, name)) for name in ("tables_gen.c", "tables_check.c")])
    tap.ok("the same input gives the same output", outputs[0] == outputs[1])
    return os.path.join(folder, "first")


def macros(compiler, header, pattern):
    text = subprocess.run([compiler, "-E", "-dM", "-x", "c", "-"], input=f"#include <{header}>\n", text=True,
                          capture_output=True, check=True).stdout
    return re.findall(rf"^#define ({pattern})", text, re.M)


def check_headers_are_covered(tables, compiler, headers):
    """The assertions go from table to header; this goes the other way: every number of the headers is in the table."""
    for header, arch in headers:
        names = [name.removeprefix("__NR_") for name in macros(compiler, header, r"__NR_\w+")]
        ignored = ("syscalls", "arch_specific_syscall", "sync_file_range2")
        missing = [name for name in names if name not in ignored and not name.startswith("3264")
                   and arch not in tables.calls.get(name, {"nr": {}})["nr"]]
        tap.ok(f"{header}: every number is in syscalls.tbl", names and not missing, " ".join(missing))


ENUM_HEADERS = """stddef.h linux/fcntl.h linux/fiemap.h linux/bpf.h linux/in.h linux/in6.h linux/io_uring.h
linux/ioprio.h linux/kcmp.h linux/landlock.h linux/membarrier.h linux/mempolicy.h linux/mount.h linux/personality.h linux/tcp.h""".split()


def check_enumerators(tables, compiler, arch):
    """Names that headers define as enumerators, which no #ifdef sees: one compilation finds them, one asserts."""
    names = {name: values[arch] for flag_set in tables.sets.values() for name, values in flag_set["values"].items()
             if values[arch] is not None}
    includes = "".join(f"#include <{header}>\n" for header in ENUM_HEADERS)

    def compile_all(line):
        lines = "".join(line(name, value) + "\n" for name, value in names.items())
        return subprocess.run([compiler, "-fsyntax-only", "-fmax-errors=0", "-w", "-x", "c", "-"], text=True,
                              input=includes + lines, capture_output=True, check=False).stderr

    found = compile_all(lambda name, _: f"enum {{ x_{name} = {name} != 0 }};")
    unknown = re.findall(r"[‘'](\w+)[’'] undeclared", found)
    for name in unknown:
        names.pop(name, None)
    wrong = compile_all(lambda name, value: f"_Static_assert(((unsigned long long)({name}) & 0xffffffffu) == "
                        f'{value & 0xffffffff:#x}u, "{name}");')
    tap.ok(f"{arch}: enumerators of the headers agree ({len(names)} names)", len(names) > 200 and not wrong, wrong)


def check_cross(out):
    compiler = "aarch64-linux-gnu-gcc"
    if not shutil.which(compiler):
        tap.skip("the generated files compile for aarch64", f"no {compiler}")
        return
    for name in ("tables_gen.c", "tables_check.c"):
        result = subprocess.run([compiler, "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                                 "-I" + os.path.join(SOURCE, "src"), "-fsyntax-only", os.path.join(out, name)],
                                text=True, capture_output=True, check=False)
        tap.ok(f"{name} compiles for aarch64 and its assertions hold", result.returncode == 0, result.stderr)


def main():
    tables = tables_read.read_all(DATA)
    with tempfile.TemporaryDirectory(prefix="cordon-tables-") as folder:
        check_cross(check_good(folder))
        data = os.path.join(folder, "data")
        shutil.copytree(DATA, data)
        check_exit(folder, data)
        for row in BAD_ROWS:
            check_bad_row(data, *row)
    if os.uname().machine == "x86_64":
        check_headers_are_covered(tables, "cc", [("asm/unistd_64.h", "x86_64"), ("asm/unistd_32.h", "i386"),
                                                 ("asm/unistd_x32.h", "x32")])
        check_enumerators(tables, "cc", "x86_64")
    if shutil.which("aarch64-linux-gnu-gcc"):
        check_headers_are_covered(tables, "aarch64-linux-gnu-gcc", [("asm/unistd.h", "aarch64")])
        check_enumerators(tables, "aarch64-linux-gnu-gcc", "aarch64")
    tap.done()


main()
