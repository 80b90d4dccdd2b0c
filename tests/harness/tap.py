"""TAP for tests in Python: ok(name, held, why), skip(name, reason), done()."""
import sys

number = 0
failures = 0


def ok(name, held, why=""):
    """One test. @why goes to the diagnostics when it did not hold."""
    global number, failures
    number += 1
    if not held:
        failures += 1
        for line in str(why).splitlines():
            print(f"# {line}", file=sys.stderr)
    print(f"{'ok' if held else 'not ok'} {number} - {name}")
    return held


def skip(name, reason):
    global number
    number += 1
    print(f"ok {number} - {name} # SKIP {reason}")


def done():
    """Print the plan and leave."""
    print(f"1..{number}")
    sys.exit(1 if failures else 0)
