"""An internet of this process: host names with addresses and certificates, and applications behind them.

    net = Network(tmp_path)
    net.host("lms.example", app)                       # https://lms.example, on a public address
    net.names["lms.example"] = ["10.0.0.7"]            # ... which now leads elsewhere
    Outside(resolve=net.resolve, dial=net.dial)        # for an Egress; REQUESTS_CA_BUNDLE = net.trusted

Names are resolved here and nowhere else; a connection to an address of a host ends at its loopback server, and a
connection to any other address is noted and refused.
"""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from coplink.testing.https import Secure

PUBLIC = "93.184.216."


class Network:
    """Names, addresses and servers. ``dialled`` are the addresses that somebody tried to connect to, in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key, self._root = _authority()
        self.trusted = str(folder / "authority.pem")
        Path(self.trusted).write_bytes(self._root.public_bytes(Encoding.PEM))
        self.names: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.dialled: list[str] = []
        self._ports: dict[str, int] = {}
        self._served: list[Secure] = []

    def host(self, name: str, app: Any) -> str:
        """Serve an application at ``https://name``; returns that."""
        served = Secure(app, _Shown(self._certificate(name)))  # type: ignore[arg-type]  # it shows, that is all
        self._served.append(served)
        address = f"{PUBLIC}{len(self._served)}"
        self.names[name], self._ports[address] = [address], served.port
        return f"https://{name}"

    def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a name, as they are now; numbers stand for themselves."""
        self.asked.append(host)
        if host in self.names:
            return self.names[host]
        try:
            return [host if ":" in host else socket.inet_ntoa(socket.inet_aton(host))]
        except OSError:
            raise socket.gaierror(f"unknown name {host}") from None

    def dial(self, where: tuple[str, int], timeout: Any = None, **more: Any) -> socket.socket:
        """Connect to the server behind an address."""
        self.dialled.append(where[0])
        if where[0] not in self._ports or where[1] != 443:
            raise ConnectionRefusedError(f"nobody answers at {where[0]}:{where[1]}")
        return socket.create_connection(("127.0.0.1", self._ports[where[0]]), timeout)

    def stop(self) -> None:
        """Stop every server."""
        for served in self._served:
            served.stop()

    def _certificate(self, name: str) -> ssl.SSLContext:
        key = generate_private_key(SECP256R1())
        shown = _builder(name, key).issuer_name(self._root.subject)
        shown = shown.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        shown = shown.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        path = self._folder / f"{name}.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(secret + shown.sign(self._key, SHA256()).public_bytes(Encoding.PEM))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context


class _Shown:
    """What ``Secure`` needs of a certificate."""

    def __init__(self, shown: ssl.SSLContext) -> None:
        self.shown = shown


def _builder(name: str, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
    )


def _authority() -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
    key = generate_private_key(SECP256R1())
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign"
        " crl_sign encipher_only decipher_only"
    )
    may_sign = x509.KeyUsage(**{name: name == "key_cert_sign" for name in names.split()})
    builder = _builder("Authority of the pretend network", key)
    builder = builder.issuer_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the pretend network")])
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(may_sign, critical=True)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    return key, builder.sign(key, SHA256())
