"""A `qwd up` with directories, ports and a Redis of its own, whose configuration is that of an example."""

import json
import pathlib
import re
import shutil
import socket
import subprocess

from . import processes
from .checks import Trouble, equal, wait
from .proxy import EXAMPLES, NAME, substitute

USER, PASSWORD = "alice", "sesame"
RESCUE = "/usr/lib/grub-rescue/grub-rescue-cdrom.iso"
# The one that asks: neither a proxy, nor who runs it.
CLIENT = "127.0.0.77"


def free_port(addresses):
    """A port that is free at all of these addresses."""
    while True:
        with socket.socket() as first:
            first.bind((addresses[0], 0))
            port = first.getsockname()[1]
        try:
            for address in addresses:
                with socket.socket() as probe:
                    probe.bind((address, port))
            return port
        except OSError:
            continue


class Service:
    """What qwd.yaml says beside the example are directories, limits, and who may come in; it says nothing of proxies."""

    def __init__(self, program, root, variant, public_port, certificate, first_user):
        self.program, self.variant = program, variant
        self.root = pathlib.Path(root)
        for directory in (self.root, self.root / "machines", self.root / "qwd.d"):
            directory.mkdir()
        self.pages, self.displays = free_port(["127.0.0.1"]), free_port(["127.0.0.1"])
        (self.root / "machines" / "grub.iso").symlink_to(RESCUE)
        (self.root / "machines" / "machines.conf").write_text("[grub.iso]\ntitle=GRUB rescue shell\nmemory=0.25\n")
        check = self.root / "check"
        check.write_text(f'#!/bin/sh\nread -r user; read -r password\n[ "$user $password" = "{USER} {PASSWORD}" ]\n')
        check.chmod(0o700)
        self.configuration = self.root / "qwd.yaml"
        self.configuration.write_text(f"""state_dir: {self.root}/s
runtime_dir: {self.root}/r
machines: {{ directory: {self.root}/machines, catalogue: [{self.root}/machines/machines.conf] }}
worker: {{ name: here, accelerator: tcg, users: {first_user}-{first_user + 63}, cpu_overcommit: 64, stop_grace: 0 }}
limits: {{ load: 0, sessions: 0, sessions_per_user: 0, waiting_per_user: 0, creations_per_minute: 0, cpu_fraction_per_user: 0, memory_fraction_per_user: 0 }}
auth: {{ methods: [command], command: {{ path: {check} }} }}
""")
        example = EXAMPLES / "qwd" / f"{variant}.yaml"
        substitutions = {f"https://{NAME}": f"https://{NAME}:{public_port}"}
        if variant == "tls":
            substitutions |= {
                "192.0.2.10:8443": f"127.0.0.1:{self.pages}", "192.0.2.10:6443": f"127.0.0.1:{self.displays}",
                "198.51.100.7": "127.0.0.1", "/etc/qwd/fullchain.pem": str(certificate / "fullchain.pem"),
                "/etc/qwd/key.pem": str(certificate / "key.pem")}
        else:
            substitutions |= {"127.0.0.1:8080": f"127.0.0.1:{self.pages}", "127.0.0.1:6080": f"127.0.0.1:{self.displays}"}
        (self.root / "qwd.d" / "proxy.yaml").write_text(substitute(example.read_text(), substitutions, example))

    @property
    def log(self):
        return (self.root / "log").read_text(errors="replace")

    def run(self, *arguments):
        return subprocess.run([self.program, *arguments, "--config", self.configuration], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False, env=processes.environment())

    def start(self):
        checked = self.run("config", "check")
        if checked.returncode:
            raise Trouble(f"qwd config check: {checked.stderr.strip()}")
        self.process = processes.start([self.program, "up", "--config", str(self.configuration)], self.root / "log",
                                       {processes.MARK: str(self.root)})
        wait("qwd up", lambda: "Frontend listens" in self.log and "worker takes jobs" in self.log, 60, self.process)

    def addresses_of(self, act, session):
        """From where the log says that somebody did something about a session, in the order of the lines."""
        return [re.search(r"audit\.from=(\S+)", line)[1] for line in self.log.splitlines()
                if f"audit.act={act} " in line and f"audit.what={session}" in line]

    def pause(self, session):
        """Lets a guest stand still, so that it takes no processor while its display is held open."""
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(f"{self.root}/r/sessions/{session}/monitor.sock")
            lines = door.makefile("rw")
            lines.readline()
            for command in ("qmp_capabilities", "stop"):
                lines.write(json.dumps({"execute": command}) + "\n")
                lines.flush()
                while "return" not in (answer := json.loads(lines.readline())):
                    equal(answer.get("error"), None)

    def end(self):
        """Ends every session, the service, and what it leaves running on purpose."""
        if process := getattr(self, "process", None):
            if process.poll() is None:
                self.run("stop", "--all")
            processes.end(process, 20)
        # Machines, displays and Redis outlive the service where they still run.
        processes.kill_found([self.root])
        shutil.rmtree(self.root, ignore_errors=True)
