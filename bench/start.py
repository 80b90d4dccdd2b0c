#!/usr/bin/env python3
"""What it costs to start a program confined: /bin/true, interleaved with the peers that this machine has.

Each round runs every command once, in turn, so that drift of the machine hits all alike. Printed are medians and their
ratio to plain fork + exec. Nothing is asserted: a benchmark is read, not passed. RUNS sets the number of rounds."""
import os
import shutil
import statistics
import sys
import time

CORDON = os.environ.get("CORDON", "build/cordon")
RUNS = int(os.environ.get("RUNS", "101"))
TRUE = "/bin/true"

COMMANDS = [
    ("plain fork + exec", [TRUE]),
    ("cordon run, std/c-runtime", [CORDON, "run", "-a", "use std/c-runtime@1", "--", TRUE]),
    ("cordon run, std/readonly", [CORDON, "run", "-p", "std/readonly", "--", TRUE]),
    ("cordon run, c-runtime + net accept (a parent stays)",
     [CORDON, "run", "-a", "use std/c-runtime@1", "-a", "net accept tcp *:8080", "--", TRUE]),
    ("cordon run, c-runtime + tmp (mounts)",
     [CORDON, "run", "-a", "use std/c-runtime@1", "-a", "use std/tmp@1", "--", TRUE]),
    ("env (one more exec, nothing else)", ["/usr/bin/env", TRUE]),
    ("bubblewrap, read-only root", ["bwrap", "--ro-bind", "/", "/", TRUE]),
    ("bubblewrap, all namespaces", ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--proc", "/proc", "--dev", "/dev", TRUE]),
    ("minijail, no new privileges", ["minijail0", "-n", TRUE]),
    ("firejail, no profile", ["firejail", "--quiet", "--noprofile", TRUE]),
    ("strace -f", ["strace", "-f", "-o", "/dev/null", TRUE]),
]


def run(command):
    """Wall-clock milliseconds of one run; None when it fails."""
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status = os.waitpid(pid, 0)
    return (time.perf_counter() - start) * 1000 if status == 0 else None


def main():
    os.chdir("/")
    rows = [(name, command, []) for name, command in COMMANDS if shutil.which(command[0])]
    for _, command, _ in rows:
        if run(command) is None:
            print(f"fails here, left out: {' '.join(command)}", file=sys.stderr)
    rows = [row for row in rows if run(row[1]) is not None]
    for _ in range(RUNS):
        for _, command, times in rows:
            times.append(run(command) or 0.0)
    base = statistics.median(rows[0][2])
    print(f"start of {TRUE}, {RUNS} rounds, medians")
    print(f"{'':52} {'ms':>8} {'ratio':>7}")
    for name, _, times in rows:
        middle = statistics.median(times)
        print(f"{name:52} {middle:8.2f} {middle / base:6.1f}x")


main()
