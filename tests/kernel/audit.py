#!/usr/bin/env python3
"""audit.py COMMAND [ARGUMENT...]: runs COMMAND while the kernel's auditing is on, and puts back what was before.

One at a time on the whole host (a lock file). Exit status: the command's, or 77 and the reason on standard output where
this process can't switch auditing."""
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys

AUDIT_GET, AUDIT_SET, NLMSG_ERROR = 1000, 1001, 2
STATUS_ENABLED = 1
LOCK = "/tmp/cordon-test-audit.lock"


def ask(kind, flags, payload):
    """The payload of the answer; for AUDIT_SET nothing."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_AUDIT if hasattr(socket, "NETLINK_AUDIT")
                       else 9) as audit:
        audit.settimeout(5)
        audit.send(struct.pack("=IHHII", 16 + len(payload), kind, flags, 1, 0) + payload)
        while True:
            answer = audit.recv(8192)
            answered = struct.unpack("=IHHII", answer[:16])[1]
            if answered == NLMSG_ERROR:
                error = -struct.unpack("=i", answer[16:20])[0]
                if error:
                    raise OSError(error, os.strerror(error))
                if kind == AUDIT_SET:
                    return b""
            elif answered == kind:
                return answer[16:]


def is_enabled():
    return struct.unpack("=II", ask(AUDIT_GET, 1, b"")[:8])[1]


def enable(value):
    ask(AUDIT_SET, 1 | 4, struct.pack("=11I", STATUS_ENABLED, value, *[0] * 9))


def main():
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        before = is_enabled()
        if before == 2:
            raise OSError("auditing is locked")
    except OSError as error:
        print(f"auditing can't be switched: {error}")
        sys.exit(77)
    # whatever ends us, auditing is as before
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        enable(1)
        status = subprocess.run(sys.argv[1:], check=False).returncode
    finally:
        enable(before)
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
