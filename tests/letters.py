"""A mail server on this machine by which a coplink sends its letters, for as long as a test lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from coplink.mail.smtp import Server, SmtpMail
from coplink.ports.clock import Clock
from coplink.testing.smtp import MailServer
from coplink.wiring import Services


@contextmanager
def sent_by(services: Services, clock: Clock, timeout: float) -> Iterator[MailServer]:
    """Hand over what these services send to a server that keeps it; ``timeout`` in seconds."""
    made = MailServer()
    services.mail = SmtpMail(
        Server("127.0.0.1", made.port, "coplink@school.example", "none", timeout=timeout), clock.now
    )
    try:
        yield made
    finally:
        made.stop()
