"""Certificates for tests of TLS, made by openssl."""

import shutil
import subprocess

import pytest


class Authority:
    """A certificate authority, and a server's and a client's certificate of its."""

    def __init__(self, folder):
        if not shutil.which("openssl"):
            pytest.skip("there is no openssl to make certificates with")
        self.folder = folder
        self.run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=interop authority",
                 "-keyout", "ca.key", "-out", "ca.pem")
        for name in ("server", "client"):
            self.run("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr")
            (folder / "extensions").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
            self.run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                     "-days", "2", "-extfile", "extensions", "-out", f"{name}.pem")

    def run(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def server(self, transport):
        """Options of both servers: named as their flags are."""
        if transport == "cleartext":
            return {}
        files = {"tls_cert": "server.pem", "tls_key": "server.key"}
        return self.paths({**files, "client_ca": "ca.pem"} if transport == "mtls" else files)

    def client(self, transport):
        if transport == "cleartext":
            return {}
        files = {"tls_ca": "ca.pem"}
        mine = {"tls_cert": "client.pem", "tls_key": "client.key"}
        return self.paths({**files, **mine} if transport == "mtls" else files)

    def paths(self, names):
        return {option: str(self.folder / name) for option, name in names.items()}
