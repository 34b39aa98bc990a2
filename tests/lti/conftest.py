"""Two schools on one issuer, a tool that opens the LTI door over HTTP, and the sandbox beside it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
import requests
from cryptography.fernet import Fernet
from werkzeug.wrappers import Request, Response

from coplink.core.errors import CoplinkError
from coplink.core.people import Institution, InstitutionId
from coplink.lti.egress import Egress
from coplink.lti.keys import KeysCache
from coplink.lti.launch import begin, complete
from coplink.lti.our_keys import OurKeys
from coplink.lti.outside import LOOPBACK
from coplink.lti.sandbox import make
from coplink.ports.records import Deployment, Registration
from coplink.sandbox.district import region
from coplink.sandbox.store import Store
from coplink.sandbox.wire import Served
from coplink.storage.database import make_engine, upgrade
from coplink.storage.sealing import FernetSealer
from coplink.storage.unit_of_work import SqlStorage
from coplink.testing.databases import sqlite_url
from coplink.testing.platform import TOOL, LmsPlatform

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
NORTH, SOUTH = InstitutionId("north"), InstitutionId("south")


class StoppedClock:
    """A clock that moves when it is told to."""

    def __init__(self):
        self.moment = NOW

    def now(self):
        return self.moment

    def __call__(self):
        return self.moment.timestamp()

    def forward(self, **span):
        self.moment += timedelta(**span)


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lti")
    engine = make_engine(sqlite_url(folder))
    upgrade(engine)
    engine.dispose()  # the last connection takes the journal along: the file is whole
    return folder / "test.sqlite"


@pytest.fixture
def database(tmp_path, empty_database):
    shutil.copy(empty_database, tmp_path)
    return sqlite_url(tmp_path)


@pytest.fixture
def storage(database):
    engine = make_engine(database)
    yield SqlStorage(engine, FernetSealer([Fernet.generate_key().decode()]))
    engine.dispose()


class Door:
    """The LTI door with two schools on one issuer: ``north`` and ``south`` differ in client and key alone."""

    def __init__(self, storage, clock, north, south):
        self.storage, self.clock, self.north, self.south = storage, clock, north, south
        self.cache = KeysCache(Egress(outside=LOOPBACK), clock=clock)
        self.registrations = {"reg-north": north.registration("reg-north", NORTH)}
        self.registrations["reg-south"] = south.registration("reg-south", SOUTH)
        with storage.begin() as uow:
            for institution in (NORTH, SOUTH):
                uow.institutions.add(Institution(institution, institution.title()))
            for platform, registration in zip((north, south), self.registrations.values(), strict=True):
                uow.platforms.put(registration)
                approved = Deployment(
                    registration.id, platform.deployment_id, registration.institution, clock.now()
                )
                uow.platforms.put_deployment(approved)
            uow.commit()

    def login(self, changes=None, browser="cookie-of-ana", platform=None):
        return begin(
            self.storage, (platform or self.north).login_form(changes), TOOL, browser, self.clock.now()
        )

    def open(self, form, browser="cookie-of-ana", **more):
        return complete(self.storage, self.cache, form, browser, self.clock.now(), **more)

    def launch(self, changes=None, login=None):
        """A login and its launch with changed claims."""
        return self.open(self.north.launch_form(self.login(login).redirect_url, self.clock.now(), changes))

    def deployments(self, institution=NORTH):
        with self.storage.begin() as uow:
            return list(uow.platforms.deployments(institution))

    def put(self, registration):
        with self.storage.begin() as uow:
            uow.platforms.put(registration)
            uow.commit()


class Address:
    """A loopback address that lasts for the whole session; each test puts its own application there."""

    def __init__(self):
        self.app = None
        self.served = Served(lambda environ, start_response: self.app(environ, start_response))
        self.url = self.served.url


@pytest.fixture(scope="session")
def addresses():
    both = Address(), Address()
    yield both
    for address in both:
        address.served.stop()


@pytest.fixture
def door(storage, clock, addresses):
    platforms = []
    for name, address in zip(("north", "south"), addresses, strict=True):
        platform = LmsPlatform(client_id=f"client-{name}", kid=name, key=name, url=address.url)
        address.app = platform.key_set
        platforms.append(platform)
    return Door(storage, clock, *platforms)


class Tool:
    """coplink's LTI addresses over HTTP: what comes in is kept for the test to look at."""

    def __init__(self, storage, clock, url):
        self.storage, self.clock, self.url = storage, clock, url
        self.keys, self.cache = OurKeys(storage), KeysCache(Egress(outside=LOOPBACK))
        self.arrived, self.refused = [], []

    def __call__(self, environ, start_response):
        request = Request(environ)
        try:
            response = self._answer(request)
        except CoplinkError as error:
            self.refused.append(error)
            response = Response(str(error.message), 400)
        return response(environ, start_response)

    def _answer(self, request):
        browser, now = request.cookies.get("browser", "cookie-of-visitor"), self.clock.now()
        match request.path:
            case "/lti/jwks.json":
                return Response(json.dumps(self.keys.jwks(now)), mimetype="application/json")
            case "/lti/login":
                begun = begin(self.storage, request.form, self.url, browser, now)
                return Response(status=302, headers={"Location": begun.redirect_url})
            case "/lti/launch":
                result = complete(self.storage, self.cache, request.form, browser, now)
                self.arrived.append(result)
                return Response("welcome", mimetype="text/plain")
        return Response(status=404)


@pytest.fixture
def tool(storage, clock, addresses):
    addresses[0].app = tool = Tool(storage, clock, addresses[0].url)
    return tool


@pytest.fixture
def lms(tool, clock, addresses):
    """The sandbox of the region, served, and both districts registered with the tool."""
    addresses[1].app = wire = make(region(tool.url), Store(), clock)
    wire.base_url = addresses[1].url
    with tool.storage.begin() as uow:
        for district in wire.region.districts.values():
            uow.institutions.add(Institution(InstitutionId(district.key), district.name))
            settings = dict(wire.settings(district.key))
            deployment = settings.pop("deployment_id")
            institution = InstitutionId(district.key)
            uow.platforms.put(Registration(f"reg-{district.key}", institution, **settings))
            uow.platforms.put_deployment(
                Deployment(f"reg-{district.key}", deployment, institution, clock.now())
            )
        uow.commit()
    return wire


class _Forms(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "form":
            self.forms.append((values["action"], {}))
        elif tag == "input" and values.get("name"):
            self.forms[-1][1][values["name"]] = values["value"]


class Browser:
    """Somebody at a browser without script: opens pages, submits their first form."""

    def __init__(self):
        self.session = requests.Session()

    def open(self, url):
        return self.session.get(url, timeout=10)

    def submit(self, response, changes=None):
        parser = _Forms()
        parser.feed(response.text)
        action, fields = parser.forms[0]
        address = requests.compat.urljoin(response.url, action)
        return self.session.post(address, data={**fields, **(changes or {})}, timeout=10)

    def launch(self, lms, course, person):
        """From the course page through login and authorization to the tool's answer."""
        page = self.open(f"{lms.base_url}/courses/{course}?as={person}")
        return self.submit(self.submit(page))


@pytest.fixture
def browser():
    return Browser()
