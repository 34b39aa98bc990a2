"""Canvas as a conformance suite plays it: the real SDK over the pretended Canvas, and what people do there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from html import unescape

from coplink.core.people import AccountId
from coplink.core.rhythm import Series
from coplink.ports.integration import Capability
from coplink.ports.spaces import SpaceWish
from coplink.testing.conformance import Front, ServedRig, cannot
from coplink_canvas import integration
from coplink_canvas.sandbox import make

GROUPS = {"category": "canvas.categories", "group": "canvas.groups", "page": "canvas.pages"}


class CanvasRig(ServedRig):
    where = "coplink_canvas:integration"
    lines: Mapping[Capability, str] = {
        Capability.SPACES: "Role in the courses",
        Capability.SEATS: "Role in the courses",
        Capability.CALENDAR: "Read calendars",
        Capability.LIBRARY: "Role in the courses",
        Capability.UPKEEP: "Role in the courses",
        Capability.ANNOUNCEMENTS: "Role in the courses",
    }
    sdk = ("canvasapi", "requests", "pyrate_limiter")
    accounts = tuple(AccountId(str(1000 + n)) for n in range(1, 7))
    stranger = AccountId("31337")

    def __init__(self, front: Front) -> None:
        super().__init__(front, integration, make, "riverbend")

    def asked(self) -> Mapping[str, str]:
        return {"course": "101"}

    def half_a_listing(self, parts: Mapping[str, str]) -> None:
        self.pages_of(1)
        self.rain(r"memberships\?.*page=2", status=503)

    def throttle(self, seconds: int) -> None:
        body = "403 Forbidden (Rate Limit Exceeded)"
        self.rain("", status=403, headers={"Retry-After": str(seconds)}, body=body, times=1_000)

    def revoke(self) -> None:
        self.store.put("canvas.revoked", self.district, {})

    def copy(self, step: str, wish: SpaceWish, parts: Mapping[str, str]) -> None:
        if step == "page":
            cannot("a copy of a page")
        kept = self.store.get(GROUPS[step], parts[step])
        assert kept is not None
        if step == "category":
            kept["name"] = f"Copy {kept['name'].partition(' (')[2].join(('(', ''))}"
        self.store.put(GROUPS[step], "9799", {**kept, "id": 9799})

    def rename(self, parts: Mapping[str, str], name: str) -> None:
        kept = self.store.get("canvas.groups", parts["group"])
        assert kept is not None
        self.store.put("canvas.groups", parts["group"], {**kept, "name": name})

    def vanish(self, parts: Mapping[str, str]) -> None:
        self.store.drop("canvas.groups", parts["group"])

    def seat_own_account(self, parts: Mapping[str, str]) -> AccountId:
        own = self.wire.service_account(self.wire.region.districts[self.district])
        seat = {"id": 1, "group_id": int(parts["group"]), "user_id": own, "workflow_state": "accepted"}
        self.store.put("canvas.memberships", f"{parts['group']}/{own}", {**seat, "moderator": True})
        return AccountId(str(own))

    def meetings(self, parts: Mapping[str, str], series: Series) -> Sequence[datetime]:
        return sorted(datetime.fromisoformat(one["start"]) for one in self.wire.state()["events"])

    def move_meeting(self, parts: Mapping[str, str], series: Series, original: date, by: timedelta) -> None:
        there = next(one for one in self.wire.state()["events"] if one["date"] == original.isoformat())
        kept = self.store.get("canvas.events", there["id"])
        assert kept is not None
        times = {
            name: (datetime.fromisoformat(kept[name]) + by).strftime("%Y-%m-%dT%H:%M:%SZ")
            for name in ("start_at", "end_at")
        }
        self.wire.write_event(kept, **times)

    def half_a_calendar(self, parts: Mapping[str, str]) -> None:
        self.pages_of(4)
        self.rain(r"calendar_events\?.*page=2", status=503)

    def add_file(self, parts: Mapping[str, str], name: str) -> str:
        made = self.wire.add_file("group", int(parts["group"]), name, int(self.accounts[0]))
        return f"file-{made['id']}"

    def add_folder(self, parts: Mapping[str, str], name: str) -> None:
        cannot("a folder: Canvas lists files, wherever they lie")

    def rename_file(self, remote: str, name: str) -> None:
        kept = self.store.get("canvas.files", remote.removeprefix("file-"))
        assert kept is not None
        self.wire.write_file(kept, display_name=name)

    def delete_file(self, remote: str) -> None:
        cannot("a deletion that is told: Canvas tells nobody, the listing of the next day finds it")

    def announced(self, parts: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
        told = [one for one in self.store.all("canvas.announcements") if str(one["home"]) == parts["group"]]
        return [(one["title"], *self._words(one["message"])) for one in told]

    @staticmethod
    def _words(message: str) -> tuple[str, str]:
        """What people read: paragraphs with their line breaks, and who says it before the link."""
        *paragraphs, last = re.findall(r"<p[^>]*>(.*?)</p>", message, re.DOTALL)
        text = "\n\n".join(part.replace("<br>", "\n") for part in paragraphs)
        assert "<" not in text, "markup"
        by, _, link = last.partition(" · ")
        assert link.startswith("<a href=")
        assert "<" not in by
        return unescape(text), unescape(by)

    def forget_cursors(self) -> None:
        self.clock.ahead += 2 * 24 * 3600.0  # a listing is good for a day
