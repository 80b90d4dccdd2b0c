#!/usr/bin/env python3
"""boot.py [--append WORDS] [--init FILE] SCRIPT...: boot a kernel in QEMU and run test scripts there, all in one boot.

Each script prints TAP, as any other test; all of it becomes the TAP of this program, with the script's name before each
test's. What a guest holds is the host's own programs and this build, at the same paths. The environment names the build
(CORDON_BUILD and so on, of tests/meson.build), GUEST_KERNEL, a name of kernel.py, and GUEST_ONLY, the names of the only
scripts to run.

Nobody needs KVM or root for it: the processor is emulated, the network absent, the root an initramfs.
"""
import argparse
import contextlib
import os
import re
import shlex
import subprocess
import sys
import tempfile

SOURCE = os.environ["CORDON_SOURCE"]
BUILD = os.environ["CORDON_BUILD"]
sys.path.insert(0, os.path.join(SOURCE, "tests/harness"))
import image  # noqa: E402
import kernel  # noqa: E402
import tap  # noqa: E402

GUEST_SECONDS = 300  # for each script
BOOT_SECONDS = 570  # for everything: less than what Meson waits for this program
SHOWN = 50  # lines of the console when something went wrong

# Of the tree: what tests read. Of the build: what they start.
SOURCES = ("data", "examples", "tests/harness", "tests/kernel", "tests/guest")
PROGRAMS = ("cordon", "build.ninja", "libexec", "tests/harness/need", "tests/kernel")
PASSED_ON = ("CORDON", "CORDON_SOURCE", "CORDON_BUILD", "CORDON_SANITIZED", "TAP_NEED", "TAP_SH", "TAP_TIMEOUT",
             "CELL_PROGRAM")
# A processor bug has no consequence here, and what the kernel does about it takes its time.
KERNEL_WORDS = "console=ttyS0 quiet loglevel=4 panic=-1 oops=panic mitigations=off random.trust_cpu=on"


def make_image(path, init, scripts, modules):
    made = image.Image()
    made.add_host()
    for name in SOURCES:
        made.add_tree(os.path.join(SOURCE, name))
    for name in PROGRAMS:
        place = os.path.join(BUILD, name)
        if os.path.isdir(place):
            for each in sorted(os.listdir(place)):
                if os.path.isfile(os.path.join(place, each)):
                    made.add(os.path.join(place, each))
        else:
            made.add(place)
    for script in scripts:
        made.add(script)
    for name, place in modules.items():
        made.copy(place, f"/guest/modules/{name}.ko")
    values = {name: os.environ[name] for name in PASSED_ON} | {"GUEST_SECONDS": str(GUEST_SECONDS)}
    made.text("/guest/environment", "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()))
    made.text("/guest/scripts", "".join(script + "\n" for script in scripts))
    made.copy(init, "/init", 0o755)
    made.write(path)


def boot(folder, image_path, kernel_path, append):
    """Returns what went wrong with the machine as a whole, or None."""
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "2048"]
    command += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    command += ["-kernel", kernel_path, "-initrd", image_path, "-append", f"{KERNEL_WORDS} {append}"]
    command += ["-serial", f"file:{folder}/console", "-serial", f"file:{folder}/report"]
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=BOOT_SECONDS, check=True)
    except subprocess.TimeoutExpired:
        return f"more than {BOOT_SECONDS} s"
    except subprocess.CalledProcessError as error:
        return f"QEMU ended with status {error.returncode}"
    return None


def name_of(path):
    return os.path.basename(path).removesuffix(".sh")


def read_lines(path):
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()
    return []


class Script:
    """What one script printed, as the report tells it."""

    def __init__(self, name):
        self.name = name
        self.output = []
        self.status = None  # None: its end was not reported
        self.milliseconds = 0
        self.begun = False

    def wrong(self):
        plans = [line for line in self.output if line.startswith("1..")]
        results = [line for line in self.output if re.match(r"(not )?ok\b", line)]
        failed = any(line.startswith("not ok") for line in results)
        if not self.begun:
            return "it was not started"
        if self.status is None:
            return "the guest ended in the middle of it"
        if self.status in (124, 137):
            return f"more than {GUEST_SECONDS} s"
        if not plans or plans[-1] != f"1..{len(results)}":
            return f"its plan is {plans}, it ran {len(results)}"
        if self.status != 0 and not failed:
            return f"exit status {self.status}"
        return None


def read_report(lines, scripts):
    script = None
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "begin" and rest in scripts:
            script = scripts[rest]
            script.begun = True
        elif word == "end" and script:
            script.status, script.milliseconds = (int(word) for word in rest.split()[1:])
            script = None
        elif word == "1" and script:
            script.output.append(rest)
        elif word == "2" and script:
            print(f"{script.name}: {rest}", file=sys.stderr)


def retell(script):
    """Its TAP as part of ours. Returns whether it could be read."""
    for line in script.output:
        match = re.match(r"(not )?ok\b\s*\d*\s*-?\s*(.*)", line)
        if not match:
            continue
        name, _, reason = match.group(2).partition(" # SKIP")
        if reason:
            tap.skip(f"{script.name}: {name}", reason.strip())
        else:
            tap.ok(f"{script.name}: {name}", not match.group(1))
    wrong = script.wrong()
    if wrong:
        tap.ok(f"{script.name}", False, f"{script.name}: {wrong}")
    return not wrong


def run(init, paths, append, folder):
    paths = [os.path.abspath(path) for path in paths]
    chosen = kernel.fetch(BUILD, os.environ.get("GUEST_KERNEL", "bookworm"))
    make_image(f"{folder}/image", init, paths, chosen.modules)
    scripts = {name_of(path): Script(name_of(path)) for path in paths}
    wrong = boot(folder, f"{folder}/image", chosen.image, append)
    read_report(read_lines(f"{folder}/report"), scripts)
    complete = [retell(script) for script in scripts.values()]
    tap.ok(f"Linux {chosen.version} boots, runs every script to its end, and switches off", not wrong and all(complete),
           wrong or "a script did not end as it should")
    if wrong or not all(complete):
        print("# The end of the guest's console:", file=sys.stderr)
        for line in read_lines(f"{folder}/console")[-SHOWN:]:
            print(f"# {line}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--append", default="", help="words for the kernel's command line")
    parser.add_argument("--init", default=os.path.join(SOURCE, "tests/guest/init.sh"), help="process 1 of the guest")
    parser.add_argument("script", nargs="+")
    args = parser.parse_args()
    if subprocess.run([os.environ["TAP_NEED"], "guest"], stdout=subprocess.DEVNULL, check=False).returncode:
        tap.skip("a guest", "needs: guest")
        tap.done()
    only = os.environ.get("GUEST_ONLY", "").split()
    scripts = [path for path in args.script if not only or name_of(path) in only]
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(args.init, scripts, args.append, folder)
        except kernel.Unavailable as error:
            tap.ok("the guest's kernel can be had", False, error)
    tap.done()


main()
