#!/usr/bin/env python3
"""Every file that should be built or run is in a list: what Meson does not know is never compiled and never tested."""
import glob
import json
import os
import sys

SOURCE = os.environ["CORDON_SOURCE"]
BUILD = os.environ["CORDON_BUILD"]
sys.path.insert(0, os.path.join(SOURCE, "tests/harness"))
import tap  # noqa: E402


def introspect(name):
    with open(os.path.join(BUILD, "meson-info", name), encoding="utf-8") as file:
        return json.load(file)


def words_of_meson_files():
    """Every quoted word of the meson.build files: base names are enough to find what was forgotten."""
    words = set()
    for path in glob.glob(os.path.join(SOURCE, "**/meson.build"), recursive=True):
        with open(path, encoding="utf-8") as file:
            code = "".join(line.partition("#")[0] for line in file)
        words.update(os.path.basename(word) for word in code.split("'")[1::2])
    return words


def is_sourced(path):
    """A script that others source or import has no #! line."""
    if not path.endswith((".sh", ".py")):
        return False
    with open(path, "rb") as file:
        return file.read(2) != b"#!"


def main():
    compiled = set()
    for target in introspect("intro-targets.json"):
        for group in target["target_sources"]:
            compiled.update(os.path.realpath(path) for path in group.get("sources", []))
    words = words_of_meson_files()

    def compiled_all(pattern):
        found = [path for path in glob.glob(os.path.join(SOURCE, pattern), recursive=True)
                 if os.path.realpath(path) not in compiled]
        tap.ok(f"every {pattern} is compiled", not found, "\n".join(found))

    def named_all(pattern, suffix=""):
        found = [path for path in glob.glob(os.path.join(SOURCE, pattern), recursive=True)
                 if os.path.basename(path).removesuffix(suffix) not in words and not is_sourced(path)]
        tap.ok(f"every {pattern} is in a meson.build", not found, "\n".join(found))

    compiled_all("src/**/*.c")
    compiled_all("tests/**/*.c")
    compiled_all("examples/**/*.c")
    for pattern in ("data/*.tbl", "data/**/*.cordon", "tests/**/*.sh", "tests/**/*.py"):
        named_all(pattern)
    named_all("man/*.scd", ".scd")
    named_all("include/**/*.h")
    tap.done()


main()
