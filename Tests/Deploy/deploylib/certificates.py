"""Throw-away authorities and certificates, made with openssl."""

import pathlib
import subprocess


def openssl(*arguments, **more):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, **more).stdout


class Authority:
    """An authority in a directory of its own: ca.pem, and what it signs."""

    def __init__(self, directory, name):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.name = name
        self.certificate = self.directory / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self.directory / "ca-key.pem", "-out", self.certificate)

    def sign(self, host):
        """Makes fullchain.pem, key.pem and both.pem (for HAProxy) for a host name, in a directory of that name."""
        place = self.directory / host
        place.mkdir()
        (place / "names").write_text(f"subjectAltName=DNS:{host}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}",
                "-keyout", place / "key.pem", "-out", place / "request.pem")
        openssl("x509", "-req", "-days", "2", "-in", place / "request.pem", "-CA", self.certificate,
                "-CAkey", self.directory / "ca-key.pem", "-CAcreateserial", "-extfile", place / "names",
                "-out", place / "certificate.pem")
        chain = (place / "certificate.pem").read_text() + self.certificate.read_text()
        (place / "fullchain.pem").write_text(chain)
        (place / "both.pem").write_text(chain + (place / "key.pem").read_text())
        for secret in (place / "key.pem", place / "both.pem"):
            secret.chmod(0o600)
        return place


def key_fingerprint(certificate):
    """What Chromium calls a key: base64 of SHA-256 of its public part."""
    public = openssl("x509", "-noout", "-pubkey", "-in", certificate)
    der = openssl("pkey", "-pubin", "-outform", "der", input=public)
    return openssl("base64", "-A", input=openssl("dgst", "-sha256", "-binary", input=der)).decode().strip()
