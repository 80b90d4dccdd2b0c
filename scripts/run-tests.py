#!/usr/bin/env python3
"""Run the tests that a build directory declares, and say how it went.

The declarations are Meson's (meson-info/intro-tests.json); this reads the tests' TAP itself, so that every single test
is counted, failures come with their output, and the run ends with one plain line:

    N passed, N failed, N skipped

With CI=true in the environment a skip counts as a failure unless its reason starts with "needs:", that is, unless the
harness tried and the machine lacks it.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

TAP_LINE = re.compile(r"(not )?ok\b\s*(\d+)?\s*-?\s*(.*)")
SKIP_DIRECTIVE = re.compile(r"\s*#\s*SKIP\S*\s*(.*)$", re.IGNORECASE)
OUTPUT_SHOWN = 20000  # characters of a failed program's diagnostics
say_lock = threading.Lock()


class Outcome:
    """What one test program had to tell."""

    def __init__(self, test):
        self.test = test
        self.suite = test["suite"][0].split(":")[-1] if test["suite"] else "other"
        self.passed = 0
        self.failed = []  # names
        self.skipped = []  # (name, reason)
        self.seconds = 0.0
        self.diagnostics = ""


def read_tap(text, outcome):
    """Count the lines of @text. Returns what is wrong with it as a whole, or None."""
    plan, seen, bail = None, 0, None
    for line in text.splitlines():
        if line.startswith("1.."):
            count = line[3:].split("#")[0].strip()
            plan = int(count) if count.isdigit() and plan is None else -1
            continue
        if line.startswith("Bail out!"):
            bail = line
            continue
        match = TAP_LINE.match(line)
        if not match:
            continue
        seen += 1
        name = match.group(3)
        skip = SKIP_DIRECTIVE.search(name)
        if match.group(1):
            outcome.failed.append(name)
        elif skip:
            outcome.skipped.append((name[: skip.start()], skip.group(1)))
        else:
            outcome.passed += 1
    if bail:
        return bail
    if plan is None:
        return "no plan: it ended early"
    if plan != seen:
        return f"planned {plan} tests, ran {seen}"
    return None


def run_program(test, stdout, stderr):
    """Returns the exit status, negative for a signal, None for a timeout."""
    process = subprocess.Popen(
        test["cmd"],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        cwd=test["workdir"],
        env={**os.environ, **test["env"]},
        start_new_session=True,
    )
    try:
        return process.wait(timeout=test["timeout"] if test["timeout"] > 0 else None)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def run_test(test, ci):
    outcome = Outcome(test)
    # Files, not pipes: a process that a test leaves behind must not hold up the run. Open for writing only, because W^X
    # refuses to hand a confined program a file that it could map twice.
    with tempfile.NamedTemporaryFile() as stdout, tempfile.NamedTemporaryFile() as stderr:
        start = time.monotonic()
        try:
            with open(stdout.name, "wb") as stdout_end, open(stderr.name, "wb") as stderr_end:
                status = run_program(test, stdout_end, stderr_end)
        except OSError as error:
            outcome.failed.append(f"(the program: {error})")
            report(outcome)
            return outcome
        outcome.seconds = time.monotonic() - start
        stdout.seek(0)
        stderr.seek(0)
        text = stdout.read().decode(errors="replace")
        outcome.diagnostics = stderr.read().decode(errors="replace")
    wrong = None
    if test["protocol"] == "tap":
        wrong = read_tap(text, outcome)
    elif status == 0:
        outcome.passed = 1
    else:
        outcome.diagnostics = text + outcome.diagnostics
    if status is None:
        wrong = f"more than {test['timeout']} s"
    elif status != 0 and not outcome.failed and not wrong:
        wrong = f"exit status {status}"
    if wrong:
        outcome.failed.append(f"(the program: {wrong})")
    if ci:
        unexcused = [(name, reason) for name, reason in outcome.skipped if not reason.startswith("needs:")]
        outcome.skipped = [skip for skip in outcome.skipped if skip not in unexcused]
        outcome.failed += [f"{name} (skipped without a need: {reason})" for name, reason in unexcused]
    report(outcome)
    return outcome


def report(outcome):
    title = f"{outcome.suite}/{outcome.test['name']}"
    with say_lock:
        for name in outcome.failed:
            print(f"FAILED {title}: {name}")
        if outcome.failed and outcome.diagnostics:
            shown = outcome.diagnostics[-OUTPUT_SHOWN:]
            print("".join(f"    {line}\n" for line in shown.splitlines()), end="")
        for name, reason in outcome.skipped:
            print(f"skipped {title}: {name}: {reason}")
        sys.stdout.flush()


def select(tests, suites, filters):
    chosen = []
    for test in tests:
        own = {suite.split(":")[-1] for suite in test["suite"]}
        if suites and not own & set(suites):
            continue
        if filters and not any(word in test["name"] for word in filters):
            continue
        chosen.append(test)
    return chosen


def run_all(tests, jobs, ci):
    """Those that may share the machine side by side first, then the others one by one."""
    together = [test for test in tests if test.get("is_parallel", True)]
    alone = [test for test in tests if not test.get("is_parallel", True)]
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        outcomes = list(pool.map(lambda test: run_test(test, ci), together))
    return outcomes + [run_test(test, ci) for test in alone]


def summarise(outcomes, label):
    suites = {}
    for outcome in outcomes:
        suites.setdefault(outcome.suite, []).append(outcome)
    for suite, members in suites.items():
        passed, failed, skipped = totals(members)
        seconds = sum(outcome.seconds for outcome in members)
        print(f"{label}{suite}: {passed} passed, {failed} failed, {skipped} skipped ({seconds:.1f} s)")


def totals(outcomes):
    return (
        sum(outcome.passed for outcome in outcomes),
        sum(len(outcome.failed) for outcome in outcomes),
        sum(len(outcome.skipped) for outcome in outcomes),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="build directory (default: build)")
    parser.add_argument("--suite", action="append", default=[], help="only this suite; may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many programs at a time")
    parser.add_argument("--label", default="", help="put before each line of the summary")
    parser.add_argument("--tally", help="append `PASSED FAILED SKIPPED` to this file instead of printing the last line")
    parser.add_argument("filter", nargs="*", help="only programs whose name holds one of these words")
    args = parser.parse_args()

    listing = os.path.join(args.build, "meson-info", "intro-tests.json")
    try:
        with open(listing, encoding="utf-8") as file:
            tests = json.load(file)
    except OSError as error:
        sys.exit(f"run-tests: {error}\n  is {args.build} a build directory? Make one: meson setup {args.build}")
    tests = select(tests, args.suite, args.filter)
    if not tests:
        sys.exit("run-tests: no such test")

    outcomes = run_all(tests, args.jobs, os.environ.get("CI") == "true")
    summarise(outcomes, f"{args.label} " if args.label else "")
    passed, failed, skipped = totals(outcomes)
    if args.tally:
        with open(args.tally, "a", encoding="utf-8") as file:
            file.write(f"{passed} {failed} {skipped}\n")
    else:
        print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
