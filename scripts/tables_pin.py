"""Check the conditions of data/pins.tbl: grammar, argument names, and values on every architecture that has the call.

condition = term {"or" term} ; term = factor {"and" factor} ; factor = "not" factor | "(" condition ")" | test
test = ARG ["&" BITS] ("==" | "!=" | "<" | "<=" | ">" | ">=") VALUE | ARG "within" BITS
     | ARG "in" "{" VALUE {VALUE} "}" """
import re

COMPARE = ("==", "!=", "<", "<=", ">", ">=")


class PinError(Exception):
    pass


class Pin:
    def __init__(self, text, call, types, sets, known):
        self.tokens = re.findall(r"[{}()]|[=!<>]=|[<>&]|[^\s{}()=!<>&]+", text)
        if "".join(self.tokens) != "".join(text.split()):
            raise PinError("characters that no condition has")
        self.call, self.types, self.sets, self.known = call, types, sets, known

    def next(self):
        return self.tokens[0] if self.tokens else ""

    def take(self, *expected):
        token = self.next()
        if not token or (expected and token not in expected):
            raise PinError(f"expected {' or '.join(expected) or 'a word'}, found `{token or 'the end'}`")
        return self.tokens.pop(0)

    def condition(self):
        self.joined("or", lambda: self.joined("and", self.factor))

    def joined(self, word, part):
        part()
        while self.next() == word:
            self.take()
            part()

    def factor(self):
        if self.next() == "not":
            self.take()
            self.factor()
        elif self.next() == "(":
            self.take()
            self.condition()
            self.take(")")
        else:
            self.test()

    def test(self):
        name = self.take()
        arg = next((arg for arg in self.call["args"] if arg["name"] == name), None)
        if not arg:
            raise PinError(f"`{name}` is not an argument ({' '.join(arg['name'] for arg in self.call['args'])})")
        pointer = self.types[arg["type"]]["kind"] == "pointer"
        if self.next() == "within":
            self.take()
            self.value(arg)
        elif self.next() == "in":
            self.take()
            self.take("{")
            while self.next() != "}":
                self.value(arg)
            self.take("}")
        else:
            masked = self.next() == "&"
            if masked:
                self.take()
                self.value(arg)
            operator = self.take(*COMPARE)
            null = self.next() == "NULL"
            self.value(arg)
            if pointer and (masked or not null or operator not in ("==", "!=")):
                raise PinError(f"`{name}` is a pointer: only == NULL and != NULL make sense")
            return
        if pointer:
            raise PinError(f"`{name}` is a pointer: only == NULL and != NULL make sense")

    def value(self, arg):
        bits = self.types[arg["type"]]["bits"]
        for word in self.take().split("|"):
            if word == "NULL" and self.types[arg["type"]]["kind"] == "pointer":
                continue
            if re.fullmatch(r"-?(0x[0-9a-f]+|0|[1-9][0-9]*)", word):
                if not -(1 << (bits[1] - 1)) <= int(word, 0) < 1 << bits[1]:
                    raise PinError(f"{word} does not fit argument `{arg['name']}`")
                continue
            own = self.sets[arg["set"]]["values"] if arg["set"] else {}
            values = own.get(word) or (not arg["set"] and self.known.get(word, [None])[0])
            if not values:
                raise PinError(f"unknown value `{word}` of argument `{arg['name']}`")
            for arch in self.call["nr"]:
                if values[arch] is None:
                    raise PinError(f"{arch} has the call but no `{word}`")


def check(text, call, types, sets, known):
    pin = Pin(text, call, types, sets, known)
    pin.condition()
    if pin.tokens:
        raise PinError(f"`{pin.next()}` after the end of the condition")
