"""People at their browsers: they open coplink from their course, join by the button on the page, and leave by it."""

from __future__ import annotations

import http.client
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from visits import HOST, TOOL, Course, Visitor, post

FORM_SECRET = re.compile(r'name="csrf" value="([^"]+)"')
PATIENCE = 60.0


@dataclass
class Person:
    """Somebody with a session at the tool that listens on ``port``."""

    number: int
    port: int
    community: str
    jar: dict[str, str] = field(default_factory=dict)

    def come_in(self, course: Course) -> None:
        """Open coplink from the course: a login and its launch."""
        visitor = Visitor(self.number)
        form = course.login_form(visitor)
        answer = post(self.port, "/lti/login", form, self.jar)
        if answer.status == 307:  # a frame of a new browser: the cookie is tried by going around once
            self.jar |= answer.cookies
            answer = post(self.port, answer.location, form, self.jar)
        self.jar |= answer.cookies
        answer = post(self.port, "/lti/launch", course.launch_form(visitor, answer.location), self.jar)
        self.jar |= answer.cookies
        if answer.status != 303:
            raise RuntimeError(
                f"teacher {self.number} did not come in: {answer.status} {answer.body[-1500:]}"
            )

    def join(self) -> float:
        """Press “Join” on the page of the invitation; the moment it was pressed, in seconds."""
        return self._press("invitation", "join")

    def leave(self) -> float:
        """Press “Leave” on its page; the moment it was pressed, in seconds."""
        return self._press("leave", "leave")

    def _press(self, page: str, deed: str) -> float:
        status, text = self._ask("GET", f"/c/{self.community}/{page}")
        found = FORM_SECRET.search(text)
        if found is None or f"/c/{self.community}/{deed}" not in text:
            raise RuntimeError(f"teacher {self.number} sees no button: {status} {text[-1500:]}")
        pressed = time.time()
        status, text = self._ask("POST", f"/c/{self.community}/{deed}", {"csrf": found[1]})
        if status not in (200, 303):
            raise RuntimeError(f"teacher {self.number}: {deed} ended with {status} {text[-1500:]}")
        return pressed

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """One request as a reverse proxy passes it on, over a new connection."""
        headers = {
            "Host": HOST,
            "X-Forwarded-For": "192.0.2.7",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": HOST,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items()),
        }
        if form is not None:
            headers |= {"Origin": TOOL, "Content-Type": "application/x-www-form-urlencoded"}
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            wire.request(method, path, urlencode(form) if form is not None else None, headers)
            answer = wire.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            wire.close()
