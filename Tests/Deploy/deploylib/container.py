"""A container of a Debian with systemd as its first process."""

import os
import socket

from . import packages
from .checks import wait
from .networks import enter
from .podman import PLACE, Podman


class Container:
    """A Debian with systemd."""

    def __init__(self, package):
        self.name = f"qwd-deploy-{os.getpid()}"
        self.package = package
        self.podman = Podman(PLACE)

    def prepare(self):
        """Makes the base image, unless it is there."""
        self.image, said = self.podman.base(packages.for_package(self.package))
        return said

    def start(self):
        # As on a host, mounts are shared, or systemd could give no unit its credentials; and the device for networks is
        # everybody's, which udev does elsewhere.
        init = "mount --make-rshared / && chmod 666 /dev/net/tun && exec /sbin/init"
        self.podman("run", "-d", "--name", self.name, "--systemd=always", "--privileged", self.image, "/bin/sh", "-c", init)
        self.process = int(self.podman("inspect", "-f", "{{.State.Pid}}", self.name))
        # By it sockets are made in the container's network, from whatever thread.
        self.network = os.open(f"/proc/{self.process}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.own_network = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        wait("systemd is up", lambda: self("systemctl is-system-running", check=False).strip() in ("running", "degraded"), 60)

    def __call__(self, command, **options):
        """What a shell in it says."""
        return self.podman("exec", self.name, "/bin/sh", "-c", command, **options)

    def put(self, source, path):
        self.podman("cp", source, f"{self.name}:{path}")

    def write(self, path, text):
        self.podman("exec", "-i", self.name, "/bin/sh", "-c", f"mkdir -p $(dirname {path}) && cat >{path}", input=text)

    def connect(self, _, port):
        """A connection to its loopback, whatever the name of the host."""
        enter(self.network)
        try:
            peer = socket.socket()
        finally:
            enter(self.own_network)
        peer.settimeout(20)
        peer.connect(("127.0.0.1", port))
        return peer

    def remove(self):
        self.podman("rm", "-f", "-t", "0", self.name, check=False)
        self.podman.forget()

    def show(self, unit, key):
        return self(f"systemctl show -p {key} --value {unit}").strip()

    def main_process(self, unit):
        return int(self.show(unit, "MainPID"))

    def machines(self):
        """Process ids of QEMU, in the container's numbers."""
        return sorted(int(word) for word in self("pgrep -f '^/usr/bin/qemu-system-[^ ]* -name guest=qwd-'", check=False).split())

    def up(self, units):
        return all(self.show(unit, "ActiveState") == "active" for unit in units)
