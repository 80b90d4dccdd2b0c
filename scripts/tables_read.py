"""Read the text tables of data/ and check every row. Used by gen_tables.py."""
import glob
import os
import re

import tables_pin

ARCHES = ("x86_64", "i386", "x32", "aarch64")
CLASSES = ("basic", "typed", "privileged", "dangerous")
KINDS = ("value", "flags", "enum", "fd", "pointer")
# Types whose argument names somebody else: a basic call that has one needs a pin (see types.tbl).
OUTSIDE_TYPES = ("pid", "who", "sockaddr")
ARGS_MAX = 6


class TableError(Exception):
    pass


class Row:
    """One row: the file, the line it starts on, and its text with continuation lines joined."""

    def __init__(self, path, line, text):
        self.path, self.line, self.text = path, line, text

    def fail(self, message):
        raise TableError(f"{self.path}:{self.line}: {message}")

    def fields(self, count, rest=False):
        fields = self.text.split(None, count - 1 if rest else -1)
        if len(fields) != count:
            self.fail(f"{count} columns expected, found {len(fields)}")
        return fields

    def number(self, text):
        if not re.fullmatch(r"-?(0x[0-9a-f]+|0|[1-9][0-9]*)", text):
            self.fail(f"`{text}` is not a number (decimal, or 0x and lower case digits)")
        return int(text, 0)


class Tables:
    """Everything that was read; the attributes are filled by read_all()."""


def read_rows(path, continued=True):
    """Rows of a table. Comments begin with # in the first column; a line that begins with a tab continues the row
    before, unless continued is False, when it is a row of its own."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for line, text in enumerate(file.read().split("\n"), 1):
            if not text.strip() or text.startswith("#"):
                continue
            if text.startswith("\t") and continued:
                if not rows:
                    raise TableError(f"{path}:{line}: continues a row that is not there")
                rows[-1].text += " " + text.strip()
            elif text != text.rstrip():
                raise TableError(f"{path}:{line}: blanks at the end of the line")
            else:
                rows.append(Row(path, line, text))
    return rows


def in_order(rows, key):
    for before, row in zip(rows, rows[1:]):
        if key(before) == key(row):
            row.fail(f"`{key(row)}` is there twice (line {before.line})")
        if key(before) > key(row):
            row.fail(f"rows are ordered by name: `{key(row)}` belongs before `{key(before)}` (line {before.line})")


def first_word(row):
    return row.text.split()[0]


def choose(row, what, word, choices):
    if word not in choices:
        row.fail(f"unknown {what} `{word}` (one of: {' '.join(choices)})")
    return word


def read_named(path):
    """name number help: a list of (name, number, help), names unique, numbers in order."""
    result, seen, last = [], {}, -1
    for row in read_rows(path):
        name, number, text = row.fields(3, rest=True)
        number = row.number(number)
        if name in seen:
            row.fail(f"`{name}` is there twice (line {seen[name]})")
        if number < last:
            row.fail(f"rows are ordered by number: {number} after {last}")
        seen[name], last = row.line, number
        result.append((name, number, text))
    return result


def read_types(path):
    types = {}
    for row in read_rows(path):
        name, lp64, ilp32, sign, kind = row.fields(5)
        if name in types:
            row.fail(f"type `{name}` is there twice")
        widths = (row.number(lp64), row.number(ilp32))
        if any(width not in (8, 16, 32, 64) for width in widths):
            row.fail("a width is 8, 16, 32 or 64")
        choose(row, "sign", sign, ("signed", "unsigned"))
        choose(row, "kind", kind, KINDS)
        if kind == "fd" and (widths != (32, 32) or sign != "signed"):
            row.fail("a descriptor is 32 bits, signed")
        types[name] = {"name": name, "bits": widths, "signed": sign == "signed", "kind": kind}
    return types


def per_arch_values(row, value, overrides):
    """Values by architecture; None where it has none."""
    values = {arch: None if value == "-" else row.number(value) for arch in ARCHES}
    for word in overrides:
        arch, equals, other = word.partition("=")
        choose(row, "architecture", arch, ARCHES)
        if not equals:
            row.fail(f"`{word}`: write ARCH=VALUE")
        values[arch] = None if other == "-" else row.number(other)
    if all(number is None for number in values.values()):
        row.fail("no architecture has this name: drop the row")
    if any(number is not None and not -(1 << 31) <= number < 1 << 64 for number in values.values()):
        row.fail("the value does not fit 64 bits")
    return values


def new_set(name, is_bits):
    return {"name": name, "bits": is_bits, "values": {}}


def read_flags(path, sets, known):
    """known: name -> (values, row) over all sets, so that a name means one number everywhere."""
    current = None
    for row in read_rows(path, continued=False):
        words = row.text.split()
        if not row.text.startswith("\t"):
            if words[0] != "set" or len(words) < 3:
                row.fail("a set begins with `set NAME bits|enum`")
            if words[1] in sets:
                row.fail(f"set `{words[1]}` is there twice")
            if current and not current["values"]:
                row.fail(f"set `{current['name']}` is empty")
            choose(row, "kind of set", words[2], ("bits", "enum"))
            current = sets[words[1]] = new_set(words[1], words[2] == "bits")
            continue
        if not current or len(words) < 2:
            row.fail("a value is written `NAME value [arch=value ...]`, below its set")
        if words[0] in current["values"]:
            row.fail(f"`{words[0]}` is there twice in set `{current['name']}`")
        add_value(row, current, known, words[0], per_arch_values(row, words[1], words[2:]))
    return sets


def add_value(row, flag_set, known, name, values):
    if flag_set["bits"] and any(number is not None and number < 0 for number in values.values()):
        row.fail("a set of bits has no negative values")
    if name in known and known[name][0] != values:
        row.fail(f"`{name}` has another value at {known[name][1].path}:{known[name][1].line}")
    known.setdefault(name, (values, row))
    flag_set["values"][name] = values


def read_ioctls(path, known):
    flag_set = new_set("ioctl", False)
    for row in read_rows(path):
        words = row.text.split()
        if len(words) < 2:
            row.fail("a command is written `NAME value [arch=value ...]`")
        if words[0] in flag_set["values"]:
            row.fail(f"`{words[0]}` is there twice")
        values = per_arch_values(row, words[1], words[2:])
        if any(number is not None and not 0 <= number < 1 << 32 for number in values.values()):
            row.fail("an ioctl command has 32 bits")
        add_value(row, flag_set, known, words[0], values)
    return flag_set


def read_argument(row, word, types, sets):
    match = re.fullmatch(r"([a-z]\w*):(\w+)(?:/(\w+))?", word)
    if not match:
        row.fail(f"`{word}`: an argument is written name:type or name:type/set")
    name, type_name, set_name = match.groups()
    if type_name not in types:
        row.fail(f"argument `{name}` has the unknown type `{type_name}` (see types.tbl)")
    if set_name and set_name not in sets:
        row.fail(f"argument `{name}` has the unknown flag set `{set_name}` (see flags.tbl)")
    kind = types[type_name]["kind"]
    if set_name and kind in ("value", "pointer"):
        row.fail(f"argument `{name}`: type `{type_name}` has no named values, so no flag set")
    return {"name": name, "type": type_name, "set": set_name}


def read_number(row, text, arch):
    match = re.fullmatch(r"(\d+)(c?)(!?)", text)
    if not match:
        row.fail(f"`{text}` is not a number of {arch} (digits, then the marks c and !)")
    if match[2] and arch != "x32":
        row.fail("the mark c is for x32")
    if int(match[1]) > 32767:
        row.fail(f"number {match[1]} is too great")
    return int(match[1]), bool(match[2]), bool(match[3])


def read_call(row, types, sets, errnos):
    words = row.text.split()
    if len(words) < 8:
        row.fail("a call needs 8 columns: name, four numbers, since, class, deny, arguments (`void` for none); found "
                 f"{len(words)}")
    call = {"name": words[0], "row": row, "nr": {}, "compat": [], "unstable": [], "pin": None, "weight": 0}
    for arch, text in zip(ARCHES, words[1:5]):
        if text != "-":
            call["nr"][arch], compat, unstable = read_number(row, text, arch)
            call["compat"] += [arch] * (compat or arch == "i386")
            call["unstable"] += [arch] * unstable
    if not call["nr"]:
        row.fail("no architecture has this call")
    call["since"], call["class"], deny = words[5:8]
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", call["since"]):
        row.fail(f"`{call['since']}` is not a kernel release")
    choose(row, "class", call["class"], CLASSES)
    if deny != "-" and deny not in errnos:
        row.fail(f"unknown error `{deny}` (see errno.tbl)")
    call["deny"] = None if deny == "-" else deny
    if len(words) == 8:
        row.fail("a call without arguments is written `void`")
    call["args"] = [] if words[8:] == ["void"] else [read_argument(row, word, types, sets) for word in words[8:]]
    names = [arg["name"] for arg in call["args"]]
    if len(names) > ARGS_MAX or len(set(names)) != len(names):
        row.fail(f"at most {ARGS_MAX} arguments, each with a name of its own")
    if any(types[arg["type"]]["bits"][1] == 64 for arg in call["args"]) and "i386" in call["nr"]:
        call["unstable"].append("i386")
    return call


def read_calls(path, types, sets, errnos):
    rows = read_rows(path)
    in_order(rows, first_word)
    calls, owner = {}, {}
    for row in rows:
        call = read_call(row, types, sets, errnos)
        for arch, number in call["nr"].items():
            if (arch, number) in owner:
                row.fail(f"{arch} has two calls with the number {number}: `{owner[arch, number]}` too")
            owner[arch, number] = call["name"]
        calls[call["name"]] = call
    return calls


def read_recorded(path, calls):
    """The same numbers from another source: each row here must be there, and the other way round."""
    recorded = set()
    for row in read_rows(path):
        arch, number, name = row.fields(3)
        choose(row, "architecture", arch, ARCHES)
        number = row.number(number)
        if name not in calls or calls[name]["nr"].get(arch) != number:
            row.fail(f"syscalls.tbl does not have {arch} {number} as `{name}`")
        if (arch, name) in recorded:
            row.fail(f"{arch} `{name}` is there twice")
        recorded.add((arch, name))
    for call in calls.values():
        for arch, number in call["nr"].items():
            if (arch, call["name"]) not in recorded:
                call["row"].fail(f"{os.path.basename(path)} does not have {arch} {number} `{call['name']}`")


def read_pins(path, calls, types, sets, known):
    rows = read_rows(path)
    in_order(rows, first_word)
    for row in rows:
        name, text = row.fields(2, rest=True)
        if name not in calls:
            row.fail(f"unknown call `{name}`")
        call = calls[name]
        if call["class"] != "basic":
            row.fail(f"`{name}` is {call['class']}: only basic calls have pins")
        text = re.sub(r"\s*\|\s*", "|", text)
        try:
            tables_pin.check(text, call, types, sets, known)
        except tables_pin.PinError as error:
            row.fail(f"pin of `{name}`: {error}")
        call["pin"] = text
    for call in calls.values():
        outside = [arg["name"] for arg in call["args"] if arg["type"] in OUTSIDE_TYPES]
        if call["class"] == "basic" and outside and not call["pin"]:
            call["row"].fail(f"basic call `{call['name']}` can name somebody else by `{outside[0]}`: "
                             "it needs a row in pins.tbl")


def read_groups(path, calls):
    groups = {f"@{name}": (f"every call of class {name}", [call for call in calls if calls[call]["class"] == name])
              for name in CLASSES}
    current = None
    for row in read_rows(path, continued=False):
        if not row.text.startswith("\t"):
            name, text = row.fields(2, rest=True)
            if not re.fullmatch(r"@[a-z][a-z0-9-]*", name):
                row.fail(f"a group is named @word, not `{name}`")
            if name in groups:
                row.fail(f"group `{name}` is there twice")
            current = []
            groups[name] = (text, current)
            continue
        if current is None:
            row.fail("members without a group")
        for member in row.text.split():
            if member not in calls:
                row.fail(f"unknown call `{member}`")
            if member in current:
                row.fail(f"`{member}` is there twice")
            current.append(member)
    for name, (_, members) in groups.items():
        if not members:
            raise TableError(f"{path}: group `{name}` has no members")
    return groups


def read_landlock(path):
    rights = []
    for row in read_rows(path):
        kind, name, bit, abi, target = row.fields(5)
        choose(row, "kind", kind, ("fs", "net", "scope"))
        choose(row, "object", target, ("file", "dir") if kind == "fs" else ("-",))
        bit, abi = row.number(bit), row.number(abi)
        if bit <= 0 or bit & (bit - 1):
            row.fail("a right is one bit")
        if any(right["kind"] == kind and (right["bit"] == bit or right["name"] == name) for right in rights):
            row.fail(f"{kind} `{name}` or its bit is there twice")
        rights.append({"kind": kind, "name": name, "bit": bit, "abi": abi, "file": target == "file"})
    return rights


# What stands between an operation of a ring and its object (see uring.tbl); landlock is followed by rights.
URING_HOLDERS = ("landlock", "mount", "descriptor", "process", "ring", "nothing")


def read_uring(path, calls, rights):
    operations, names = [], [right["name"] for right in rights]
    for row in read_rows(path):
        name, number, since, same, held = row.fields(5, rest=True)
        if row.number(number) != len(operations):
            row.fail(f"operations are numbered without gaps: {len(operations)} is next")
        if any(operation["name"] == name for operation in operations):
            row.fail(f"`{name}` is there twice")
        if not re.fullmatch(r"\d+\.\d+", since):
            row.fail(f"`{since}` is not a kernel release")
        same = [] if same == "-" else same.split(",")
        for call in same:
            if call not in calls:
                row.fail(f"unknown call `{call}`")
        holder, *objects = held.split()
        choose(row, "holder", holder, URING_HOLDERS)
        for right in objects:
            choose(row, "Landlock right", right, names)
        if bool(objects) != (holder == "landlock"):
            row.fail("`landlock` names rights, and nothing else does")
        if not same and holder not in ("process", "ring"):
            row.fail(f"`{name}` reaches something ({holder}): name the calls that do the same")
        operations.append({"name": name, "since": since, "calls": same, "held": held})
    return operations


def read_frequency(path, calls):
    rows, total = read_rows(path), 0
    in_order(rows, first_word)
    for row in rows:
        name, weight = row.fields(2)
        if name not in calls:
            row.fail(f"unknown call `{name}`")
        calls[name]["weight"] = row.number(weight)
        if not 0 < calls[name]["weight"] <= 10000:
            row.fail("a weight is between 1 and 10000")
        total += calls[name]["weight"]
    if rows and not 9500 <= total <= 10000:
        raise TableError(f"{path}: the weights are ten-thousandths of all calls and sum up to {total}")


def read_diagnostics(path):
    """Blocks: `C0101 title`, then the explanation indented by two blanks; a line of "  ." is an empty line."""
    if not os.path.exists(path):
        return []
    result = []
    with open(path, encoding="utf-8") as file:
        for line, text in enumerate(file.read().split("\n"), 1):
            row = Row(path, line, text)
            if not text.strip() or text.startswith("#"):
                continue
            if text.startswith("  "):
                if not result:
                    row.fail("explanation without a code")
                result[-1][2].append("" if text.strip() == "." else text[2:])
                continue
            match = re.fullmatch(r"(C\d{4}) (\S.*)", text)
            if not match:
                row.fail("a diagnostic begins with `C0101 title`")
            if result and match[1] <= result[-1][0]:
                row.fail(f"codes are in order and unique: {match[1]} after {result[-1][0]}")
            result.append((match[1], match[2], []))
    for code, _, lines in result:
        if not lines:
            raise TableError(f"{path}: {code} has no explanation")
    return [(code, title, "\n".join(lines) + "\n") for code, title, lines in result]


def read_texts(data, embed):
    """(name below data/ without its ending, text), by name."""
    paths = glob.glob(os.path.join(data, "**", "*.cordon"), recursive=True) if embed is None else embed
    result = []
    for path in sorted(paths):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if "\0" in text:
            raise TableError(f"{path}: NUL in a policy text")
        result.append((os.path.relpath(path, data).removesuffix(".cordon"), text))
    return sorted(result)


def read_all(data, embed=None):
    def path(name):
        return os.path.join(data, name + ".tbl")

    tables, known = Tables(), {}
    tables.errno = read_named(path("errno"))
    tables.signal = read_named(path("signals"))
    tables.capability = read_named(path("capabilities"))
    tables.rlimit = read_named(path("rlimits"))
    tables.types = read_types(path("types"))
    tables.sets = {"ioctl": read_ioctls(path("ioctls"), known), "signal": new_set("signal", False)}
    for name, number, _ in tables.signal:
        add_value(Row(path("signals"), 1, name), tables.sets["signal"], known, name, {arch: number for arch in ARCHES})
    read_flags(path("flags"), tables.sets, known)
    errnos = [name for name, _, _ in tables.errno]
    tables.calls = read_calls(path("syscalls"), tables.types, tables.sets, errnos)
    read_recorded(path("recorded-6.18"), tables.calls)
    read_pins(path("pins"), tables.calls, tables.types, tables.sets, known)
    read_frequency(path("frequency"), tables.calls)
    tables.groups = read_groups(path("groups"), tables.calls)
    tables.landlock = read_landlock(path("landlock"))
    tables.uring = read_uring(path("uring"), tables.calls, tables.landlock)
    tables.texts = read_texts(data, embed)
    tables.diagnostics = read_diagnostics(path("diagnostics"))
    return tables
