#!/usr/bin/env python3
"""SMTP servers on ports the kernel chooses, one for each behaviour a test needs.

smtpd.py DIRECTORY CERTIFICATE KEY: writes DIRECTORY/ports.json when they listen and every mail they get to
DIRECTORY/<number>.mail, after a line of JSON with the behaviour's name and the envelope.
"""
import asyncio, json, os, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

directory, certificate, key = sys.argv[1:4]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
count = 0


class Keeper:
    """Writes mails to files; refuses two recipients."""

    def __init__(self, name):
        self.name = name

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"):
            return "550 No such user"
        if address.startswith("full@"):
            return "452 Mailbox is full now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        global count
        count += 1
        facts = {
            "way": self.name, "tls": session.ssl is not None or self.name == "tls", "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos, "authenticated": bool(session.authenticated),
        }
        with open(f"{directory}/{count}.new", "wb") as file:
            file.write(json.dumps(facts).encode() + b"\n" + envelope.original_content)
        os.rename(f"{directory}/{count}.new", f"{directory}/{count}.mail")
        return "250 Kept"


def check(server, session, envelope, mechanism, data):
    if not isinstance(data, LoginPassword):
        return AuthResult(success=False, handled=False)
    if data.login == b"busy":
        return AuthResult(success=False, handled=False, message="454 Temporary authentication failure")
    right = data.login in (b"alice", b"alice@example.org") and data.password == b"secret"
    return AuthResult(success=right, handled=right)


class SilentAboutAuth(Keeper):
    """Does not say that there is an AUTH."""

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [line for line in responses if "AUTH" not in line]


def server(name, keeper=Keeper, **options):
    keeper = keeper(name)
    return lambda: SMTP(keeper, hostname="test", enable_SMTPUTF8=True, **options)


async def main():
    auth = {"authenticator": check, "auth_required": True}
    ways = {
        "starttls": (server("starttls", tls_context=context, **auth), None),
        "tls": (server("tls", auth_require_tls=False, **auth), context),
        "noauth": (server("noauth", SilentAboutAuth, tls_context=context), None),
        "noauth-tls": (server("noauth-tls", SilentAboutAuth), context),
        # Offers an AUTH with no mechanism.
        "emptyauth": (server("emptyauth", tls_context=context, auth_exclude_mechanism=["PLAIN", "LOGIN"]), None),
        "plain": (server("plain"), None),
        "plain-auth": (server("plain-auth", auth_require_tls=False, **auth), None),
    }
    ports = {}
    servers = []
    for name, (factory, tls) in ways.items():
        listener = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=tls)
        ports[name] = listener.sockets[0].getsockname()[1]
        servers.append(listener)
    with open(directory + "/ports.new", "w") as file:
        json.dump(ports, file)
    os.rename(directory + "/ports.new", directory + "/ports.json")
    await asyncio.Event().wait()


asyncio.run(main())
