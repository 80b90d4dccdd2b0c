#!/usr/bin/env python3
"""fuzz_cover.py BUILD [CORPORA]... - how much of what it is for does each fuzz target reach?

Replays each target's corpus in BUILD, a build directory with -Db_coverage=true, and prints the share of lines of the files that
tests/fuzz/targets.tbl names, file by file. CORPORA are folders with further inputs, one folder per target below each. Fails
below 80 percent.
"""
import glob
import json
import os
import subprocess
import sys

WANTED = 80  # percent of the lines
CORPORA = "tests/fuzz/corpus"


def read_targets():
    targets = {}
    with open("tests/fuzz/targets.tbl", encoding="utf-8") as file:
        for line in file:
            words = line.partition("#")[0].split()
            if words:
                targets.setdefault(words[0], []).extend(words[1:])
    return targets


def replay(build, target, corpora):
    for path in glob.glob(os.path.join(build, "**/*.gcda"), recursive=True):
        os.unlink(path)
    folders = [folder for corpus in corpora if os.path.isdir(folder := os.path.join(corpus, target))]
    subprocess.run([os.path.join(build, "tests/fuzz", "replay_" + target), *folders], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def lines_of(build, files):
    """Covered and all lines of each file."""
    filters = [word for name in files for word in ("--filter", "src/" + name.replace(".", r"\.") + "$")]
    run = subprocess.run(["gcovr", "--root", ".", *filters, "--json-summary", "-", build], check=True,
                         stdout=subprocess.PIPE)
    return {file["filename"].removeprefix("src/"): (file["line_covered"], file["line_total"])
            for file in json.loads(run.stdout)["files"]}


def main():
    build, *more = sys.argv[1:]
    failed = False
    for target, files in read_targets().items():
        replay(build, target, [CORPORA, *more])
        lines = lines_of(build, files)
        for name in files:
            if name not in lines:
                sys.exit(f"fuzz_cover: {target}: no file src/{name}")
        covered, whole = (sum(column) for column in zip(*lines.values()))
        failed |= covered * 100 < whole * WANTED
        print(f"fuzz_{target}: {covered * 100 / whole:.1f} % of {whole} lines"
              + ("" if covered * 100 >= whole * WANTED else f", wanted {WANTED} %"))
        for name, (hit, total) in sorted(lines.items()):
            print(f"  {hit * 100 / max(total, 1):5.1f} %  {name}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
