"""Hosts of a farm as network namespaces, with a bridge between them that a test may cut."""

import ctypes
import os
import subprocess

from .checks import Trouble

CLONE_NEWNET = 0x40000000
DESK = "192.0.2.10"
HOSTS = {"desk1": "192.0.2.21", "desk2": "192.0.2.22", "desk3": "192.0.2.23"}


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Trouble(f"ip {' '.join(words)}: {done.stderr.strip()}")


def enter(descriptor):
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET):
        raise Trouble(f"setns: {os.strerror(ctypes.get_errno())}")


def enter_own():
    """From here on this program and what it starts have a network of their own: loopback, and a way out that leads nowhere.

    Nothing that other programs do to this host's network is seen in it.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise Trouble(f"unshare: {os.strerror(ctypes.get_errno())}")
    ip("link", "set", "lo", "up")
    # Guests have a network where their host has a way out.
    ip("link", "add", "out", "type", "veth", "peer", "name", "nowhere")
    ip("address", "add", f"{DESK}/24", "dev", "out")
    for name in ("out", "nowhere"):
        ip("link", "set", name, "up")
    ip("route", "add", "default", "via", HOSTS["desk1"])


def obstacle():
    """Why none can be made on this host, in words; nothing if they can, which is tried."""
    if os.geteuid():
        return "root is needed, to make network namespaces"
    name = f"qwd-{os.getpid()}-desk"
    try:
        ip("netns", "add", name)
        ip("netns", "del", name)
    except (Trouble, OSError) as trouble:
        return f"no network namespace can be made: {trouble}"
    return ""


class Networks:
    def __init__(self):
        self.names = []

    def namespace(self, name):
        # By its number it is found where this program was killed.
        return f"qwd-{os.getpid()}-{name}"

    def make(self):
        """One namespace for each host. The bridge between them is in that of the desk, so nothing of it is in ours."""
        for name in ["desk", *HOSTS]:
            self.names.append(name)
            ip("netns", "add", self.namespace(name))
            ip("-n", self.namespace(name), "link", "set", "lo", "up")
        desk = self.namespace("desk")
        ip("-n", desk, "link", "add", "farm", "type", "bridge")
        ip("-n", desk, "address", "add", f"{DESK}/24", "dev", "farm")
        ip("-n", desk, "link", "set", "farm", "up")
        for name, address in HOSTS.items():
            host = self.namespace(name)
            ip("-n", desk, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", host)
            ip("-n", desk, "link", "set", name, "master", "farm", "up")
            ip("-n", host, "address", "add", f"{address}/24", "dev", "eth0")
            ip("-n", host, "link", "set", "eth0", "up")
            # Guests have a network where their host has a way out.
            ip("-n", host, "route", "add", "default", "via", DESK)

    def enter_desk(self):
        """From here on this program is at the desk, as a browser there would be."""
        file = os.open(f"/run/netns/{self.namespace('desk')}", os.O_RDONLY)
        enter(file)
        os.close(file)

    def link(self, name, state):
        ip("-n", self.namespace("desk"), "link", "set", name, state)

    def words(self, name):
        """With what a command begins that runs at a host. `nsenter` becomes the program, so the process is our own."""
        return ["nsenter", f"--net=/run/netns/{self.namespace(name)}"]

    def numbers(self):
        return {os.stat(f"/run/netns/{self.namespace(name)}").st_ino for name in self.names
                if os.path.exists(f"/run/netns/{self.namespace(name)}")}

    def remove(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", self.namespace(name)], capture_output=True, check=False)
