#!/usr/bin/env python3
"""Every verb has a manual page, with just the options of its table and the sections that a reader looks for; every
schema of the sources is described, with each member that real output has."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.environ["CORDON_SOURCE"]
CORDON = os.environ["CORDON"]
sys.path.insert(0, os.path.join(SOURCE, "tests/harness"))
import tap  # noqa: E402

COMMON = {"help", "json", "color", "quiet"}
SECTIONS = ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO")
POLICY = """cordon 1

profile web /usr/bin/true {
  use std/c-runtime@1
  file read /etc/**
  net connect tcp *:443
  net accept tcp *:8080
  signal domain
  syscall setuid if uid == 0 or uid == 1
  limit files 64
  test allow file read "/etc/passwd"
}
"""
# A policy of as many kinds of statements as there are, for the syntax tree.
SYNTAX = """cordon 1

template own/part@1 $dir $size=1G {
  file read $dir/**
}

profile web /usr/bin/true {
  use own/part@1 dir=/srv
  deny file write /srv/** errno EROFS log because "x" @learned
  file read /etc/** except /etc/shadow
  net bind tcp *:80 as root
  exec /usr/bin/git profile other
  ioctl any TCGETS
  syscall prctl if option in {1 2} or not arg2 & 3 == 1 because "x" for uid == 0
  phase start {
    file read /a
  }
  phase serve after 2 listen domain {
    file read /b
  }
  phase quiet after "drained" {
    deny net
  }
  default net deny errno EACCES
  require landlock >= 1 else refuse
  prefer nothing else vanilla
  never net connect udp *:*
  test deny net connect tcp 192.0.2.1:25
  test in serve allow syscall openat(1, NULL) on x86_64
  isolate mount
  private /tmp
  env set A=b
  chdir /
  cap chown
  arch x86_64
  limit files 64
  wx allow
  decider terminal
  ask-timeout 30s
}
"""
# verbs and arguments whose output is looked at; FILES stand in a folder of their own
COMMANDS = (
    ("check", "--json", "policy.cordon"),
    ("check", "--json", "missing.cordon"),
    ("check", "--json", "related.cordon"),
    ("fmt", "--json", "--check", "policy.cordon"),
    ("compile", "--json", "--stop-after=ast", "syntax.cordon"),
    ("compile", "--json", "--stop-after=model", "policy.cordon"),
    ("compile", "--json", "--stop-after=plan", "policy.cordon"),
    ("compile", "--json", "--stop-after=cbpf", "policy.cordon"),
    ("compile", "--json", "--stop-after=landlock", "policy.cordon"),
    ("explain", "--json", "--plan", "-p", "policy.cordon"),
    ("explain", "--json", "-p", "policy.cordon", 'file read "/srv/x"'),
    ("explain", "--json", "-p", "policy.cordon", 'file read "/etc/passwd"'),
    ("explain", "--json", "C0101"), ("explain", "--json", "std/tmp"), ("explain", "--json", "openat"),
    ("explain", "--json", "@aio"), ("explain", "--json", "templates"), ("explain", "--json", "groups"),
    ("explain", "--json", "codes"),
    ("explain", "--json", "nonsense"),
    ("doctor", "--json"),
    ("run", "--json", "--dry-run", "-p", "policy.cordon", "--", "/usr/bin/true"),
    ("completion", "--json", "zsh"), ("completion", "--json", "--complete", "--", "run", "-"),
)
# Members that hold names of their own instead of members.
MAPS = {"numbers", "groups", "codes", "if", "arches"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def sections(text):
    """{title: lines} of a page in scdoc's marks."""
    result, title = {}, None
    for line in text.splitlines():
        if line.startswith("# "):
            title = line[2:].strip()
            result[title] = []
        elif title:
            result[title].append(line)
    return result


def verbs():
    text = subprocess.run([CORDON, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]+)  +\S", text.partition("Verbs:\n")[2].partition("\n\n")[0], re.MULTILINE)


def table_options(verb):
    """Long names of the options, by --help, which is written from the table."""
    text = subprocess.run([CORDON, verb, "--help"], capture_output=True, text=True, check=False).stdout
    part = text.partition("Options:\n")[2].partition("\nExamples")[0]
    return set(re.findall(r"^ +(?:-., )?--([a-z-]+)", part, re.MULTILINE))


def page_options(lines):
    """Those that the OPTIONS section has as terms: lines that are not indented."""
    return {name for line in lines if line.startswith("*-") for name in re.findall(r"\*--([a-z-]+)\*", line)}


def references(text, pages):
    """References to manual pages of ours that are not there."""
    return [f"{name}({number})" for name, number in re.findall(r"\*(cordon[a-z.-]*)\*\((\d)\)", text)
            if f"{name}.{number}" not in pages]


def check_verbs(pages):
    found = verbs()
    tap.ok("there are verbs", len(found) > 6, str(found))
    for verb in found:
        path = os.path.join(SOURCE, f"man/cordon-{verb}.1.scd")
        if not os.path.exists(path):
            tap.ok(f"{verb} has a manual page", False, path)
            continue
        options = table_options(verb)
        if not options:
            tap.skip(f"the page of {verb}", f"needs: cordon-{verb}")
            continue
        text = read(path)
        parts = sections(text)
        missing = [title for title in SECTIONS if not any(line.strip() for line in parts.get(title, []))]
        tap.ok(f"the page of {verb} has all sections", not missing, " ".join(missing))
        written = page_options(parts.get("OPTIONS", []))
        tap.ok(f"the page of {verb} has just the options of its table",
               written - COMMON == options - COMMON and written & COMMON <= options,
               f"only in the table: {options - COMMON - written}; only in the page: {written - options}")
        tap.ok(f"the page of {verb} refers to pages that are there", not references(text, pages),
               str(references(text, pages)))


# ---- schemas ----

def described():
    """{schema: the members that its section names} over all pages of formats."""
    result = {}
    for path in glob.glob(os.path.join(SOURCE, "man/*.5.scd")):
        text = read(path)
        whole = re.search(r"^cordon\S* - .* schema (cordon\.[a-z-]+/\d+)$", text, re.MULTILINE)
        if whole:
            result[whole[1]] = set(re.findall(r"\*([a-z_]+)\*", text))
        for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
            schema = re.match(r"(cordon\.[a-z-]+/\d+)\n", part)
            if schema:
                result[schema[1]] = set(re.findall(r"\*([a-z_]+)\*", part.partition("\n# ")[0]))
    return result


def schemas():
    names = set()
    for path in glob.glob(os.path.join(SOURCE, "src/**/*.c"), recursive=True):
        names |= set(re.findall(r'"(cordon\.[a-z-]+/\d+)"', read(path)))
    return names


def undescribed(value, schema, known, found):
    """Members of @value that the section of its schema doesn't name; an object with a schema of its own has its own."""
    if isinstance(value, list):
        for each in value:
            undescribed(each, schema, known, found)
        return
    if not isinstance(value, dict):
        return
    schema = value.get("schema", schema)
    for name, each in value.items():
        if name != "schema" and name not in known.get(schema, ()):
            found.add(f"{schema}: {name}")
        if name in MAPS and isinstance(each, dict):
            for inner in each.values():
                undescribed(inner, schema, known, found)
        else:
            undescribed(each, schema, known, found)


def check_schemas():
    known = described()
    names = schemas()
    tap.ok("there are schemas", len(names) > 15, str(names))
    for name in sorted(names):
        tap.ok(f"{name} is described in a page", name in known)
    for name in sorted(set(known) - names):
        tap.ok(f"{name} is in the sources", False)
    found = set()
    undescribed({"schema": "cordon.fmt/1", "changed": [], "unknown_member": 1}, None, known, found)
    tap.ok("a member that no page describes is found", found == {"cordon.fmt/1: unknown_member"}, str(found))


def check_members():
    known, seen = described(), set()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for name, text in (("policy", POLICY), ("syntax", SYNTAX),
                           ("related", "cordon 1\nprofile a {\n}\nprofile a {\n}\n")):
            path = os.path.join(folder, name + ".cordon")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o644)
        for command in COMMANDS:
            result = subprocess.run([CORDON, *command], capture_output=True, text=True, cwd=folder, check=False)
            found, texts = set(), [text for text in (result.stdout, result.stderr) if text.strip()]
            try:
                for text in texts:
                    value = json.loads(text)
                    seen.add(value["schema"])
                    undescribed(value, None, known, found)
            except (ValueError, KeyError) as error:
                found.add(f"{error}: {result.stdout[:200]}{result.stderr[:200]}")
            tap.ok(f"the pages describe each member of: {' '.join(command)}", texts and not found,
                   "\n".join(sorted(found)))
    tap.ok("most schemas were looked at", len(seen) >= 14, str(sorted(seen)))


def main():
    pages = {os.path.basename(path).removesuffix(".scd") for path in glob.glob(os.path.join(SOURCE, "man/*.scd"))}
    for page in sorted(pages):
        wrong = references(read(os.path.join(SOURCE, f"man/{page}.scd")), pages)
        tap.ok(f"{page} refers to pages that are there", not wrong, str(wrong))
    check_verbs(pages)
    tap.ok("an option too many in a page is found", page_options(["*--json*, *--nonsense* _X_", "\t*--not*"])
           == {"json", "nonsense"})
    check_schemas()
    check_members()
    tap.done()


main()
