"""starts.py - what happens while cordon starts: `python3 starts.py WAY ROUNDS SITE COMMAND...`, as the user of the site.

COMMAND is what starts a program, `cordon run ... --`, or nothing: then the program runs as it is. The program is the
attacker, and each round ends in one of its outcomes. Prints `succeeded` when one round succeeded, `denied` when none did
and some were denied, and what else there was."""
import collections
import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time

RENAME_EXCHANGE = 2
AT_FDCWD = -100
libc = ctypes.CDLL(None, use_errno=True)


def exchange(one, other):
    """Two names swap what they lead to, in one step."""
    if libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), "renameat2")


class Restless(threading.Thread):
    """Does something over and over until the block ends."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act = act
        self.done = False

    def run(self):
        while not self.done:
            self.act()

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.done = True
        self.join()


def status_of(words, **how):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False, **how).returncode


def swapped_program(rounds, site, command):
    """The program's name leads to one file when it is looked at, and to another when it is executed."""
    names = [f"{site}/dir/program", f"{site}/dir/other-program"]
    for name in names:
        status_of(["cp", f"{site}/dir/payload", name])
        os.chmod(name, 0o755)
    os.unlink(names[1])
    os.symlink(names[0] + "-itself", names[1])
    status_of(["cp", f"{site}/dir/payload", names[0] + "-itself"])
    os.chmod(names[0] + "-itself", 0o755)
    with Restless(lambda: exchange(*names)):
        for _ in range(rounds):
            yield status_of([*command, names[0], "read-file", f"{site}/other/secret"])


def swapped_policy(rounds, site, command):
    """Two policies grant one secret each, and take turns; no start may grant both."""
    policies = [f"{site}/policy/one", f"{site}/policy/two"]
    with Restless(lambda: exchange(*policies)):
        for _ in range(rounds):
            yield status_of([*command, f"{site}/dir/payload", "both", f"{site}/secret", f"{site}/other/secret"])


def stopped(rounds, site, command):
    """The starting process is stopped, resumed, killed at any moment."""
    chance = random.Random(rounds)
    for _ in range(rounds):
        words = [*command, f"{site}/dir/payload", "read-file", f"{site}/other/secret"]
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as child:
            for sent in (signal.SIGSTOP, signal.SIGCONT, signal.SIGWINCH, signal.SIGKILL):
                time.sleep(chance.random() * 0.003)
                child.send_signal(sent)
            yield child.wait()


def descriptors(rounds, site, command):
    """A thread opens files without close-on-exec while another starts programs."""
    def open_and_close():
        for fd in [os.open(f"{site}/other/secret", os.O_RDONLY) for _ in range(20)]:
            os.set_inheritable(fd, True)
            os.close(fd)

    with Restless(open_and_close):
        for _ in range(rounds):
            yield status_of([*command, f"{site}/dir/payload", "inherited"], close_fds=False)


def haunted(rounds, site, command):
    """A program under COMMAND reaches for every process of the user while others start under the same policy."""
    with subprocess.Popen([*command, f"{site}/dir/payload", "haunt", str(os.getpid())], stdout=subprocess.DEVNULL,
                          stdin=subprocess.PIPE) as ghost:
        for _ in range(rounds):
            if status_of([*command, f"{site}/dir/payload", "exit-42"]) != 42:
                yield 3
        ghost.stdin.close()
        yield ghost.wait()


WAYS = {way.__name__: way for way in (swapped_program, swapped_policy, stopped, descriptors, haunted)}


def main():
    way, rounds, site, *command = sys.argv[1:]
    seen = collections.Counter()
    for status in WAYS[way](int(rounds), site, command):
        seen[status] += 1
        if status == 0:
            break
    print("succeeded" if seen[0] else "denied" if seen[1] else "untried", dict(seen))


main()
