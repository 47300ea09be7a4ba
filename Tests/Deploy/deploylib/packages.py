"""Which Debian packages the containers of the tests have, so that one image is made for all of them; and the package that is tried."""

import re
import shutil

from .checks import run
from .podman import PLACE, TREE

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


def renewed(package):
    """The same package with a later version; quick to make, not small."""
    version = run("dpkg-deb", "-f", package, "Version").strip() + "+1"
    place, made = PLACE / "renewed", PLACE / "renewed.deb"
    shutil.rmtree(place, ignore_errors=True)
    run("dpkg-deb", "-R", package, place)
    control = place / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    run("dpkg-deb", "--root-owner-group", "-Znone", "-b", place, made)
    shutil.rmtree(place)
    return made
