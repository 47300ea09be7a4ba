"""Hosts in network namespaces, the services on them, and what a person at a desk sees of them. For `farm`, beside this file."""

import base64, ctypes, glob, http.client, json, os, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, time, urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
DESK = "192.0.2.10"
HOSTS = {"desk1": "192.0.2.21", "desk2": "192.0.2.22", "desk3": "192.0.2.23"}
PAGES = f"http://{DESK}:8080"
# Of which `lost` follows after two.
LEASE = 3
PERSON = ("ann", "sesame")


class Failed(Exception):
    """What is not as it should be, in words."""


def until(what, look, seconds=60):
    """Waits until `look` answers something true, and answers it. A state that tells nobody of its change is asked for."""
    end, last = time.monotonic() + seconds, None
    while time.monotonic() < end:
        try:
            last = look()
            if last:
                return last
        except (OSError, http.client.HTTPException, Failed) as error:
            last = error
        time.sleep(0.1)
    raise Failed(f"{what}: not within {seconds} s, last {last!r}")


class RedisUser:
    """A connection as one of the users of users.acl."""

    def __init__(self, farm, role):
        if role in ("looker", "tester"):
            password = read(f"{farm.keys}/{role}").strip()
        else:
            password = urllib.parse.urlsplit(read(f"{farm.keys}/{role}/redis.yaml").split("url: ")[1].strip()).password
        context = ssl.create_default_context(cafile=f"{farm.keys}/ca.crt")
        plain = socket.create_connection((DESK, 6379), timeout=10)
        self.stream = context.wrap_socket(plain, server_hostname=DESK)
        self.lines = self.stream.makefile("rb")
        self("AUTH", f"qwd-{role}", password)

    def __call__(self, *words):
        words = [str(word).encode() for word in words]
        self.stream.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        answer = self.read()
        if isinstance(answer, Failed):
            raise answer
        return answer

    def read(self):
        line = self.lines.readline()
        if not line:
            raise Failed("Redis closed the connection")
        kind, rest = line[:1], line[1:].strip().decode()
        if kind == b"-":
            return Failed(rest)
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == "-1" else self.lines.read(int(rest) + 2)[:-2].decode(errors="replace")
        if kind == b"*":
            return None if rest == "-1" else [self.read() for _ in range(int(rest))]
        return rest

    def refusal(self, *words):
        """The word with which Redis refuses a command, or nothing if it takes it."""
        try:
            self(*words)
        except Failed as error:
            return str(error)
        return ""


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text, mode=0o600):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"ip {' '.join(words)}: {done.stderr.strip()}")


class Farm:
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.failures = 0
        # Short: sockets live below it, and their paths have at most 107 bytes.
        self.root = tempfile.mkdtemp(prefix=f"qwd-farm-{os.getpid()}-", dir="/tmp")
        os.chmod(self.root, 0o755)
        self.keys = f"{self.root}/keys"
        self.tag = f"qwd-{os.getpid()}"
        self.namespaces = []
        self.running = {}
        self.told = {}
        self.cookies, self.mark = {}, ""
        self.blocks = dict(
            re.findall(r"```\w+\n# (scheduler|frontend|worker|looker)\b[^\n]*\n(.*?)```", read(f"{TREE}/docs/farm.md"), re.S))

    # Checks

    def check(self, what, body):
        """Does one check. What it answers is said besides."""
        begun = time.monotonic()
        try:
            words = body()
            print(f"ok      {what}" + (f": {words}" if isinstance(words, str) else "") + f" ({time.monotonic() - begun:.1f} s)")
        except Exception as error:
            self.failures += 1
            print(f"FAILED  {what}: {error}")
            self.tell_logs()
        sys.stdout.flush()

    def tell_logs(self):
        """The last lines of each log that were not told before."""
        for name in self.running:
            lines = self.log(name).splitlines()
            for line in lines[max(self.told.get(name, 0), len(lines) - 4):]:
                print(f"        {name}: {line[:400]}")
            self.told[name] = len(lines)

    # Networks

    def namespace(self, name):
        return f"{self.tag}-{name}"

    def make_networks(self):
        """One namespace for each host. The bridge between them is in that of the desk, so nothing of it is in ours."""
        for name in ["desk", *HOSTS]:
            ip("netns", "add", self.namespace(name))
            self.namespaces.append(name)
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
        # From here on this program is at the desk, as a browser there would be.
        file = os.open(f"/run/netns/{desk}", os.O_RDONLY)
        if ctypes.CDLL(None, use_errno=True).setns(file, 0x40000000):
            raise Failed(f"setns: {os.strerror(ctypes.get_errno())}")
        os.close(file)

    def link(self, name, state):
        ip("-n", self.namespace("desk"), "link", "set", name, state)

    # Programs

    def environment(self, more={}):
        known = {name: os.environ[name] for name in ["PATH", "HOME"] if name in os.environ}
        # By this mark all that came of our services is found again.
        return {**known, "LANG": "C.UTF-8", "QWDTEST_ROOT": self.root, **more}

    def start(self, name, where, words, more={}):
        """Starts a program in a host's network. `nsenter` becomes it, so the process is our own."""
        with open(f"{self.root}/{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.namespace(where)}", *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment(more))

    def end(self, name, at_once=False):
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def role(self, name, role, where, more={}):
        self.start(name, where, [self.program, role, "--config", f"{self.root}/{name}/etc/qwd.yaml"], more)

    def log(self, name):
        return read(f"{self.root}/{name}.log")

    def says(self, name, text, seconds=30):
        """Waits until a service's log has a text, and answers the line."""
        return until(
            f"{name} says {text!r}", lambda: next((line for line in self.log(name).splitlines() if text in line), None), seconds)

    def command(self, *words):
        done = subprocess.run(
            [self.program, *words, "--config", f"{self.root}/operator/etc/qwd.yaml"],
            capture_output=True, text=True, env=self.environment(), timeout=60)
        if done.returncode:
            raise Failed(f"qwd {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def status(self):
        return json.loads(self.command("status", "--json"))

    def host(self, name):
        return next((host for host in self.status()["hosts"] if host["name"] == name), None)

    # Configuration

    def configure(self, name, role, number, text=None):
        """A host's directory: the configuration of docs/farm.md, its Redis, and what a second host on one kernel must change."""
        etc = f"{self.root}/{name}/etc"
        if text is None:
            text = self.blocks.get(role, "")
        write(f"{etc}/qwd.yaml", text.replace("/etc/qwd", etc), 0o644)
        key = read(f"{self.keys}/{role}/redis.yaml")
        write(f"{etc}/qwd.d/redis.yaml", key.replace("/etc/qwd", etc))
        first = 210000 + 1000 * number
        write(
            f"{etc}/qwd.d/test.yaml",
            f"state_dir: {self.root}/{name}/s\nruntime_dir: {self.root}/{name}/r\n"
            f"machines: {{ directory: {self.root}/machines }}\n"
            f"scheduler: {{ lease: {LEASE}s }}\nlimits: {{ load: 0, cpu_fraction_per_user: 0, memory_fraction_per_user: 0, sessions_per_user: 0 }}\n"
            + (f"worker: {{ accelerator: tcg, users: {first}-{first + 999} }}\n" if role == "worker" else ""), 0o644)
        shutil.copy(f"{self.keys}/ca.crt", f"{etc}/redis-ca.crt")

    def worker_text(self, name, address):
        return self.blocks["worker"].replace("desk1", name).replace(HOSTS["desk1"], address)

    def share_secret(self, *names):
        """Copies that of the host which started first."""
        for name in names:
            os.makedirs(f"{self.root}/{name}/s", 0o700, exist_ok=True)
            shutil.copy(f"{self.root}/desk1/s/secret", f"{self.root}/{name}/s/secret")
            os.chmod(f"{self.root}/{name}/s/secret", 0o600)

    # Pages and displays

    def request(self, method, path, fields=None, headers={}):
        connection = http.client.HTTPConnection(DESK, 8080, timeout=20)
        headers = {"Accept": "application/json", "Cookie": "; ".join("=".join(pair) for pair in self.cookies.items()), **headers}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, None if fields is None else urllib.parse.urlencode(fields), headers)
            answer = connection.getresponse()
            body = answer.read().decode()
            for line in answer.headers.get_all("Set-Cookie") or []:
                name, value = line.split(";")[0].split("=", 1)
                self.cookies[name] = value
            return answer.status, body
        finally:
            connection.close()

    def sign_in(self):
        code, body = self.request("POST", "/sign-in", {"user": PERSON[0], "password": PERSON[1]})
        if code != 200:
            raise Failed(f"POST /sign-in: {code} {body}")
        code, body = self.request("GET", "/account")
        self.mark = json.loads(body)["csrf"]

    def create(self):
        code, body = self.request("POST", "/sessions", {
            "machine": "grub.iso", "cpu": "1", "memory": "0.25", "lifetime": "43200", "csrf": self.mark})
        if code not in (200, 201):
            raise Failed(f"POST /sessions: {code} {body}")
        return json.loads(body)["id"]

    def session(self, sid):
        code, body = self.request("GET", f"/sessions/{sid}/status")
        if code != 200:
            raise Failed(f"GET /sessions/{sid}/status: {code} {body}")
        return json.loads(body)

    def state(self, sid):
        """A session as `qwd status` shows it; of one that is over nothing."""
        return next((session for session in self.status()["sessions"] if session["id"] == sid), None)

    def running_display(self, sid, seconds=60):
        def look():
            session = self.session(sid)
            if session["state"] == "ended":
                raise RuntimeError(f"{sid} has ended: {session}")
            return session if session["state"] == "running" and session.get("connect_url") else None
        return until(f"the display of {sid}", look, seconds)

    def greeting(self, address, token):
        """What a display says first over a WebSocket (RFC 6455), or how the gateway refuses."""
        with socket.create_connection((address, 6080), timeout=20) as stream:
            stream.sendall((
                f"GET /display HTTP/1.1\r\nHost: {address}:6080\r\nOrigin: {PAGES}\r\nConnection: Upgrade\r\n"
                f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary, {token}\r\n"
                f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n").encode())
            file = stream.makefile("rb")
            line = file.readline().decode().strip()
            if " 101 " not in line:
                return line
            while file.readline().strip():
                pass
            text = b""
            while len(text) < 12:
                head = file.read(2)
                if len(head) < 2:
                    return "closed"
                length = head[1] & 0x7F
                if length == 126:
                    length = int.from_bytes(file.read(2), "big")
                data = file.read(length)
                text += data if head[0] & 0x0F in (0, 2) else b""
            return text.decode().strip()

    def machine(self, sid, host):
        """Id and start time of a session's machine, as its host has recorded it, of a process that lives."""
        pid, begun = read(f"{self.root}/{host}/r/sessions/{sid}/pid").split()
        if read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[19] != begun:
            raise Failed(f"{pid} is another process")
        return pid, begun

    # The end

    def leftovers(self):
        """Processes that live in our namespaces or have our mark."""
        names = {os.stat(f"/run/netns/{self.namespace(name)}").st_ino for name in self.namespaces}
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    environment = file.read()
                if f"QWDTEST_ROOT={self.root}".encode() in environment.split(b"\0") or os.stat(f"/proc/{name}/ns/net").st_ino in names:
                    found.append(int(name))
            except OSError:
                pass
        return found

    def remove(self):
        for name in list(self.running):
            if name != "redis":
                self.end(name)
        if "redis" in self.running:
            self.end("redis")
        # Machines, gateways and the guests' networks outlive their workers, as they should.
        end = time.monotonic() + 20
        while (left := self.leftovers()) and time.monotonic() < end:
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
        # Their control groups would have gone with an orderly end of their sessions.
        for path in glob.glob(f"{self.root}/*/r/sessions/*"):
            for group in glob.glob(f"/sys/fs/cgroup/**/qwd-{os.path.basename(path)}", recursive=True):
                try:
                    until(f"{group} is empty", lambda: os.rmdir(group) is None, 10)
                except Failed as error:
                    left.append(str(error))
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "del", self.namespace(name)], capture_output=True)
        if not os.environ.get("QWDTEST_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)
        if left:
            self.failures += 1
            print(f"FAILED  nothing is left: {left}")
