"""The story of the demo, played without a browser: seven points, each seen before the next begins.

``Story.play()`` runs them in order and stops at the first thing that is not as it must be. What the people do is in
``people``; what must then be true over there is read from the sandboxes' own state, never from coplink's word.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import requests

from coplink.cli.demo.browser import Unexpected, unexpected
from coplink.cli.demo.inside import Inside
from coplink.cli.demo.people import Cast, meeting_days
from coplink.cli.demo.processes import Demo
from coplink.core.errors import CoplinkError
from coplink.core.people import CommunityId

PLATFORMS = ("canvas", "teams", "google")


@dataclass(frozen=True, slots=True)
class Step:
    """One point of the story: what was seen, how many calls each platform got, and how long it took."""

    title: str
    seen: str
    calls: dict[str, int]
    seconds: float
    ok: bool = True


@dataclass
class Result:
    """The whole story."""

    ok: bool = False
    steps: list[Step] = field(default_factory=list)
    second_run_writes: dict[str, int] = field(default_factory=dict)
    second_run_reads: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {
            "ok": self.ok,
            "steps": [
                {
                    "title": s.title,
                    "ok": s.ok,
                    "seen": s.seen,
                    "calls": s.calls,
                    "seconds": round(s.seconds, 2),
                }
                for s in self.steps
            ],
            "second_run_writes": self.second_run_writes,
            "second_run_reads": self.second_run_reads,
        }


class Story:
    """Plays the seven points on a running demo."""

    def __init__(self, demo: Demo, forget: str = "", say: Callable[[str], object] | None = None) -> None:
        self.demo = demo
        self.inside = Inside(demo.environment())
        self.cast = Cast(demo, self.inside)
        self.community = CommunityId("")
        self._forget = forget
        self._say = say or (lambda line: None)
        self.result = Result()

    def play(self) -> Result:
        """Play everything; ``ok`` only if every point was seen."""
        points: tuple[tuple[str, Callable[[], str]], ...] = (
            ("1 Found from the course", self.found),
            ("2 Places appear, once", self.provision),
            ("3 People choose", self.join),
            ("4 Seats follow", self.seats),
            ("5 One rhythm everywhere", self.meetings),
            ("6 Files in one library", self.files),
            ("7 A second run writes nothing", self.second_run),
        )
        self.inside.until_idle()  # every connection has been checked: those calls belong to no point
        for title, point in points:
            if not self._step(title, point):
                return self.result
        self.result.ok = True
        return self.result

    def _step(self, title: str, point: Callable[[], str]) -> bool:
        before, began = self._calls(), time.monotonic()
        try:
            seen, ok = point(), True
        except CoplinkError as error:
            detail = error.detail if isinstance(error, Unexpected) else ""
            seen, ok = f"{error.message} [{detail[:1500]}]" if detail else str(error.message), False
        except requests.RequestException as error:
            seen, ok = f"nobody answered: {type(error).__name__}", False
        after = self._calls()
        calls = {key: after[key] - before[key] if after[key] >= before[key] else after[key] for key in after}
        step = Step(title, seen, calls, time.monotonic() - began, ok)
        self.result.steps.append(step)
        self._say(f"{'✓' if ok else '✗'} {title}: {seen} ({step.seconds:.1f} s)")
        return ok

    def _calls(self) -> dict[str, int]:
        report = {key: self.demo.ask(key, "calls") for key in ("lti", *PLATFORMS)}
        for key, calls in report.items():
            if calls["violations"] or calls["refusals"]:
                raise unexpected(
                    f"{key} refused a request", f"{calls['violations'][:3]} {calls['refusals'][:3]}"
                )
        return {key: calls["writes"] + calls["reads"] for key, calls in report.items()}

    def state(self, sandbox: str) -> dict[str, Any]:
        """What exists over there, by the sandbox's own word."""
        return dict(self.demo.ask(sandbox, "state"))

    # --- the seven points -----------------------------------------------------------------------------------------

    def found(self) -> str:
        """The facilitator launches from the course, sees a preview, and founds."""
        before = self._calls()
        preview = self.cast.preview()
        same = self._calls()
        check(all(before[k] == same[k] for k in PLATFORMS), "the preview asked a platform")
        for words in ("Canvas", "Microsoft Teams", "Google Workspace", "Lakeside School District"):
            check(words in preview.text, f"the preview does not name {words}")
        self.community = self.cast.found(preview)
        check(self.cast.found(preview) == self.community, "sending the form twice founded twice")
        return f"four answers, a preview of three places, one community ({self.community[:8]})"

    def provision(self) -> str:
        """The own district's places appear; the other's wait for its admin; a second click makes nothing."""
        self.inside.until_idle()
        page = self.cast.places(self.community)
        check("Waiting for Lakeside" in page.text, "the other district's place does not wait", page.text)
        self._own_places()
        self.cast.found_again()
        self.inside.until_idle()
        self._own_places()
        return "one group in Canvas, one channel in Teams; Google waits for Lakeside"

    def _own_places(self) -> None:
        check(
            len(self.state("canvas")["groups"]) == 1,
            "not exactly one group",
            str(self.state("canvas")["groups"]),
        )
        check(len(_community_channels(self.state("teams"))) == 1, "not exactly one channel")
        check(not self.state("google")["drives"], "a drive was made before Lakeside agreed")

    def join(self) -> str:
        """Three people come through three doors; one says no, and nobody can tell."""
        invited = self.cast.people(self.community)
        for name in ("Ben Okafor", "Chloe Park", "Dana Whitfield"):
            check(name in invited.text, f"{name} is not invited", invited.text)
        group = self.state("canvas")["groups"][0]
        check(len(group["members"]) <= 1, "somebody was seated by being on a roster", str(group))
        self.cast.join_from_course("ben.okafor", self.community)
        self.cast.join_from_teams("chloe.park", self.community)
        self.cast.join_from_course("fatima.noor", self.community)
        self.cast.confirm_in_teams("fatima.noor", self.community)
        self.cast.join_from_course("grace.lindqvist", self.community)
        link = self.cast.invite("Lakeside School District", self.community)
        self.cast.join_from_google("luis.ortega", link, self.community)
        self.inside.until_idle()  # whatever else changes the page has come to rest
        self.cast.launch("dana.whitfield")
        before = self.cast.people_without_tokens(self.community)
        self.cast.decline_from_course("dana.whitfield", self.community)
        self.inside.until_idle()
        after = self.cast.people_without_tokens(self.community)
        check(before == after, "a decline can be seen by others", f"{before}\n{after}")
        return "Canvas: Ben, Fatima, Grace; Teams: Chloe; Google: Luis; Dana declined and nobody can tell"

    def seats(self) -> str:
        """Lakeside agrees; every member sits where their account is proved; leaving and removal hold everywhere."""
        self.cast.agree("lakeside", self.community)
        self.inside.until_idle()
        cast = self.cast
        self._seated("canvas", {"ana.ruiz", "ben.okafor", "fatima.noor", "grace.lindqvist"})
        self._seated("teams", {"chloe.park", "fatima.noor"})
        self._seated("google", {"luis.ortega"})
        people = cast.people(self.community)
        check("Open the Teams tab once" in people.text, "nobody is told to open the Teams tab", people.text)
        cast.leave("grace.lindqvist", self.community)
        cast.remove_by_hand_in_teams("fatima.noor")
        self.inside.until_idle()
        for _ in range(2):
            time.sleep(0.5)
            self.inside.mark_everything(self.community)
            self.inside.until_idle()
        self._seated("canvas", {"ana.ruiz", "ben.okafor"})
        self._seated("teams", {"chloe.park"})
        return "seats in three suites; Grace left, Fatima was removed by hand in Teams: both out everywhere, for good"

    def meetings(self) -> str:
        """The series is on every calendar without the break, and each member is invited once."""
        days = meeting_days(date.today() + timedelta(days=1))  # noqa: DTZ011  the founding form's own day
        teams, google, canvas = self.state("teams"), self.state("google"), self.state("canvas")
        check(len(teams["series"]) == 1, "not exactly one series in Teams", str(len(teams["series"])))
        check(len(google["series"]) == 1, "not exactly one series in Google", str(len(google["series"])))
        held = len(days.held)
        for place, starts in (
            ("Teams", teams["series"][0]["instances"]),
            ("Google", google["series"][0]["instances"]),
            ("Canvas", [event["start"] for event in canvas["events"]]),
        ):
            check(len(starts) == held, f"{place} shows {len(starts)} meetings instead of {held}", str(starts))
        invited = [set(teams["series"][0]["attendees"]), set(google["series"][0]["attendees"])]
        check(not invited[0] & invited[1], "somebody is invited twice", str(invited))
        check(invited[0] == {"chloe.park@riverbend.example"}, "Teams invites others", str(invited[0]))
        check(invited[1] == {"luis.ortega@lakeside.example"}, "Google invites others", str(invited[1]))
        feed = self.cast.feed("ben.okafor", self.community)
        events = feed.count("BEGIN:VEVENT") - feed.count("STATUS:CANCELLED")
        check(events == held, f"the feed shows {events} meetings instead of {held}", feed[:1000])
        return f"{held} meetings on three calendars and in the feed, {len(days.skipped)} in a break left out"

    def files(self) -> str:
        """A file made in Teams and one made in the shared drive are in the catalogue with author, place and link."""
        self.cast.add_file_in_teams("chloe.park", "Sentence frames.docx")
        self.cast.add_file_in_drive("luis.ortega", "Reading log")
        self.inside.mark_everything(self.community)
        self.inside.until_idle()
        page = self.cast.library(self.community)
        for words in (
            "Sentence frames.docx",
            "Chloe Park",
            "Microsoft Teams",
            "Reading log",
            "Luis Ortega",
            "Google",
        ):
            check(words in page.text, f"the library does not show “{words}”", page.text)
        check(any("Sentence frames" in words for _, words in page.links), "the file is not linked")
        return "“Sentence frames.docx” by Chloe Park (Teams), “Reading log” by Luis Ortega (Google)"

    def second_run(self) -> str:
        """Everything is due again, everything is read, and nothing is written."""
        self.inside.until_idle()
        remembered = self.inside.remembered(self.community)
        if self._forget:
            self.inside.forget_series(self.community, self._forget)
        for key in PLATFORMS:
            self.demo.ask(key, "calls/clear", {})
        self.inside.mark_everything(self.community)
        self.inside.until_idle()
        reports = {key: self.demo.ask(key, "calls") for key in PLATFORMS}
        self.result.second_run_writes = {key: report["writes"] for key, report in reports.items()}
        self.result.second_run_reads = {key: report["reads"] for key, report in reports.items()}
        for key, report in reports.items():
            written = [f"{c['method']} {c['path']}" for c in report["calls"] if c["write"]]
            check(not written, f"{key} was written to", "; ".join(written[:5]))
        seen = {key: {what for what, _ in report["complete"]} for key, report in reports.items()}
        for key, whats in {
            "canvas": {"space", "calendar"},
            "teams": {"space", "calendar", "library"},
            "google": {"space", "calendar", "library"},
        }.items():
            check(
                whats <= seen[key], f"{key} was not read completely", f"{sorted(whats - seen[key])} missing"
            )
        after = self.inside.remembered(self.community)
        check(after == remembered, "what coplink remembers has changed", f"{remembered}\n{after}")
        check(not self.inside.resting(), "work rests for a person", str(self.inside.resting()))
        counts = ", ".join(f"{key} {report['reads']} reads" for key, report in reports.items())
        return f"0 writes; {counts}"

    def _seated(self, platform: str, who: set[str]) -> None:
        wanted = self.cast.accounts(platform, who)
        deadline = time.monotonic() + 15
        there: set[str] = set()
        while time.monotonic() < deadline:
            there = self.cast.sitting(platform, self.state(platform))
            if there == wanted:
                return
            time.sleep(0.2)
        names = self.cast.names(platform, there)
        raise unexpected(f"in {platform} sit {sorted(names)} instead of {sorted(who)}")


def _community_channels(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [channel for channel in state["channels"] if channel["marker"]]


def check(true: bool, otherwise: str, detail: str = "") -> None:
    """Stop the story with a sentence unless it is as it must be."""
    if not true:
        raise unexpected(otherwise, detail)


def table(result: Result) -> str:
    """The story as a table for a terminal."""
    lines = [f"{'step':<32} {'seconds':>7}  {'calls':<38} what was seen"]
    for step in result.steps:
        calls = " ".join(f"{key} {count}" for key, count in step.calls.items())
        lines.append(f"{step.title:<32} {step.seconds:>7.1f}  {calls:<38} {step.seen}")
    if result.second_run_writes:
        writes = ", ".join(f"{key} {count}" for key, count in result.second_run_writes.items())
        lines.append(f"second run writes: {writes}")
    total = sum(step.seconds for step in result.steps)
    lines.append(f"{'every point was seen' if result.ok else 'stopped'}, {total:.1f} s")
    return "\n".join(lines)
