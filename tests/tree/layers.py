#!/usr/bin/env python3
"""No file of src/ includes a layer that src/layers.txt does not allow it."""
import os
import re
import sys
import tempfile

SOURCE = os.environ["CORDON_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests/harness"))
import tap  # noqa: E402

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
GENERATED = {"config.h"}  # belongs to no layer


def read_layers(path):
    """{layer: allowed layers}; a row may only name layers of rows above it, so there are no cycles."""
    layers, wrong = {}, []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            name, colon, allowed = line.split("#")[0].strip().partition(":")
            if not name:
                continue
            unknown = set(allowed.split()) - set(layers)
            if not colon or unknown or name in layers:
                wrong.append(f"{path}:{number}: {line.strip()}: not `layer: layers that stand above`")
            layers[name] = set(allowed.split()) | {name}
    return layers, wrong


def breaches_of(file, layer, text, layers):
    for match in INCLUDE.finditer(text):
        included = match.group(1)
        if included in GENERATED:
            continue
        target = included.split("/")[0] if "/" in included else None
        target = "public" if target in ("cordon", "sys") else target
        line = text.count("\n", 0, match.start(1)) + 1
        if target is None:
            yield f'{file}:{line}: "{included}": write the path from src/ on'
        elif target not in layers:
            yield f'{file}:{line}: "{included}": {target} is no layer of src/layers.txt'
        elif target not in layers[layer]:
            yield f'{file}:{line}: "{included}": {layer} may not include {target}'


def check(root):
    """Everything that is wrong in the tree below @root."""
    layers, wrong = read_layers(os.path.join(root, "src/layers.txt"))
    files = 0
    for folder, _, names in sorted(os.walk(os.path.join(root, "src"))):
        layer = os.path.relpath(folder, os.path.join(root, "src")).split("/")[0]
        for name in sorted(names):
            if not name.endswith((".c", ".h")):
                continue
            files += 1
            path = os.path.join(folder, name)
            if layer not in layers:
                wrong.append(f"{path}: {layer} is no layer of src/layers.txt")
                continue
            with open(path, encoding="utf-8") as file:
                wrong += breaches_of(os.path.relpath(path, root), layer, file.read(), layers)
    return files, wrong


def check_sample(files):
    """What check() says about a tree of two layers, low and high, with @files."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in {"src/layers.txt": "low:\nhigh: low\n", **files}.items():
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return check(root)[1]


def main():
    files, wrong = check(SOURCE)
    tap.ok("the tree keeps to its layers", files > 0 and not wrong, "\n".join(wrong))
    for name, sample, count in [
        ("downwards is fine", {"src/high/a.c": '#include "low/b.h"\n#include <low/x.h>\n'}, 0),
        ("upwards is found", {"src/low/a.c": '#include <stdio.h>\n# include "high/b.h"\n'}, 1),
        ("a path that is not from src/ on is found", {"src/low/a.c": '#include "b.h"\n'}, 1),
        ("an unknown layer is found", {"src/low/a.c": '#include "new/b.h"\n', "src/new/b.h": ""}, 2),
        ("a cycle is found", {"src/layers.txt": "low: high\nhigh: low\n"}, 1),
    ]:
        wrong = check_sample(sample)
        tap.ok(name, len(wrong) == count, f"{len(wrong)} findings, expected {count}\n" + "\n".join(wrong))
    tap.done()


main()
