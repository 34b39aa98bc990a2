"""The open house of the pin board: keys for people of elsewhere, by their address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coplink.core.people import AccountId
from coplink.core.words import Said, say
from coplink.ports.guests import Invited
from coplink.testing.board import Board

TWO = say("Two people have this address.")
UNWELCOME = say("The caretaker lets nobody of that house in.")


class PinnedGuests:
    """Keeps the promises of ``coplink.ports.guests``; every board takes guests but one that is called ``closed``."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def takes(self, parts: Mapping[str, str]) -> Said | None:
        """Whether this board stands where guests may go."""
        return say("This board is for the house alone.") if parts.get("board") == "closed" else None

    def invite(self, addresses: Sequence[str], back: str) -> Mapping[str, Invited]:
        """Cut a key for each, once."""
        self._board.call("guests.invite")
        found = {address: self._one(address, back) for address in addresses}
        self._board.answer("guests.invite")
        return found

    def _one(self, address: str, back: str) -> Invited:
        if address in self._board.twofold:
            return Invited(None, refused=TWO)
        if address in self._board.unwelcome:
            return Invited(None, refused=UNWELCOME)
        if address not in self._board.guests:
            self._board.guests[address] = AccountId(f"guest-{len(self._board.guests) + 1}")
            self._board.wrote()
        ring = "" if address in self._board.entered else f"https://pinboard.example/ring?back={back}"
        return Invited(self._board.guests[address], ring)
