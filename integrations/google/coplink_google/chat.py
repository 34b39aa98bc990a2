"""The community's space in Google Chat: made by the robot account, with the group as its member.

Chat finds nothing by a mark of ours, but one request id gives the same space for ever, and the description that coplink
wrote tells it from others of its name. Whether people of other schools may come in is decided when it is made; Google
lets nobody change that afterwards. Where Google Chat is not allowed there is none, and nothing else is held up.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from coplink.core.words import say
from coplink.ports.errors import Ambiguous, Gone, NotLicensed, PolicyForbids
from coplink.ports.spaces import Made, SpaceWish
from coplink.ports.upkeep import Left
from coplink_google import ADMIN
from coplink_google.marks import short, the_one
from coplink_google.names import drive_name
from coplink_google.options import Options
from coplink_google.replies import AlreadyThere, part, rows_of, text_of
from coplink_google.workspace import Workspace

NO_SPACE = "none"
PAGE = 1_000
ABOUT = 4_096 - 64  # characters of a description, and room for our mark


class ChatSpaces:
    """Makes, renames and tells of Chat spaces; a space's remote id is its name over there (``spaces/…``)."""

    def __init__(self, workspace: Workspace, options: Options) -> None:
        self._google, self._options = workspace, options

    def make(self, wish: SpaceWish, parts: Mapping[str, str], key: str) -> Made:
        """The space of this marker with the group in it, or ``none`` where Google Chat is not allowed."""
        try:
            made = self._found(wish) or self._made(wish)
        except (PolicyForbids, NotLicensed):
            return Made(NO_SPACE)
        self._let_in(made.remote, part(parts, "group"))
        return made

    def rename(self, parts: Mapping[str, str], name: str) -> None:
        """Call it by the community's new name, as far as nobody else's space is called so."""
        space = self._space(parts)
        if space == NO_SPACE:
            return
        try:
            known = self._google.call("chat.spaces.get", name=space).get("displayName")
            if known not in _titles(name, space):
                self._rename(space, name)
        except Gone:
            return

    def left(self, parts: Mapping[str, str]) -> tuple[Left, ...]:
        """What stays of it when coplink goes."""
        space = self._space(parts)
        if space == NO_SPACE:
            return ()
        try:
            found = self._google.call("chat.spaces.get", name=space)
        except Gone:
            return ()
        how = say(
            "In Google Chat, the robot account or an administrator deletes the space, with what was said there."
        )
        return (Left(text_of(found, "displayName"), str(found.get("spaceUri", "")), how),)

    def _space(self, parts: Mapping[str, str]) -> str:
        """The space, unless there is none or the connection does without Chat by now."""
        return parts.get("chat", NO_SPACE) if self._options.has_chat else NO_SPACE

    # --- making ---------------------------------------------------------------------------------------------------

    def _found(self, wish: SpaceWish) -> Made | None:
        """Ours among the spaces of our names: the listing does not show descriptions."""
        names = _titles(wish.name, wish.marker)
        pages = self._google.pages("chat.spaces.list", pageSize=PAGE, filter='spaceType = "SPACE"')
        rows = [row for page in pages for row in rows_of(page, "spaces") if row.get("displayName") in names]
        return the_one({space for row in rows if self._ours(space := text_of(row, "name"), wish)})

    def _ours(self, space: str, wish: SpaceWish) -> bool:
        details = self._google.call("chat.spaces.get", name=space).get("spaceDetails") or {}
        return str(details.get("description", "")).endswith(wish.marker)

    def _made(self, wish: SpaceWish) -> Made:
        for number, title in enumerate(_titles(wish.name, wish.marker)):
            body = {
                "spaceType": "SPACE",
                "displayName": title,
                "externalUserAllowed": wish.outsiders and self._options.lets_guests_in,
                "spaceDetails": {"description": f"{wish.about[:ABOUT]} {wish.marker}".strip()},
            }
            request = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{wish.marker}/chat/{number}"))
            try:
                return Made(
                    text_of(self._google.call("chat.spaces.create", requestId=request, body=body), "name")
                )
            except AlreadyThere:  # the name is somebody else's in this organisation
                continue
        said = say("Google Chat has spaces of all the names that coplink tries for this community.")
        raise Ambiguous(said, ADMIN, list(_titles(wish.name, wish.marker)))

    def _let_in(self, space: str, group: str) -> None:
        address = text_of(self._google.call("directory.groups.get", groupKey=group), "email")
        number = text_of(self._google.call("identity.groups.lookup", groupKey_id=address), "name")
        pages = self._google.pages("chat.spaces.members.list", parent=space, showGroups=True, pageSize=PAGE)
        rows = [row for page in pages for row in rows_of(page, "memberships")]
        if number in {str((row.get("groupMember") or {}).get("name")) for row in rows}:
            return
        try:
            self._google.call(
                "chat.spaces.members.create", parent=space, body={"groupMember": {"name": number}}
            )
        except AlreadyThere:
            return

    def _rename(self, space: str, name: str) -> None:
        for title in _titles(name, space):
            how: Mapping[str, Any] = {"updateMask": "displayName", "body": {"displayName": title}}
            try:
                self._google.call("chat.spaces.patch", name=space, **how)
            except AlreadyThere:
                continue
            return


def _titles(name: str, mark: str) -> tuple[str, str]:
    """The name, and another one where that is taken: an organisation has no two spaces of one name."""
    title = drive_name(name)
    return title, f"{title} ({short(mark).rpartition('/')[2][:6]})"
