#!/usr/bin/env python3
"""fuzz.py SECONDS TARGET ARGUMENT... - run a libFuzzer target until it has used so much processor time.

libFuzzer itself only knows the clock on the wall, which says little where others work on the same machine. So it runs in
slices, each of which goes on with the corpus that the one before left. The last line is the number of inputs that were tried
and the processor time. What the target finds ends it, with its report and a status that is not 0.
"""
import re
import resource
import subprocess
import sys

SLICE = 60  # seconds on the wall


def used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main():
    seconds, target, *arguments = sys.argv[1:]
    inputs = 0
    while used() < float(seconds):
        run = subprocess.run(
            [target, f"-max_total_time={min(SLICE, max(1, round(float(seconds) - used())))}", "-print_final_stats=1",
             "-verbosity=0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
        if run.returncode != 0:
            sys.stderr.write(run.stdout[-8000:])
            sys.exit(f"{target}: status {run.returncode}")
        inputs += int(re.search(r"number_of_executed_units: *(\d+)", run.stdout).group(1))
    print(f"{inputs} inputs in {used():.0f} s")


if __name__ == "__main__":
    main()
