"""Boards: one a community, found by our marker in the vendor's field ``external_id``."""

from __future__ import annotations

from collections.abc import Mapping

from coplink.core.words import say
from coplink.ports.errors import Ambiguous
from coplink.ports.spaces import Made, SpaceFacts, SpaceWish
from coplink_noticeboard import ADMIN, MANIFEST, board_name
from coplink_noticeboard.client import Client, text_of


class Boards:
    """Makes and finds boards."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def steps(self, wish: SpaceWish) -> tuple[str, ...]:
        """The board is all there is."""
        return MANIFEST.steps

    def ensure(self, step: str, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        """The board with our marker, or a new one; the vendor repeats its answer for a key it knows."""
        listing = self._client.pages("list boards", "/boards", "boards", external_id=wish.marker)
        found = sorted({text_of(row, "id") for page in listing for row in page})
        if len(found) > 1:
            sentence = say("Two boards carry the mark of this community; take the mark off all but one.")
            raise Ambiguous(sentence, ADMIN, found)
        if found:
            return Made(found[0], found=True)
        about = "\n".join(filter(None, (wish.about.strip(), wish.home_url)))
        body = {"name": board_name(wish.name), "about": about, "external_id": wish.marker}
        return Made(text_of(self._client.call("POST", "make board", "/boards", body, key), "id"))

    def describe(self, parts: Mapping[str, str]) -> SpaceFacts:
        """The board's name and address now."""
        row = self._client.call("GET", "show board", f"/boards/{parts['board']}")
        return SpaceFacts(text_of(row, "name"), text_of(row, "link"))
