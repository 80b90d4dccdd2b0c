#!/usr/bin/env python3
"""docs/matrix.md is what data/ says; every call, ring operation, ioctl, fcntl command, prctl option, socket family and
namespace flag that the installed kernel headers know has a row in it; and the lint finds bad rows."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.environ["CORDON_SOURCE"]
sys.path[:0] = [os.path.join(SOURCE, "tests/harness"), os.path.join(SOURCE, "scripts")]
sys.dont_write_bytecode = True
import matrix_read  # noqa: E402
import tables_read  # noqa: E402
import tap  # noqa: E402

DATA = os.path.join(SOURCE, "data")
GENERATOR = os.path.join(SOURCE, "scripts/gen_matrix.py")
INCLUDE = "/usr/include"
# Headers that write the numbers of commands without _IO().
PLAIN = ("asm-generic/ioctls.h", "asm-generic/sockios.h", "linux/sockios.h", "linux/loop.h", "linux/cdrom.h",
         "linux/kd.h", "linux/vt.h")

# what is wrong, table, what matches, replacement, words of the message
BAD_ROWS = [
    ("a call that nobody described", "matrix", r"(?m)^call acct .*\n", "", "`acct` has no row"),
    ("a basic call with a path that nobody described", "matrix", r"(?m)^call chdir .*\n", "", "`chdir` has no row"),
    ("a call twice", "matrix", r"(?m)^call acct ", "call acct chroot ", "`chroot` is there twice"),
    ("a call that does not exist", "matrix", r"(?m)^call acct ", "call acct acctt ", "no such call"),
    ("an empty cell", "matrix", r"(?m)^(operation file read) \| [^|]*\|", r"\1 | |", "an empty cell"),
    ("an unknown mechanism", "matrix", r"(?m)^(operation file read \| )seccomp", r"\1prayer", "unknown mechanism"),
    ("an unknown Landlock right", "matrix", r"(?m)^(operation exec .*)landlock execute", r"\1landlock run",
     "has no `run`"),
    ("landlock without a right", "matrix", r"(?m)^(call pidfd_open \| landlock) .*$", r"\1", "of what?"),
    ("a free operation without a place", "matrix", r"(?m) \(docs/policy\.md#file\)$", "", "names the place"),
    ("a place that is not there", "matrix", r"\(docs/policy\.md#file\)", "(docs/politics.md)", "is not there"),
    ("a refusal without a remark", "matrix", r"(?m)^(call socketcall \| planner);.*$", r"\1", "need a remark"),
    ("a column missing", "matrix", r"(?m)^(way [^|]*mq_notify) \| seccomp", r"\1", "2 cells"),
    ("a kind of row that is none", "matrix", r"(?m)^call acct ", "calls acct ", "unknown kind"),
    ("a command group without a row", "matrix", r"(?m)^ioctl fuse .*\n", "", "`fuse` of ioctls.tbl has no row"),
    ("a command that does not exist", "matrix", r"(?m)^ioctl-but TIOCSIG ", "ioctl-but TIOCSIGH ", "no such command"),
    ("a register operation without a row", "matrix", r"(?m)^register REGISTER_ZCRX_IFQ .*\n", "", "has no row"),
    ("a closed fcntl command without a reason", "matrix", r"(?m)^value fcntl F_NOTIFY .*\n", "", "no row says why"),
    ("an open prctl option with a reason", "matrix", r"(?m)^value prctl PR_SCHED_CORE ",
     "value prctl PR_SCHED_CORE PR_SET_NAME ", "is open"),
    ("a namespace flag without a reason", "matrix", r"(?m)^(value clone )CLONE_NEWNS ", r"\1", "CLONE_NEWNS"),
    ("a right that nobody uses", "matrix", r"(?m)^right ioctl_dev (.*\n\t)*.*\n", "", "stands in no cell"),
    ("a pin that opens more", "pins", r"(?m)^(fcntl  cmd in \{)F_DUPFD ", r"\1F_DUPFD F_SETOWN ", "F_SETOWN"),
    ("a new call without a row", "syscalls", r"(?m)^(acct .*)\n", r"\1\nacct2 - - - 1000 6.18 privileged - void\n",
     "acct2"),
]


def generate(data):
    """(exit status, what it says) of the generator's check."""
    result = subprocess.run([sys.executable, GENERATOR, "--data", data, "--check"], capture_output=True, text=True,
                            check=False)
    return result.returncode, result.stdout + result.stderr


def bad_rows():
    for title, table, pattern, replacement, words in BAD_ROWS:
        with tempfile.TemporaryDirectory() as folder:
            data = os.path.join(folder, "data")
            shutil.copytree(DATA, data)
            path = os.path.join(data, table + ".tbl")
            with open(path, encoding="utf-8") as file:
                text, count = re.subn(pattern, replacement, file.read(), count=1)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            if table == "syscalls":  # the record has it, too
                with open(os.path.join(data, "recorded-6.18.tbl"), "a", encoding="utf-8") as file:
                    file.write("aarch64 1000 acct2\n")
            status, said = generate(data)
        tap.ok(f"found: {title}", count == 1 and status != 0 and words in said,
               f"{count} replaced, status {status}: {said}")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().replace("\\\n", " ")


def header(name):
    """The path of a header, which may stand in the architecture's folder."""
    found = [os.path.join(INCLUDE, name)] + glob.glob(os.path.join(INCLUDE, "*-linux-gnu", name))
    return next((path for path in found if os.path.exists(path)), None)


def every(title, known, names):
    """Every name that the headers have is known; there are some."""
    missing = [name for name in names if name not in known]
    tap.ok(title, names and not missing, " ".join(missing) or "no names found")


def enumerators(name, prefix):
    return re.findall(rf"^\s*{prefix}(\w+)\s*(?:=[^,]*)?,", read(header(name)), re.MULTILINE)


def ioctl_headers():
    """(header as it is included, the commands in it)"""
    found = {}
    folders = "linux asm-generic drm sound video rdma misc mtd scsi xen *-linux-gnu/asm"
    for folder in folders.split():
        for path in sorted(glob.glob(os.path.join(INCLUDE, folder, "**", "*.h"), recursive=True)):
            name = re.sub(r"^[^/]*-linux-gnu/", "", os.path.relpath(path, INCLUDE))
            pattern = r"^\s*#\s*define\s+(\w+)\s+\(?\s*(?:\w+_)?_?IO(?:R|W|WR|C)?(?:_BAD)?\s*\("
            names = re.findall(pattern, read(path), re.MULTILINE)
            if name in PLAIN:
                names += re.findall(r"^\s*#\s*define\s+(\w+)\s+0x(?:4B|4C|53|54|56|89)[0-9A-F]{2}\b", read(path),
                                    re.MULTILINE | re.IGNORECASE)
            names = [each for each in names if not re.fullmatch(r"_?IO\w*|\w*_IO[RWC]*|\w+_(BASE|MAGIC)", each)]
            if names:
                found[name] = names
    return found


def headers(tables, matrix):
    sets = {name: values["values"] for name, values in tables.sets.items()}
    ring = [row["name"] for row in tables.uring]
    every("every IORING_OP of the headers has a row", ring + ["LAST"], enumerators("linux/io_uring.h", "IORING_OP_"))
    every("every operation of io_uring_register of the headers has a row", sets["io_uring_register"],
          ["IORING_" + name for name in enumerators("linux/io_uring.h", "IORING_(?=(?:UN)?REGISTER_)")
           if not name.endswith(("_LAST", "_SKIP"))])
    commands = [name for path in ("linux/fcntl.h", "asm-generic/fcntl.h")
                for name in re.findall(r"^#\s*define\s+(F_[A-Z]\w+)", read(header(path)), re.MULTILINE)]
    others = ("F_SEAL_", "F_OWNER_")
    every("every fcntl command of the headers has a row", set(sets["fcntl"]) | set(sets["lock_type"]),
          [name for name in commands if not name.startswith(others) and name != "F_LINUX_SPECIFIC_BASE"])
    # values of options are written `# define`
    options = re.findall(r"^#define\s+(PR_[A-Z]\w+)\s+(?:\d|0x)", read(header("linux/prctl.h")), re.MULTILINE)
    every("every prctl option of the headers has a row", sets["prctl"],
          [name for name in options if not name.startswith(("PR_SET_VMA_", "PR_SPEC_"))])
    flags = re.findall(r"^#define\s+(CLONE_\w+)", read(header("linux/sched.h")), re.MULTILINE)
    # bits of clone3, which is closed: flags above 32 bits
    every("every clone flag of the headers has a row", set(sets["clone"]) | set(sets["unshare"])
          | {"CLONE_CLEAR_SIGHAND", "CLONE_INTO_CGROUP", "CLONE_ARGS_SIZE_VER0", "CLONE_ARGS_SIZE_VER1",
             "CLONE_ARGS_SIZE_VER2"}, flags)
    families = re.findall(r"^#define\s+(AF_[A-Z]\w*)", read(header("bits/socket.h")), re.MULTILINE)
    every("every socket family of the headers has a row",
          set(sets["family"]) | {"AF_LOCAL", "AF_FILE", "AF_ROUTE", "AF_MAX"}, families)
    known = set(sets["ioctl"]) | set(matrix.rows["unnamed"])
    found = ioctl_headers()
    missing = []
    for name, names in found.items():
        left = [each for each in names if each not in known]
        # a header that is left out is left out as a whole
        if left and name not in matrix.rows["header"]:
            missing.append(f"{name}: {' '.join(left)}")
    tap.ok("every header with ioctl commands is in the tables, or named as left out", found and not missing,
           "\n".join(missing))


def operations(matrix):
    """The words of the language have rows: those of src/policy/names.c."""
    text = read(os.path.join(SOURCE, "src/policy/names.c"))

    def words(table):
        return re.findall(r'\{ "([a-z-]+)", ', re.search(rf"{table}\[\] = \{{(.*?)\n\}};", text, re.DOTALL)[1])
    wanted = [f"file {name}" for name in words("file_operations") if name != "edit"]
    wanted += [f"net {name} {protocol}" for name in words("net_operations") for protocol in words("net_protocols")]
    wanted += [f"signal {name}" for name in words("signal_targets")]
    wanted += [f"syscall {name}" for name in tables_read.CLASSES] + ["exec", "ptrace", "mount", "ioctl any"]
    every("every operation of the language has a row", matrix.operations, wanted)


def main():
    status, said = generate(DATA)
    tap.ok("docs/matrix.md is what scripts/gen_matrix.py writes", status == 0, said)
    tables = tables_read.read_all(DATA)
    matrix = matrix_read.Matrix(tables, os.path.join(DATA, "matrix.tbl"), SOURCE)
    operations(matrix)
    headers(tables, matrix)
    bad_rows()
    tap.done()


main()
