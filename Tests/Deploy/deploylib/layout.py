"""The files of a farm's hosts: those of docs/farm.md and examples/redis, below one directory."""

import pathlib
import re
import shutil

from .networks import HOSTS
from .podman import TREE

# Of which `lost` follows after two.
LEASE = 3


def write(path, text, mode=0o600):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


class Layout:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.root.chmod(0o755)
        self.keys = self.root / "keys"
        text = (TREE / "docs/farm.md").read_text()
        self.blocks = dict(re.findall(r"```\w+\n# (scheduler|frontend|worker|looker)\b[^\n]*\n(.*?)```", text, re.S))

    def configure(self, name, role, number, text=None):
        """A host's directory: the configuration of docs/farm.md, its Redis, and what a second host on one kernel must change."""
        etc = self.root / name / "etc"
        text = self.blocks.get(role, "") if text is None else text
        write(etc / "qwd.yaml", text.replace("/etc/qwd", str(etc)), 0o644)
        write(etc / "qwd.d/redis.yaml", (self.keys / role / "redis.yaml").read_text().replace("/etc/qwd", str(etc)))
        first = 210000 + 1000 * number
        write(
            etc / "qwd.d/test.yaml",
            f"state_dir: {self.root}/{name}/s\nruntime_dir: {self.root}/{name}/r\n"
            f"machines: {{ directory: {self.root}/machines }}\nscheduler: {{ lease: {LEASE}s }}\n"
            "limits: { load: 0, cpu_fraction_per_user: 0, memory_fraction_per_user: 0, sessions_per_user: 0 }\n"
            + (f"worker: {{ accelerator: tcg, users: {first}-{first + 999} }}\n" if role == "worker" else ""), 0o644)
        shutil.copy(self.keys / "ca.crt", etc / "redis-ca.crt")

    def worker_text(self, name, address):
        return self.blocks["worker"].replace("desk1", name).replace(HOSTS["desk1"], address)

    def share_secret(self, *names):
        """Copies that of the host which started first."""
        for name in names:
            (self.root / name / "s").mkdir(0o700, parents=True, exist_ok=True)
            # Only its owner may read it, as the copy says too.
            shutil.copy(self.root / "desk1/s/secret", self.root / name / "s/secret")
