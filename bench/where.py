"""Where the time of a launch goes: a login and its launch in this process, under the standard library's profiler.

    python bench/where.py [--pairs N]

The shares are those of ``cProfile``, which makes short calls look dearer than they are: they say where to look, and
``bench/launch.py`` says what it costs.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import pstats
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from goals import Table, tell
from launch import COMMUNITY, MASTER_KEY, Bench
from visits import HOST, TOOL, Visitor

from coplink import logs
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.web import create_app
from coplink.wiring import build

OWNERS = (
    ("coplink/lti", "coplink.lti: the token, its claims, the login"),
    ("coplink/storage", "coplink.storage: rows and statements"),
    ("coplink/web", "coplink.web: guard, session, answer"),
    ("coplink/", "the rest of coplink"),
    ("sqlite3", "SQLite itself"),
    ("sqlalchemy", "SQLAlchemy: the pool"),
    ("flask", "Flask, Werkzeug, Jinja, Babel"),
    ("werkzeug", "Flask, Werkzeug, Jinja, Babel"),
    ("cryptography", "cryptography, hashes"),
    ("_hashlib", "cryptography, hashes"),
    ("hmac", "cryptography, hashes"),
    ("json", "JSON"),
)


class Caller:
    """Calls the application as a server does, and profiles nothing but that."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.profile: cProfile.Profile | None = None

    def post(self, path: str, form: dict[str, str], jar: dict[str, str]) -> str:
        """One request; where it leads."""
        body = urlencode(form).encode()
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": "", "SERVER_NAME": HOST,
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": HOST,
            "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "192.0.2.7", "HTTP_X_FORWARDED_HOST": HOST,
            "HTTP_ORIGIN": "https://lms.example", "HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_USER_AGENT": "Mozilla/5.0",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in jar.items()),
            "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http",
        }  # fmt: skip
        answered: list[tuple[str, str]] = []
        if self.profile is not None:
            self.profile.enable()
        b"".join(self._app(environ, lambda status, headers, *_: answered.extend(headers)))
        if self.profile is not None:
            self.profile.disable()
        for name, value in answered:
            if name == "Set-Cookie":
                key, _, kept = value.partition(";")[0].partition("=")
                jar[key] = kept
        way = next((value for name, value in answered if name == "Location"), "")
        # a frame of a new browser goes around once, to see whether its cookie comes back
        return self.post(way, form, jar) if way.startswith("/lti/login?") else way


def owner(place: str, name: str) -> str:
    """Whose a function is, by the file it stands in, or by its own name where it is built in."""
    where = name if place == "~" else place
    return next((title for part, title in OWNERS if part in where), "Python and its library")


def main() -> int:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--pairs", type=int, default=300)
    asked.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bench = Bench(Path(folder), stack, given.pairs)
        settings = load(base_url=TOOL, data_dir=Path(folder) / "data", master_keys=MASTER_KEY, proxy_hops=1)
        upgrade(make_engine(settings.database_url))
        bench._fill(settings)
        logs.configure("WARNING")
        caller = Caller(create_app(build(settings)))
        visitors = [Visitor(n) for n in range(given.pairs)]
        for profile in (None, cProfile.Profile()):  # the first round warms every cache
            caller.profile = profile
            ways = [caller.post("/lti/login", bench.course.login_form(one), one.jar) for one in visitors]
            for one, way in zip(visitors, ways, strict=True):
                if (
                    caller.post("/lti/launch", bench.course.launch_form(one, way), one.jar)
                    != f"/c/{COMMUNITY}"
                ):
                    raise RuntimeError("a launch did not end at the community's page")
    assert profile is not None
    spent: Counter[str] = Counter()
    for (place, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[owner(place, name)] += own
    whole = sum(spent.values())
    rows = [
        [title, f"{own / given.pairs * 1e6:.0f}", f"{own / whole:.0%}"] for title, own in spent.most_common()
    ]
    table = Table(
        f"Where {given.pairs} logins and launches on SQLite spend their time",
        ["whose", "µs a pair, profiled", "share"],
        rows,
        "Own time of functions. gunicorn and the network are not in it.",
    )
    return tell([table], [], dict(spent), given.json)


if __name__ == "__main__":
    sys.exit(main())
