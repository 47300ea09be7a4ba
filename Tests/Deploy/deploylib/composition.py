"""The containers of compose/, as podman-compose brings them up."""

import json
import os
import re
import shutil
import socket

from . import packages
from .checks import run
from .podman import PLACE, TREE, Podman

SERVICES = {"redis": 1, "scheduler": 1, "frontend": 1, "worker": 2, "proxy": 1}
NETWORKS = ["inner", "web"]
VOLUMES = ["queue", "ledger", "machines", "workers", "socket"]

# Where the host of the containers has other things to do, a session would wait for its processors; and who is silent is told of soon.
SETTINGS = """
limits: { load: 0, sessions: 0, sessions_per_user: 0, waiting_per_user: 0, creations_per_minute: 0,
          cpu_fraction_per_user: 0, memory_fraction_per_user: 0 }
scheduler: { lease: 5s }
"""


class Composition:
    """The containers of one test: a copy of compose/ with a port, a project and secrets of its own."""

    def __init__(self, program):
        self.name = f"qwd-compose-{os.getpid()}"
        self.place = PLACE / self.name
        self.directory = self.place / "compose"
        self.program = program
        self.podman = Podman(PLACE)
        self.workers = SERVICES["worker"]
        self.is_shown = False
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    @property
    def containers(self):
        counts = {**SERVICES, "worker": self.workers}
        return {f"{service}_{number}": f"{self.name}_{service}_{number}"
                for service, count in counts.items() for number in range(1, count + 1)}

    def prepare(self):
        """The base image, and the copy."""
        base, said = self.podman.base(packages.for_composition())
        shutil.copytree(TREE / "compose", self.directory, ignore=shutil.ignore_patterns(".env", "secrets", "program"))
        shutil.copytree(TREE / "examples/redis", self.place / "examples/redis")
        run(self.directory / "prepare", self.program)
        self.settings = {
            "QWD_BASE": base, "QWD_PORT": self.port, "QWD_PUBLIC_URL": self.address, "QWD_WORKERS": self.workers,
            # Twelve sessions on two cores.
            "QWD_CPU_OVERCOMMIT": 16}
        self.write_settings()
        with open(self.directory / "etc/qwd.yaml", "a", encoding="utf-8") as more:
            more.write(SETTINGS)
        # By this podman-compose calls a podman that keeps its things in our place.
        wrapper = self.place / "podman"
        wrapper.write_text(f"#!/bin/sh\nexec {' '.join(self.podman.words)} \"$@\"\n")
        wrapper.chmod(0o755)
        return said

    def write_settings(self):
        path = self.directory / ".env"
        text = path.read_text()
        for key, value in self.settings.items():
            text = re.sub(rf"(?m)^{key}=.*$", f"{key}={value}", text)
        path.write_text(text)

    def compose(self, *words, **options):
        return run("podman-compose", "-p", self.name, "--podman-path", self.place / "podman", *words,
                   cwd=self.directory, env=self.podman.environment, **options)

    def inspect(self, container):
        return json.loads(self.podman("inspect", self.containers[container]))[0]

    def __call__(self, container, command, **options):
        """What a shell in a container says."""
        return self.podman("exec", self.containers[container], "/bin/sh", "-c", command, **options)

    def log(self, container):
        return self.podman("logs", self.containers[container], check=False)

    def show(self):
        """Says what the containers have said, once."""
        if not self.is_shown and self.left():
            for container in self.containers:
                print(f"-- {container}\n{self.log(container)[-2000:]}", flush=True)
        self.is_shown = True

    def runs(self, container):
        return self.inspect(container)["State"]["Running"]

    def secrets(self):
        """The texts that nobody may show."""
        return [path.read_bytes().strip() for path in (self.directory / "secrets").iterdir() if path.name != "redis-users.acl"]

    def processes(self, container):
        """Ids of all processes of a container, in this host's numbers."""
        text = self.podman("top", self.containers[container], "hpid", check=False)
        return [int(word) for word in text.split() if word.isdigit()]

    def remove(self):
        for name in self.containers.values():
            self.podman("rm", "-f", "-t", "0", "-i", name, check=False)
        for network in NETWORKS:
            self.podman("network", "rm", f"{self.name}_{network}", check=False)
        for volume in VOLUMES:
            self.podman("volume", "rm", f"{self.name}_{volume}", check=False)
        for service in SERVICES:
            self.podman("rmi", f"qwd-{service}:0.1.0", check=False)
        shutil.rmtree(self.place, ignore_errors=True)

    def left(self):
        """What of it podman still knows."""
        lists = [("ps", "-a", "--format", "{{.Names}}"), ("network", "ls", "--format", "{{.Name}}"),
                 ("volume", "ls", "--format", "{{.Name}}")]
        return [word for words in lists for word in self.podman(*words).split() if word.startswith(self.name)]
