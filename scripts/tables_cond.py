"""Turn the conditions of data/pins.tbl and data/grants.cordon into what the resolver makes of them, for every
architecture, so that no start has to read and look up the same texts again. Used by gen_tables.py.

This is a second implementation of src/policy/parse_cond.c and resolve_cond.c for texts that are Cordon's own;
tests/unit/test_compiled.c holds each result against what those make of the text.

A compiled condition is a list of nodes in postfix order: ("ATOM", arg, bits, signed, mask or None, compare, value),
("AND",), ("OR",), ("NOT",)."""
import re

from tables_read import ARCHES, TableError

COMPARE = {"==": "EQ", "!=": "NE", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE", "within": "WITHIN"}
TOKEN = re.compile(r"[{}()]|[=!<>]=|[<>&]|[^\s{}()=!<>&]+")
STACK_MAX = 8  # as in src/policy/compiled.c
CLOSED = (("ATOM", 0, 64, False, None, "LT", 0),)  # no value is below zero


class Compiler:
    """One condition of one call on one architecture."""

    def __init__(self, tables, call, arch, text, fail):
        self.tables, self.call, self.arch, self.fail = tables, call, arch, fail
        self.tokens, self.out = TOKEN.findall(re.sub(r"\s*\|\s*", "|", text)), []

    def compile(self):
        self.chain("or")
        if self.tokens:
            self.fail(f"`{self.tokens[0]}` after the end of the condition")
        depth = deepest = 0
        for node in self.out:
            depth += {"ATOM": 1, "NOT": 0}.get(node[0], -1)
            deepest = max(deepest, depth)
        if deepest > STACK_MAX:
            self.fail("the condition is nested too deeply")
        return tuple(self.out)

    def skip(self, word):
        if self.tokens[:1] != [word]:
            return False
        self.tokens.pop(0)
        return True

    def take(self):
        if not self.tokens:
            self.fail("the condition ends too early")
        return self.tokens.pop(0)

    def chain(self, word):
        part = (lambda: self.chain("and")) if word == "or" else self.factor
        part()
        while self.skip(word):
            part()
            self.out.append((word.upper(),))

    def factor(self):
        if self.skip("not"):
            self.factor()
            self.out.append(("NOT",))
        elif self.skip("("):
            self.chain("or")
            if not self.skip(")"):
                self.fail("a parenthesis is not closed")
        else:
            self.test()

    def test(self):
        place = self.argument(self.take())
        mask = self.value(self.take(), place) if self.skip("&") else None
        negated = self.skip("not")
        if self.skip("in"):
            if not self.skip("{"):
                self.fail("`in` takes a list in braces")
            first = True
            while not self.skip("}"):
                self.atom(place, mask, "EQ", self.take())
                if not first:
                    self.out.append(("OR",))
                first = False
            if negated:
                self.out.append(("NOT",))
            return
        compare = COMPARE.get(self.take())
        if negated or not compare:
            self.fail("a comparison is missing")
        self.atom(place, mask, compare, self.take())

    def argument(self, name):
        """(number, bits, signed, argument or None for a raw register)"""
        raw = re.fullmatch(r"arg([0-5]):64", name)
        if raw:
            return int(raw[1]), 64, False, None
        for number, arg in enumerate(self.call["args"]):
            if name in (arg["name"], f"arg{number}"):
                kind = self.tables.types[arg["type"]]
                return number, kind["bits"][self.arch in self.call["compat"]], kind["signed"], arg
        return self.fail(f"`{self.call['name']}` has no argument `{name}`")

    def atom(self, place, mask, compare, word):
        number, bits, signed, _ = place
        signed = signed and mask is None and compare != "WITHIN"
        value = extend(self.value(word, place), bits, signed)
        self.out.append(("ATOM", number, bits, signed, None if mask is None else extend(mask, bits, False), compare,
                         value))

    def value(self, words, place):
        bits, total = place[1], 0
        for word in words.split("|"):
            value = self.one_value(word, place[3])
            if bits < 64 and not -(1 << (bits - 1)) <= value < 1 << bits:
                self.fail(f"`{word}` does not fit {bits} bits")
            total |= value & (1 << 64) - 1
        return total

    def one_value(self, word, arg):
        if word == "NULL":
            return 0
        if re.fullmatch(r"-?(0x[0-9a-f]+|0|[1-9][0-9]*)", word):
            return int(word, 0)
        names = [arg["set"]] if arg and arg["set"] else []
        names += [name for name in sorted(self.tables.sets) if word in self.tables.sets[name]["values"]][:1]
        for name in names:
            value = self.tables.sets[name]["values"].get(word, {}).get(self.arch)
            if value is not None:
                return value
        return self.fail(f"{self.arch} has no value `{word}`")


def extend(value, bits, signed):
    low = value & (1 << bits) - 1
    if signed and bits < 64 and low >> (bits - 1) & 1:
        low |= (1 << 64) - (1 << bits)
    return low


def conditions(tables, call, text, fail):
    """Per architecture; None where there is no condition or no such call, CLOSED where arguments can't be told apart by
    position."""
    result = {}
    for arch in call["nr"]:
        if text and arch in call["unstable"]:
            result[arch] = CLOSED
        elif text:
            result[arch] = Compiler(tables, call, arch, text, lambda why, arch=arch: fail(f"{arch}: {why}")).compile()
    return [result.get(arch) for arch in ARCHES]


def pins(tables):
    """(call, conditions), by call"""
    return [(name, conditions(tables, call, call["pin"], call["row"].fail))
            for name, call in tables.calls.items() if call["pin"]]


# ---- data/grants.cordon: templates of `syscall CALL... [if CONDITION]`, `deny syscall ...` and `use grant/NAME@1` ----

def statements(text):
    """(line number, statement) of each template's body, as {template: [...]}, in the order of the text."""
    result, body = {}, None
    line = 1
    # a line that goes on in the next one; the mark keeps count
    for part in text.replace("\\\n", "\x01").split("\n"):
        words = re.sub(r"(^|\s)#.*", "", part).replace("\x01", " ").strip()
        match = re.fullmatch(r"template (grant/[a-z-]+)@1 \{", words)
        if match:
            body = result[match[1]] = []
        elif words == "}":
            body = None
        elif words and words != "cordon 1":
            if body is None:
                raise TableError(f"grants.cordon:{line}: a statement outside of templates")
            body.append((line, words))
        line += 1 + part.count("\x01")
    return result


def one_grant(tables, bodies, name, place):
    """[(call, verdict or None, conditions)], with what it uses put in its place."""
    result = []

    def fail(why):
        raise TableError(f"grants.cordon:{place}: {why}")
    if name not in bodies:
        fail(f"no template `{name}`")
    for line, words in bodies[name]:
        place = line
        used = re.fullmatch(r"use (grant/[a-z-]+)@1", words)
        if used:
            result += one_grant(tables, bodies, used[1], line)
            continue
        match = re.fullmatch(r"(deny )?syscall ([a-z0-9_ ]+?)(?: if (.*))?", words)
        if not match:
            fail(f"`{words}`: only `syscall`, `deny syscall` and `use` stand here")
        for call in match[2].split():
            if call not in tables.calls:
                fail(f"unknown call `{call}`")
            compiled = conditions(tables, tables.calls[call], match[3], fail)
            if CLOSED in compiled:
                fail(f"the arguments of `{call}` can't be told apart by position on every architecture")
            result.append((call, "DENY" if match[1] else None, compiled))
    return result


def grants(tables):
    """(name, [(call, verdict or None, conditions)]), by name"""
    text = dict(tables.texts).get("grants", "")
    bodies = statements(text)
    return [(name, one_grant(tables, bodies, name, 1)) for name in sorted(bodies)]
