#!/usr/bin/env python3
"""What it costs to start a program confined: /bin/true, interleaved with the peers that this machine has.

Each round runs every command once, in turn, so that drift of the machine hits all alike. Printed are medians and their
ratio to plain fork + exec; where a command has a target, also its ratio to the peer that it is compared with: the median
over the rounds of the ratio within a round. Nothing is asserted: a benchmark is read, not passed. RUNS sets the number of
rounds."""
import os
import shutil
import statistics
import sys
import time

CORDON = os.environ.get("CORDON", "build/cordon")
RUNS = int(os.environ.get("RUNS", "101"))
POLICIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "policies")
TRUE = "/bin/true"
BWRAP = ["bwrap", "--ro-bind", "/", "/"]
READ_ONLY, ALL_SPACES = "bubblewrap, read-only root", "bubblewrap, all namespaces"


def cordon(*options):
    return [CORDON, "run", *options, "--", TRUE]


def policy(name):
    return os.path.join(POLICIES, name + ".cordon")


# Name, command, and where there is a target: the peer, and which part of its time.
COMMANDS = [
    ("plain fork + exec", [TRUE], None),
    ("cordon run, 60 lines: filter + Landlock", cordon("-p", policy("client")), (READ_ONLY, 0.75)),
    (READ_ONLY, [*BWRAP, TRUE], None),
    ("cordon run, all namespaces, /proc, /dev", cordon("-p", policy("spaces")), (ALL_SPACES, 0.7)),
    (ALL_SPACES, [*BWRAP, "--unshare-all", "--proc", "/proc", "--dev", "/dev", TRUE], None),
    ("cordon run, std/c-runtime", cordon("-a", "use std/c-runtime@1"), None),
    ("cordon run, std/readonly", cordon("-p", "std/readonly"), None),
    ("cordon run, c-runtime + net accept (a parent stays)",
     cordon("-a", "use std/c-runtime@1", "-a", "net accept tcp *:8080"), None),
    ("cordon run, c-runtime + tmp (mounts)", cordon("-a", "use std/c-runtime@1", "-a", "use std/tmp@1"), None),
    ("env (one more exec, nothing else)", ["/usr/bin/env", TRUE], None),
    ("minijail, no new privileges", ["minijail0", "-n", TRUE], None),
    ("firejail, no profile", ["firejail", "--quiet", "--noprofile", TRUE], None),
    ("strace -f", ["strace", "-f", "-o", "/dev/null", TRUE], None),
]


def run(command):
    """Wall-clock milliseconds of one run; None when it fails."""
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status = os.waitpid(pid, 0)
    return (time.perf_counter() - start) * 1000 if status == 0 else None


def ratio(times, peer):
    return statistics.median(own / other for own, other in zip(times, peer))


def main():
    os.chdir("/")
    rows = {name: (command, target, []) for name, command, target in COMMANDS if shutil.which(command[0])}
    for name in list(rows):
        if run(rows[name][0]) is None:
            print(f"fails here, left out: {' '.join(rows[name][0])}", file=sys.stderr)
            del rows[name]
    for _ in range(RUNS):
        for command, _, times in rows.values():
            # one that failed among those that worked counts as slow, not as fast
            times.append(run(command) or float("inf"))
    base = rows["plain fork + exec"][2]
    print(f"start of {TRUE}, {RUNS} rounds, medians")
    print(f"{'':52} {'ms':>8} {'ratio':>7}  {'of its peer (target)'}")
    for name, (_, target, times) in rows.items():
        note = ""
        if target and target[0] in rows:
            note = f"  {ratio(times, rows[target[0]][2]):.2f} of {target[0]} (at most {target[1]})"
        print(f"{name:52} {statistics.median(times):8.2f} {ratio(times, base):6.1f}x{note}")


main()
