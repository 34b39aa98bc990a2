"""A mail server on loopback that keeps what it takes and misbehaves as told (RFC 5321, as far as letters need it).

    server = MailServer()                          # listens on 127.0.0.1:<server.port>
    server.answers["rcpt bo@school.example"] = ["451 later", "550 no"]
    server.cuts.add("dot")                         # ends the line instead of answering what ends a letter
    [letter] = server.letters

A verb's planned answers are used up one by one; a cut is made once. ``waits`` are verbs that are never answered.
"""

from __future__ import annotations

import contextlib
import socketserver
import ssl
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter that the server took: on which line, from and to whom in the envelope, and the letter itself."""

    line: int
    sender: str
    to: str
    letter: EmailMessage
    raw: bytes


class MailServer:
    """Listens at once; with ``tls`` it offers STARTTLS, and if ``whole`` speaks TLS from the beginning."""

    def __init__(self, tls: ssl.SSLContext | None = None, whole: bool = False, account: str = "") -> None:
        self.answers: dict[str, list[str]] = {}
        self.cuts: set[str] = set()
        self.waits: set[str] = set()
        self.letters: list[Taken] = []
        self.heard: list[str] = []
        self.lines = 0
        self.tls, self.whole, self.account = tls, whole, account
        self.closing = threading.Event()
        ours = self

        class Listening(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                talk = _Talk(ours, self)
                try:
                    with contextlib.suppress(OSError, _Cut):
                        talk.run()
                finally:
                    talk.end()

        self._server = socketserver.ThreadingTCPServer((HOST, 0), Listening)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def to(self) -> list[str]:
        """Whom the letters went to, in order."""
        return [one.to for one in self.letters]

    def stop(self) -> None:
        """Listen no more."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Cut(Exception):
    """The line ends here."""


class _Talk:
    """One conversation."""

    def __init__(self, server: MailServer, line: socketserver.StreamRequestHandler) -> None:
        self._server, self._line = server, line
        server.lines += 1
        self._number = server.lines
        self._sender, self._to = "", ""
        self._secure: ssl.SSLSocket | None = None

    def end(self) -> None:
        """Close what was opened for a private line."""
        if self._secure is not None:
            self._line.rfile.close()
            self._line.wfile.close()
            self._secure.close()

    def run(self) -> None:
        if self._server.whole:
            self._wrap()
        self._say("connect", "220 sandbox")
        while raw := self._line.rfile.readline(2000):
            words = raw.decode("ascii").strip()
            verb = words.split(" ")[0].lower()
            self._server.heard.append(words if verb != "auth" else "AUTH …")
            if verb == "quit":
                self._say("quit", "221 bye")
                return
            self._answer(verb, words)

    def _answer(self, verb: str, words: str) -> None:
        match verb:
            case "ehlo":
                offers = ["250-sandbox", "250-8BITMIME"]
                if self._server.tls is not None and self._secure is None:
                    offers.append("250-STARTTLS")
                if self._server.account:
                    offers.append("250-AUTH PLAIN")
                self._say("ehlo", "\r\n".join([*offers, "250 SIZE 1000000"]))
            case "starttls":
                self._say("starttls", "220 go")
                self._wrap()
            case "auth":
                fine = words.split(" ")[-1] == self._server.account
                self._say("auth", "235 fine" if fine else "535 no")
            case "mail":
                self._sender = words.partition("<")[2].partition(">")[0]
                self._say("mail", "250 fine")
            case "rcpt":
                self._to = words.partition("<")[2].partition(">")[0]
                self._say(f"rcpt {self._to}", "250 fine")
            case "data":
                if self._say("data", "354 go on").startswith("354"):
                    self._letter()
            case "rset" | "noop":
                self._say(verb, "250 fine")
            case _:
                self._say(verb, "502 unknown")

    def _letter(self) -> None:
        lines = []
        while (raw := self._line.rfile.readline(4000)) not in (b".\r\n", b""):
            lines.append(raw[1:] if raw.startswith(b".") else raw)
        text = b"".join(lines)
        if not self._server.answers.get("dot"):  # a letter whose answer is cut off has been taken
            parsed = message_from_bytes(text, policy=policy.default)
            self._server.letters.append(Taken(self._number, self._sender, self._to, parsed, text))
        self._say("dot", "250 taken")

    def _say(self, about: str, usual: str) -> str:
        verb = about.split(" ")[0]
        for name in (about, verb):
            if name in self._server.cuts:
                self._server.cuts.discard(name)
                raise _Cut
            if name in self._server.waits:
                self._server.closing.wait(30)
                raise _Cut
        planned = self._server.answers.get(about) or self._server.answers.get(verb)
        answer = planned.pop(0) if planned else usual
        self._line.wfile.write(f"{answer}\r\n".encode())
        self._line.wfile.flush()
        if answer.startswith("421"):
            raise _Cut
        return answer

    def _wrap(self) -> None:
        assert self._server.tls is not None
        self._secure = self._server.tls.wrap_socket(
            self._line.request, server_side=True, do_handshake_on_connect=False
        )
        self._line.rfile, self._line.wfile = self._secure.makefile("rb"), self._secure.makefile("wb")
        self._secure.do_handshake()
