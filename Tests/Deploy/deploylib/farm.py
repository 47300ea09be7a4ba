"""The services of a farm on its hosts, and what they say."""

import glob
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from . import processes
from .browser import Browser
from .checks import Checks, Trouble, expect, wait
from .layout import Layout
from .networks import DESK, Networks
from .redis_user import RedisUser

PAGES = f"http://{DESK}:8080"


def connect(host, port):
    return socket.create_connection((host, port), timeout=20)


class Farm(Layout):
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.checks = Checks(self.tell_logs)
        # Short: sockets live below it, and their paths have at most 107 bytes.
        super().__init__(tempfile.mkdtemp(prefix=f"qwd-farm-{os.getpid()}-", dir="/tmp"))
        self.networks = Networks()
        self.person = Browser(connect, PAGES)
        self.running, self.told = {}, {}

    def check(self, words, body):
        """Does one check. What it returns is said besides."""
        with self.checks(words) as said:
            if more := body():
                said.append(more)

    def tell_logs(self):
        """The last lines of each log that were not told before."""
        for name in self.running:
            lines = self.log(name).splitlines()
            for line in lines[max(self.told.get(name, 0), len(lines) - 4):]:
                print(f"        {name}: {line[:400]}", flush=True)
            self.told[name] = len(lines)

    # Programs

    def environment(self, more=None):
        return processes.environment({processes.MARK: str(self.root), **(more or {})})

    def start(self, name, where, words, more=None):
        """Starts a program at a host."""
        self.running[name] = processes.start(
            [*self.networks.words(where), *map(str, words)], self.root / f"{name}.log", self.environment(more))

    def end(self, name, at_once=False):
        process = self.running.pop(name)
        if at_once:
            process.kill()
        processes.end(process, 40)

    def role(self, name, role, where, more=None):
        self.start(name, where, [self.program, role, "--config", self.root / name / "etc/qwd.yaml"], more)

    def log(self, name):
        return (self.root / f"{name}.log").read_text()

    def says(self, name, text, seconds=30):
        """Waits until a service's log has a text, and returns the line."""
        return wait(f"{name} says {text!r}",
                    lambda: next((line for line in self.log(name).splitlines() if text in line), None), seconds)

    def at(self, host, *words):
        """A command at a host, with the configuration of its service; what came of it."""
        return subprocess.run(
            [*self.networks.words("desk" if host == "operator" else host), self.program, *words, "--config",
             self.root / host / "etc/qwd.yaml"], capture_output=True, text=True, check=False, env=self.environment(), timeout=60)

    def command(self, *words):
        done = self.at("operator", *words)
        expect(done.returncode == 0, f"qwd {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def redis(self, role):
        return RedisUser(DESK, self.keys, role)

    # What it says of itself

    def status(self):
        return json.loads(self.command("status", "--json"))

    def host(self, name):
        return next((host for host in self.status()["hosts"] if host["name"] == name), None)

    def state(self, session):
        """A session as `qwd status` shows it; of one that is over nothing."""
        return next((found for found in self.status()["sessions"] if found["id"] == session), None)

    def machine(self, session, host):
        """Id and start time of a session's machine, as its host has recorded it, of a process that lives."""
        pid, begun = (self.root / host / "r/sessions" / session / "pid").read_text().split()
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        expect(stat.rsplit(")", 1)[1].split()[19] == begun, f"{pid} is another process")
        return pid, begun

    # The end

    def remove(self):
        for name in sorted(self.running, key=lambda name: name == "redis"):
            self.end(name)
        # Machines, gateways and the guests' networks outlive their workers, as they should.
        end = time.monotonic() + 20
        while (left := processes.kill_found([self.root], self.networks.numbers())) and time.monotonic() < end:
            time.sleep(0.05)
        if left:
            self.checks.fail("nothing is left", Trouble(f"{left}"))
        # Their control groups would have gone with an orderly end of their sessions.
        for path in glob.glob(f"{self.root}/*/r/sessions/*"):
            for group in glob.glob(f"/sys/fs/cgroup/**/qwd-{os.path.basename(path)}", recursive=True):
                try:
                    wait(f"{group} is empty", lambda: os.rmdir(group) is None, 10)
                except Trouble as trouble:
                    self.checks.fail("nothing is left", trouble)
        self.networks.remove()
        if not os.environ.get("QWDTEST_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)
