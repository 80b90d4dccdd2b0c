"""The guest's root: an initramfs of the host's own programs and of the build, made without root.

    image = Image()
    image.add_program("sh")
    image.add_tree("/usr/share/zoneinfo")
    image.write(path)

Whatever is added stands at the path that it has on the host, with the links that lead there, belongs to root, and brings
the libraries that the loader would take for it.
"""
import os
import shutil
import stat
import subprocess

# The host's programs that scripts in a guest may use. One that the host lacks is left out.
PROGRAMS = """
    sh dash bash env
    basename cat chgrp chmod chown chroot cp cut date dd dirname du echo expr false head id install kill link ln ls mkdir
    mkfifo mknod mktemp mv nl nohup nproc od paste pwd readlink realpath rm rmdir seq sleep sort split stat stty sync tail tee
    test timeout touch tr true truncate tty uname uniq unlink wc whoami xargs yes
    grep egrep sed awk find cmp diff
    ps pgrep pkill sysctl free
    mount umount unshare setpriv setsid nsenter flock dmesg prlimit mountpoint losetup findmnt lsns renice chrt
    ip ss getent ldconfig locale
    python3 strace
""".split()

# Files that programs look for without being told.
FILES = """
    /etc/passwd /etc/group /etc/nsswitch.conf /etc/hosts /etc/services /etc/protocols /etc/ld.so.cache /etc/ld.so.conf
    /etc/ld.so.conf.d /etc/hostname /etc/localtime /etc/timezone /usr/share/zoneinfo/Etc/UTC /usr/lib/locale/C.utf8
    /etc/python3.11/sitecustomize.py
""".split()

# Of Python's library: what no test imports.
UNUSED = {"test", "idlelib", "tkinter", "lib2to3", "ensurepip", "pydoc_data", "turtledemo", "distutils", "dist-packages", "site-packages"}


PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def python_library():
    """Of the Python that scripts find in PATH, which needn't be the one that runs this."""
    where = [shutil.which("python3", path=PATH), "-I", "-c", "import os; print(os.path.dirname(os.__file__))"]
    return subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()


def loaded_by(path):
    """The files that the loader takes for this ELF file; none for other files and static programs."""
    with open(path, "rb") as file:
        if file.read(4) != b"\x7fELF":
            return []
    answer = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
    words = [word for line in answer.stdout.splitlines() for word in line.split()]
    return [word for word in words if word.startswith("/")]


class Image:
    def __init__(self):
        self.entries = {}  # path without the first slash: (mode, data or None, path on the host or None)

    def directory(self, path, mode=0o755):
        path = path.strip("/")
        if path and path not in self.entries:
            self.directory(os.path.dirname(path))
            self.entries[path] = (stat.S_IFDIR | mode, None, None)

    def text(self, path, text, mode=0o644):
        self.directory(os.path.dirname(path))
        self.entries[path.strip("/")] = (stat.S_IFREG | mode, text.encode(), None)

    def copy(self, source, path, mode=0o644):
        self.directory(os.path.dirname(path))
        self.entries[path.strip("/")] = (stat.S_IFREG | mode, None, source)

    def add(self, path):
        """A file, link or directory of the host without its contents, and the links on the way to it."""
        real = ""
        for name in path.strip("/").split("/"):
            real += "/" + name
            if os.path.islink(real):
                target = os.readlink(real)
                self.directory(os.path.dirname(real))
                self.entries[real[1:]] = (stat.S_IFLNK | 0o777, target.encode(), None)
                rest = path.strip("/")[len(real):]
                self.add(os.path.normpath(os.path.join(os.path.dirname(real), target, rest)))
                return
        key = path.strip("/")
        if key in self.entries:
            return
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            self.directory(path)
        elif stat.S_ISREG(mode) and os.access(path, os.R_OK):
            self.directory(os.path.dirname(path))
            self.entries[key] = (stat.S_IFREG | (mode & 0o755) | 0o444, None, path)
            for library in loaded_by(path):
                self.add(library)

    def add_tree(self, path, without=frozenset()):
        self.add(path)
        for folder, names, files in os.walk(path):
            names[:] = [name for name in names if name not in without]
            for name in names + files:
                self.add(os.path.join(folder, name))

    def add_program(self, name):
        path = shutil.which(name, path=PATH)
        if path:
            self.add(path)

    def add_host(self):
        """What tests expect of any Debian system."""
        for path in "/tmp", "/var/tmp":
            self.directory(path, 0o1777)
        for path in "/proc", "/sys", "/dev", "/run", "/root", "/home", "/mnt", "/opt", "/srv", "/var/log", "/usr/local/lib":
            self.directory(path)
        for name in PROGRAMS:
            self.add_program(name)
        for path in FILES:
            if os.path.isdir(path):
                self.add_tree(path)
            elif os.path.exists(path):
                self.add(path)
        library = python_library()
        self.add_tree(library, UNUSED | {name for name in os.listdir(library) if name.startswith("config-")})

    def write(self, path):
        """As a newc archive: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel."""
        with open(path, "wb") as out:
            for number, (name, (mode, data, source)) in enumerate(sorted(self.entries.items()), 1):
                changed = 0
                if source:
                    with open(source, "rb") as file:
                        data = file.read()
                        changed = int(os.fstat(file.fileno()).st_mtime)  # Python compares it with its compiled files
                write_entry(out, name, number, mode, changed, data or b"")
            write_entry(out, "TRAILER!!!", 0, 0, 0, b"")


def write_entry(out, name, number, mode, changed, data):
    encoded = os.fsencode(name) + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, changed, len(data), 0, 0, 0, 0, len(encoded), 0)
    out.write(b"070701" + b"".join(b"%08x" % field for field in fields) + encoded)
    out.write(bytes(-(110 + len(encoded)) % 4) + data + bytes(-len(data) % 4))
