"""Containers of a Debian that is made here, from this host's own apt sources: no image is pulled."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from .checks import Trouble, run

NAME = "localhost/qwd-deploy"
TREE = pathlib.Path(__file__).resolve().parents[3]
# Where images and the state of containers are kept.
PLACE = TREE / ".build/deploy"


class Podman:
    """Podman with images and state below a directory of ours. Of its own nothing is touched."""

    def __init__(self, place):
        self.place = place
        self.environment = dict(os.environ, CONTAINERS_CONF=str(place / "containers.conf"))
        place.mkdir(parents=True, exist_ok=True)
        runtime = 'runtime = "runc"\n' if shutil.which("runc") else ""
        (place / "containers.conf").write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
            f'[engine]\n{runtime}[network]\nnetwork_backend = "netavark"\n')

    @property
    def words(self):
        """How it is called."""
        return ["podman", "--root", str(self.place / "storage"), "--runroot", str(self.place / "run")]

    def __call__(self, *words, **options):
        return run(*self.words, *words, env=self.environment, **options)

    def obstacle(self, *tools):
        """Why no container of the tests could run on this host, in words; nothing if one can, which is tried."""
        missing = [tool for tool in ("podman", "mmdebstrap", "dpkg-deb", *tools) if not shutil.which(tool)]
        if os.geteuid():
            return "root is needed"
        if missing:
            return f"{', '.join(missing)} is missing (scripts/setup deploy)"
        if not os.path.exists("/dev/net/tun"):
            return "guests' networks need /dev/net/tun (modprobe tun)"
        if not shutil.which("busybox"):
            return "busybox is missing (scripts/setup)"
        with tempfile.TemporaryDirectory(prefix=f"qwd-root-{os.getpid()}-") as root:
            for name in ("bin", "dev", "etc", "proc", "run", "sys", "tmp", "var"):
                os.mkdir(f"{root}/{name}")
            shutil.copy(shutil.which("busybox"), f"{root}/bin/busybox")
            try:
                self("run", "--rm", "--privileged", "--systemd=always", "--rootfs", root, "/bin/busybox", "true", timeout=60)
            except (Trouble, OSError, subprocess.TimeoutExpired) as trouble:
                return f"podman can run none here: {' '.join(str(trouble).splitlines()[-1:])[:300]}"
        return ""

    def base(self, packages):
        """The image of a Debian that has these packages, made now if there is none, and a word about it.

        The tests share one: where it lacks some it is made anew, with those that it has.
        """
        known = {}
        for image in self("images", "-q", NAME).split():
            labels = json.loads(self("inspect", image))[0].get("Labels") or {}
            known[image] = set(labels.get("packages", "").split())
        for image, has in known.items():
            if has >= set(packages):
                return image, "from before"
        began = time.monotonic()
        wanted = sorted(set(packages).union(*known.values()))
        release = dict(
            line.rstrip().split("=", 1) for line in open("/etc/os-release", encoding="utf-8") if "=" in line)
        sources = [
            path for path in [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*")]
            if path.suffix in (".list", ".sources") and path.is_file() and path.stat().st_size]
        proxies = re.findall(r'^(Acquire::https?::Proxy) "(.+)";$', run("apt-config", "dump"), re.MULTILINE)
        archive = self.place / "base.tar"
        try:
            run("mmdebstrap", "--variant=minbase", "--include=" + ",".join(wanted),
                *(f'--aptopt={key} "{value}"' for key, value in proxies),
                # What one test needs as a program is no service of the other's.
                '--customize-hook=rm -f "$1/etc/systemd/system/multi-user.target.wants/nginx.service"',
                release["VERSION_CODENAME"].strip('"'), archive, *sources)
            for old in known:
                self("rmi", "-f", old)
            self("import", "-q", "-c", f"LABEL packages=\"{' '.join(wanted)}\"", archive, f"{NAME}:base")
        finally:
            archive.unlink(missing_ok=True)
        return self("images", "-q", NAME).split()[0], f"made in {time.monotonic() - began:.0f} s"

    def forget(self):
        """Removes what it keeps beside its images. For when nothing runs any more."""
        shutil.rmtree(self.place / "run", ignore_errors=True)
