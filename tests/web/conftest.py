"""Two schools, a staff room with two doors, a real database, and browsers that fill in forms."""

from __future__ import annotations

import functools
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from cryptography.fernet import Fernet
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import Client, EnvironBuilder, TestResponse

sys.path.insert(0, str(Path(__file__).parent))  # the suites beside the tests

from staff_room import NOW, Harbour, StaffRoom

from coplink import registry
from coplink.core.people import Institution, InstitutionId, Person
from coplink.engine import connect
from coplink.jobs.inline import InlineJobs
from coplink.settings import load
from coplink.storage.database import make_engine, upgrade
from coplink.testing.beginnings import PlayedByHand, Untouched, once
from coplink.testing.databases import postgres_server, sqlite_url
from coplink.testing.pinboard import Board
from coplink.testing.rosters import PaperRoster
from coplink.web import create_app
from coplink.wiring import Services, build
from coplink.worker.handlers import Worker

BASE = "http://127.0.0.1:8080"


@dataclass
class MovingClock:
    """A clock that the test moves."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def advance(self, to: datetime) -> None:
        self.at = max(self.at, to)

    def pass_by(self, **gone: float) -> None:
        self.at += timedelta(**gone)


class Browser:
    """One browser: keeps cookies, reads pages, and sends forms as people do."""

    def __init__(self, app: Flask) -> None:
        self.client = Client(app)
        self.page: TestResponse | None = None

    def __getstate__(self) -> Any:
        """The cookies, and the page seen last."""
        seen = self.page and (
            self.page.request.path,
            self.page.status,
            list(self.page.headers),
            self.page.data,
        )
        return self.client.application, self.client._cookies, seen

    def __setstate__(self, state: Any) -> None:
        app, cookies, seen = state
        self.client, self.page = Client(app), None
        self.client._cookies = cookies
        if seen:
            path, status, headers, data = seen
            asked = EnvironBuilder(path, base_url=BASE).get_request()
            self.page = TestResponse([data], status, Headers(headers), asked)

    def get(self, path: str, **more: Any) -> TestResponse:
        self.page = self.client.get(path, base_url=BASE, buffered=True, **more)
        return self.page

    def post(
        self, path: str, form: Mapping[str, Any] | None = None, secret: str | None = None, **more: Any
    ) -> TestResponse:
        """Send a form with the secret of the page seen last (or another)."""
        data = {"csrf": self.secret() if secret is None else secret, **(form or {})}
        self.page = self.client.post(path, data=data, base_url=BASE, **more)
        return self.page

    def secret(self) -> str:
        """The form secret: as the page seen last shows it, else as the start page does."""
        for path in ("", "/me"):
            if path:
                self.get(path)
            shown = (
                self.page and self.page.mimetype == "text/html" and self.soup().select_one("input[name=csrf]")
            )
            if shown:
                return str(shown["value"])
        raise AssertionError("no form on any page")

    def soup(self) -> BeautifulSoup:
        assert self.page is not None
        return BeautifulSoup(self.page.text, "html.parser")

    def says(self) -> str:
        """The words of the page's main part."""
        main = self.soup().find("main")
        assert main is not None
        return " ".join(main.get_text(" ").split())

    def follow(self) -> TestResponse:
        """Go where the last answer sends the browser."""
        assert self.page is not None
        assert self.page.status_code == 303, self.page.text
        return self.get(urlsplit(self.page.location)._replace(scheme="", netloc="").geturl())


@dataclass
class Site(PlayedByHand):
    """The real application over a real database, two schools and their staff room."""

    own = ("here", "there", "doors")

    app: Flask
    services: Services
    clock: MovingClock
    jobs: InlineJobs
    here: Institution
    there: Institution
    doors: Mapping[str, str]
    boards: dict[str, Board]
    roster: PaperRoster
    untouched: Untouched | bool = False

    @property
    def fixed(self) -> Mapping[str, Any]:
        """What browsers hold."""
        return {"app": self.app}

    def browser(self) -> Browser:
        return Browser(self.app)

    def enter(
        self, subject: str, at: Institution | None = None, browser: Browser | None = None, **told: Any
    ) -> Browser:
        """Somebody opens the tab in the staff room of a school."""
        browser = browser or self.browser()
        door = f"/door/pinboard/{self.doors[(at or self.here).name]}"
        assert browser.get(door).status_code == 200
        told = {"account": subject, **told, "subject": subject}
        browser.post(door, {"token": json.dumps(told)})
        assert browser.page is not None
        assert browser.page.status_code == 303, browser.page.text
        return browser

    def person(self, subject: str, at: Institution | None = None, realm: str = "") -> Person:
        institution = at or self.here
        realm = realm or f"staff-room-{institution.id}"
        with self.services.begin() as uow:
            person = uow.people.by_identity(institution.id, "pinboard", realm, subject)
        assert person is not None
        return person

    def places(self) -> dict[str, str]:
        """Connection ids by "institution/integration"."""
        with self.services.begin() as uow:
            names = {one.id: one.name for one in uow.institutions.all()}
            return {f"{names[c.institution]}/{c.integration}": c.id for c in uow.institutions.connections()}

    def answers(self, **changed: Any) -> dict[str, Any]:
        """The founding form, filled in."""
        places = self.places()
        return {
            "key": "0123456789abcdef",
            "name": "Literacy",
            "about": "Reading in every subject",
            "audience": "Teachers of Riverbend",
            "hopes": "",
            "places": [places["Riverbend/pinboard"]],
            "pattern": "weekly",
            "every_weeks": "2",
            "days": ["2"],
            "nth": "1",
            "nth_day": "2",
            "every_months": "1",
            "month_day": "1",
            "first": "2026-12-02",
            "last": "2027-06-01",
            "at": "16:00",
            "minutes": "45",
            "zone": "America/Los_Angeles",
            "breaks": "2026-12-21 to 2027-01-01 Winter break",
            **changed,
        }

    def joined_by_link(self) -> tuple[Browser, Browser, str, str]:
        """Ana founds a community, and Ben joins it by her link: their browsers, the community, the link."""
        ana = self.enter("ana", leads=True)
        key = self.found(ana)
        self.jobs.run_until_idle()
        ana.get(f"/c/{key}/people")
        ana.post(f"/c/{key}/links", {"institution": self.here.id})
        ana.get(f"/c/{key}/people")
        link = "/i/" + ana.soup().select_one("input[readonly]")["value"].rpartition("/")[2]
        ben = self.browser()
        ben.get(link)
        self.enter("ben", browser=ben)
        ben.get(f"/c/{key}/invitation")
        assert ben.post(f"/c/{key}/join").status_code == 303
        return ana, ben, key, link

    def found(self, browser: Browser, **changed: Any) -> str:
        """Found a community and return its id."""
        browser.get("/found")
        answer = browser.post("/found", self.answers(**changed))
        assert answer.status_code == 303, browser.says()
        return answer.location.split("/")[-2]

    def admin(self, at: Institution | None = None) -> Browser:
        """A browser in which an admin link was used."""
        with self.services.begin() as uow:
            link = connect.invite_admin(uow, at or self.here, "Kim", self.clock.now())
            uow.commit()
        browser = self.browser()
        browser.get(f"/admin/claim/{link.token}")
        browser.post(f"/admin/claim/{link.token}")
        return browser


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    engine = make_engine(sqlite_url(folder))
    upgrade(engine)
    engine.dispose()
    return folder / "test.sqlite"


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, empty_database: Path) -> Iterator[Site]:
    shutil.copy(empty_database, tmp_path)
    yield from _built(tmp_path, sqlite_url(tmp_path), request.fixturenames)


@pytest.fixture
def site_on_postgres(tmp_path: Path) -> Iterator[Site]:
    address = postgres_server().fresh()
    engine = make_engine(address)
    upgrade(engine)
    engine.dispose()
    yield from _built(tmp_path, address)


def _built(tmp_path: Path, address: str, asked_for: Sequence[str] | None = None) -> Iterator[Site]:
    site = _build(tmp_path, address, asked_for)
    storage = site.services.storage
    yield site
    storage._engine.dispose()  # the processes of the commands end instead


@functools.cache
def master_key() -> str:
    """One for the whole test process, or no site could read what another has sealed."""
    return Fernet.generate_key().decode()


def _build(tmp_path: Path, address: str, asked_for: Sequence[str] | None = None) -> Site:
    settings = load(
        env_file=None,
        base_url=BASE,
        loopback=True,
        data_dir=tmp_path,
        database_url=address,
        master_keys=master_key(),
        frame_ancestors="https://portal.example",
    )
    clock = MovingClock()
    services = build(settings, clock)
    room, harbour = StaffRoom(), Harbour()
    services.installed = registry.Found({"harbour": harbour, "pinboard": room}, ())
    roster = PaperRoster()
    services.rosters = roster
    jobs = InlineJobs(Worker(services).perform, clock, advance=clock.advance)
    services.jobs = jobs
    untouched = asked_for is not None and Untouched(services, asked_for)
    nowhere = Institution(InstitutionId(""), "")
    site = Site(
        create_app(services), services, clock, jobs, nowhere, nowhere, {}, room.rooms, roster, untouched
    )
    site.here, site.there, site.doors = two_schools(site)
    return site


@once
def two_schools(site: Site) -> tuple[Institution, Institution, Mapping[str, str]]:
    """Riverbend and Lakeside with all their connections, and the doors of their staff rooms."""
    services, doors = site.services, {}
    with services.begin() as uow:
        here = connect.add_institution(uow, "Riverbend")
        there = connect.add_institution(uow, "Lakeside", listed=True)
        for institution in (here, there):
            for key in ("pinboard", "harbour"):
                connected = connect.connect(
                    uow,
                    institution.id,
                    services.manifests[key],
                    {"room": institution.name, "key": "cupboard-key-7"},
                    _opener(services, key),
                    site.clock.now(),
                )
                if key == "pinboard":
                    doors[institution.name] = connected.id
        uow.commit()
    return here, there, doors


def _opener(services: Services, key: str) -> Callable[[Mapping[str, str]], Any]:
    return lambda values: services.look_over(key, values)


def query_of(location: str) -> dict[str, str]:
    """The first value of each name in an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.fixture
def query() -> Callable[[str], dict[str, str]]:
    """Reads the query of an address."""
    return query_of


@pytest.fixture
@once
def ana(site: Site) -> Browser:
    """The browser of somebody who leads a course."""
    return site.enter("ana", leads=True)


@pytest.fixture
@once
def key(site: Site, ana: Browser) -> str:
    """A community of Ana's; everything is done."""
    key = site.found(ana)
    site.jobs.run_until_idle()
    return key
