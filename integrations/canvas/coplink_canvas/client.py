"""The only importer of ``canvasapi``: its resources behind time-outs, a size limit, a limiter and a call record.

``canvasapi`` 3.6 has no time-outs and no retries, so both are decided here: an adapter under its ``requests`` session
bounds every call in time and size, keeps the rate, reports it, and turns every refusal into an ``IntegrationError``
before the SDK sees it. Nothing is retried; the engine does that. Answers come out as plain rows.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from canvasapi import Canvas
from canvasapi.calendar_event import CalendarEvent
from canvasapi.course import Course
from canvasapi.exceptions import CanvasException
from canvasapi.group import Group, GroupCategory
from canvasapi.paginated_list import PaginatedList
from canvasapi.util import combine_kwargs

from coplink.core.words import say
from coplink.ports.errors import OutcomeUnknown, Transient, UnexpectedReply
from coplink.ports.integration import Surroundings
from coplink_canvas.listing import Forgetful, Listing, Pages, Plain, Row, Sitters, Sitting, last_page
from coplink_canvas.names import Access, address
from coplink_canvas.tokens import Entered, Fetched, Tokens, posting
from coplink_canvas.transport import Guarded, session

_HTTP_WARNING = "Canvas may respond unexpectedly when making requests to HTTP URLs"
_warnings = threading.Lock()

# At INFO and DEBUG the SDK writes addresses, bodies and the end of the token.
logging.getLogger("canvasapi").setLevel(logging.WARNING)


class Client:
    """Canvas with one institution's access. Safe to use from several threads."""

    def __init__(self, base_url: str, access: Access, around: Surroundings) -> None:
        self.base_url = address(base_url)
        tokens: Tokens = Entered(access.token)
        if access.refresh_token or not access.token:
            tokens = Fetched(access, posting(self.base_url, session(Guarded(around))), around)
        with _warnings, warnings.catch_warnings():  # loopback http is what the sandbox speaks
            warnings.filterwarnings("ignore", message=_HTTP_WARNING, category=UserWarning)
            self._canvas = Canvas(self.base_url, "signed by the adapter")
        self._requester = self._canvas._Canvas__requester
        self._requester._session = session(Guarded(around, tokens))
        self._requester._cache = Forgetful()
        self._clock = around.clock
        self.ahead: timedelta | None = None
        self._requester._session.hooks["response"].append(self._dated)
        self._me: str | None = None

    # --- people and courses -----------------------------------------------------------------------------------------

    def me(self) -> str:
        """The Canvas user id of the service account; asked once."""
        if self._me is None:
            with _plain():
                self._me = str(self._canvas.get_current_user().id)
        return self._me

    def course(self, course: str) -> Row:
        """A course, with whether it has ended."""
        with _plain():
            return _row(self._canvas.get_course(int(course), include=["concluded"]))

    def in_course(self, course: str, account: str) -> Row:
        """A person as the course knows them; ``Gone`` for somebody who is not in it."""
        with _plain():
            return _row(Course(self._requester, {"id": int(course)}).get_user(int(account)))

    def some_events_of_mine(self) -> Listing:
        """The service account's own calendar: a harmless look."""
        return self._list(lambda through: _front(through).get_calendar_events(), half=True)

    # --- for the check-up -------------------------------------------------------------------------------------------

    def ask(self, path: str) -> None:
        """One reading of that path, whatever it holds; raises what a refusal means."""
        with _plain():
            self._requester.request("GET", path.lstrip("/"))

    def tells_what_is_included(self) -> bool:
        """Whether Canvas gives what was asked for beside the usual (``include[]``; it always gives a ``uuid``)."""
        with _plain():
            return "last_login" in vars(self._canvas.get_user("self", include=["last_login"]))

    def _dated(self, answer: requests.Response, **_: object) -> None:
        """Note how far our clock is ahead of the date of an answer (RFC 9110, 6.6.1)."""
        try:
            said = parsedate_to_datetime(answer.headers.get("Date", ""))
        except (TypeError, ValueError):
            return
        self.ahead = self._clock.now() - (said if said.tzinfo else said.replace(tzinfo=UTC))

    # --- spaces -----------------------------------------------------------------------------------------------------

    def categories(self, course: str) -> Listing:
        """The group sets of a course."""
        return self._list(lambda through: Course(through, {"id": int(course)}).get_group_categories())

    def make_category(self, course: str, name: str) -> Row:
        """A new group set without self sign-up."""
        with _plain():
            return _row(Course(self._requester, {"id": int(course)}).create_group_category(name))

    def groups(self, category: str) -> Listing:
        """The groups of a group set."""
        return self._list(lambda through: GroupCategory(through, {"id": int(category)}).get_groups())

    def make_group(self, category: str, name: str, description: str) -> Row:
        """A new private group that nobody can enter by themselves."""
        with _plain():
            made = GroupCategory(self._requester, {"id": int(category)}).create_group(
                name=name, description=description, join_level="invitation_only", is_public=False
            )
            return _row(made)

    def group(self, group: str) -> Row:
        """One group."""
        with _plain():
            return _row(self._canvas.get_group(int(group)))

    def rename_group(self, group: str, name: str) -> Row:
        """Write a group's name, and nothing else of it."""
        return self.send("PUT", f"groups/{int(group)}", name=name)

    def rename_category(self, category: str, name: str) -> Row:
        """Write a group set's name."""
        return self.send("PUT", f"group_categories/{int(category)}", name=name)

    # --- seats ------------------------------------------------------------------------------------------------------

    def memberships(self, group: str) -> Sitters:
        """Everybody who sits in a group; incomplete when reading stopped half way."""
        leads: dict[str, bool] = {}

        def take(one: Sitting) -> None:
            leads[one.account] = one.leads

        def ask(through: Any) -> Iterable[Any]:
            accepted = combine_kwargs(filter_states=["accepted"])
            path = f"groups/{int(group)}/memberships"
            return OnceThrough(Sitting, through, "GET", path, _kwargs=accepted)

        complete = self._gone_through(ask, take, half=True)
        return Sitters(leads, complete)

    def membership(self, group: str, account: str) -> Row:
        """One person's seat in a group; ``Gone`` when there is none."""
        with _plain():
            return _row(Group(self._requester, {"id": int(group)}).get_membership(int(account), "users"))

    def seat(self, group: str, account: str) -> Row:
        """Seat somebody; one who sits there already is returned as they are."""
        with _plain(writes=True):
            return _row(Group(self._requester, {"id": int(group)}).create_membership(int(account)))

    def moderate(self, group: str, account: str, moderator: bool) -> Row:
        """Accept somebody's seat and say whether they lead."""
        with _plain(writes=True):
            changed = Group(self._requester, {"id": int(group)}).update_membership(
                int(account), workflow_state="accepted", moderator=moderator
            )
            return _row(changed)

    def unseat(self, group: str, account: str) -> None:
        """Take somebody's seat away."""
        with _plain(writes=True):
            Group(self._requester, {"id": int(group)}).remove_user(int(account))

    # --- calendar ---------------------------------------------------------------------------------------------------

    def events(self, group: str, half: bool = False) -> Listing:
        """Every event on a group's calendar, whenever it is: one that a person moved far away is still found."""
        return self._list(
            lambda through: _front(through).get_calendar_events(
                context_codes=[f"group_{group}"], all_events=True
            ),
            half=half,
        )

    def event(self, event: str) -> Row:
        """One event, past any listing; its ``workflow_state`` may be ``deleted``."""
        with _plain():
            return _row(self._canvas.get_calendar_event(int(event)))

    def make_event(self, group: str, fields: Mapping[str, str]) -> Row:
        """A new event on a group's calendar."""
        with _plain():
            return _row(self._canvas.create_calendar_event({"context_code": f"group_{group}", **fields}))

    def change_event(self, event: str, fields: Mapping[str, str]) -> Row:
        """Write an event's fields."""
        with _plain():
            changed = CalendarEvent(self._requester, {"id": int(event)}).edit(calendar_event=dict(fields))
            return _row(changed)

    def drop_event(self, event: str) -> None:
        """Take an event off the calendar."""
        with _plain():
            CalendarEvent(self._requester, {"id": int(event)}).delete()

    # --- whatever else -----------------------------------------------------------------------------------------------

    def send(self, method: str, path: str, **fields: Any) -> Row:
        """One call that answers one thing. An answer to a write that is no object leaves open whether it happened."""
        with _plain(writes=method != "GET"):
            answer = self._requester.request(method, path, _kwargs=combine_kwargs(**fields)).json()
            if not isinstance(answer, dict):
                raise TypeError("no object")
            return answer

    def rows(self, path: str, **fields: Any) -> Listing:
        """A whole listing, page after page."""
        return self._list(
            lambda through: PaginatedList(Plain, through, "GET", path, _kwargs=combine_kwargs(**fields))
        )

    def one_page(self, path: str, page: int, **fields: Any) -> tuple[tuple[Row, ...], bool, int | None]:
        """One page of a listing, whether another follows, and the number of the last one where Canvas says so."""
        asked = {**fields, "page": page, "per_page": 100}
        with _plain():
            response = self._requester.request("GET", path, _kwargs=combine_kwargs(**asked))
            answer = response.json()
            if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
                raise TypeError("no listing")
            return tuple(answer), "next" in response.links, last_page(response.links)

    # --- listings ---------------------------------------------------------------------------------------------------

    def _list(self, ask: Callable[[Any], Iterable[Any]], half: bool = False) -> Listing:
        """All pages; with ``half`` a reading that stops after its first page is handed out as incomplete."""
        rows: list[Row] = []
        complete = self._gone_through(ask, lambda one: rows.append(_row(one)), half)
        return Listing(tuple(rows), complete)

    def _gone_through(
        self, ask: Callable[[Any], Iterable[Any]], take: Callable[[Any], None], half: bool
    ) -> bool:
        """Take one after the other of all pages; whether the last page was read."""
        pages = Pages(self._requester)
        try:
            with _plain():
                for one in ask(pages):
                    take(one)
        except Transient:
            if not half or not pages.read:
                raise
            return False
        return True


class OnceThrough(PaginatedList):  # type: ignore[misc]  # canvasapi ships no types
    """A listing that is gone through once: what was handed out is not kept, since there may be tens of thousands."""

    def _grow(self) -> Any:
        return self._get_next_page()


def _front(requester: Any) -> Any:
    """The SDK's front object over another requester, for the listings that only it offers."""
    front = Canvas.__new__(Canvas)
    front._Canvas__requester = requester
    return front


@contextmanager
def _plain(writes: bool = False) -> Iterator[None]:
    """Whatever the SDK stumbles over in an answer is an answer that we do not understand; a write may have happened."""
    try:
        yield
    except (
        CanvasException,
        requests.RequestException,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        if writes:
            raise OutcomeUnknown(f"{type(error).__name__} in the client") from error
        raise UnexpectedReply(
            say("Canvas answered something coplink does not understand."),
            f"{type(error).__name__} in the client",
        ) from error


def _row(thing: Any) -> Row:
    if isinstance(thing, Plain):
        return thing.row
    return {name: value for name, value in vars(thing).items() if name != "_requester"}
