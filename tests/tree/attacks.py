#!/usr/bin/env python3
"""docs/attacks.md lists the attacks that the tests make, with what each does, and they are many."""
import os
import sys

SOURCE = os.environ["CORDON_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "scripts"))
sys.path.insert(0, os.path.join(SOURCE, "tests/harness"))
import attacks  # noqa: E402
import tap  # noqa: E402

LEAST = 150


def main():
    rows = list(attacks.rows())
    with open(attacks.PAGE, encoding="utf-8") as file:
        tap.ok("the page is that of the tables", file.read() == attacks.page(rows), "run scripts/attacks.py --write")
    names = [row[1] for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    tap.ok("every attack has a name of its own", not twice, " ".join(twice))
    tap.ok(f"there are at least {LEAST}", len(names) >= LEAST, str(len(names)))
    ways = {(row[2], row[3]) for row in rows}
    tap.ok("no two are the same", len(ways) == len(rows), str(len(rows) - len(ways)))
    tap.done()


main()
