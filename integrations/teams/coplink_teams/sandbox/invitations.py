"""Guests: ``POST /invitations`` and the page that lets somebody in.

Strict as Entra is: no mail is sent unless asked for, an address of one's own people is no guest's, whoever is known is
answered with the account they have, and policies refuse with Microsoft's own words (as of 2026-11).
"""

from __future__ import annotations

import re

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import guid
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.operations import INVITING
from coplink_teams.sandbox.frame import GraphWire
from coplink_teams.sandbox.people import GUEST, People

_ADDRESS = re.compile(r"[a-z0-9][a-z0-9._'-]*@[a-z0-9.-]+\.[a-z]+", re.IGNORECASE)


class Invitations:
    """``nobody``: the organisation lets no guests in; ``blocked``: domains it lets none of in."""

    def __init__(self, wire: GraphWire, people: People) -> None:
        self._wire, self._people = wire, people
        self.nobody, self.blocked = False, set[str]()
        wire.api("POST", "/invitations", self.invite, INVITING)
        wire.route("GET", "/redeem", self.redeem, counted=False)

    def invite(self, request: Request) -> Response:
        """Make a guest, or find the one who is there."""
        needed = ("invitedUserEmailAddress", "inviteRedirectUrl")
        body = self._wire.body(request, (*needed, "sendInvitationMessage"), needed)
        address = str(body["invitedUserEmailAddress"])
        if not _ADDRESS.fullmatch(address):
            raise Refuse(400, "BadRequest", "The invited user email address is invalid")
        if self.nobody:
            raise Refuse(
                403,
                "Forbidden",
                "Guest invitations not allowed for your company. Contact your company administrator for more details.",
            )
        if address.rpartition("@")[2].casefold() in self.blocked:
            raise Refuse(403, "Forbidden", "This invitation is blocked by cross-tenant access settings.")
        with self._wire.store.change():
            guest = self._guest(address, str(body["inviteRedirectUrl"]))
        done = guest["status"] == "Completed"
        shown = {
            "id": guid("invitation", guest["id"]),
            "invitedUserEmailAddress": address,
            "inviteRedirectUrl": body["inviteRedirectUrl"],
            "inviteRedeemUrl": f"{self._wire.base_url}/redeem?rd={guest['id']}",
            "sendInvitationMessage": bool(body.get("sendInvitationMessage")),
            "status": "Completed" if done else "PendingAcceptance",
            "invitedUser": {"id": guest["id"]},
        }
        return self._wire.json(shown, 201)

    def redeem(self, request: Request) -> Response:
        """The invited person signs in and comes in."""
        guest = self._wire.document(GUEST, request.args.get("rd", ""))
        self._wire.store.put(GUEST, guest["id"], {**guest, "status": "Completed"})
        return redirect(guest["back"])

    def _guest(self, address: str, back: str) -> Document:
        for account in self._people.everybody():
            if str(account.get("mail") or "").casefold() != address.casefold():
                continue
            if "#EXT#" not in account["userPrincipalName"]:
                raise Refuse(
                    400, "BadRequest",
                    f"The invited user already exists in the directory as object ID: {account['id']}. They can use "
                    "that account to sign in to shared apps and resources.",
                )  # fmt: skip
            kept = self._wire.store.get(GUEST, account["id"])
            return kept or {"id": account["id"], "status": "Completed", "back": back}
        made: Document = {
            "id": guid("guest", address), "address": address, "since": self._wire.clock(), "back": back,
            "status": "PendingAcceptance",
        }  # fmt: skip
        self._wire.store.put(GUEST, made["id"], made)
        return made
