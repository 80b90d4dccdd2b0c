"""Debian's kernel for guests: downloaded, never installed, and kept below the build directory.

    kernel = fetch(build, "bookworm")
    kernel.image      path of the bzImage
    kernel.modules    {"dummy": path, ...}

The package comes from the mirror that this machine's apt uses. apt's state lies in the cache too, so that no root is
needed and nothing of the machine's own state changes or has to be fresh.
"""
import contextlib
import fcntl
import glob
import lzma
import os
import re
import shutil
import subprocess
import tarfile

# Name: the suite that it is from. Later kernels by name: GUEST_KERNEL=backports scripts/job.sh guest
SUITES = {"bookworm": "bookworm", "backports": "bookworm-backports"}
META_PACKAGE = "linux-image-amd64"
MODULES = ("dummy",)  # what tests load
DEFAULT_MIRROR = "http://deb.debian.org/debian/"


class Unavailable(Exception):
    """The kernel can't be had."""


class Kernel:
    def __init__(self, folder):
        self.image = os.path.join(folder, "vmlinuz")
        self.modules = {}
        for path in glob.glob(os.path.join(folder, "*.ko")):
            self.modules[os.path.basename(path).removesuffix(".ko")] = path
        with open(os.path.join(folder, "version"), encoding="utf-8") as file:
            self.version = file.read().strip()


def run(command, cwd=None):
    try:
        answer = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Unavailable(f"{command[0]}: {error.strerror}") from error
    if answer.returncode:
        raise Unavailable(f"{' '.join(command)}: exit status {answer.returncode}\n{answer.stdout}{answer.stderr}")
    return answer.stdout


def mirror():
    places = run(["apt-get", "indextargets", "--format", "$(REPO_URI)"]).split()
    return next((place for place in places if place.endswith("/debian/")), DEFAULT_MIRROR)


def apt_options(state, suite):
    """An apt of our own that knows one suite. Signatures are checked with the machine's keys."""
    for folder in "lists/partial", "archives/partial":
        os.makedirs(os.path.join(state, folder), exist_ok=True)
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    option = f"[signed-by={keys}] " if os.path.exists(keys) else ""
    with open(os.path.join(state, "sources.list"), "w", encoding="utf-8") as file:
        file.write(f"deb {option}{mirror()} {suite} main\n")
    options = [f"Dir::State={state}", f"Dir::Cache={state}", f"Dir::Etc::SourceList={state}/sources.list"]
    options += ["Dir::Etc::SourceParts=/dev/null", "APT::Sandbox::User=", "APT::Get::List-Cleanup=0"]
    return [word for option in options for word in ("-o", option)]


def download(state, suite):
    """Returns the path of the package that the meta package stands for today."""
    options = apt_options(state, suite)
    run(["apt-get", *options, "--quiet=2", "update"])
    listed = run(["apt-cache", *options, "depends", "--important", META_PACKAGE])
    depends = re.search(r"Depends: (linux-image-\S+)", listed)
    if not depends:
        raise Unavailable(f"{META_PACKAGE} of {suite} names no kernel:\n{listed}")
    run(["apt-get", *options, "--quiet=2", "download", depends.group(1)], cwd=state)
    return glob.glob(os.path.join(state, depends.group(1) + "_*.deb"))[0]


def unpack(package, folder):
    """Only what a guest needs: the whole is 400 MB."""
    wanted = {name + end: name for name in MODULES for end in (".ko", ".ko.xz")}
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as pipe:
        with tarfile.open(fileobj=pipe.stdout, mode="r|") as archive:
            for member in archive:
                base = os.path.basename(member.name)
                if base.startswith("vmlinuz-"):
                    save(archive, member, os.path.join(folder, "vmlinuz"))
                    with open(os.path.join(folder, "version"), "w", encoding="utf-8") as file:
                        file.write(base.removeprefix("vmlinuz-") + "\n")
                elif base in wanted:
                    save(archive, member, os.path.join(folder, wanted[base] + ".ko"))
    if pipe.returncode:
        raise Unavailable(f"{package}: dpkg-deb can't read it")


def save(archive, member, path):
    data = archive.extractfile(member).read()
    with open(path, "wb") as file:
        file.write(lzma.decompress(data) if member.name.endswith(".xz") else data)


@contextlib.contextmanager
def locked(path):
    """Several tests may want the same kernel at once."""
    with open(path, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_complete(folder):
    names = ["vmlinuz", "version"] + [name + ".ko" for name in MODULES]
    return all(os.path.exists(os.path.join(folder, name)) for name in names)


def fetch(build, name):
    """The kernel called @name, from the cache or the network. Raises Unavailable."""
    if name not in SUITES:
        raise Unavailable(f"no kernel is called {name}; there are: {' '.join(SUITES)}")
    folder = os.path.join(build, "guest", "kernel-" + name)
    if is_complete(folder):
        return Kernel(folder)
    os.makedirs(folder, exist_ok=True)
    with locked(folder + ".lock"):
        if not is_complete(folder):
            state = os.path.join(folder, "apt")
            unpack(download(state, SUITES[name]), folder)
            shutil.rmtree(state)
    return Kernel(folder)
