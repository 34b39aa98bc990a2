"""coplink as an operator runs it, over HTTPS, with two schools of one issuer: the stage for every hostile case.

The settings are those of production: an https address, no loopback mode. Names and public addresses are pretended, and
all lead to servers of this process; nothing else can be reached. Only the clock and the patience with platforms are the
test's own. Each case has a scene of its own: an empty database and an issuer nobody has seen before.
"""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from bs4 import BeautifulSoup
from cryptography.fernet import Fernet
from hostile_world import NEWCOMER, NORTH, NOW, SOUTH, TOOL, Address, MovingClock, World
from sqlalchemy import text

from coplink.core.people import Institution, InstitutionId
from coplink.engine.secrets import hashed
from coplink.lti.connector import Connector
from coplink.lti.egress import Egress
from coplink.lti.keys import KeysCache
from coplink.lti.outside import PinnedAdapter
from coplink.lti.rosters import LtiRosters
from coplink.ports.records import Deployment, Registration, Session
from coplink.settings import load
from coplink.storage.tables import Table
from coplink.testing.https import Certificate, Secure
from coplink.testing.mean_platform import MeanPlatform
from coplink.web import create_app
from coplink.wiring import Services, build

COUNT = text(" UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in Table.metadata.tables))
COOKIE, BROWSER_COOKIE = "__Host-coplink", "__Host-coplink-browser"
PERSONAL = ("Ana Ruiz", "Ruiz", "ana@school.example")


class Stage:
    """One running coplink, its database, its log, and two addresses for platforms."""

    def __init__(self, folder: Path, database_url: str, certificate: Certificate, log: io.StringIO) -> None:
        self.certificate, self.log, self.clock, self.world = certificate, log, MovingClock(), World()
        self.served = Secure(lambda environ, start: self.app(environ, start), certificate)
        self.world.put(TOOL, self.served.port)
        self.url = f"https://{TOOL}"
        settings = load(
            env_file=None,
            base_url=self.url,
            data_dir=folder,
            database_url=database_url,
            master_keys=Fernet.generate_key().decode(),
        )
        self.services: Services = build(settings, self.clock)
        self.look_outside()
        self.app = create_app(self.services)
        self.addresses = [Address(name, self.world, certificate) for name in (NORTH, SOUTH)]
        self.newcomer = Address(NEWCOMER, self.world, certificate)
        self._numbers = itertools.count(1)

    @property
    def engine(self) -> Any:
        return self.services.storage._engine  # type: ignore[attr-defined]

    def stop(self) -> None:
        for served in (self.served, *(address.served for address in (*self.addresses, self.newcomer))):
            served.stop()
        self.engine.dispose()

    def scene(self) -> Scene:
        """Everything anew: no row, no key remembered, the clock at its beginning."""
        filled = {name for name, rows in self.counts().items() if rows}
        with self.engine.begin() as connection:
            for table in reversed(Table.metadata.sorted_tables):
                if table.name in filled:
                    connection.execute(table.delete())
        self.clock.at = NOW
        self.look_outside()
        self.forget_log()
        return Scene(self, next(self._numbers))

    def look_outside(self, patience: float = 5.0) -> None:
        """Everything that calls platforms does so in this world, waits so many seconds, and remembers nothing."""
        services = self.services
        services.egress = Egress(patience, patience, 2 * patience, outside=self.world.outside())
        services.platform_keys = KeysCache(services.egress, clock=self.clock)
        connector = Connector(services.storage, services.our_keys, self.clock, services.egress)
        services.rosters = LtiRosters(services.storage, connector, pause=lambda seconds: None)

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.engine.connect() as connection:
            return dict(connection.execute(COUNT).all())

    def forget_log(self) -> None:
        self.log.seek(0)
        self.log.truncate()

    def logged(self) -> list[dict[str, Any]]:
        """The entries since the log was last forgotten."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


class Visitor:
    """Somebody's browser: keeps cookies, follows nothing by itself, trusts this one certificate."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.session = requests.Session()
        self.session.mount("https://", PinnedAdapter(stage.world.outside()))

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        trusted = self._stage.certificate.trusted
        return self.session.request(
            method, self._stage.url + path, verify=trusted, allow_redirects=False, timeout=30, **more
        )

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, form: Any = None, **more: Any) -> requests.Response:
        return self.ask("POST", path, data=form, **more)

    def cookie(self, name: str = COOKIE) -> str:
        """The value of a cookie of coplink's; empty without one."""
        return next((one.value or "" for one in self.session.cookies if one.name == name), "")


class Scene:
    """Two schools, north and south, on one issuer; ``ana`` sits at a browser of her own."""

    def __init__(self, stage: Stage, number: int) -> None:
        self.stage, self.clock, self.services = stage, stage.clock, stage.services
        self.issuer = f"https://lms-{number}.example"
        self.north, self.south = (
            self._school(name, number, address)
            for name, address in zip(("north", "south"), stage.addresses, strict=True)
        )
        self.ana = Visitor(stage)
        self.sent: list[str] = []
        self.mark()

    def _school(self, name: str, number: int, address: Address) -> MeanPlatform:
        platform = MeanPlatform(
            issuer=self.issuer,
            client_id=f"client-{name}",
            kid=name,
            key=name,
            url=address.url,
            tool=self.stage.url,
        )
        address.app = platform.key_set
        institution = InstitutionId(f"{name}-{number}")
        with self.services.begin() as uow:
            uow.institutions.add(Institution(institution, name.title()))
            uow.platforms.put(platform.registration(f"reg-{name}-{number}", institution))
            uow.commit()
        registration = self.registration(platform)
        self.put(Deployment(registration.id, platform.deployment_id, institution, self.clock.now()))
        return platform

    # --- what coplink knows ---------------------------------------------------------------------------------------

    def registration(self, platform: MeanPlatform) -> Registration:
        with self.services.begin() as uow:
            [found] = uow.platforms.find(platform.issuer, platform.client_id)
        return found

    def put(self, kept: Registration | Deployment) -> None:
        with self.services.begin() as uow:
            put = uow.platforms.put if isinstance(kept, Registration) else uow.platforms.put_deployment
            put(kept)  # type: ignore[arg-type]
            uow.commit()

    def session(self, visitor: Visitor | None = None) -> Session | None:
        """The session behind the visitor's cookie."""
        with self.services.begin() as uow:
            return uow.sessions.get(hashed((visitor or self.ana).cookie()), self.clock.now())

    # --- what platform and browser do -----------------------------------------------------------------------------

    def visitor(self) -> Visitor:
        """Another browser."""
        return Visitor(self.stage)

    def knock(
        self,
        changes: Mapping[str, str | None] | None = None,
        platform: MeanPlatform | None = None,
        visitor: Visitor | None = None,
    ) -> requests.Response:
        """A login initiation, as it is answered; where coplink tries its cookie first, the browser goes along."""
        visitor, form = visitor or self.ana, (platform or self.north).login_form(changes)
        answer = visitor.post("/lti/login", form)
        if answer.status_code == 307:
            answer = visitor.post(answer.headers["Location"], form)
        return answer

    def begin(self, *args: Any, **named: Any) -> str:
        """A login initiation that goes well: the address of the platform that the browser is sent to."""
        answer = self.knock(*args, **named)
        assert answer.status_code == 303, answer.text
        address = answer.headers["Location"]
        asked = parse_qs(urlsplit(address).query)
        self.sent += [asked["state"][0], asked["nonce"][0]]
        return address

    def bring(self, form: Any, visitor: Visitor | None = None, **more: Any) -> requests.Response:
        """A launch as the platform lets the browser post it."""
        pairs = form.items() if isinstance(form, Mapping) else form
        self.sent += [value for name, value in pairs if name == "id_token" and len(value) > 20]
        return (visitor or self.ana).post("/lti/launch", form, **more)

    def form(
        self, address: str, changes: Mapping[str, Any] | None = None, platform: MeanPlatform | None = None
    ) -> dict[str, str]:
        """An honestly signed launch with changed claims."""
        return (platform or self.north).launch_form(address, self.clock.now(), changes)

    def launch(
        self, changes: Mapping[str, Any] | None = None, login: Mapping[str, str | None] | None = None
    ) -> requests.Response:
        """A login and its launch with changed claims."""
        return self.bring(self.form(self.begin(login), changes))

    def claims(self, address: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self.north.claims(address, self.clock.now(), changes)

    # --- what must not have happened ------------------------------------------------------------------------------

    def mark(self) -> None:
        """From here on counts what the case itself does; what came before was honest."""
        self.before = self.stage.counts()
        self.cookie_before = self.ana.cookie() if hasattr(self, "ana") else ""
        self.stage.forget_log()

    def grown(self) -> dict[str, int]:
        """Rows that are more (or fewer) than at the mark, table by table."""
        now = self.stage.counts()
        return {name: now[name] - self.before[name] for name in now if now[name] != self.before[name]}


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def said(page: requests.Response) -> tuple[str, str]:
    """The sentence and the reference of a page that refuses."""
    soup = BeautifulSoup(page.text, "html.parser")
    sentence, reference = soup.select_one("main p.lead"), soup.select_one("main strong.code")
    assert sentence is not None, page.text
    assert reference is not None, page.text
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{8}", reference.get_text())
    return " ".join(sentence.get_text().split()), reference.get_text()
