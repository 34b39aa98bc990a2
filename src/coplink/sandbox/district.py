"""The pretend region: two school districts on one Canvas issuer, one living in Microsoft 365, one in Google Workspace.

About forty people, awkward cases included: one e-mail address in two districts, two LTI subjects for one person,
somebody without an account on a platform, without an e-mail address, a guest, and a name that is markup.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from coplink.core.rhythm import Break

ISSUER = "https://canvas.instructure.com"
_SPACE = uuid.UUID("6d1f6a2e-0f0e-4d44-9d8b-c0971122aa01")


def guid(*parts: str) -> str:
    """The same GUID for the same words, always."""
    return str(uuid.uuid5(_SPACE, "/".join(parts)))


@dataclass(frozen=True, slots=True)
class Resident:
    """One person of a district and their accounts; an empty one means that they have none there."""

    key: str
    name: str
    district: str
    email: str | None
    canvas_id: str
    subject: str
    entra_id: str | None = None
    google_id: str | None = None

    @property
    def upn(self) -> str:
        """The sign-in name in the district's suite."""
        return f"{self.key}@{self.district}.example"


@dataclass(frozen=True, slots=True)
class District:
    """A school district: its suite, and what it registered on the shared Canvas issuer."""

    key: str
    name: str
    suite: str
    zone: str
    client_id: str
    deployment_id: str
    canvas_token: str
    tenant_id: str = ""
    graph_client_id: str = ""
    graph_secret: str = ""
    host_team: str = ""
    service_mailbox: str = ""
    google_domain: str = ""
    google_client_id: str = ""
    google_secret: str = ""
    robot: str = ""

    @property
    def domain(self) -> str:
        """The district's mail domain."""
        return f"{self.key}.example"


@dataclass(frozen=True, slots=True)
class Course:
    """A Canvas course and who is in it: resident key to ``teacher``, ``ta``, ``student``, ``designer``."""

    id: str
    district: str
    name: str
    code: str
    enrolments: Mapping[str, str]

    @property
    def lti_id(self) -> str:
        """The opaque context id that launches carry."""
        return guid("course", self.id).replace("-", "")


@dataclass(frozen=True, slots=True)
class Region:
    """Everything and everybody. ``tool_url`` is where coplink answers, without a trailing slash."""

    districts: Mapping[str, District]
    residents: Mapping[str, Resident]
    courses: Mapping[str, Course]
    tool_url: str = "http://127.0.0.1:8080"
    extra: Mapping[str, str] = field(default_factory=dict)

    def of(self, district: str) -> tuple[Resident, ...]:
        """The residents of one district, in order."""
        return tuple(person for person in self.residents.values() if person.district == district)

    def by_canvas_id(self, canvas_id: str) -> Resident | None:
        """The resident with that Canvas id; Canvas ids are unique on the shared server."""
        return next((p for p in self.residents.values() if p.canvas_id == canvas_id), None)


RIVERBEND = (
    "Ana Ruiz|Ben Okafor|Chloe Park|Dana Whitfield|Elias Haddad|Fatima Noor|Grace Lindqvist|Hugo Marsh|Imani Brooks|"
    "Jonas Weber|Keiko Tanaka|Liam O’Connor|Mara Silva|Nadia Petrova|Owen Reyes|Priya Natarajan|Quentin Dubois|"
    "Rosa Delgado|Samir Aziz|Tess Nguyen|Uma Krishnan"
)
LAKESIDE = (
    "Luis Ortega|Mei Chen|Noah Feld|Olga Ivanova|Pedro Alves|Qiana Jones|Ravi Menon|Sofia Rossi|Tomás Vega|Ursula Kern|"
    "Victor Adeyemi|Wendy Hu|Xavier Bell|Yara Saleh|Zoe Martin|Amos Levi|Bea Lund"
)


def school_breaks(today: date) -> tuple[Break, ...]:
    """The region's break calendar for the school year that ``today`` falls into (it begins on 1 August)."""
    year = today.year if today.month >= 8 else today.year - 1
    return (
        Break(date(year, 10, 12), date(year, 10, 16), "Autumn break"),
        Break(date(year, 11, 25), date(year, 11, 27), "Thanksgiving"),
        Break(date(year, 12, 21), date(year + 1, 1, 1), "Winter break"),
        Break(date(year + 1, 2, 15), date(year + 1, 2, 19), "Presidents’ week"),
        Break(date(year + 1, 4, 5), date(year + 1, 4, 9), "Spring break"),
        Break(date(year + 1, 6, 14), date(year + 1, 8, 14), "Summer break"),
    )


def region(tool_url: str = "http://127.0.0.1:8080") -> Region:
    """The region as it is before anybody has opened coplink."""
    districts = {
        "riverbend": District(
            "riverbend",
            "Riverbend Unified School District",
            "teams",
            "America/Los_Angeles",
            client_id="170000000000101",
            deployment_id="101:a0c1f2d3b4",
            canvas_token="riverbend-canvas-service-token",  # noqa: S106  pretend credentials of a pretend vendor
            tenant_id=guid("tenant", "riverbend"),
            graph_client_id=guid("app", "riverbend"),
            graph_secret="riverbend-graph-secret",  # noqa: S106
            host_team=guid("team", "riverbend", "Professional Learning"),
            service_mailbox="coplink@riverbend.example",
        ),
        "lakeside": District(
            "lakeside",
            "Lakeside School District",
            "google",
            "America/Denver",
            client_id="170000000000202",
            deployment_id="202:e5f6a7b8c9",
            canvas_token="lakeside-canvas-service-token",  # noqa: S106
            google_domain="lakeside.example",
            google_client_id="lakeside-client.apps.googleusercontent.com",
            google_secret="lakeside-google-secret",  # noqa: S106
            robot="coplink@lakeside.example",
        ),
    }
    people = [_resident(n, name, "riverbend", 1000) for n, name in enumerate(RIVERBEND.split("|"), 1)]
    people += [_resident(n, name, "lakeside", 2000) for n, name in enumerate(LAKESIDE.split("|"), 1)]
    people += _awkward()
    residents = {person.key: person for person in people}
    rb = [p.key for p in people if p.district == "riverbend"]
    ls = [p.key for p in people if p.district == "lakeside"]
    courses = (
        Course(
            "101", "riverbend", "Literacy across the curriculum", "LIT-STAFF", _enrol("ana.ruiz", rb[:16])
        ),
        Course("102", "riverbend", "Lab safety refresher", "LAB-SAFE", _enrol("hugo.marsh", rb[8:20])),
        Course("103", "riverbend", "Archive of last year", "ARCHIVE", dict.fromkeys(rb[4:8], "student")),
        Course("202", "lakeside", "Reading coaches", "READ-COACH", _enrol("luis.ortega", ls[:12])),
    )
    return Region(districts, residents, {course.id: course for course in courses}, tool_url)


def _enrol(teacher: str, keys: Iterable[str]) -> dict[str, str]:
    return {key: "teacher" if key == teacher else "student" for key in dict.fromkeys([teacher, *keys])}


def _resident(number: int, name: str, district: str, base: int) -> Resident:
    key = name.lower().replace(" ", ".").replace("’", "").replace("á", "a")
    microsoft = district == "riverbend"
    return Resident(
        key,
        name,
        district,
        f"{key}@{district}.example",
        str(base + number),
        guid("sub", district, key),
        entra_id=guid("user", key) if microsoft else None,
        google_id=None if microsoft else str(100_000_000_000_000_000_000 + base + number),
    )


def _awkward() -> list[Resident]:
    """People every connector must survive."""
    return [
        Resident(  # the same mailbox is known in both districts
            "robin.twofold.r",
            "Robin Twofold",
            "riverbend",
            "robin@shared.example",
            "1901",
            guid("sub", "riverbend", "robin"),
            entra_id=guid("user", "robin"),
        ),
        Resident(
            "robin.twofold.l",
            "Robin Twofold",
            "lakeside",
            "robin@shared.example",
            "2901",
            guid("sub", "lakeside", "robin"),
            google_id="100000000000000002901",
        ),
        Resident(  # no account in the district's suite
            "vera.paper",
            "Vera Paper",
            "riverbend",
            "vera.paper@riverbend.example",
            "1902",
            guid("sub", "riverbend", "vera"),
        ),
        Resident(  # no e-mail address
            "walt.silent",
            "Walt Silent",
            "riverbend",
            None,
            "1903",
            guid("sub", "riverbend", "walt"),
            entra_id=guid("user", "walt"),
        ),
        Resident(  # a name that is markup
            "bobby.tables",
            "<b>Bobby</b> & “Tables” <script>alert(1)</script>",
            "lakeside",
            "bobby.tables@lakeside.example",
            "2902",
            guid("sub", "lakeside", "bobby"),
            google_id="100000000000000002902",
        ),
    ]
