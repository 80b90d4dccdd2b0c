#!/usr/bin/env python3
"""attacks.py - docs/attacks.md from the tables of the attack tests: `attacks.py` prints it, `attacks.py --write` writes it."""
import os
import re
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPTS = ["test_traps.sh", "attack_files.sh", "attack_processes.sh", "attack_kernel.sh", "attack_start.sh"]
PAGE = os.path.join(SOURCE, "docs/attacks.md")

HEAD = """# Attacks

What the tests try against a confined program's borders, each as root and as another user: it works without Cordon, is denied
by a policy that grants what stands in the third column (beside std/c-runtime), and works again when just what the fourth one
says is granted. A dash there: no grant opens it. An empty third column: std/c-runtime alone. (root): without Cordon only
root could do it; (not root): root needs no attack. DIR, FILE and OTHER are directories and a file of the user, SITE the directory
of both; a STRANGER is a process of the same user outside. More about W^X, names and masks is in tests/kernel/attack_wx.sh,
attack_sealed.sh and attack_names.sh, about io_uring in test_uring.sh; docs/matrix.md says which mechanism closes what.

This page is made by scripts/attacks.py from the tables of the tests, and compared with them by tests/tree/attacks.py.
"""

# How a start is attacked isn't among the attacker's attacks.
STARTS = {
    "swapped_program": "let the program's name lead elsewhere while cordon starts, thousands of times",
    "swapped_policy": "let the policy's name lead elsewhere while cordon starts",
    "stopped": "stop, resume and kill cordon at any moment of its start",
    "descriptors": "open files in another thread while cordon starts",
    "haunted": "trace cordon and its program from a confined process while they start",
}


def titles():
    """What each attack of the attacker does, by its name."""
    found = dict(STARTS)
    folder = os.path.join(SOURCE, "tests/kernel/attacker")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            found.update(re.findall(r'\{ "([^"]+)",\s+"[^"]*",\s+"([^"]+)",\s+\w+ \}', file.read()))
    return found


def rows():
    """(script, name, attack, near, open, who) of every row."""
    environment = dict(os.environ, ATTACKS_LIST="1", CORDON_SOURCE=SOURCE,
                       TAP_SH=os.path.join(SOURCE, "tests/harness/tap.sh"))
    for script in SCRIPTS:
        text = subprocess.run(["sh", os.path.join(SOURCE, "tests/kernel", script)], env=environment, check=True,
                              stdout=subprocess.PIPE, encoding="utf-8").stdout
        for line in text.splitlines():
            name, attack, near, opens, who = ([*line.strip().split("|"), ""])[:5]
            yield script, name, attack, near, opens, who


def page(found):
    """The page: a table for each script."""
    known = titles()
    lines = [HEAD]
    script = None
    for row in found:
        if row[0] != script:
            script = row[0]
            lines += [f"\n## tests/kernel/{script}\n", "| name | tries to | denied although granted | opened by |",
                      "|---|---|---|---|"]
        words = row[2].split()
        title = known[words[0]] + (f" ({' '.join(words[1:])})" if words[1:] else "")
        cells = [title, *(f"`{cell.replace(';', '; ')}`" if cell not in ("", "-") else cell for cell in row[3:5])]
        only = {"root": " (root)", "user": " (not root)"}.get(row[5], "")
        lines.append(f"| {row[1]}{only} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    text = page(rows())
    if sys.argv[1:] == ["--write"]:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
