"""Letters over SMTP (RFC 5321), so that it is known of each whether it was taken, refused, or perhaps taken.

A letter is in doubt only between the end of its text and the server's answer. Whatever fails before that, the letter
was not taken; what the server answers is said by it. Nothing that came from people becomes a header unchecked.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from coplink.core.words import Said, say
from coplink.ports.errors import Misconfigured, Unavailable
from coplink.ports.mail import Handed, Letter

SUPPORT = "coplink’s administrator"
LONGEST = 254
"""An address in SMTP (RFC 5321, 4.5.3.1.3)."""
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_POLICY = policy.SMTP.clone(max_line_length=900)  # addresses of ours are never folded into coded words
BUSY = say("The mail server does not answer, or asks for patience; coplink tries again by itself.")


@dataclass(frozen=True, slots=True)
class Server:
    """Where the operator's mail server is, and how it is spoken to; ``security`` is starttls, tls or none."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    account: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0
    name: str = "localhost"


class SmtpMail:
    """The operator's mail server; ``context`` says which certificates are trusted."""

    def __init__(
        self, server: Server, now: Callable[[], datetime], context: ssl.SSLContext | None = None
    ) -> None:
        self._server, self._now = server, now
        self._context = context or ssl.create_default_context()

    @contextmanager
    def open(self) -> Iterator[SmtpLine]:
        """A line that is signed in and lets our sender write; raises ``Unavailable`` or ``Misconfigured``."""
        smtp = self._connected()
        try:
            line = SmtpLine(smtp, self._server.sender, self._now)
            line.introduce()
            yield line
        finally:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        smtp: smtplib.SMTP | None = None
        try:
            if server.security == "tls":
                smtp = smtplib.SMTP_SSL(
                    server.host, server.port, server.name, timeout=server.timeout, context=self._context
                )
            else:
                smtp = smtplib.SMTP(server.host, server.port, server.name, timeout=server.timeout)
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=self._context)
                smtp.ehlo_or_helo_if_needed()
            if server.account:
                smtp.login(server.account, server.password)
            return smtp
        except ssl.SSLError as error:
            _close(smtp)
            raise _wrong(
                "certificate", say("The certificate of the mail server cannot be trusted.")
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            _close(smtp)
            said = say(
                "The mail server does not offer what COPLINK_SMTP_SECURITY or COPLINK_SMTP_USER ask for."
            )
            raise _wrong("not offered", said) from error
        except smtplib.SMTPAuthenticationError as error:
            _close(smtp)
            if error.smtp_code < 500:
                raise Unavailable(BUSY, f"sign-in: {error.smtp_code}") from None
            said = say("The mail server refuses COPLINK_SMTP_USER and COPLINK_SMTP_PASSWORD.")
            raise _wrong(f"sign-in: {error.smtp_code}", said) from None
        except (smtplib.SMTPException, OSError) as error:
            _close(smtp)
            raise Unavailable(BUSY, f"connect: {type(error).__name__}") from None


class SmtpLine:
    """One conversation with the server."""

    def __init__(self, smtp: smtplib.SMTP, sender: str, now: Callable[[], datetime]) -> None:
        self._smtp, self._sender, self._now = smtp, sender, now

    def introduce(self) -> None:
        """Whether the server lets us write at all, before there is anybody to write to."""
        try:
            self._name_sender()
            self._smtp.rset()
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(BUSY, f"before any letter: {type(error).__name__}") from None

    def hand_over(self, letter: Letter) -> Handed:
        """Hand over one letter; raises where it was surely not taken and the line is of no more use."""
        address = usable(letter.to)
        if address is None:
            return Handed.REFUSED
        text = message(letter, address, self._sender, self._now()).as_bytes(policy=_POLICY)
        try:
            if (answer := self._announce(address)) is not None:
                self._smtp.rset()
                return answer
            code, _ = self._smtp.docmd("DATA")
            if code != 354:
                self._smtp.rset()
                return _told(code)
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(BUSY, f"before the text: {type(error).__name__}") from None
        try:
            self._smtp.send(_dotted(text))
            code, _ = self._smtp.getreply()
        except (smtplib.SMTPException, OSError):
            return Handed.UNKNOWN
        return Handed.TAKEN if 200 <= code < 300 else _told(code)

    def _announce(self, address: str) -> Handed | None:
        """Sender and recipient; None where the server takes both."""
        self._name_sender()
        code, _ = self._smtp.rcpt(address)
        if code == 421:
            raise Unavailable(BUSY, "recipient: 421")
        return None if code in (250, 251) else _told(code)

    def _name_sender(self) -> None:
        code, _ = self._smtp.mail(parseaddr(self._sender)[1])
        if 500 <= code < 600:
            raise _wrong(
                f"sender: {code}", say("The mail server does not let coplink write as COPLINK_SMTP_FROM.")
            )
        if code != 250:
            raise Unavailable(BUSY, f"sender: {code}")


def usable(address: str) -> str | None:
    """An address as SMTP takes it, its domain in ASCII; None for anything odd (RFC 5321, 4.1.2, dot-string only)."""
    local, at, domain = address.strip().rpartition("@")
    try:
        found = f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None
    return found if len(found) <= LONGEST and _ADDRESS.fullmatch(found) else None


def message(letter: Letter, address: str, sender: str, now: datetime) -> EmailMessage:
    """The letter with its headers; whoever reads it can say no by one press (RFC 8058)."""
    made = EmailMessage(policy=_POLICY)
    made["From"] = sender
    made["To"] = address
    made["Subject"] = " ".join("".join(c if c.isprintable() else " " for c in letter.subject).split())[:200]
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{letter.key}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made["List-Unsubscribe"] = f"<{letter.decline}>"
    made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    return made


def _dotted(text: bytes) -> bytes:
    """As it goes over the line: a dot at the beginning of a line is doubled, one alone ends it (RFC 5321, 4.5.2)."""
    lines = re.sub(rb"(?m)^\.", b"..", re.sub(rb"\r\n|\r|\n", b"\r\n", text))
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _told(code: int) -> Handed:
    return Handed.REFUSED if 500 <= code < 600 else Handed.LATER


def _wrong(detail: str, said: Said) -> Misconfigured:
    return Misconfigured(said, SUPPORT, detail)


def _close(smtp: smtplib.SMTP | None) -> None:
    if smtp is not None:
        smtp.close()
