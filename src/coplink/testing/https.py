"""HTTPS on loopback: a certificate made on the spot, and a server of this process that shows it.

    certificate = Certificate(tmp_path, "coplink.example", "lms.example")
    served = Secure(app, certificate)              # listens on 127.0.0.1:<served.port>
    requests.get(f"https://localhost:{served.port}", verify=certificate.trusted)

The certificate is its own authority: whoever trusts the file trusts its names and nothing else.
"""

from __future__ import annotations

import ipaddress
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "localhost"


class Certificate:
    """A certificate for this machine and other names, good for a day; ``trusted`` is the file that a client trusts."""

    def __init__(self, folder: Path, *names: str) -> None:
        key = generate_private_key(SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(_names(HOST, *names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, SHA256())
        )
        self.trusted = str(folder / "trusted.pem")
        Path(self.trusted).write_bytes(made.public_bytes(Encoding.PEM))
        secret = folder / "secret.pem"
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.shown.load_cert_chain(self.trusted, str(secret))


def _names(*names: str) -> x509.SubjectAlternativeName:
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    return x509.SubjectAlternativeName([*map(x509.DNSName, names), address])


def _usage() -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign"
        " crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: name in ("digital_signature", "key_cert_sign") for name in names.split()})


class _Quiet(WSGIRequestHandler):
    """Says nothing: a client that hangs up is part of the play."""

    def log(self, type: str, message: str, *args: Any) -> None:
        return None


class _Server(ThreadedWSGIServer):
    """Greets each client in the thread that serves it, so that nobody waits for another's handshake."""

    request_queue_size = 256
    daemon_threads = True

    def __init__(self, app: WSGIApplication, shown: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", 0, app, _Quiet)
        self.ssl_context = shown  # how requests learn that they came by https

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            with self.ssl_context.wrap_socket(request, server_side=True) as safe:  # type: ignore[union-attr]
                super().finish_request(safe, client_address)
        except OSError:
            return


class Secure:
    """A WSGI application over HTTPS on a loopback port, in threads of this process."""

    def __init__(self, app: WSGIApplication, certificate: Certificate) -> None:
        self._server = _Server(app, certificate.shown)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
