"""Reads who is in a course or a group: the Names and Roles service, all pages, or an honest "not complete".

Absence in a roster counts only when it was read to its end. Custom parameters of members are believed only where those
of the tool itself were asked for (``rlid`` is the context's id); ``arrivals`` says why. A page that is, byte for byte,
one of the last complete reading is not looked into. Source: 1EdTech NRPS 2.0, LTI handbook 4.5.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from coplink.core.arrival import RosterSourceAddress
from coplink.core.people import InstitutionId
from coplink.core.roster import Comparison, Listed, Snapshot
from coplink.core.spaces import Trouble
from coplink.core.words import say
from coplink.lti import odd
from coplink.lti.connector import Connector, Service, next_link
from coplink.lti.egress import Answer
from coplink.lti.members import Members, is_subject
from coplink.lti.origins import may_serve
from coplink.ports.errors import Gone, IntegrationError, Misconfigured, Transient, UnexpectedReply
from coplink.ports.records import Registration
from coplink.ports.storage import Storage

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
RULES = "1"
"""Changed whenever a page would mean something else to this module: what was remembered is then read anew."""

PAGE_SIZE = 1000
MOST_PAGES = 5000
MOST_PEOPLE = 500_000
BLIP = 1.0
LONGEST_PAUSE = 5.0
MOST_PAUSES = 5


INCOMPLETE = "roster_incomplete"
_SOMEBODY = Trouble(
    INCOMPLETE,
    say(
        "The course's roster lists somebody without an id that coplink can use. They cannot be invited, and who has"
        " left the course is not noticed."
    ),
    odd.ADMIN,
)
_TOO_LONG = Trouble(
    INCOMPLETE,
    say("The course's roster is longer than coplink reads. Who has left the course is not noticed."),
    odd.ADMIN,
)
_LEADS_NOWHERE = Trouble(
    INCOMPLETE,
    say(
        "The course's roster leads in a circle or to a server that is not registered, so it cannot be read to its end."
    ),
    odd.ADMIN,
)


class LtiRosters:
    """A ``RosterSource`` over Names and Roles, for every registration."""

    def __init__(
        self, storage: Storage, connector: Connector, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._storage, self._connector, self._pause = storage, connector, pause

    def read(
        self, address: RosterSourceAddress, last: Snapshot | None = None, secret: bytes = b""
    ) -> LtiReading:
        """Begin to read. A first page that fails raises; what fails later leaves the reading incomplete."""
        registration = self._registration(address)
        url, context = address.values["url"], address.values.get("context", "")
        institution = InstitutionId(address.values.get("institution", registration.institution))
        service = self._connector.service(registration, institution, (SCOPE,), url, MEDIA_TYPE)
        of_the_tool = context != "" and address.values.get("rlid") == context
        return LtiReading(
            service,
            _asking(address.values),
            Members(registration, context, of_the_tool, secret),
            Comparison(_meaning(registration, address.values), last),
            self._pause,
        )

    def _registration(self, address: RosterSourceAddress) -> Registration:
        with self._storage.begin() as uow:
            registration = uow.platforms.get(address.realm)
        # The address was checked when it came; the registration may have changed since.
        if registration is None or not may_serve(address.values.get("url", ""), registration):
            message = say("The course's roster lies on a server that is not registered with coplink.")
            raise Misconfigured(message, odd.ADMIN, f"registration {address.realm}")
        return registration


class LtiReading:
    """A roster on its way in, page by page. Only one page is held at a time."""

    def __init__(
        self,
        service: Service,
        asking: Sequence[str],
        members: Members,
        compared: Comparison,
        pause: Callable[[float], None],
    ) -> None:
        self.compared = compared
        self.complete = False
        self.again: float | None = None
        self.lacking: Trouble | None = None
        self._service, self._asking, self._members = service, asking, members
        self._pause = pause
        self._pauses = 0
        self._whole = True

    def __iter__(self) -> Iterator[Sequence[Listed]]:
        """Page by page, those who are new or have changed since the snapshot."""
        following, answer = self._first()
        people = self._take(answer, following)
        seen = {following}
        while people is not None and self.compared.listed <= MOST_PEOPLE:
            yield people
            link = next_link(answer.headers, following)
            if link is None:
                self.complete, self.lacking = self._whole, None if self._whole else _SOMEBODY
                return
            if len(seen) >= MOST_PAGES:
                self.lacking = _TOO_LONG
                return
            if link in seen or not self._service.reaches(link):
                self.lacking = _LEADS_NOWHERE
                return
            seen.add(link)
            following = link
            try:
                answer = self._page(following)
                people = self._take(answer, following)
            except IntegrationError as error:
                self.again = error.retry_after if isinstance(error, Transient) else None
                return
        self.lacking = _LEADS_NOWHERE if people is None else _TOO_LONG

    def _first(self) -> tuple[str, Answer]:
        """The first page and its address: what is not understood may be what we asked for beyond the bare address."""
        for url in self._asking[:-1]:
            try:
                return url, self._service.get(url)
            except (Gone, UnexpectedReply):
                continue
        bare = self._asking[-1]
        answer = self._service.get(bare)
        if len(self._asking) > 1:
            self._members.of_somebody()
        return bare, answer

    def _page(self, url: str) -> Answer:
        """A further page. A platform that stumbles, or asks for a few seconds, gets them; a longer wait ends it all."""
        while True:
            try:
                return self._service.get(url)
            except Transient as error:
                wait = BLIP if error.retry_after is None else error.retry_after
                if wait > LONGEST_PAUSE or self._pauses >= MOST_PAUSES:
                    raise
                self._pauses += 1
                self._pause(wait)

    def _take(self, answer: Answer, url: str) -> Sequence[Listed] | None:
        """Those of a page to look at; None when it only repeats what was read before. Raises when it is no page."""
        digest = self._members.digest(answer.body)
        if self.compared.repeats(digest):
            return None
        if self.compared.carry(digest):
            return ()
        members = self._members.decode(answer.body, url)

        def listed(place: int) -> Listed | None:
            member = members[place]
            if not is_subject(member.user_id):
                self._whole = False  # somebody is there whom we cannot name
                return None
            return self._members.person(member)

        return self.compared.take(
            digest, [member.user_id for member in members], self._members.prints(members), listed
        )


def _meaning(registration: Registration, values: Mapping[str, str]) -> str:
    """Names everything a page's meaning depends on besides its bytes."""
    told = [RULES, registration.id, sorted(registration.claims.items()), sorted(values.items())]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _asking(values: Mapping[str, str]) -> list[str]:
    """How to ask for the first page, best first: ``rlid`` and large pages added to whatever query the address has."""
    bare = values["url"]
    parts = urlsplit(bare)
    query = parse_qsl(parts.query, keep_blank_values=True)
    linked = [*query, ("rlid", values["rlid"])] if "rlid" in values else query
    sized = [] if any(name == "limit" for name, _ in query) else [("limit", str(PAGE_SIZE))]
    ways = [urlunsplit(parts._replace(query=urlencode([*linked, *more]))) for more in (sized, [])]
    return list(dict.fromkeys([*ways[: 2 if linked is not query else 1], bare]))
