"""One running demo for a module of trouble: weather and people at hand, and a look at the log after every test.

Whatever a test did, afterwards the work has come to rest, the log holds no traceback and no secret, and no sandbox has
refused a request that it did not expect.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.tapes import Tapes

from coplink.cli.demo.browser import Browser, Page, read
from coplink.cli.demo.inside import Inside
from coplink.cli.demo.people import COURSE, FOUNDER, ZONE, Cast, meeting_days
from coplink.cli.demo.processes import Demo
from coplink.core.people import CommunityId
from coplink.core.spaces import SpaceState
from coplink.sandbox import tape
from coplink.sandbox.district import region
from coplink.testing.kept import Kept
from coplink.testing.order import is_last_of_unit

SUITES = ("canvas", "teams", "google")
SANDBOXES = ("lti", *SUITES)
UNPLANNED = ("unforeseen", "work failed", "a job failed", "a timer failed")
# Libraries are read when a test asks for it: reading in the background would use up a test's weather.
CALM = {
    "COPLINK_COLLECT_MINUTES": "600",
    "COPLINK_HTTP_TIMEOUT_SECONDS": "3",
    "COPLINK_BACKOFF_SECONDS": ",".join(["0.2"] * 4 + ["0.5"] * 12),
    "COPLINK_SWEEP_SECONDS": "1",
    "COPLINK_WORKER_CONCURRENCY": "8",
}


class Scene:
    """A running demo, and what happens in it."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.inside = Inside(demo.environment())
        self.cast = Cast(demo, self.inside)
        self.inside.until_idle()  # every connection has been checked: no test's weather falls on that
        self._read = 0
        self._names = 0

    # --- people ---------------------------------------------------------------------------------------------------

    def ask(self, who: str, path: str, data: Any = None, **more: Any) -> Page:
        """One request of somebody's browser to coplink, whatever the status; ``data`` makes it a form."""
        http = self.cast.browser(who).http
        url = path if path.startswith("http") else self.demo.tool_url + path
        if data is None:
            return read(http.get(url, timeout=60, **more))
        more.setdefault("headers", {"Origin": self.demo.tool_url})
        return read(http.post(url, data=data, timeout=60, **more))

    def form(self, who: str = FOUNDER, course: str = COURSE, **answers: Any) -> list[tuple[str, Any]]:
        """The founding form as somebody would send it, with all answers good but those named."""
        page = self.ask(who, "/found")
        if not page.forms or not any("/found/preview" in form.action for form in page.forms):
            self.cast.launch(who, course)
            page = self.ask(who, "/found")
        form = page.form("/found/preview")
        days = meeting_days(self.inside.services.now().date())
        self._names += 1
        given = {
            "name": f"Circle {self._names}",
            "about": "How every subject can teach reading",
            "audience": "Teachers of all subjects",
            "pattern": "weekly",
            "every_weeks": "2",
            "days": ["2"],
            "first": days.first.isoformat(),
            "last": days.last.isoformat(),
            "at": "15:30",
            "minutes": "60",
            "zone": ZONE,
            "breaks": "",
            "places": sorted(value for name, value in form.choices if name == "places"),
        } | answers
        pairs = [(name, value) for name, value in form.fields if name not in given]
        for name, value in given.items():
            pairs += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return pairs

    def found(
        self, who: str = FOUNDER, course: str = COURSE, agreed: bool = True, **answers: Any
    ) -> CommunityId:
        """A community, founded with these answers; every place may be made unless ``agreed`` is False."""
        page = self.ask(who, "/found", self.form(who, course, **answers))
        assert "/c/" in page.url, page.text
        community = CommunityId(page.url.split("/c/")[1][:32])
        if agreed:
            with self.inside.services.begin() as uow:
                waiting = {s.institution for s in uow.spaces.of(community) if s.state is SpaceState.WAITING}
                names = {one.id: one.name.split()[0].lower() for one in uow.institutions.all()}
            for one in waiting:
                admin = self.admin(names[one])
                self.cast.browser(admin).send(
                    self.ask(admin, "/admin"), f"/admin/communities/{community}/agree"
                )
        return community

    def page(self, community: CommunityId, name: str = "places", who: str = FOUNDER) -> Page:
        """A page of a community, whatever the status."""
        return self.ask(who, f"/c/{community}/{name}".rstrip("/"))

    def again(self, community: CommunityId, integration: str, who: str = FOUNDER) -> None:
        """Press “try again” beside one place."""
        space = self.inside.spaces(community)[integration]
        page = self.page(community, who=who)
        self.cast.browser(who).send(page, f"/places/{space.id}/again")

    def admin(self, district: str) -> str:
        """The connection admin of a district, with a session of their own."""
        who = f"admin of {district}"
        if self.cast.browser(who).http.cookies.get("__Host-coplink") is None:
            links = dict(line.split(" ", 1) for line in self.demo.ask("start", "state")["admins"])
            page = self.cast.browser(who).open(links[district])
            self.cast.browser(who).send(page, "/admin/claim/")
        return who

    def enrolled(self, course: str) -> dict[str, str]:
        """Who is in a course by the region's own book."""
        return dict(region(self.demo.tool_url).courses[course].enrolments)

    def enrol(self, who: str, course: str) -> None:
        """Put somebody into a course as a student."""
        form = {"person": who, "change": "add", "as": who}
        assert self.ask(who, f"{self.demo.url('lti')}/courses/{course}/people", form).status == 200

    # --- platforms ------------------------------------------------------------------------------------------------

    def weather(self, sandbox: str, match: str, act: str, **more: Any) -> None:
        """Spoil what matches."""
        self.demo.ask(sandbox, "weather", {"match": match, "act": act, **more})

    def calls(self, sandbox: str, part: str = "") -> list[str]:
        """Every counted request so far whose line holds ``part``."""
        lines = [f"{c['method']} {c['path']}" for c in self.demo.ask(sandbox, "calls")["calls"]]
        return [line for line in lines if part in line]

    def made(self, community: CommunityId, series: bool = True) -> dict[str, int]:
        """How many remote things carry the mark of each space of this community."""
        spaces = self.inside.spaces(community)
        states = {key: self.demo.ask(key, "state") for key in spaces}
        kinds = {"canvas": ("groups",), "teams": ("channels",), "google": ("groups", "drives", "calendars")}
        counts = {
            f"{key} {kind}": sum(one["marker"] == space.marker for one in states[key][kind])
            for key, space in spaces.items()
            for kind in kinds[key]
        }
        if "canvas" in spaces:
            tag = f"(coplink {spaces['canvas'].marker.partition(':')[2][:12]})"
            names = [one["name"] for one in states["canvas"]["categories"]]
            counts["canvas categories"] = sum(name.endswith(tag) for name in names)
        for key in {"teams", "google"} & set(spaces) if series else ():
            mine = [one for one in states[key]["series"] if spaces[key].name in str(one)]
            counts[f"{key} series"] = len(mine)
        return counts

    def sitting(self, community: CommunityId, integration: str) -> list[str]:
        """Who sits in one space over there, each as often as listed."""
        space = self.inside.spaces(community)[integration]
        kind = {"canvas": "groups", "teams": "channels", "google": "groups"}[integration]
        found = [s for s in self.demo.ask(integration, "state")[kind] if s["marker"] == space.marker]
        assert len(found) == 1, found
        return sorted(str(member) for member in found[0]["members"])

    def one_of_everything(self, community: CommunityId, patience: float = 90, series: bool = True) -> None:
        """Every place is ready, and nothing exists twice over there."""
        self.inside.until_idle(patience)
        spaces = self.inside.spaces(community)
        assert {key: s.state.value for key, s in spaces.items()} == dict.fromkeys(spaces, "ready"), (
            self.inside.resting(),
            self.demo.last_lines(),
        )
        made = self.made(community, series)
        assert made == dict.fromkeys(made, 1)

    def wait(self, true: Callable[[], Any], patience: float = 20.0) -> None:
        """Wait until something has become so."""
        deadline = time.monotonic() + patience
        while not true():
            assert time.monotonic() < deadline, self.demo.last_lines()
            time.sleep(0.05)

    # --- the log --------------------------------------------------------------------------------------------------

    def log(self) -> list[dict[str, Any]]:
        """The entries since the test began."""
        text = (self.demo.folder / "coplink.log").read_text(encoding="utf-8")[self._read :]
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def logged(self, **wanted: str) -> list[dict[str, Any]]:
        """The entries whose values contain these texts."""
        return [e for e in self.log() if all(text in str(e.get(key, "")) for key, text in wanted.items())]

    def begin(self) -> None:
        """A test begins: fair weather, an empty log."""
        for key in SANDBOXES:
            self.demo.ask(key, "weather/clear", {})
            self.demo.ask(key, "pages", {"size": 1000})
        for key in SUITES:
            self.demo.ask(key, "lag", {"seconds": 0})
        self._read = len((self.demo.folder / "coplink.log").read_text(encoding="utf-8"))

    def end(self, planned: Sequence[str] = ()) -> None:
        """A test ends: rest, and a log without tracebacks and secrets."""
        for key in SANDBOXES:
            self.demo.ask(key, "weather/clear", {})
        for key in SUITES:
            self.demo.ask(key, "lag", {"seconds": 0})
        self.inside.until_idle(120)
        text = (self.demo.folder / "coplink.log").read_text(encoding="utf-8")[self._read :]
        assert "Traceback" not in text, text
        assert not [e for e in self.log() if e["event"] in UNPLANNED]
        for secret in self._secrets():
            assert secret not in text, "a secret is in the log"
        assert "Traceback" not in (self.demo.folder / "region.log").read_text(encoding="utf-8")

    def _secrets(self) -> list[str]:
        places = region(self.demo.tool_url).districts.values()
        known = [one for d in places for one in (d.canvas_token, d.graph_secret, d.google_secret) if one]
        for browser in self.cast._browsers.values():
            known += [cookie.value for cookie in browser.http.cookies if cookie.value]
        links = [line.split("/")[-1] for line in self.demo.ask("start", "state")["admins"]]
        return [*known, *links, "BEGIN PRIVATE KEY"]


@pytest.fixture(scope="session")
def _tapes(tmp_path_factory: pytest.TempPathFactory) -> Tapes:
    return Tapes(tmp_path_factory.mktemp("tapes"))


@pytest.fixture(scope="module", autouse=True)
def taped(_tapes: Tapes) -> Iterator[None]:
    """Whatever a module's demos ask of the platforms is lawful: their contracts and our tables of calls allow it."""
    before = os.environ.get(tape.VARIABLE)
    os.environ[tape.VARIABLE] = str(_tapes.folder)
    yield
    if before is None:
        del os.environ[tape.VARIABLE]
    assert _tapes.wrong() == []


@pytest.fixture(scope="session")
def calm() -> dict[str, str]:
    """Settings under which trouble does not take long."""
    return CALM


@pytest.fixture(scope="session")
def scene_of() -> Callable[[Demo], Scene]:
    """For a module that needs a demo of its own."""
    return Scene


_shared: Kept[Scene] = Kept()


@contextmanager
def _started(folder: Path, settings: dict[str, str]) -> Iterator[Scene]:
    with Demo(folder, fixed_ports=False, extra=settings) as running:
        yield Scene(running)


@pytest.fixture(scope="module")
def _scene(tmp_path_factory: pytest.TempPathFactory, calm: dict[str, str]) -> Scene:
    """coplink and the region, running for all modules."""
    return _shared.get(lambda: _started(tmp_path_factory.mktemp("trouble"), calm))


@pytest.fixture
def scene(_scene: Scene) -> Iterator[Scene]:
    """The demo, with fair weather before each test and a clean log after it."""
    _scene.begin()
    yield _scene
    _scene.end()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The demo ends with the last test that may ask it."""
    if is_last_of_unit(item.nodeid, nextitem and nextitem.nodeid):
        _shared.end()


@pytest.fixture
def stranger() -> Browser:
    """A browser that nobody has used."""
    return Browser("a stranger")
