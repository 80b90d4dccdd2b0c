"""Read data/matrix.tbl and put it together with the other tables: one row for each call, command, value and operation.
A row that is missing, doubled or empty is a TableError with file and line. Used by gen_matrix.py."""
import os
import re

import tables_cond
from tables_read import ARCHES, TableError, read_rows

MECHANISMS = ("seccomp", "landlock", "mount", "namespace", "prctl", "capability", "rlimit", "listener", "launch",
              "descriptor", "process", "ring", "kernel", "planner", "nothing")
NAMESPACES = ("pid", "net", "ipc", "uts", "user", "mount")
# What every Landlock domain closes without a right of its own.
DOMAIN = ("ptrace", "mounts")
COLUMNS = {"operation": 3, "call": 1, "values": 1, "value": 1, "ioctl": 1, "ioctl-but": 1, "register": 1, "way": 2,
           "header": 1, "unnamed": 1, "right": 1}
# Types of arguments that reach somebody (types.tbl): a basic call that has one needs a word from a person.
TELLING_TYPES = ("path", "sigpid", "childpid", "infopid")


class Cell:
    """MECHANISM [WHAT...] + ... [; remark]"""

    def __init__(self, text, fail, words, root):
        mechanisms, _, self.remark = (part.strip() for part in text.partition(";"))
        self.parts = [part.split() for part in mechanisms.split(" + ")]
        if not mechanisms or not all(self.parts):
            fail("an empty cell")
        for name, *objects in self.parts:
            if name not in MECHANISMS:
                fail(f"unknown mechanism `{name}` (one of: {' '.join(MECHANISMS)})")
            known = words.get(name, ())
            for word in objects:
                if word not in known:
                    fail(f"`{name}` has no `{word}`")
            if known and not objects:
                fail(f"`{name}` of what?")
        if self.has("kernel", "nothing", "planner") and not self.remark:
            fail("kernel, planner and nothing need a remark")
        places = re.findall(r"\(([^()\s]+/[^()\s]+)\)", self.remark)
        if self.has("nothing") and not places:
            fail("what is free by decision names the place where that is written: (docs/...)")
        for place in places:
            if not os.path.exists(os.path.join(root, place.partition("#")[0])):
                fail(f"`{place}` is not there")

    def has(self, *names):
        return any(part[0] in names for part in self.parts)

    def mechanisms(self):
        return sorted(part[0] for part in self.parts)

    def text(self):
        shown = " + ".join(" ".join(part) for part in self.parts)
        return f"{shown}: {self.remark}" if self.remark else shown


class Matrix:
    def __init__(self, tables, path, root):
        self.tables, self.path, self.root = tables, path, root
        self.words = {"landlock": [right["name"] for right in tables.landlock] + list(DOMAIN),
                      "namespace": NAMESPACES, "capability": [name for name, _, _ in tables.capability]}
        self.rows = {kind: {} for kind in COLUMNS}
        self.operations, self.ways = {}, {}
        for row in read_rows(path):
            self.read_row(row)
        self.grants = {name.removeprefix("grant/"): calls for name, calls in tables_cond.grants(tables)}
        self.pins = dict(tables_cond.pins(tables))

    def cell(self, text, row):
        return Cell(text, row.fail, self.words, self.root)

    def read_row(self, row):
        head, *cells = (cell.strip() for cell in row.text.split("|"))
        kind, _, subject = head.partition(" ")
        if kind not in COLUMNS:
            row.fail(f"unknown kind of row `{kind}`")
        if len(cells) != COLUMNS[kind] or not subject:
            row.fail(f"`{kind}` has a subject and {COLUMNS[kind]} cells")
        if kind == "operation":
            self.once(self.operations, subject, row)
            self.operations[subject] = {"closed": self.cell(cells[0], row), "held": self.cell(cells[1], row),
                                        "lines": [line.strip() for line in cells[2].split(";") if line.strip()]}
        elif kind == "way":
            title, slash, way = subject.partition(" / ")
            if not slash:
                row.fail("a way is written TITLE / WAY")
            self.once(self.ways.setdefault(title, {}), way, row)
            self.ways[title][way] = (self.cell(cells[0], row), self.cell(cells[1], row))
        elif kind in ("value", "header", "unnamed", "right"):
            if not cells[0]:
                row.fail("an empty cell")
            names = subject.split()
            prefix = names.pop(0) + " " if kind == "value" else ""
            for name in names:
                self.once(self.rows[kind], prefix + name, row)
                self.rows[kind][prefix + name] = cells[0]
        else:
            for name in [subject] if kind in ("ioctl", "values") else subject.split():
                self.once(self.rows[kind], name, row)
                self.rows[kind][name] = self.cell(cells[0], row)

    @staticmethod
    def once(where, name, row):
        if name in where:
            row.fail(f"`{name}` is there twice")

    def fail(self, message):
        raise TableError(f"{self.path}: {message}")

    def known(self, kind, names, what):
        """Each row of @kind is about something that is there."""
        for name in self.rows[kind]:
            if name not in names:
                self.fail(f"{kind} `{name}`: {what}")

    # ---- calls ----

    def opened_by(self, call):
        """Operations whose grants open @call, as `file read`; net protocols by themselves."""
        return [name for name, calls in sorted(self.grants.items())
                if any(opened == call and verdict is None for opened, verdict, _ in calls)
                and name not in ("builtin", "net-options")]

    def call_rows(self):
        self.known("call", self.tables.calls, "the tables have no such call")
        return {name: self.call_row(name, call) for name, call in self.tables.calls.items()}

    def call_row(self, name, call):
        row = {"class": call["class"], "errno": call["deny"] or "EPERM", "opened": self.opened_by(name)}
        written = self.rows["call"].get(name)
        if written:
            row["held"] = written.text()
        elif row["opened"]:
            row["held"] = "as " + ", ".join(operation_of(grant) for grant in row["opened"])
        elif name in ("setsockopt", "ioctl"):
            row["held"] = "seccomp: options of sockets that net rules open" if name == "setsockopt" else "see below"
        elif call["class"] != "basic":
            self.fail(f"the {call['class']} call `{name}` has no row: what holds it when it is granted?")
        else:
            telling = [arg["type"] for arg in call["args"] if arg["type"] in TELLING_TYPES]
            if telling:
                self.fail(f"the basic call `{name}` has no row, and takes a {telling[0]}")
            row["held"] = "descriptor" if any(arg["type"] == "fd" for arg in call["args"]) else "process"
        if call["pin"]:
            row["held"] += " + seccomp: pin"
        return row

    # ---- values ----

    def value_rows(self, set_name, call_names, argument):
        """(name, verdict, text) of each value of a set: open, closed, or partly."""
        values = self.tables.sets[set_name]["values"]
        held = self.rows["values"].get(set_name)
        for row in self.rows["value"]:
            if row.startswith(set_name + " ") and row.split()[1] not in values:
                self.fail(f"value `{row}`: the set has no such name")
        if not held:
            self.fail(f"values `{set_name}` has no row")
        result = []
        for name, by_arch in values.items():
            answers = {self.verdict_of(call, argument, by_arch[arch], arch) for call in call_names
                       for arch in self.tables.calls[call]["nr"] if by_arch[arch] is not None}
            reason = self.rows["value"].get(f"{set_name} {name}")
            answer = answers.pop() if len(answers) == 1 else "partly"
            if answer == "closed" and not reason:
                self.fail(f"`{name}` of {set_name} is closed, and no row says why")
            if answer != "closed" and reason:
                self.fail(f"`{name}` of {set_name} is {answer}, and a row says why it is closed")
            result.append((name, answer, reason or held.text()))
        return result

    def verdict_of(self, call, argument, value, arch):
        if call not in self.pins:
            return "closed" if self.tables.calls[call]["class"] != "basic" else "open"
        number = next(place for place, arg in enumerate(self.tables.calls[call]["args"]) if arg["name"] == argument)
        return {True: "open", False: "closed", None: "partly"}[
            holds(self.pins[call][ARCHES.index(arch)], {number: value})]

    def family_rows(self):
        """(name, the protocols whose grants open it)"""
        rest = self.rows["value"].get("family *")
        if not rest or not self.rows["values"].get("family"):
            self.fail("values and value `family *` have no row")
        result = []
        for name, by_arch in self.tables.sets["family"]["values"].items():
            protocols = [grant.removeprefix("net-") for grant, calls in sorted(self.grants.items())
                         for call, _, conditions in calls if call == "socket" and holds(
                             conditions[ARCHES.index("x86_64")], {0: by_arch["x86_64"]}) is not False]
            result.append((name, protocols, rest))
        return result

    # ---- ioctl ----

    def ioctl_groups(self, path):
        groups, title = {}, None
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith("# "):
                    title = line[2:].strip()
                elif line.strip() and not line.startswith("#"):
                    groups.setdefault(title, []).append(line.split()[0])
        return groups

    def ioctl_rows(self, path, templates):
        groups = self.ioctl_groups(path)
        self.known("ioctl", groups, "ioctls.tbl has no such group")
        self.known("ioctl-but", self.tables.sets["ioctl"]["values"], "ioctls.tbl has no such command")
        result = {}
        for title, names in groups.items():
            if title not in self.rows["ioctl"]:
                self.fail(f"the group `{title}` of ioctls.tbl has no row")
            result[title] = [(name, self.tables.sets["ioctl"]["values"][name]["x86_64"],
                              self.rows["ioctl-but"].get(name, self.rows["ioctl"][title]).text(),
                              [template for template, words in templates if name in words]) for name in names]
        return result

    def register_rows(self):
        names = [name.removeprefix("IORING_") for name in self.tables.sets["io_uring_register"]["values"]]
        self.known("register", names, "flags.tbl has no such operation")
        for name in names:
            if name not in self.rows["register"]:
                self.fail(f"`IORING_{name}` has no row")
        return [(name, self.rows["register"][name].text()) for name in names]

    def check_rights(self):
        cells = [cell for row in self.operations.values() for cell in (row["closed"], row["held"])]
        cells += [cell for ways in self.ways.values() for pair in ways.values() for cell in pair]
        named = {word for cell in cells for part in cell.parts if part[0] == "landlock" for word in part[1:]}
        for right in self.tables.landlock:
            if (right["name"] in named) == (right["name"] in self.rows["right"]):
                self.fail(f"the Landlock right `{right['name']}` stands in no cell, or in one and in a row of its own")


def operation_of(grant):
    return grant.replace("-", " ", 1)


def compare(value, kind, other, bits, signed):
    """As cond_holds() of src/policy/evaluate.c."""
    if signed and value >> 63:
        value -= 1 << 64
    if signed and other >> 63:
        other -= 1 << 64
    if kind == "WITHIN":
        return value & ~other & (1 << bits) - 1 == 0
    return {"EQ": value == other, "NE": value != other, "LT": value < other, "LE": value <= other,
            "GT": value > other, "GE": value >= other}[kind]


def holds(condition, known):
    """Does a compiled condition hold when only the arguments in @known are known? True, False, or None: it depends."""
    if condition is None:
        return True
    stack = []
    for node in condition:
        if node[0] == "ATOM":
            _, arg, bits, signed, mask, kind, other = node
            if arg not in known:
                stack.append(None)
                continue
            value = tables_cond.extend(known[arg], bits, signed)
            stack.append(compare(value if mask is None else value & mask, kind, other, bits, signed))
        elif node[0] == "NOT":
            top = stack.pop()
            stack.append(None if top is None else not top)
        else:
            right, left = stack.pop(), stack.pop()
            decisive = node[0] == "OR"
            if decisive in (left, right):
                stack.append(decisive)
            else:
                stack.append(None if None in (left, right) else not decisive)
    return stack.pop()
