"""What the pretend platform knows: its key, who is enrolled where and as what, and where things are."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

from coplink.sandbox.district import Course, District, Region, Resident, guid
from coplink.sandbox.store import Store

STUDENT_VIEW = "student-view"
CORE = "https://purl.imsglobal.org/spec/lti/claim/"
NOTICE_TYPES = ("LtiHelloWorldNotice", "LtiContextCopyNotice", "LtiAssetProcessorSubmissionNotice")
_LIS = "http://purl.imsglobal.org/vocab/lis/v2"
_SYSTEM = "http://purl.imsglobal.org/vocab/lti/system/person"
# Canvas' enrolments in the words of LTI; an assistant carries the plain role too.
IN_COURSE: Mapping[str, tuple[str, ...]] = {
    "teacher": (f"{_LIS}/membership#Instructor",),
    "ta": (f"{_LIS}/membership/Instructor#TeachingAssistant", f"{_LIS}/membership#Instructor"),
    "student": (f"{_LIS}/membership#Learner",),
    "designer": (f"{_LIS}/membership#ContentDeveloper",),
    "test": (f"{_LIS}/membership#Learner", f"{_SYSTEM}#TestUser"),
}
ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "teacher": (f"{_LIS}/institution/person#Instructor", f"{_LIS}/system/person#User"),
    "ta": (f"{_LIS}/institution/person#Instructor", f"{_LIS}/system/person#User"),
    "student": (f"{_LIS}/institution/person#Student", f"{_LIS}/system/person#User"),
    "designer": (f"{_LIS}/institution/person#Instructor", f"{_LIS}/system/person#User"),
    "test": (f"{_LIS}/institution/person#Student",),
}


@dataclass(frozen=True, slots=True)
class Seat:
    """One person's place in one course."""

    course: Course
    person: Resident
    role: str


@dataclass(frozen=True, slots=True)
class ContentLink:
    """A link to the tool that a teacher put into a course; its custom values take precedence over the tool's.

    ``url`` is what it opens (empty: where the navigation leads); ``visible`` names the only subjects who see it.
    """

    id: str
    title: str
    custom: Mapping[str, str]
    url: str = ""
    visible: tuple[str, ...] | None = None


@dataclass
class School:
    """Keys, courses and enrolments of the platform; ``base_url`` tells where it is served by now."""

    region: Region
    store: Store
    clock: Callable[[], float]
    base_url: Callable[[], str] = field(default=lambda: "")

    @property
    def courses(self) -> Mapping[str, Course]:
        """Every course, copies included."""
        made = {
            kept["id"]: Course(kept["id"], kept["district"], kept["name"], kept["code"], kept["people"])
            for kept in self.store.all("lti.copies")
        }
        return {**self.region.courses, **made}

    def origin(self, course: Course) -> str:
        """The opaque id of the course that this one was copied from; empty for an original."""
        kept = self.store.get("lti.copies", course.id)
        return self.courses[kept["origin"]].lti_id if kept else ""

    def signing_key(self) -> tuple[str, Any]:
        """The platform's key id and private key; made once and kept."""
        with self.store.change():
            kept = self.store.get("lti.keys", "platform")
            if kept is None:
                private = generate_private_key(public_exponent=65537, key_size=2048)
                pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                kept = {"kid": secrets.token_hex(8), "pem": pem.decode()}
                self.store.put("lti.keys", "platform", kept)
        return kept["kid"], load_pem_private_key(kept["pem"].encode(), None)

    def public_keys(self) -> dict[str, Any]:
        """The key set that tools verify launches with."""
        kid, private = self.signing_key()
        jwk = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
        return {
            "keys": [{"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": kid, "alg": "RS256", "use": "sig"}]
        }

    def enrolled(self, course: Course) -> dict[str, str]:
        """Resident key to role, as it is now; seeded from the region."""
        kept = self.store.get("lti.enrolments", course.id)
        return dict(course.enrolments) if kept is None else kept["people"]

    def enrol(self, course: Course, key: str, role: str | None) -> None:
        """Put someone into a course, or out of it (None)."""
        with self.store.change():
            people = self.enrolled(course)
            if role is None:
                people.pop(key, None)
            else:
                people[key] = role
            self.store.put("lti.enrolments", course.id, {"course": course.id, "people": people})

    def add_link(
        self,
        course: Course,
        title: str,
        custom: Mapping[str, str],
        url: str = "",
        visible: Sequence[str] | None = None,
    ) -> ContentLink:
        """A teacher puts a link to the tool into a course, with custom values of their own."""
        seen = None if visible is None else tuple(visible)
        made = ContentLink(guid("link", course.id, secrets.token_hex(8)), title, dict(custom), url, seen)
        kept = {"course": course.id, "title": title, "custom": dict(custom), "url": url, "visible": visible}
        self.store.put("lti.links", made.id, kept)
        return made

    def link(self, course: Course, key: str) -> ContentLink | None:
        """A content link of this course."""
        kept = self.store.get("lti.links", key)
        if kept is None or kept["course"] != course.id:
            return None
        seen = kept.get("visible")
        return ContentLink(
            key, kept["title"], kept["custom"], kept.get("url", ""), None if seen is None else tuple(seen)
        )

    def links(self, course: Course) -> list[ContentLink]:
        """All content links of this course."""
        found = [self.link(course, key) for key in self.store.keys("lti.links")]
        return [link for link in found if link]

    def links_for(self, seat: Seat) -> list[ContentLink]:
        """The content links that somebody sees in their course."""
        return [
            link
            for link in self.links(seat.course)
            if link.visible is None or seat.person.subject in link.visible
        ]

    def seat(self, course: Course, key: str) -> Seat | None:
        """Someone's place in a course; anybody may look at it as the pretend student."""
        if key == STUDENT_VIEW:
            return Seat(course, self.pretend_student(course), "test")
        person, role = self.region.residents.get(key), self.enrolled(course).get(key)
        return Seat(course, person, role) if person is not None and role is not None else None

    def seats(self, course: Course) -> list[Seat]:
        """Everybody in a course, in the order of their platform ids."""
        found = [self.seat(course, key) for key in self.enrolled(course)]
        return sorted((seat for seat in found if seat), key=lambda seat: int(seat.person.canvas_id))

    def pretend_student(self, course: Course) -> Resident:
        """Canvas' Student View of a course."""
        subject = guid("sub", course.id, STUDENT_VIEW)
        return Resident(STUDENT_VIEW, "Test Student", course.district, None, f"9{course.id}", subject)

    def by_lti_id(self, lti_id: str) -> Course | None:
        """The course with this opaque context id."""
        return next((c for c in self.courses.values() if c.lti_id == lti_id), None)

    def by_client(self, client_id: str) -> District | None:
        """The district that registered this client."""
        return next((d for d in self.region.districts.values() if d.client_id == client_id), None)

    def page_url(self) -> str:
        """Where people open the platform: another site than the tool's, as in life, even when both are on loopback."""
        base = self.base_url()
        if urlsplit(base).hostname == "127.0.0.1" == urlsplit(self.region.tool_url).hostname:
            return base.replace("//127.0.0.1", "//localhost", 1)
        return base


def custom(seat: Seat, link: ContentLink | None = None) -> dict[str, Any]:
    """Canvas' custom variables for one person in one course: ids as numbers, an unknown variable as it was written."""
    return {
        "canvas_course_id": int(seat.course.id),
        "canvas_user_id": int(seat.person.canvas_id),
        "canvas_login_id": seat.person.upn,
        "canvas_sis_id": "$Canvas.user.sisSourceId",
        **(link.custom if link else {}),
    }
