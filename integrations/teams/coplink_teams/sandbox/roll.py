"""Who sits where in the pretended Microsoft 365: memberships of each team and channel, found by account or by id."""

from __future__ import annotations

import base64
import binascii

from coplink.sandbox.store import Document
from coplink.sandbox.wire import Wire

MEMBER, SEAT, OWNER = "teams.member", "teams.seat", "teams.owner"


class Roll:
    """Memberships by place (a channel id or a team id), the ended ones included: late listings show them."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def seat(self, place: str, account: str, roles: list[str], since: float) -> Document:
        """Write one membership; its id is opaque."""
        with self._wire.store.change():
            serial = self._wire.store.serial(MEMBER)
            opaque = base64.urlsafe_b64encode(f"MCMjMCMj{serial}##{place}##{account}".encode()).decode()
            kept = {
                "id": opaque, "place": place, "account": account, "roles": roles, "since": since, "gone": None
            }  # fmt: skip
            self._wire.store.put(f"{SEAT}.{place}", account, {"membership": opaque})
            self.keep(kept)
        return kept

    def keep(self, kept: Document) -> None:
        """Write a membership that has changed."""
        with self._wire.store.change():
            self._wire.store.put(f"{MEMBER}.{kept['place']}", kept["id"], kept)
            owners = f"{OWNER}.{kept['place']}"
            if "owner" in kept["roles"] and kept["gone"] is None:
                self._wire.store.put(owners, kept["account"], {})
            else:
                self._wire.store.drop(owners, kept["account"])

    def end(self, kept: Document, now: float) -> None:
        """End a membership."""
        with self._wire.store.change():
            self._wire.store.drop(f"{SEAT}.{kept['place']}", kept["account"])
            self.keep({**kept, "gone": now})

    def of(self, place: str, account: str) -> Document | None:
        """The membership of somebody who sits there."""
        seat = self._wire.store.get(f"{SEAT}.{place}", account)
        return self._wire.store.get(f"{MEMBER}.{place}", seat["membership"]) if seat else None

    def by_id(self, membership: str) -> Document | None:
        """The membership of that id, ended or not."""
        try:
            place = base64.urlsafe_b64decode(membership).decode().split("##")[1]
        except (binascii.Error, UnicodeDecodeError, IndexError):
            return None
        return self._wire.store.get(f"{MEMBER}.{place}", membership)

    def everybody(self, place: str) -> list[Document]:
        """Every membership there was."""
        return self._wire.store.all(f"{MEMBER}.{place}")

    def sitting(self, place: str) -> list[Document]:
        """Who is a member at this moment, whatever listings show."""
        return [kept for kept in self.everybody(place) if kept["gone"] is None]

    def count(self, place: str) -> int:
        """How many sit there."""
        return self._wire.store.count(f"{SEAT}.{place}")

    def owners(self, place: str) -> frozenset[str]:
        """The accounts of those who own the place."""
        return frozenset(self._wire.store.keys(f"{OWNER}.{place}"))
