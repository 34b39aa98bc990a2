"""Three institutions that look alike to the last id: they differ only in who they are.

North and South are registered with one issuer under clients of their own; West came through North's registration with a
deployment of its own. All of them have the deployment, the course, the people and the places of the others: the same
ids everywhere a platform gives one. Words of a school's own ("southern", "western") mark what nobody else may read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.fernet import Fernet
from werkzeug.test import Client, TestResponse

from coplink import registry
from coplink.core.arrival import Arrival, Context, ProvedAccount
from coplink.core.artifacts import FileFact
from coplink.core.people import Account, AccountId, InstitutionId, Person, PersonId, Proof, Role
from coplink.engine import claim, connect, copies, curate, join, platforms
from coplink.engine.secrets import hashed
from coplink.jobs.inline import InlineJobs
from coplink.ports.door import InboundRequest, Knock, TokenPage
from coplink.ports.integration import Capability, Surroundings
from coplink.ports.records import Deployment, LinkKind
from coplink.ports.watch import Heard, Subscription
from coplink.settings import load
from coplink.testing.databases import sqlite_url
from coplink.testing.pinboard import PinBoard, Pinned
from coplink.testing.platform import CORE, ISSUER, MEMBERSHIP, NRPS, LmsPlatform
from coplink.web import create_app
from coplink.web.session import COOKIE
from coplink.wiring import Services, build
from coplink.worker.handlers import Worker

BASE = "http://127.0.0.1:8080"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DEPLOYMENT, COURSE, OTHER_COURSE, COPIED = "1", "course", "course-2", "course-3"
CHOOSING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
SETTINGS = {
    "deep_link_return_url": f"{ISSUER}/return",
    "accept_types": ["ltiResourceLink"],
    "accept_multiple": True,
}
LEADER, MEMBER, INVITED, OTHER_LEADER = "42", "43", "44", "45"


class StoppedClock:
    """It is always the same moment."""

    def now(self) -> datetime:
        return NOW


class Tab:
    """The door of a staff room: never opened here, but there, and framed by the school's own suite."""

    page = TokenPage({"tab.js": b"// fetches a token"}, {}, {"tab-config.js": b"// tells what was chosen"})

    def __init__(self, word: str) -> None:
        self.frame_ancestors = (f"https://{word}.example",)

    def open(self, request: InboundRequest, knock: Knock | None) -> Arrival:
        raise NotImplementedError


class Bell:
    """Rings when files change."""

    def subscribe(self, parts: Mapping[str, str], callback: str, secret: str, key: str) -> Subscription:
        return Subscription("bell-1", NOW + timedelta(days=3))


class StaffRoom(PinBoard):
    """The pin board with a door and a bell; a school's room is called after it."""

    manifest = replace(
        PinBoard.manifest,
        capabilities=PinBoard.manifest.capabilities | {Capability.DOOR, Capability.WATCH},
        limits=replace(PinBoard.manifest.limits, watch_life=timedelta(days=3)),
    )

    def connect(self, settings: Mapping[str, str], around: Surroundings) -> Pinned:
        pinned = super().connect(settings, around)
        pinned.watch = Bell()
        pinned.board.files = [
            FileFact("file-1", f"{settings['room']} notes", "https://files.example/1", NOW, NOW, "1")
        ]
        return pinned

    def receive(self, settings: Mapping[str, str], request: InboundRequest, secret: str) -> Heard | None:
        return Heard() if request.headers.get("x-bell") == secret else None

    def door(self, institution: str, settings: Mapping[str, str], around: Surroundings) -> Tab:
        return Tab(settings["room"])


class Visitor:
    """One browser, and the secret of its session's forms."""

    def __init__(self, town: Town) -> None:
        self._town, self.client = town, Client(town.app)
        self.community = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=BASE, **more)

    def post(self, path: str, form: Mapping[str, Any], csrf: str | None = None, **more: Any) -> TestResponse:
        data = {"csrf": self.csrf() if csrf is None else csrf, **form}
        return self.client.post(path, base_url=BASE, data=data, **more)

    def secret(self) -> str:
        """The session's secret, as the cookie has it."""
        cookie = self.client.get_cookie(COOKIE, "127.0.0.1")
        return cookie.value if cookie else ""

    def session(self) -> Any:
        with self._town.services.begin() as uow:
            return uow.sessions.get(hashed(self.secret()), NOW)

    def csrf(self) -> str:
        session = self.session()
        return session.csrf if session else ""

    def person(self) -> Person:
        with self._town.services.begin() as uow:
            found = uow.people.get(self.session().person)
        assert found is not None
        return found


@dataclass
class School:
    """One institution: how its platform knows coplink, and its people's browsers by what they are."""

    word: str
    institution: InstitutionId
    platform: LmsPlatform
    registration: str
    deployment: str
    place: str
    visitors: dict[str, Visitor] = field(default_factory=dict)
    community: str = ""
    other_community: str = ""


class Town:
    """The real application over a real database, and the three schools."""

    def __init__(self, folder: Path, signed_by: Mapping[str, LmsPlatform]) -> None:
        settings = load(
            env_file=None,
            base_url=BASE,
            loopback=True,
            data_dir=folder,
            database_url=sqlite_url(folder),
            master_keys=Fernet.generate_key().decode(),
        )
        self.services: Services = build(settings, StoppedClock())
        self.room = StaffRoom()
        self.services.installed = registry.Found({"pinboard": self.room}, ())
        self.jobs = self.services.jobs = InlineJobs(Worker(self.services).perform, self.services.clock)
        self.app = create_app(self.services)
        self.schools: dict[str, School] = {}
        for word, registration, deployment in (
            ("northern", "north", DEPLOYMENT),
            ("southern", "south", DEPLOYMENT),
            ("western", "north", "2"),
        ):
            self.schools[word] = self._school(
                word, signed_by[registration], f"registration-{registration}", deployment
            )
        for school in self.schools.values():
            self._live(school)

    def _school(self, word: str, platform: LmsPlatform, registration: str, deployment: str) -> School:
        with self.services.begin() as uow:
            institution = connect.add_institution(
                uow, {"northern": "Hill", "southern": "Lake"}.get(word, "Moor")
            )
            typed = {"room": word, "key": f"the key of the {word} cupboard"}
            connected = connect.connect(
                uow,
                institution.id,
                self.room.manifest,
                typed,
                lambda given: self.services.look_over("pinboard", given),
                NOW,
            )
            if uow.platforms.get(registration) is None:
                uow.platforms.put(platform.registration(registration, institution.id))
            uow.platforms.put_deployment(Deployment(registration, deployment, institution.id, NOW))
            uow.commit()
        return School(word, institution.id, platform, registration, deployment, connected.id)

    def launch(
        self, school: School, subject: str, course: str = COURSE, leads: bool = False, chooses: bool = False
    ) -> Visitor:
        """Somebody opens coplink in a course, or chooses there what to put into it, by a login and a launch."""
        visitor = Visitor(self)
        claims = self.claims(school, subject, course, leads)
        if chooses:
            claims |= {
                CORE + "message_type": "LtiDeepLinkingRequest",
                CHOOSING: SETTINGS,
                CORE + "resource_link": None,
            }
            claims[CORE + "target_link_uri"] = f"{BASE}/deep-linking"
        begun = self.login(school, visitor, claims[CORE + "target_link_uri"])
        form = school.platform.launch_form(begun.location, NOW, claims)
        answer = visitor.client.post("/lti/launch", base_url=BASE, data=form)
        assert answer.status_code < 400, answer.text
        assert visitor.session().person, "a session with a person"
        return visitor

    def login(self, school: School, visitor: Visitor, target: str = f"{BASE}/") -> TestResponse:
        """The first half of a launch."""
        form = school.platform.login_form({"target_link_uri": target, "lti_deployment_id": school.deployment})
        return visitor.client.post("/lti/login", base_url=BASE, data=form)

    def claims(self, school: School, subject: str, course: str, leads: bool) -> dict[str, Any]:
        """What this school's platform says in a launch; ids are those of every school."""
        return {
            "sub": subject,
            "name": f"{school.word} {subject}",
            "given_name": None,
            "family_name": None,
            "email": f"{subject}@{school.word}.example",
            CORE + "deployment_id": school.deployment,
            CORE + "target_link_uri": f"{BASE}/",
            CORE + "roles": [f"{MEMBERSHIP}#{'Instructor' if leads else 'Learner'}"],
            CORE + "context": {"id": course, "title": f"{school.word} course", "type": ["CourseOffering"]},
            NRPS: None,
        }

    def found(self, school: School, founder: Visitor, name: str) -> str:
        """A community of this school."""
        form = {
            "key": "0123456789abcdef",
            "name": name,
            "about": f"about {name}",
            "audience": f"for {name}",
            "hopes": "",
            "places": [school.place],
            "pattern": "weekly",
            "every_weeks": "2",
            "days": ["2"],
            "first": "2026-12-02",
            "last": "2027-06-01",
            "at": "16:00",
            "minutes": "45",
            "zone": "UTC",
            "breaks": "",
        }
        answer = founder.post("/found", form)
        assert answer.status_code == 303, answer.text
        founder.community = answer.location.split("/")[-2]
        return founder.community

    def _live(self, school: School) -> None:
        """What a school year brings: two communities, links, feeds, codes, notices, logins under way."""
        leader = self.launch(school, LEADER, leads=True)
        school.community = self.found(school, leader, f"{school.word} circle")
        other = self.launch(school, OTHER_LEADER, OTHER_COURSE, leads=True)
        school.other_community = self.found(school, other, f"{school.word} second circle")
        self.jobs.run_until_idle()
        member, invited = self.launch(school, MEMBER), self.launch(school, INVITED)
        self._invite(member, school.community, joins=True)
        self._invite(invited, school.community, joins=False)
        known, asked, second = leader.person(), invited.person(), other.person()
        with self.services.begin() as uow:
            link = connect.invite_admin(
                uow, uow.institutions.get(school.institution), f"{school.word} admin", NOW
            )
            connect.invite_admin(uow, uow.institutions.get(school.institution), f"{school.word} admin 2", NOW)
            account = ProvedAccount("pinboard", AccountId("account-of-44"), f"44@{school.word}.example")
            claim.code_for(uow, known, NOW)
            platforms.invite(uow, school.institution, NOW)
            for origin in (COURSE, OTHER_COURSE):
                copy = Context(school.registration, COPIED, f"{school.word} copy")
                assert copies.copied(uow, school.institution, copy, [origin], NOW) == 1
            uow.platforms.put_deployment(
                Deployment(school.registration, f"{school.deployment}-pending", school.institution)
            )
            self._account(uow, school, asked, account)
            for community, maker in ((school.community, known), (school.other_community, second)):
                made = [one.id for one in uow.catalogue.of(community)]
                curate.make(
                    uow, maker, community, curate.Drawn("k", f"{school.word} list", "", tuple(made)), NOW
                )
            uow.commit()
        admin = Visitor(self)
        admin.get(f"/admin/claim/{link.token}")
        admin.post(f"/admin/claim/{link.token}", {})
        asks = {"role": "co-facilitator"}
        who = member.person().id
        assert leader.post(f"/c/{school.community}/people/{who}/role", asks).status_code == 303
        for visitor, community in ((leader, school.community), (other, school.other_community)):
            assert (
                visitor.post(f"/c/{community}/links", {"institution": school.institution}).status_code == 303
            )
            assert visitor.post(f"/c/{community}/feed", {}).status_code == 303
            guest = {"meeting": "2026-12-16", "name": f"{school.word} guest"}
            assert visitor.post(f"/c/{community}/presenters", guest).status_code == 303
        self.jobs.run_until_idle()
        self.login(school, Visitor(self))
        choosing = self.launch(school, LEADER, leads=True, chooses=True)
        copier = self.launch(school, "47", COPIED, leads=True)
        kinds = ("leader", "choosing", "member", "invited", "other", "admin", "copier")
        visitors = (leader, choosing, member, invited, other, admin, copier)
        school.visitors = dict(zip(kinds, visitors, strict=True))

    def _invite(self, visitor: Visitor, community: str, joins: bool) -> None:
        person = visitor.person()
        with self.services.begin() as uow:
            found = uow.communities.get(community)
            join.offer(uow, community, person, Role.MEMBER, NOW)
            if joins:
                join.accept(uow, self.services.sealer, found, person, NOW, None)
            uow.commit()

    def _account(self, uow: Any, school: School, person: Person, proved: ProvedAccount) -> None:
        """The invited person proves an account that the directory proposed for somebody else: "is this you?"."""
        twin = Person(PersonId(uow.new_id()), school.institution, f"{school.word} twin")
        uow.people.put(twin)
        for one, proof in ((person.id, Proof.PROVED), (twin.id, Proof.PROPOSED)):
            uow.people.put_account(
                Account(school.institution, proved.integration, proved.account, one, proof, proved.address)
            )

    def token(self, school: School, kind: LinkKind) -> str:
        """An open secret address of this school."""
        with self.services.begin() as uow:
            for community in (school.community, None):
                found = [one for one in uow.links.of(kind, community) if one.open_at(NOW)]
                found = [one for one in found if one.institution == school.institution]
                if found:
                    return found[0].token
        raise AssertionError(f"no open {kind} link of {school.word}")


def query_of(address: str) -> dict[str, str]:
    """The first value of each name in an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
