"""Ways in which a pin board breaks a promise, for the suites to notice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from rigs_pinboard import PinboardRig, Porter

from coplink.core.people import Role
from coplink.ports.seats import BatchResult, Done
from coplink.ports.spaces import Made, Planned
from coplink.ports.watch import Heard

Break = Callable[[PinboardRig], None]


def instead(target: object, name: str, way: Callable[..., Any]) -> None:
    """Let ``way(was, ...)`` answer in the place of a method; ``was`` is the honest one."""
    honest = getattr(target, name)
    vars(target)[name] = lambda *args, **named: way(honest, *args, **named)


def makes_a_second(rig: PinboardRig) -> None:
    def ensure(was: Any, step: str, wish: Any, parts: Any, key: str) -> Made:
        return was(step, replace(wish, marker=f"{wish.marker}/{key}/{rig.calls()}"), parts, key)

    instead(rig.connection.spaces, "ensure", ensure)


def guesses(rig: PinboardRig) -> None:
    def ensure(was: Any, step: str, wish: Any, parts: Any, key: str) -> Made:
        marks = [remote for remote, mark in rig.board.boards.items() if mark == f"{step}/{wish.marker}"]
        return Made(marks[0], True) if marks else was(step, wish, parts, key)

    instead(rig.connection.spaces, "ensure", ensure)


def names_as_it_likes(rig: PinboardRig) -> None:
    instead(rig.connection.spaces, "describe", lambda was, parts: replace(was(parts), name="Mine"))


def always_complete(rig: PinboardRig) -> None:
    for_ever = lambda was, parts: replace(was(parts), complete=True)  # noqa: E731
    half = rig.half_a_listing

    def then_lie(parts: Mapping[str, str]) -> None:
        half(parts)
        instead(rig.connection.seats, "read", for_ever)

    rig.half_a_listing = then_lie  # type: ignore[method-assign]


def always_changed(rig: PinboardRig) -> None:
    def put(was: Any, parts: Any, seats: Any) -> BatchResult:
        result = was(parts, seats)
        return BatchResult(dict.fromkeys(result.outcomes, Done.CHANGED), result.reasons)

    instead(rig.connection.seats, "put", put)


def stumbles_over_a_stranger(rig: PinboardRig) -> None:
    def put(was: Any, parts: Any, seats: Any) -> BatchResult:
        if any(seat.account == rig.stranger for seat in seats):
            return BatchResult({seat.account: Done.REFUSED for seat in seats})
        return was(parts, seats)

    instead(rig.connection.seats, "put", put)


def forgets_promotions(rig: PinboardRig) -> None:
    def put(was: Any, parts: Any, seats: Any) -> BatchResult:
        return was(parts, [replace(seat, role=Role.MEMBER) for seat in seats])

    instead(rig.connection.seats, "put", put)


def reports_itself(rig: PinboardRig) -> None:
    rig.board.own = type("Nobody", (set,), {"add": lambda self, one: None})()


def knows_what_was_lost(rig: PinboardRig) -> None:
    def put(was: Any, parts: Any, seats: Any) -> BatchResult:
        result = was(parts, seats)
        certain = {a: Done.CHANGED if d is Done.UNKNOWN else d for a, d in result.outcomes.items()}
        return BatchResult(certain, result.reasons)

    instead(rig.connection.seats, "put", put)


def takes_one_of_two(rig: PinboardRig) -> None:
    rig.board.twofold = type("None_", (set,), {"add": lambda self, one: None})()


def answers_for_the_address_it_likes(rig: PinboardRig) -> None:
    def find(was: Any, addresses: Any) -> Any:
        return {address.strip().casefold(): found for address, found in was(addresses).items()}

    instead(rig.connection.directory, "find", find)


def writes_every_time(rig: PinboardRig) -> None:
    def put(was: Any, *args: Any) -> Any:
        rig.board.wrote()
        return was(*args)

    instead(rig.connection.calendar, "put", put)


def keeps_the_hour_of_summer(rig: PinboardRig) -> None:
    def read(was: Any, parts: Any, series: Any, link: Any) -> Any:
        facts = was(parts, series, link)
        late = {day: start and start.replace(hour=22) for day, start in facts.starts.items()}
        return replace(facts, starts=late)

    instead(rig.connection.calendar, "read", read)


def undoes_what_people_move(rig: PinboardRig) -> None:
    def put(was: Any, parts: Any, series: Any, attendees: Any, known: Any, key: str) -> Any:
        return was(parts, series, attendees, known and replace(known, digest=""), key)

    instead(rig.connection.calendar, "put", put)


def forgets_the_series(rig: PinboardRig) -> None:
    def put(was: Any, parts: Any, series: Any, attendees: Any, known: Any, key: str) -> Any:
        return was(parts, series, attendees, known, key if known else f"{key}/{rig.calls()}")

    instead(rig.connection.calendar, "put", put)


def stops_early(rig: PinboardRig) -> None:
    instead(rig.connection.library, "changes", lambda was, *args: replace(was(*args), last=True))


def names_the_dead(rig: PinboardRig) -> None:
    def changes(was: Any, parts: Any, cursor: Any) -> Any:
        return was(parts, cursor or f"{rig.board.age}/changes/0")

    instead(rig.connection.library, "changes", changes)


def follows_any_cursor(rig: PinboardRig) -> None:
    place = rig.connection.library._place
    known = lambda was, cursor: place(cursor if (cursor or "0/").startswith("0/") else None)  # noqa: E731
    instead(rig.connection.library, "_place", known)
    rig.forget_cursors = lambda: None  # type: ignore[method-assign]


def asks_anew_each_time(rig: PinboardRig) -> None:
    bell = rig.connection.watch

    def subscribe(was: Any, *args: Any) -> Any:
        bell.rung.clear()
        return was(*args)

    instead(bell, "subscribe", subscribe)


def never_stops(rig: PinboardRig) -> None:
    instead(rig.connection.watch, "stop", lambda was, subscription: None)


def renews_the_dead(rig: PinboardRig) -> None:
    instead(rig.connection.watch, "renew", lambda was, parts, subscription: subscription)


def believes_everybody(rig: PinboardRig) -> None:
    instead(rig.integration, "receive", lambda was, *args: Heard())


def lives_for_years(rig: PinboardRig) -> None:
    def subscribe(was: Any, *args: Any) -> Any:
        made = was(*args)
        return replace(made, ends=made.ends + timedelta(days=3650))

    instead(rig.connection.watch, "subscribe", subscribe)


def overlooks(claim: str, honest: object) -> Break:
    """A porter who takes one thing on a badge for granted."""

    def spoil(rig: PinboardRig) -> None:
        porter = Porter("here")

        def trusting(was: Any, request: Any, knock: Any) -> Any:
            badge = json.dumps({**json.loads(request.form["token"]), claim: honest})
            return was(replace(request, form={"token": badge}), knock)

        instead(porter, "open", trusting)
        rig.door = lambda: porter  # type: ignore[method-assign]

    return spoil


def opens_a_tab_for_a_stranger(rig: PinboardRig) -> None:
    porter = Porter("here")

    def wide_open(was: Any, request: Any, knock: Any) -> Any:
        return replace(was(*rig.knock()), subject="1")

    instead(porter, "open", wide_open)
    rig.door = lambda: porter  # type: ignore[method-assign]


def renames_every_time(rig: PinboardRig) -> None:
    def rename(was: Any, *args: Any) -> Any:
        rig.board.wrote()
        return was(*args)

    instead(rig.connection.upkeep, "rename", rename)


def throws_people_out(rig: PinboardRig) -> None:
    def let_go(was: Any, parts: Any, take_away: bool) -> Any:
        rig.board.sitting(parts["board"]).clear()
        return was(parts, take_away)

    instead(rig.connection.upkeep, "let_go", let_go)


def sleeps_for_ever(rig: PinboardRig) -> None:
    kept = rig.connection.upkeep.archive
    instead(rig.connection.upkeep, "restore", lambda was, parts: kept(parts))


def says_it_every_time(rig: PinboardRig) -> None:
    def post(was: Any, parts: Any, announcement: Any, key: str) -> Any:
        return was(parts, announcement, f"{key}/{rig.calls()}")

    instead(rig.connection.announcements, "post", post)


def takes_text_for_markup(rig: PinboardRig) -> None:
    def post(was: Any, parts: Any, announcement: Any, key: str) -> Any:
        return was(parts, replace(announcement, text=announcement.text.replace("<b>", "")), key)

    instead(rig.connection.announcements, "post", post)


def declares(**changes: Any) -> Break:
    """A manifest that says something else."""

    def spoil(rig: PinboardRig) -> None:
        rig.integration.manifest = replace(rig.integration.manifest, **changes)

    return spoil


def promises_a_watch_it_lacks(rig: PinboardRig) -> None:
    rig.connection.watch = None


def takes_any_settings(rig: PinboardRig) -> None:
    instead(rig.integration, "look_over", lambda was, settings: "staff-room")


def calls_out_for_a_preview(rig: PinboardRig) -> None:
    def preview(was: Any, settings: Any, wish: Any) -> Planned:
        rig.board.call("spaces.describe")
        return Planned(wish.name, rig.integration.manifest.steps)

    instead(rig.integration, "preview", preview)


def checks_nothing(rig: PinboardRig) -> None:
    instead(rig.connection, "check", lambda was: ())
