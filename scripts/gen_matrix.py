#!/usr/bin/env python3
"""Write the matrix of operations and mechanisms: gen_matrix.py [--data DIR] [--out FILE] [--check]

Reads data/ (matrix.tbl says what can't be computed) and writes docs/matrix.md; with --check only compares. A call,
operation of io_uring, ioctl command or value without a row, and an empty cell, end the run with what is missing."""
import argparse
import os
import re
import sys

sys.dont_write_bytecode = True
import matrix_read  # noqa: E402
import tables_read  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INTRODUCTION = """\
# The matrix: which mechanism closes what

Made by scripts/gen_matrix.py from data/; do not edit. data/matrix.tbl holds what a person has to say, and explains the
words. A call, operation of io_uring, ioctl command, fcntl command, prctl option, socket family or namespace flag that the
tables or the kernel's headers know and that has no row here fails the build (tests/tree/matrix.py), and the planner is
asked whether it carries each operation as the matrix says (tests/kernel/test_matrix.py).

**Closed by**: what keeps the operation away when the policy doesn't grant it. **Held by**: what keeps it to its object when
it does. `seccomp` is the filter; `landlock` is followed by the rights; `descriptor`: opened before under the same rules;
`process`: nothing but the process and its children is reached; `planner`: a policy that grants it is refused.

* [Operations](#operations), [System calls](#system-calls)
* [io_uring](#io_uring), [ioctl](#ioctl), [fcntl](#fcntl), [prctl](#prctl), [Namespaces](#namespaces),
  [Socket families](#socket-families)
* [Other ways](#other-ways), [Landlock rights](#landlock-rights)
"""


def table(titles, rows):
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    for row in rows:
        if any(not str(cell).strip() for cell in row):
            raise tables_read.TableError(f"an empty cell beside `{row[0]}`")
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines) + "\n"


def grants_of(operation):
    """The templates of grants.cordon that a rule of this operation brings."""
    words = operation.split()
    if words[0] == "net":
        special = "net-connect-udp" if words[1:] == ["connect", "udp"] else f"net-{words[1]}"
        return [special, f"net-{words[2]}"] + (["net-bind"] if words[1] == "accept" else [])
    return ["-".join(words), words[0]]


def ways_in(matrix, operation):
    """Calls and operations of a ring."""
    calls = sorted({call for grant in grants_of(operation) for call, verdict, _ in matrix.grants.get(grant, [])
                    if verdict is None})
    words = operation.split()
    if words[0] == "syscall":
        if words[1] == "unknown":
            return "every number that the tables don't have"
        return f"{sum(call['class'] == words[1] for call in matrix.tables.calls.values())} calls, see below"
    if words[0] == "ioctl":
        return "ioctl, URING_CMD"
    if operation == "file stat":
        calls = ["stat", "statx", "access", "readlink and the like"]
    aside = {"sendto", "setsockopt", "ioctl", "getsockopt"}
    ring = [row["name"] for row in matrix.tables.uring if set(row["calls"]) & set(calls) - aside]
    return ", ".join(calls) + ("; ring: " + ", ".join(ring) if ring else "")


def operations(matrix):
    return table(("operation", "closed by", "held by", "ways in"), [
        (name, row["closed"].text(), row["held"].text(), ways_in(matrix, name))
        for name, row in matrix.operations.items()])


def calls(matrix):
    rows = []
    for name, row in matrix.call_rows().items():
        numbers = " ".join(str(matrix.tables.calls[name]["nr"].get(arch, "-")) for arch in tables_read.ARCHES)
        rows.append((name, numbers, row["class"], f"seccomp: {row['errno']}", row["held"]))
    return table(("call", "x86_64 i386 x32 aarch64", "class", "closed by", "held by"), rows)


def ring(matrix):
    return table(("operation", "since", "does the same as", "closed by", "held by"), [
        (row["name"], row["since"], ", ".join(row["calls"]) or "no call: it concerns the ring or the process",
         "seccomp: io_uring_setup, _enter, _register", row["held"]) for row in matrix.tables.uring])


def register(matrix):
    return table(("operation", "closed by", "held by"), [
        (name, "seccomp: io_uring_register", held) for name, held in matrix.register_rows()])


def values(matrix, set_name, calls_of_set, argument):
    return table(("value", "without a line of its own", "held by, or why it is closed"),
                 matrix.value_rows(set_name, calls_of_set, argument))


def families(matrix):
    held = matrix.rows["values"]["family"].text()
    return table(("family", "opened by", "held by, or why it is closed"), [
        (name, ", ".join(f"net {protocol}" for protocol in protocols) or "nothing", held if protocols else rest)
        for name, protocols, rest in matrix.family_rows()])


def templates(data):
    """[(name, the words of its ioctl lines)]"""
    result = []
    for name, text in tables_read.read_texts(data, None):
        if name.startswith("std/"):
            lines = re.findall(r"^  ioctl any (.*)$", text.replace("\\\n", " "), re.MULTILINE)
            result.append((name, set(" ".join(lines).split())))
    return result


def commands(matrix, data):
    out = []
    for title, rows in matrix.ioctl_rows(os.path.join(data, "ioctls.tbl"), templates(data)).items():
        out += [f"### {title[0].upper()}{title[1:]}\n", table(
            ("command", "number", "closed by", "held by", "opened by"), [
                (name, "none on x86_64" if number is None else f"{number:#010x}", "seccomp", held,
                 ", ".join(opened) or "its own line") for name, number, held, opened in rows])]
    return "\n".join(out)


def names_right(cells, right):
    return any(part[0] == "landlock" and right in part for cell in cells for part in cell.parts)


def rights(matrix):
    rows = []
    for right in matrix.tables.landlock:
        name = right["name"]
        users = [operation for operation, row in matrix.operations.items()
                 if names_right((row["closed"], row["held"]), name)]
        users += [way for group in matrix.ways.values() for way, cells in group.items()
                  if not users and names_right(cells, name)]
        rows.append((name, right["abi"], ", ".join(users) or matrix.rows["right"][name]))
    return table(("right", "since ABI", "about"), rows)


def page(data, root):
    tables = tables_read.read_all(data)
    matrix = matrix_read.Matrix(tables, os.path.join(data, "matrix.tbl"), root)
    matrix.check_rights()
    matrix.known("values", ("fcntl", "prctl", "clone", "unshare", "family"), "no such set is shown")
    parts = [INTRODUCTION, "## Operations\n", operations(matrix), "## System calls\n", calls(matrix),
             "## io_uring\n", "A line that opens a ring is refused unless all these calls are open whatever their "
             "arguments (docs/decisions/011-doors-open-what-is-behind-them.md).\n", ring(matrix),
             "### io_uring_register\n", register(matrix), "## ioctl\n",
             "A command is open only by an `ioctl` line, on devices too: `file read,write /dev/x` opens none.\n",
             commands(matrix, data), "## fcntl\n", values(matrix, "fcntl", ("fcntl", "fcntl64"), "cmd"),
             "## prctl\n", values(matrix, "prctl", ("prctl",), "option"), "## Namespaces\n", "### clone\n",
             values(matrix, "clone", ("clone",), "flags"), "### unshare and setns\n",
             values(matrix, "unshare", ("unshare", "setns"), "flags"), "## Socket families\n", families(matrix),
             "## Other ways\n"]
    for title, ways in matrix.ways.items():
        parts += [f"### {title[0].upper()}{title[1:]}\n", table(("way", "closed by", "held by"), [
            (way, closed.text(), held.text()) for way, (closed, held) in ways.items()])]
    parts += ["## Landlock rights\n", rights(matrix)]
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description="Write docs/matrix.md.")
    parser.add_argument("--data", default=os.path.join(ROOT, "data"), help="folder of the tables")
    parser.add_argument("--out", default=os.path.join(ROOT, "docs/matrix.md"), help="the page")
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the page is out of date")
    options = parser.parse_args()
    try:
        text = page(options.data, ROOT)
    except tables_read.TableError as error:
        sys.exit(str(error))
    if not options.check:
        with open(options.out, "w", encoding="utf-8") as file:
            file.write(text)
        return
    with open(options.out, encoding="utf-8") as file:
        if file.read() != text:
            sys.exit(f"{options.out} is out of date: run scripts/gen_matrix.py")


if __name__ == "__main__":
    main()
