"""What tests leave that could not end in order. All they make has the number of their process in its name."""

import contextlib
import glob
import os
import pathlib
import re
import shutil
import subprocess
import time

from . import processes
from .checks import Trouble
from .podman import PLACE, Podman

MADE = re.compile(r"qwd-(?:(?:deploy|compose)-(\d+)(?:_\w+)?|(?:farm|px|root)-(\d+)-\w+|(\d+)-desk\d?)")


def is_ours(name):
    """Whether a test has made what has this name, and is over."""
    maker = MADE.fullmatch(name)
    return maker and not os.path.exists(f"/proc/{next(filter(None, maker.groups()))}")


def remove():
    """Takes all of it away, and tells what it was."""
    yield from remove_processes()
    yield from remove_containers()
    for place in [*pathlib.Path("/tmp").glob("qwd-*"), *PLACE.glob("qwd-*")]:
        if is_ours(place.name):
            shutil.rmtree(place, ignore_errors=True)
            yield f"directory {place}"


def remove_processes():
    roots = [str(place) for place in pathlib.Path("/tmp").glob("qwd-*-*-*") if is_ours(place.name)]
    namespaces = [name for name in (os.listdir("/run/netns") if os.path.isdir("/run/netns") else []) if is_ours(name)]
    groups = [f"/sys/fs/cgroup/**/qwd-{pathlib.Path(path).name}" for root in roots for path in
              [*glob.glob(f"{root}/*/r/sessions/*"), *glob.glob(f"{root}/r/sessions/*")]]
    networks = {os.stat(f"/run/netns/{name}").st_ino for name in namespaces}
    end, killed = time.monotonic() + 10, {}
    # One that ends may have begun another.
    while (found := processes.kill_found(roots, networks)) and time.monotonic() < end:
        killed |= found
        time.sleep(0.1)
    if killed:
        yield f"{len(killed)} processes: {', '.join(sorted(set(killed.values())))}"
    for name in namespaces:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        yield f"network namespace {name}"
    for group in groups:
        for path in glob.glob(group, recursive=True):
            with contextlib.suppress(OSError):
                os.rmdir(path)


def remove_containers():
    podman = Podman(PLACE)
    if not shutil.which("podman") or not (PLACE / "storage").exists():
        return
    lists = {"container": ("ps", "-a", "--format", "{{.Names}}"), "network": ("network", "ls", "--format", "{{.Name}}"),
             "volume": ("volume", "ls", "--format", "{{.Name}}")}
    for kind, words in lists.items():
        with contextlib.suppress(Trouble):
            for name in filter(is_ours, podman(*words).split()):
                podman(kind, "rm", "-f", *(["-t", "0"] if kind == "container" else []), name, check=False)
                yield f"{kind} {name}"
    with contextlib.suppress(Trouble):
        if not podman("ps", "-aq").strip():
            podman.forget()
