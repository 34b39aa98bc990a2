"""A person with a browser, over plain HTTP: follows redirects, keeps cookies, fills in forms. No script is run.

The headless story uses it to prove that every page works without script. Secure cookies are kept on loopback, as
browsers do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from coplink.core.errors import CoplinkError
from coplink.core.words import say


class Unexpected(CoplinkError):
    """The story saw something it must not see."""

    code = "unexpected"


def unexpected(text: str, detail: str = "") -> Unexpected:
    """The story stops here, and says why."""
    return Unexpected(say("{text}", text=text), detail)


@dataclass
class Form:
    """One form of a page with its fields as a browser would send them; ``before`` are the words ahead of it."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    choices: set[tuple[str, str]] = field(default_factory=set)
    before: str = ""

    def names(self) -> set[str]:
        """The names of all fields and checkable choices."""
        return {name for name, _ in self.fields} | {name for name, _ in self.choices}


@dataclass
class Page:
    """An answered page: its address, text, links, frames and forms."""

    url: str
    status: int
    html: str
    text: str = ""
    forms: list[Form] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    frames: list[tuple[str, str]] = field(default_factory=list)

    def form(self, part: str) -> Form:
        """The one form whose action contains ``part``."""
        found = [form for form in self.forms if part in form.action]
        if not found:
            raise unexpected(f"no form for “{part}” on {urlsplit(self.url).path}", self.text[:2000])
        return found[0]

    def link(self, part: str) -> str:
        """The first link whose address or words contain ``part``."""
        found = [url for url, words in self.links if part in url or part in words]
        if not found:
            raise unexpected(f"no link “{part}” on {urlsplit(self.url).path}", self.text[:2000])
        return found[0]


class Browser:
    """One person's browser with its own cookies; knocks again while the server is between two lives."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.http = requests.Session()
        self.http.mount("http://", _Loopback())

    def open(self, url: str) -> Page:
        """Open an address; the page must answer with success."""
        return self._page(self.http.get(url, timeout=60))

    def look(self, url: str) -> Page:
        """Open an address whatever the status."""
        return read(self.http.get(url, timeout=60))

    def send(self, page: Page, part: str, press: str = "", **values: str | list[str]) -> Page:
        """Fill in the form whose action contains ``part`` and press its button (with the words ``press``)."""
        return self.send_form(page, page.form(part), press, **values)

    def send_form(self, page: Page, form: Form, press: str = "", **values: str | list[str]) -> Page:
        """Fill in this form; a list of values ticks several boxes of one name."""
        given = {name.rstrip("_"): value for name, value in values.items()}
        if missing := sorted(given.keys() - form.names()):
            raise unexpected(
                f"the form {form.action} has no field {missing[0]}", f"fields {sorted(form.names())}"
            )
        data = [(name, value) for name, value in form.fields if name not in given]
        for name, value in given.items():
            data += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        button = next(
            (b for b in form.buttons if press and press in b[2]), form.buttons[0] if form.buttons else None
        )
        if button and button[0]:
            data.append((button[0], button[1]))
        url = urljoin(page.url, form.action or page.url)
        if form.method == "get":
            return self._page(self.http.get(url, params=data, timeout=60))
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        return self._page(self.http.post(url, data=data, headers={"Origin": origin}, timeout=60))

    def go_on(self, page: Page) -> Page:
        """Send forms that a browser would send by itself, as long as a page has nothing else to do."""
        while len(page.forms) == 1 and "data-auto" in page.html:
            page = self.send_form(page, page.forms[0])
        return page

    def _page(self, response: requests.Response) -> Page:
        page = read(response)
        if page.status >= 400:
            raise unexpected(f"{self.name} got {page.status} at {urlsplit(page.url).path}", page.text[:2000])
        return page


class _Loopback(HTTPAdapter):
    """Lets cookies marked Secure come back over plain HTTP: browsers trust loopback, the library does not."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(*args, **kwargs)
        original = response.raw._original_response
        message: Any = original.msg if original is not None else {}
        cookies = message.get_all("Set-Cookie", []) if original is not None else []
        if not cookies:
            return response
        del message["Set-Cookie"]
        for cookie in cookies:
            message["Set-Cookie"] = re.sub(r"; *secure\b", "", cookie, flags=re.IGNORECASE)
        return response


def read(response: requests.Response) -> Page:
    """Take a page apart."""
    page = Page(response.url, response.status_code, response.text)
    reader = _Reader(page)
    reader.feed(response.text)
    page.text = " ".join(" ".join(reader.words).split())
    return page


class _Reader(HTMLParser):
    """Collects forms, links, frames and words."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._form: Form | None = None
        self._select: str | None = None
        self._option: tuple[str, bool] | None = None
        self._textarea: tuple[str, list[str]] | None = None
        self._button: tuple[str, str, list[str]] | None = None
        self._link: tuple[str, list[str]] | None = None
        self._quiet = 0
        self.words: list[str] = []

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        has = {name for name, _ in pairs}
        if tag in ("script", "style"):
            self._quiet += 1
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self._form.before = " ".join(" ".join(self.words[-8:]).split())
            self._page.forms.append(self._form)
        elif tag == "a" and "href" in given:
            self._link = (urljoin(self._page.url, given["href"]), [])
        elif tag == "iframe" and self._page.frames is not None:
            self._page.frames.append((urljoin(self._page.url, given.get("src", "")), given.get("name", "")))
        elif self._form is not None:
            self._field(tag, given, has)

    def _field(self, tag: str, given: dict[str, str], has: set[str]) -> None:
        form, name = self._form, given.get("name", "")
        assert form is not None  # noqa: S101  called inside a form only
        if tag == "input" and "disabled" not in has:
            kind = given.get("type", "text")
            if kind in ("checkbox", "radio"):
                form.choices.add((name, given.get("value", "on")))
                if "checked" in has:
                    form.fields.append((name, given.get("value", "on")))
            elif kind == "submit":
                form.buttons.append((name, given.get("value", ""), given.get("value", "")))
            elif name and kind not in ("file", "button"):
                form.fields.append((name, given.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select is not None:
            form.choices.add((self._select, given.get("value", "")))
            chosen = "selected" in has or not any(known == self._select for known, _ in form.fields)
            if chosen:
                form.fields[:] = [pair for pair in form.fields if pair[0] != self._select]
                form.fields.append((self._select, given.get("value", "")))
        elif tag == "textarea":
            self._textarea = (name, [])
        elif tag == "button" and given.get("type", "submit") == "submit" and "disabled" not in has:
            self._button = (name, given.get("value", ""), [])

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._quiet -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._textarea and self._form is not None:
            self._form.fields.append((self._textarea[0], "".join(self._textarea[1]).lstrip("\n")))
            self._textarea = None
        elif tag == "button" and self._button and self._form is not None:
            name, value, words = self._button
            self._form.buttons.append((name, value, " ".join(" ".join(words).split())))
            self._button = None
        elif tag == "a" and self._link:
            self._page.links.append((self._link[0], " ".join(" ".join(self._link[1]).split())))
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._textarea[1].append(data)
        if self._quiet:
            return
        if self._button:
            self._button[2].append(data)
        if self._link:
            self._link[1].append(data)
        self.words.append(data)
