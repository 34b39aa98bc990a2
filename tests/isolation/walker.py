"""Walks over every route of the application with the ids and secrets of somebody else.

What belongs to others must answer exactly as what does not exist: the same status, headers and words, but for the
reference. ``RULES`` says for each endpoint how its forms are filled in; ``<name>`` in a form or an address stands for
an id of that kind. An endpoint without a rule is a route nobody has thought about, and a test says so.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from belongings import Belongings
from town import Visitor
from werkzeug.routing import Rule as Route

# Which table's keys a name in an address or a form stands for; a name that is not here stands for every key there is.
KINDS: Mapping[str, tuple[str, ...]] = {
    "key": ("communities",),
    "community": ("communities",),
    "member": ("people",),
    "person": ("people",),
    "space": ("spaces",),
    "link": ("links",),
    "connection": ("connections",),
    "registration": ("registrations",),
    "deployment": ("deployments",),
    "institution": ("institutions",),
    "artifact": ("artifacts",),
    "chosen": ("curated_lists",),
    "copy": ("course_copies",),
}
# Names of things that belong to nobody.
FIXED = {"integration": "pinboard", "filename": "coplink.css", "name": "tab.js"}
OF_A_KIND = 4  # so many secrets of one column are enough: they are all alike
SECRET = frozenset({"token", "code", "secret"})
_NAME = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")


@dataclass(frozen=True, slots=True)
class Walk:
    """How to call an endpoint: the form to post, the query to ask with.

    ``open_to_all``: a reason why anybody may call it with anybody's ids; the answer is then the same for everybody.
    ``bearer``: the kind of secret address that opens it to whoever holds one; test_secrets.py says how far.
    ``elsewhere``: where it is shown that the route works for its owner, if this walker cannot.
    ``kinds``: the tables of names that mean something else than usual here.
    """

    form: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    open_to_all: str = ""
    bearer: str = ""
    elsewhere: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)


FOUNDING = {
    "key": "fedcba9876543210",
    "name": "One more",
    "about": "about",
    "audience": "all",
    "hopes": "",
    "places": "<connection>",
    "pattern": "weekly",
    "every_weeks": "2",
    "days": "2",
    "first": "2026-12-02",
    "last": "2027-06-01",
    "at": "16:00",
    "minutes": "45",
    "zone": "UTC",
    "breaks": "",
}
PUT = {"community": "<community>", "do": "put"}
RULES: Mapping[str, Walk | tuple[Walk, ...]] = {
    "static": Walk(open_to_all="style and script"),
    "health.alive": Walk(open_to_all="for the operator's probes"),
    "health.ready": Walk(open_to_all="for the operator's probes"),
    "about.privacy": Walk(open_to_all="a page about coplink"),
    "about.terms": Walk(open_to_all="a page about coplink"),
    "lti.login": Walk(open_to_all="nobody is known yet; test_secrets.py mixes logins and tokens"),
    "lti.launched": Walk(open_to_all="nobody is known yet; test_secrets.py mixes logins and tokens"),
    "lti.jwks": Walk(open_to_all="our public keys"),
    "lti.held": Walk(open_to_all="nobody is known yet; test_secrets.py mixes logins and tokens"),
    "deep_linking.begin": Walk(),
    "deep_linking.step": (
        Walk({**PUT, "pick": "community:"}),
        Walk({**PUT, "pick": "file:<artifact>"}),
        Walk({**PUT, "pick": "list:<chosen>"}),
        Walk(
            {**PUT, "pick": "file:<artifact>", "do": "keep", "list_title": "One", "why": "", "key": "k" * 20}
        ),
        Walk({**PUT, "pick": "file:<artifact>", "do": "look"}),
    ),
    "deep_linking.back": Walk({"code": "<code>"}, elsewhere="tests/web/deep_linking/"),
    "placed.meeting": Walk(),
    "placed.file": Walk(),
    "placed.short_list": Walk(),
    "placed.change_list": Walk({"title": "One", "why": "", "entry": "<artifact>"}),
    "doors.knock": Walk(open_to_all="a way in, before anybody is known"),
    "doors.token": Walk(open_to_all="a way in, before anybody is known"),
    "doors.back": (
        Walk(query={"state": "<secret>", "code": "something"}, elsewhere="tests/web/test_doors.py"),
    ),
    "doors.asset": Walk(open_to_all="the script of a way in"),
    "tab_setup.choose": Walk(),
    "landing.start": Walk(),
    "landing.is_this_you": Walk({"person": "<person>", "answer": "yes"}),
    "landing.sign_in": Walk(open_to_all="the ways in of everybody"),
    "landing.invitation_code": Walk(
        query={"code": "<secret>"}, elsewhere="it only leads to invitations.opened"
    ),
    "founding.form": Walk(),
    "founding.edit": Walk(FOUNDING, elsewhere="it only shows again what was typed"),
    "founding.preview": Walk(FOUNDING),
    "founding.founded": Walk(FOUNDING),
    "community.home": Walk(),
    "further.more": Walk(),
    "further.add": Walk({"places": "<connection>"}),
    "community.places": Walk(),
    "community.progress": Walk(),
    "community.again": Walk(),
    "community.people": Walk(),
    "community.library": Walk(),
    "meetings.meetings": Walk(),
    "community.history": Walk(),
    "explain.access": Walk(),
    "explain.person": Walk(),
    "explain.look": Walk(),
    "explain.seat_again": Walk(),
    "inviting.ways": Walk(),
    "inviting.announce": Walk(
        {"institution": "<institution>", "title": "One", "text": "Two", "do": "look", "key": "k" * 20}
    ),
    "inviting.send": Walk(elsewhere="tests/web/test_inviting.py, with a mail server"),
    "inviting.before_no": Walk(bearer="no_thanks"),
    "inviting.no_thanks": Walk(bearer="no_thanks"),
    "announcing.announcements": Walk(),
    "announcing.tell": (
        Walk({"title": "One", "text": "Two", "do": "say", "key": "k" * 20}),
        Walk({"title": "One", "text": "Two", "do": "look", "key": "k" * 20}),
    ),
    "announcing.again": Walk(),
    "lifecycle.life": Walk(),
    "lifecycle.rename": Walk({"name": "Another circle"}),
    "lifecycle.norms": Walk({"norms": "We start on time"}),
    "lifecycle.conclude": Walk(),
    "lifecycle.reopen": Walk(),
    "lifecycle.place": Walk(),
    "lifecycle.act": tuple(
        Walk({"do": do}) for do in ("archive", "restore", "name", "again", "detach", "revive")
    ),
    "plans.plan": Walk(),
    "plans.approve": Walk({"digest": "0123456789abcdef"}),
    "plans.admin_plan": Walk(),
    "plans.admin_approve": Walk({"digest": "0123456789abcdef"}),
    "lifecycle.admin_place": Walk(),
    "lifecycle.admin_act": (Walk({"do": "name"}), Walk({"do": "archive"}), Walk({"do": "detach"})),
    "presenting.opened": Walk(bearer="presenter"),
    "presenting.ask": Walk({"meeting": "2026-12-02", "name": "Pat"}),
    "presenting.revoke": Walk(),
    "organisations.contact": Walk({"do": "take"}),
    "organisations.before": Walk(),
    "organisations.withdraw": Walk({"reason": "For a year"}),
    "disconnecting.before": Walk(),
    "disconnecting.disconnect": Walk(),
    "community.invite": Walk(elsewhere="tests/web/test_beside.py"),
    "joining.role": Walk({"role": "co-facilitator"}),
    "joining.ask_no_more": Walk(),
    "joining.facilitate": tuple(Walk({"answer": answer}) for answer in ("no", "yes", "take-on")),
    "joining.level": Walk({"level": "listen"}),
    "joining.invitation": Walk(),
    "joining.accept": Walk(),
    "joining.guest": Walk({"address": "yes", "institution": "<institution>"}),
    "joining.decline": Walk(),
    "joining.pause": Walk(),
    "joining.before_leaving": Walk(),
    "joining.leave": Walk(),
    "invitations.opened": Walk(bearer="invitation"),
    "invitations.create": Walk({"institution": "<institution>"}),
    "invitations.revoke": Walk(),
    "me.mine": Walk(),
    "me.home": Walk({"zone": "UTC"}),
    "me.code": Walk(),
    "me.link": Walk({"code": "<code>"}, elsewhere="test_secrets.py"),
    "me.part": Walk(
        {"door": "lti", "realm": "<registration>", "subject": "44"}, elsewhere="tests/web/test_one_person.py"
    ),
    "connections.overview": Walk(),
    "connections.connection": Walk(),
    "connections.save": Walk({"room": "", "key": ""}),
    "connections.check": Walk(),
    "consent.ask": Walk(),
    "consent.back": Walk(),
    "connections.agree": Walk(),
    "connections.refuse": Walk(),
    "connections.again": Walk(),
    "platforms.invite": Walk(),
    "platforms.withdraw": Walk(kinds={"key": "links"}),
    "platforms.approve": Walk(kinds={"key": "registrations"}),
    "platforms.disable": Walk(kinds={"key": "registrations"}),
    "platforms.approve_deployment": Walk({"registration": "<registration>", "deployment": "<deployment>"}),
    "platforms.disable_deployment": Walk({"registration": "<registration>", "deployment": "<deployment>"}),
    "registering.asked": Walk(query={"invitation": "<secret>"}, bearer="platform"),
    "registering.register": Walk({"invitation": "<secret>", "openid_configuration": ""}, bearer="platform"),
    "registering.canvas": Walk(open_to_all="what an admin of Canvas pastes"),
    "copies.decide": Walk({"answer": "ask"}),
    "copies.facilitate": Walk({"answer": "understood"}),
    "notices.hear": Walk(open_to_all="a platform's own signed word; tests/lti/test_notices.py"),
    "connections.before_claiming": Walk(bearer="admin"),
    "connections.claim": Walk(bearer="admin"),
    "hooks.hook": Walk(elsewhere="tests/web/test_everything_else.py: every answer is the same 202"),
    "feeds.feed": Walk(bearer="feed"),
    "feeds.create": Walk(),
    "feeds.revoke": Walk(),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request to be made, and the same with ids that do not exist."""

    endpoint: str
    method: str
    path: str
    form: Mapping[str, str]
    query: Mapping[str, str]

    def made_by(self, visitor: Visitor) -> Answer:
        """Make it, with the visitor's own form secret."""
        if self.method == "GET":
            answer = visitor.get(self.path, query_string=dict(self.query))
        else:
            answer = visitor.post(self.path, self.form, query_string=dict(self.query))
        return Answer(answer.status_code, answer.get_data(as_text=True), dict(answer.headers))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: str
    headers: Mapping[str, str]

    def without(self, words: Mapping[str, str]) -> Answer:
        """The same without what must differ: references, form secrets, lengths, cookies, the ids that were asked."""
        body = re.sub(r'(<strong class="code">)[A-Z0-9]{8}<', r"\1REFERENCE<", self.body)
        body = re.sub(r'(name="csrf" value="|X-CSRF-Token": ")[^"]*"', r'\1SECRET"', body)
        headers = {k: v for k, v in self.headers.items() if k not in ("Content-Length", "Set-Cookie", "ETag")}
        for given, name in sorted(words.items(), key=lambda pair: -len(pair[0])):
            if len(given) > 6:
                body = body.replace(given, name).replace(quote(given), name)
                headers = {k: v.replace(given, name) for k, v in headers.items()}
        return Answer(self.status, body, headers)


class Walker:
    """Fills in routes and forms with the ids of ``theirs``; where a route needs two, with one of ``ours`` as well."""

    def __init__(self, ours: Belongings, theirs: Belongings) -> None:
        self._ours, self._theirs = ours, theirs
        self._own = set(ours.everything()) | {value for _, _, value in ours.secrets()}

    def calls(self, route: Route, walk: Walk) -> Iterator[tuple[Call, Call, dict[str, str]]]:
        """Every call with at least one id of theirs, its twin with ids that do not exist, and what stands for what."""
        names = _NAME.findall(route.rule)
        named = {**walk.form, **walk.query}
        names += [n for value in named.values() for n in _NAME.findall(value) if n not in names]
        kinds = [self._choices(name, walk) for name in names]
        for chosen in itertools.product(*kinds):
            if names and not any(foreign for _, foreign in chosen):
                continue
            real = dict(zip(names, (value for value, _ in chosen), strict=True))
            none = {n: missing(v) if foreign else v for n, (v, foreign) in zip(names, chosen, strict=True)}
            words = {real[n]: n.upper() for n in names} | {none[n]: n.upper() for n in names}
            for method in sorted((route.methods or set()) & {"GET", "POST"}):
                yield self._call(route, walk, method, real), self._call(route, walk, method, none), words

    def _choices(self, name: str, walk: Walk) -> list[tuple[str, bool]]:
        """Values for one name: each of theirs, and one of ours to stand beside theirs."""
        if name in FIXED:
            return [(FIXED[name], False)]
        theirs = [(value, True) for value in self._values(self._theirs, name, walk) if value not in self._own]
        own = [(value, False) for value in self._values(self._ours, name, walk)[:1]]
        return theirs + own

    def _values(self, whose: Belongings, name: str, walk: Walk) -> list[str]:
        if name in SECRET:
            kept: dict[str, list[str]] = {}
            for where, _, value in sorted(whose.secrets()):
                if re.fullmatch(r"[\w.~-]{12,200}", value) and not (walk.bearer and value in whose.bearers):
                    kept.setdefault(where, []).append(value)
            return [value for values in kept.values() for value in values[:OF_A_KIND]]
        kind = walk.kinds.get(name)
        tables = (kind,) if kind else KINDS.get(name) or tuple(whose.rows)
        return sorted({one for table in tables for one in whose.names(table)})

    def _call(self, route: Route, walk: Walk, method: str, values: Mapping[str, str]) -> Call:
        def fill(text: str) -> str:
            return _NAME.sub(lambda found: values.get(found[1], found[0]), text)

        path = _NAME.sub(lambda found: quote(values[found[1]], safe=""), route.rule)
        form = {name: fill(value) for name, value in walk.form.items()} if method == "POST" else {}
        return Call(route.endpoint, method, path, form, {n: fill(v) for n, v in walk.query.items()})


def missing(value: str) -> str:
    """Something of the same form that nobody has: every sign moved by one."""
    if re.fullmatch(r"[0-9a-f]{32}", value):
        return "".join("123456789abcdef0"[int(sign, 16)] for sign in value)
    moved = {c: chr(ord(c) + 1) for c in "abcdefghijklmnopqrstuvwxyABCDEFGHIJKLMNOPQRSTUVWXY012345678"}
    return "".join(moved.get(sign, {"z": "a", "Z": "A", "9": "0"}.get(sign, sign)) for sign in value)


def walks(rules: Iterable[Route]) -> list[tuple[Route, Walk]]:
    """Every route that is not for anybody, with each way to walk over it."""
    known = [(route, RULES.get(route.endpoint, ())) for route in rules]
    ways = [(route, one if isinstance(one, tuple) else (one,)) for route, one in known]
    return [(route, walk) for route, several in ways for walk in several if not walk.open_to_all]


def parameters(route: Route, walk: Walk) -> set[str]:
    """The names in a route and its forms that stand for somebody's ids."""
    named = [route.rule, *walk.form.values(), *walk.query.values()]
    return {name for text in named for name in _NAME.findall(text)} - FIXED.keys()
