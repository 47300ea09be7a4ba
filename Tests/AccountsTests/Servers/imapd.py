#!/usr/bin/env python3
"""IMAP servers over TLS that no real server is like, on ports the kernel chooses.

imapd.py DIRECTORY CERTIFICATE KEY: writes DIRECTORY/ports.json when they listen.
"""
import asyncio, json, os, ssl, sys

directory, certificate, key = sys.argv[1:4]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)

# Name: greeting, capabilities, answer to a password.
WAYS = {
    "preauth": ("* PREAUTH Hello, whoever you are", "IMAP4rev1 AUTH=PLAIN SASL-IR", "OK"),
    "noauth": ("* OK Hello", "IMAP4rev1 LOGINDISABLED", "OK"),
    "unavailable": ("* OK Hello", "IMAP4rev1 AUTH=PLAIN", "NO [UNAVAILABLE] The directory is down"),
    "broken": ("* OK Hello", "IMAP4rev1 AUTH=PLAIN", "BAD What?"),
    # The LOGIN command alone, or beside mechanisms that check no password we could give.
    "login": ("* OK Hello", "IMAP4rev1", "OK"),
    "login-ntlm": ("* OK Hello", "IMAP4rev1 AUTH=NTLM AUTH=GSSAPI AUTH=DIGEST-MD5", "OK"),
    "good": ("* OK Hello", "IMAP4rev1 AUTH=PLAIN", "OK Welcome"),
}


def handler(greeting, capabilities, answer):
    async def talk(reader, writer):
        writer.write(greeting.encode() + b"\r\n")
        while line := await reader.readline():
            tag, command, *_ = line.decode().split() + ["", ""]
            if command.upper() == "CAPABILITY":
                writer.write(f"* CAPABILITY {capabilities}\r\n{tag} OK done\r\n".encode())
            elif command.upper() == "LOGIN" and greeting.startswith("* OK"):
                # What libcurl made of the quoted strings (RFC 9051 4.3.2).
                right = line.decode().split(" ", 2)[2].strip() == '"alice" "pass \\"word\\\\ %41"'
                writer.write(f"{tag} {'OK in' if right else 'NO [AUTHENTICATIONFAILED] no'}\r\n".encode())
            elif command.upper() == "AUTHENTICATE":
                writer.write(b"+ \r\n")
                await reader.readline()
                writer.write(f"{tag} {answer}\r\n".encode())
            else:
                writer.write(f"{tag} OK done\r\n".encode())
        writer.close()

    return talk


async def main():
    ports = {}
    servers = []
    for name, way in WAYS.items():
        server = await asyncio.start_server(handler(*way), "127.0.0.1", 0, ssl=context)
        ports[name] = server.sockets[0].getsockname()[1]
        servers.append(server)
    with open(directory + "/ports.new", "w") as file:
        json.dump(ports, file)
    os.rename(directory + "/ports.new", directory + "/ports.json")
    await asyncio.Event().wait()


asyncio.run(main())
