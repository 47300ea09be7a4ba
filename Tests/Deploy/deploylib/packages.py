"""Which Debian packages the containers of the tests have, so that one image is made for all of them."""

import pathlib
import re

from .checks import run

TREE = pathlib.Path(__file__).resolve().parents[3]
# What a Debian with systemd needs to try the package in it, besides the package's own dependencies.
SYSTEM = ["systemd", "systemd-sysv", "dbus", "procps", "ca-certificates", "grub-rescue-pc"]


def for_package(package):
    """What a package depends on, of alternatives the first one, and what it is tried with."""
    needed = ",".join(run("dpkg-deb", "-f", package, field) for field in ("Pre-Depends", "Depends"))
    return [entry.split()[0] for entry in needed.split(",") if entry.strip()] + SYSTEM


def for_composition():
    """What the images of compose/ are made of."""
    text = (TREE / "compose/Containerfile").read_text()
    return " ".join(re.findall(r"RUN need ((?:[a-z0-9.+-]+ ?)+)", text)).split()
