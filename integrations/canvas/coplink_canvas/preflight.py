"""The check-up of a Canvas connection: what works, what needs somebody, and what Canvas has no way of doing.

Every question is a reading that coplink makes anyway; ids that nobody has tell whether a scope is there, because Canvas
looks at scopes before it looks for the thing (Canvas API documentation, "Developer Keys", November 2026). What a role
may do is judged by Canvas course by course, and no further permission is asked for only to know it beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from coplink.core.words import Said, say
from coplink.ports.errors import Gone, IntegrationError, NeedsAttention, PermissionMissing, Transient
from coplink.ports.integration import Capability, Check
from coplink_canvas import ADMIN
from coplink_canvas.client import Client
from coplink_canvas.operations import BY_CALL, OPERATIONS

HOUSE = "coplink’s administrator"
MOST_SKEW = timedelta(seconds=60)
EVERYTHING = frozenset({Capability.SPACES, Capability.SEATS, Capability.CALENDAR, Capability.ANNOUNCEMENTS})
MEETINGS = frozenset({Capability.CALENDAR})
WORKS = say("Works.")
OF_THE_KEY = say("In Canvas: Admin, Developer Keys, edit coplink’s API key.")
OF_THE_ROLE = say("In Canvas: Admin, Permissions, the role of the service account.")


def checks(client: Client, settings: Mapping[str, str]) -> list[Check]:
    """All lines; without a sign-in nothing that depends on it is asked."""
    keyed = bool(settings.get("client_id"))
    signed_in = _tried(say("Sign in"), lambda: client.ask("/users/self"), _of_sign_in(keyed), EVERYTHING)
    if not signed_in.ok:
        return [signed_in]
    lines = [signed_in]
    if keyed:
        lines += [_scopes(client, settings), _includes(client)]
    if BY_CALL["GET /calendar_events"].made(settings):  # a page alone has no calendar
        lines.append(_tried(say("Read calendars"), client.some_events_of_mine, OF_THE_ROLE, MEETINGS))
    lines += [_role(), _others()]
    if client.ahead is not None:
        lines.append(_clock(client.ahead))
    return lines


def _of_sign_in(keyed: bool) -> Said:
    if keyed:
        return say("On this page: give consent, signed in to Canvas as the service account.")
    return say("In Canvas, as the service account: Account, Settings, Approved Integrations.")


def _tried(title: Said, call: Callable[[], object], where: Said, stops: frozenset[Capability]) -> Check:
    try:
        call()
    except IntegrationError as error:
        return _refused(str(title), error, where, stops)
    return Check(str(title), True, WORKS)


def _refused(title: str, error: IntegrationError, where: Said, stops: Iterable[Capability]) -> Check:
    who = error.who if isinstance(error, NeedsAttention) else ADMIN
    scopes = error.scopes if isinstance(error, PermissionMissing) else ()
    asked = not isinstance(error, Transient)
    return Check(title, False, error.message, who, scopes, where, None, asked, frozenset(stops))


def _scopes(client: Client, settings: Mapping[str, str]) -> Check:
    """Whether each reading has its scope; writing was asked for with the same consent, which takes all or none."""
    title = str(say("Scopes of the developer key"))
    missing: list[str] = []
    for one in OPERATIONS:
        if one.method != "GET" or not one.made(settings):
            continue
        try:
            client.ask(one.literal or re.sub(r":\w+", "0", one.path))
        except Gone:
            continue
        except PermissionMissing as error:  # of the role, there are none for what is nowhere
            missing += [scope for scope in error.scopes if scope.startswith("url:")]
        except Transient as error:
            return _refused(title, error, OF_THE_KEY, ())
        except NeedsAttention:
            continue  # the scope is there: Canvas went on to judge the rest
    if missing:
        said = say(
            "The developer key in Canvas lacks {count} scopes that coplink reads with.", count=len(missing)
        )
        where = say(
            "In Canvas: Admin, Developer Keys, edit coplink’s API key, Scopes. Then give consent anew."
        )
        return Check(title, False, said, ADMIN, tuple(missing), where, None, True, EVERYTHING)
    return Check(title, True, WORKS)


def _includes(client: Client) -> Check:
    """Canvas drops ``include[]`` in silence where a scoped key does not allow it."""
    title = str(say("Details of courses and pages"))
    where = say("In Canvas: Admin, Developer Keys, edit coplink’s API key, Allow Include Parameters.")
    try:
        told = client.tells_what_is_included()
    except IntegrationError as error:
        return _refused(title, error, where, ())
    if not told:
        said = say(
            "The developer key does not allow include parameters: coplink cannot see that a course has ended."
        )
        return Check(title, False, said, ADMIN, where=where)
    return Check(title, True, WORKS)


def _role() -> Check:
    return Check(
        str(say("Role in the courses")),
        True,
        say("Canvas tells what the service account may do only in a course that was chosen."),
        ADMIN,
        where=OF_THE_ROLE,
        fallback=say("A place that the role does not allow says which permission it lacks, and waits."),
    )


def _others() -> Check:
    return Check(
        str(say("People of other schools")),
        False,
        say("Canvas seats only people of the course in its groups."),
        ADMIN,
        where=say("Nowhere: it is how groups in Canvas are."),
        fallback=say("They take part through a place of their own school, and in coplink itself."),
        outsiders=True,
    )


def _clock(ahead: timedelta) -> Check:
    """``ahead``: how far our clock is before that of Canvas."""
    title = str(say("Clock"))
    if abs(ahead) <= MOST_SKEW:
        return Check(title, True, WORKS)
    said = say(
        "coplink’s clock and that of Canvas are {seconds} seconds apart.",
        seconds=round(abs(ahead).total_seconds()),
    )
    where = say("The machine coplink runs on: its time service (NTP).")
    return Check(title, False, said, HOUSE, where=where)
