"""A browser in a platform's frame that keeps no cookie at all, as far as coplink's answers show; no script is run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.test import Client, TestResponse

from coplink.testing.platform import CORE, LmsPlatform

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BASE = "http://127.0.0.1:8080"
FRAMED = {
    "Sec-Fetch-Dest": "iframe",
    "Sec-Fetch-Site": "cross-site",
    "Origin": "https://riverbend.lms.example",
}
OURS = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}
STORAGE = "post_message_forwarding"


class CookielessFrame:
    """Logs in, launches and visits pages; what the platform keeps (``kept``) and the page's ``secret`` are at hand."""

    def __init__(self, app: WSGIApplication, platform: LmsPlatform, now: Callable[[], datetime]) -> None:
        self.client = Client(app, use_cookies=False)
        self._platform, self._now = platform, now
        self.secret = self.kept = ""
        self.page: TestResponse

    def login(
        self, storage: str | None = STORAGE, headers: Mapping[str, str] = FRAMED, **changes: str
    ) -> TestResponse:
        """A login of the platform, sent once around where coplink asks for that."""
        target = {"target_link_uri": f"{BASE}/", "lti_storage_target": storage}
        form = self._platform.login_form({**target, **changes})
        self.page = self.client.post("/lti/login", data=form, base_url=BASE, headers=headers)
        if self.page.status_code == 307:
            self.page = self.client.post(self.page.location, data=form, base_url=BASE, headers=headers)
        return self.page

    def launch(self, changes: Mapping[str, Any] | None = None) -> TestResponse:
        """Log in by the platform's storage and come back with a token; the page that asks the storage."""
        self.login()
        self.kept = self.data("value")
        claims = {CORE + "target_link_uri": f"{BASE}/", **(changes or {})}
        form = self._platform.launch_form(self.data("onwards"), self._now(), claims)
        self.page = self.client.post("/lti/launch", data=form, base_url=BASE, headers=FRAMED)
        return self.page

    def prove(
        self, state: str | None = None, code: str | None = None, headers: Mapping[str, str] = OURS
    ) -> TestResponse:
        """Send what the platform's storage gave back, with the code of the page."""
        form = {
            "code": self.data("code") if code is None else code,
            "state": self.kept if state is None else state,
        }
        return self.take(self.client.post("/lti/held", data=form, base_url=BASE, headers=headers))

    def take(self, answer: TestResponse) -> TestResponse:
        """What our script does with an answer."""
        self.page, self.secret = answer, answer.headers.get("X-Coplink-Session", self.secret)
        go = answer.headers.get("X-Coplink-Go") or (answer.location if answer.status_code == 303 else None)
        return self.get(go) if go else answer

    def get(self, path: str) -> TestResponse:
        """Follow a link."""
        return self.take(self.client.get(path, base_url=BASE, headers={"X-Coplink-Session": self.secret}))

    def post(self, path: str, headers: Mapping[str, str] = OURS, **form: str) -> TestResponse:
        """Send a form of the page shown last."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.page.text)
        data = {"csrf": found[1] if found else "", **form}
        told = {**headers, "X-Coplink-Session": self.secret}
        return self.take(self.client.post(path, data=data, base_url=BASE, headers=told))

    def data(self, name: str) -> str:
        """What the page tells its script under this name."""
        found = re.search(rf'data-{name}="([^"]*)"', self.page.text)
        if found is None:
            raise LookupError(f"no {name} on the page: {self.page.text}")
        return found[1].replace("&amp;", "&")
