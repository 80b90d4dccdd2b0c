#!/usr/bin/env python3
"""The planner carries each operation by just the mechanisms that the matrix says, or refuses it where the matrix says
`planner`; and what is not granted is closed: the verdict is deny (also of each call, fcntl command, prctl option, namespace
flag and socket family, as the page shows it), and the Landlock ruleset handles the rights that the matrix names and gives
none of them away."""
import json
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.environ["CORDON_SOURCE"]
sys.path[:0] = [os.path.join(SOURCE, "tests/harness"), os.path.join(SOURCE, "scripts")]
sys.dont_write_bytecode = True
import matrix_read  # noqa: E402
import tables_read  # noqa: E402
import tap  # noqa: E402

CORDON = os.environ["CORDON"]
# What the matrix says beside the mechanisms of plans.
PLANNED = ("seccomp", "landlock", "mount", "namespace", "prctl", "capability", "rlimit", "launch", "listener")
# A request of the operation that the base policy doesn't grant; the object stands in DIR.
REQUESTS = {
    "exec": 'exec "DIR/file"',
    "ptrace": "ptrace",
    "mount": "mount",
    "ioctl any": "ioctl any TIOCSWINSZ",
    "syscall typed": "syscall getxattr(NULL, NULL, NULL, 0)",
    "syscall privileged": "syscall setuid(0)",
    "syscall dangerous": "syscall keyctl(0)",
}
ADDRESSES = {"tcp": "192.0.2.1:443", "udp": "192.0.2.1:53", "unix": '"DIR/socket"', "netlink": "route", "packet": "3",
             "vsock": "1024"}


def request_of(operation):
    words = operation.split()
    if words[0] == "file":
        return f'file {words[1]} "DIR/file"'
    if words[0] == "net":
        return f"net {words[1]} {words[2]} {ADDRESSES[words[2]]}"
    if words[0] == "signal":
        return operation
    return REQUESTS.get(operation)


class Place:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "dir"))
        for name in ("dir/file", "loader"):
            with open(os.path.join(folder, name), "w", encoding="utf-8"):
                pass
        os.chmod(folder, 0o755)

    def filled(self, line):
        places = {"DIR": "dir", "FILE": "dir/file", "LOADER": "loader"}
        return re.sub(r"\b(DIR|FILE|LOADER)\b", lambda match: os.path.join(self.folder, places[match[1]]), line)

    def policy(self, lines):
        path = os.path.join(self.folder, "policy.cordon")
        with open(path, "w", encoding="utf-8") as file:
            file.write("cordon 1\nprofile matrix {\n" + "".join(f"  {self.filled(line)}\n" for line in lines) + "}\n")
        os.chmod(path, 0o644)
        return path

    def cordon(self, *arguments):
        return subprocess.run([CORDON, *arguments], capture_output=True, text=True, check=False)

    def plan(self, lines):
        """The carriers of the profile's own lines, in their order; None and what was said when there is no plan."""
        path = self.policy(lines)
        result = self.cordon("explain", "--plan", "--json", "-p", path)
        try:
            carriers = json.loads(result.stdout)["carriers"]
        except ValueError:
            return None, result.stdout + result.stderr
        return sorted((row for row in carriers if row.get("file") == path and row["line"] > 2),
                      key=lambda row: row["line"]), ""


def check_held(place, name, row):
    base = ["wx allow"] if not any("wx" in line for line in row["lines"]) else []
    carriers, said = place.plan(row["lines"] + base)
    if not carriers:
        tap.ok(f"{name} is planned", False, said)
        return
    first = next(carrier for carrier in carriers if carrier["line"] == 3)
    if row["held"].has("planner"):
        tap.ok(f"{name}: the planner refuses it", not first["carried"], str(first))
        return
    said = sorted(word for word in row["held"].mechanisms() if word in PLANNED)
    tap.ok(f"{name}: {' + '.join(said)} carry it", first["carried"] and sorted(first["mechanisms"]) == said,
           f"the matrix says {said}, the planner {first}")


def check_closed(place, name, row, landlock):
    request = request_of(name)
    if request and not row["closed"].has("nothing"):
        grants = ["syscall @basic"] if not name.startswith("signal") else []
        result = place.cordon("explain", "-p", place.policy(grants), place.filled(request))
        tap.ok(f"{name} is denied when nothing grants it", result.stdout.startswith("deny"),
               result.stdout + result.stderr)
    rights = [word for part in row["closed"].parts if part[0] == "landlock" for word in part[1:]
              if word not in matrix_read.DOMAIN]
    if rights:
        missing = [word for word in rights if word not in landlock]
        tap.ok(f"{name}: Landlock takes {' '.join(rights)} away", not missing, f"{missing} not in {landlock}")


# Grants of each protocol, so that what stays closed is what no net rule opens.
NET = ["net connect tcp *:443", "net connect udp *:*", "net connect unix /run/x", "net connect netlink *",
       "net connect packet *", "net connect vsock *"]
TYPES = {"tcp": "SOCK_STREAM", "udp": "SOCK_DGRAM", "unix": "SOCK_STREAM", "netlink": "SOCK_RAW", "packet": "SOCK_RAW",
         "vsock": "SOCK_STREAM"}


def verdict_lines(matrix):
    """`test` lines: each call and value has the verdict that the page shows."""
    lines = []
    for name, row in matrix.call_rows().items():
        call = matrix.tables.calls[name]
        if "x86_64" in call["nr"] and not (row["class"] == "basic" and call["pin"]):
            deny = f"deny errno {row['errno']}" if row["class"] != "basic" else "allow"
            lines.append(f"test {deny} syscall {name}() on x86_64")
    shapes = {"fcntl": (("fcntl", "fcntl64"), "cmd", "fcntl(0, {})"), "prctl": (("prctl",), "option", "prctl({})"),
              "clone": (("clone",), "flags", "clone({})"), "unshare": (("unshare",), "flags", "unshare({})")}
    for set_name, (calls, argument, shape) in shapes.items():
        for name, verdict, _ in matrix.value_rows(set_name, calls, argument):
            if matrix.tables.sets[set_name]["values"][name]["x86_64"] is not None:
                word = "deny" if verdict == "closed" else "allow"
                lines.append(f"test {word} syscall {shape.format(name)} on x86_64")
    return lines


def family_lines(matrix):
    lines = []
    for name, protocols, _ in matrix.family_rows():
        for protocol in protocols:
            lines.append(f"test allow syscall socket({name}, {TYPES[protocol]}, 0) on x86_64")
        if not protocols:
            lines += [f"test deny syscall socket({name}, {kind}, 0) on x86_64" for kind in sorted(set(TYPES.values()))]
    return lines


def check_verdicts(place, title, grants, lines):
    """One `cordon check` of all lines; a line turned around fails."""
    result = place.cordon("check", place.policy(grants + lines))
    tap.ok(f"{title}: {len(lines)} verdicts are those of the page", lines and result.returncode == 0,
           result.stdout + result.stderr)
    turned = next(line for line in lines if line.startswith("test allow")).replace("test allow", "test deny")
    result = place.cordon("check", place.policy(grants + lines + [turned]))
    tap.ok(f"{title}: a wrong verdict is found", result.returncode != 0, turned)


def handled(place):
    """The rights that a policy without grants handles, of which no path has one."""
    result = place.cordon("compile", "--stop-after=landlock", "--json", place.policy(["syscall @basic"]))
    layer = json.loads(result.stdout)["layers"][0]
    tap.ok("a policy without grants gives no right away", not layer["paths"] and not layer["ports"], result.stdout)
    return layer["handled_fs"] + layer["handled_net"] + layer["scoped"]


def main():
    tables = tables_read.read_all(os.path.join(SOURCE, "data"))
    matrix = matrix_read.Matrix(tables, os.path.join(SOURCE, "data/matrix.tbl"), SOURCE)
    with tempfile.TemporaryDirectory() as folder:
        place = Place(os.path.realpath(folder))
        landlock = handled(place)
        for name, row in matrix.operations.items():
            if row["lines"]:
                check_held(place, name, row)
            check_closed(place, name, row, landlock)
        check_verdicts(place, "calls and values", ["syscall @basic"], verdict_lines(matrix))
        check_verdicts(place, "socket families", NET, family_lines(matrix))
    tap.ok("a wrong claim would be found", matrix.operations["exec"]["held"].mechanisms() != ["seccomp"])
    tap.done()


main()
