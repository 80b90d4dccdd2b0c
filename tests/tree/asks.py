#!/usr/bin/env python3
"""tests/README.md tells the truth: each row's file is there, and holds the tests that the row names."""
import os
import re
import sys

SOURCE = os.environ["CORDON_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests/harness"))
import tap  # noqa: E402

ROW = re.compile(r"^\|\s*([A-Z]\d+)\s*\|[^|]*\|\s*(.*?)\s*\|\s*$")
REFERENCE = re.compile(r"`([^`\s]+)((?: [^`\s]+)*)`")


def wrong_with(references):
    """What is wrong with `path name name`, `path` ...; None when nothing is."""
    found = REFERENCE.findall(references)
    if not found:
        return "no test"
    for path, names in found:
        try:
            with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
                text = file.read()
        except OSError:
            return f"no file {path}"
        for name in names.split():
            if name not in text:
                return f"{path} has no {name}"
    return None


def main():
    rows = 0
    with open(os.path.join(SOURCE, "tests/README.md"), encoding="utf-8") as file:
        for line in file:
            match = ROW.match(line)
            if match:
                rows += 1
                wrong = wrong_with(match.group(2))
                tap.ok(f"{match.group(1)}: {match.group(2)}", not wrong, wrong)
    tap.ok("the table has rows", rows > 0)
    tap.ok("a missing file is found", wrong_with("`tests/no-such-file.c`"))
    tap.ok("a missing test is found", wrong_with("`tests/README.md no" + "_such_test`"))
    tap.done()


main()
