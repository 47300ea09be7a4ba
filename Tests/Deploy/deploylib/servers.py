"""The four proxies: which program each is, and what stands around its example file when it runs in the foreground."""

import os
import pathlib
import pwd
import re

from .proxy import NAME, Proxy


def account(name):
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        return None


class Nginx(Proxy):
    name, program, suffix = "nginx", "nginx", ".conf"
    times = re.compile(r"^\s*proxy_(read|send)_timeout (?P<time>\w+);", re.M)

    def listening(self):
        return {"listen 443 ": f"listen {self.address}:{self.port} "}

    def command(self):
        user = "user www-data;" if os.geteuid() == 0 and account("www-data") else ""
        temporary = "".join(f"{kind}_temp_path {self.directory}/{kind};" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        around = self.directory / "nginx.conf"
        around.write_text(f"""{user} daemon off; worker_processes 2; pid {self.directory}/pid; error_log stderr;
events {{ worker_connections 768; }}
http {{
    {temporary}
    include /etc/nginx/mime.types; access_log off; sendfile on; tcp_nopush on; gzip on;
    include {self.file};
}}
""")
        return [self.path(), "-p", str(self.directory), "-e", "stderr", "-c", str(around)]


class Apache(Proxy):
    name, program, suffix = "apache", "apache2", ".conf"
    times = re.compile(r"^\s*(ProxyTimeout|Timeout) (?P<time>\d+)$", re.M)
    short = "2"
    # What Debian switches on by itself, as far as it could meddle with what passes.
    usual = ["mpm_event", "authz_core", "alias", "mime", "filter", "deflate", "setenvif", "reqtimeout"]

    def listening(self):
        return {"<VirtualHost *:443>": f"<VirtualHost {self.address}:{self.port}>"}

    def command(self):
        wanted = re.search(r"a2enmod (.*)", self.file.read_text())[1].split()
        needed = []
        for module in self.usual + wanted:
            load = pathlib.Path(f"/etc/apache2/mods-available/{module}.load")
            depends = re.search(r"# Depends: (.*)", load.read_text())
            needed += (depends[1].split() if depends else []) + [module]
        lines = [f"Include /etc/apache2/mods-available/{module}.load" for module in dict.fromkeys(needed)]
        lines += ["Include /etc/apache2/mods-available/" + file
                  for file in ("mpm_event.conf", "mime.conf", "reqtimeout.conf", "deflate.conf")]
        if os.geteuid() == 0 and account("www-data"):
            lines += ["User www-data", "Group www-data"]
        around = self.directory / "apache2.conf"
        around.write_text("\n".join([
            f"ServerRoot {self.directory}", f"DefaultRuntimeDir {self.directory}", f"PidFile {self.directory}/pid",
            f"Mutex file:{self.directory} default", "ErrorLog /proc/self/fd/2", "ServerName localhost", *lines,
            f"Listen {self.address}:{self.port}", f"Include {self.file}", ""]))
        return [self.path(), "-D", "FOREGROUND", "-f", str(around)]


class Caddy(Proxy):
    name, program, suffix = "caddy", "caddy", ".caddyfile"

    def listening(self):
        # The port is a global option.
        return {}

    def command(self):
        around = self.directory / "Caddyfile"
        around.write_text(f"""{{
	admin off
	auto_https disable_redirects
	default_bind {self.address}
	https_port {self.port}
}}
import {self.file}
""")
        return [self.path(), "run", "--config", str(around), "--adapter", "caddyfile"]

    def environment(self):
        return {"HOME": str(self.directory), "XDG_DATA_HOME": f"{self.directory}/data",
                "XDG_CONFIG_HOME": f"{self.directory}/config"}


class HAProxy(Proxy):
    name, program, suffix = "haproxy", "haproxy", ".cfg"
    times = re.compile(r"^\s*timeout (client|server|tunnel) (?P<time>\w+)$", re.M)

    def listening(self):
        return {"bind :443 ": f"bind {self.address}:{self.port} "}

    def certificates(self, certificates):
        return {f"/etc/ssl/{NAME}/both.pem": f"{certificates}/both.pem"}

    def command(self):
        around = self.directory / "haproxy.cfg"
        user = "    user haproxy\n    group haproxy\n" if os.geteuid() == 0 and account("haproxy") else ""
        around.write_text(f"global\n    log stderr format raw local0 notice\n    maxconn 1000\n{user}")
        return [self.path(), "-db", "-f", str(around), "-f", str(self.file)]


PROXIES = [Nginx, Apache, Caddy, HAProxy]
