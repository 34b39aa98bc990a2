"""Users of the pretended directory: the district's residents, the service mailbox, and guests."""

from __future__ import annotations

import re

from werkzeug.wrappers import Request, Response

from coplink.sandbox.district import guid
from coplink.sandbox.store import Document
from coplink.sandbox.wire import Refuse
from coplink_teams.sandbox.frame import GraphWire

PERMISSION, GUEST = "User.ReadBasic.All", "teams.guest"
BASIC = ("id", "displayName", "mail", "userPrincipalName")


class People:
    """``/users``: basic properties and the one form of filter the connector uses."""

    def __init__(self, wire: GraphWire) -> None:
        self._wire = wire
        self._known: tuple[int, dict[str, Document]] = (-1, {})
        wire.api("GET", "/users", self.listing, PERMISSION, ("$filter", "$select", "$top", "$skiptoken"))
        wire.api("GET", "/users/<user>", self.one, PERMISSION, ("$select",))

    @property
    def service_id(self) -> str:
        """The object id of the service mailbox."""
        return guid("user", self._wire.district.service_mailbox)

    def everybody(self) -> list[Document]:
        """All accounts of the directory."""
        wire, mailbox = self._wire, self._wire.district.service_mailbox
        accounts: list[Document] = [
            {"id": self.service_id, "displayName": "coplink", "mail": mailbox, "userPrincipalName": mailbox}
        ]
        for person in wire.region.of(wire.district.key):
            if person.entra_id:
                accounts.append(_account(person.entra_id, person.name, person.email, person.upn))
        guest = "luis.ortega@lakeside.example"
        upn = f"{guest.replace('@', '_')}#EXT#@{wire.district.domain}"
        accounts.append(_account(guid("guest", guest), "Luis Ortega (guest)", guest, upn))
        for kept in wire.store.all(GUEST):
            made_up = f"{kept['address'].replace('@', '_')}#EXT#@{wire.district.domain}"
            accounts.append(_account(kept["id"], kept["address"].partition("@")[0], kept["address"], made_up))
        return accounts

    def shows(self, account: str) -> bool:
        """Whether a guest has reached everybody; everybody else has."""
        kept = self._wire.store.get(GUEST, account)
        return kept is None or self._wire.visible(kept["since"])

    def find(self, name: str) -> Document | None:
        """One account by id or sign-in name."""
        count = len(self._wire.region.residents) + len(self._wire.store.all(GUEST))
        if self._known[0] != count:
            everybody = self.everybody()
            by_name = {a["userPrincipalName"].casefold(): a for a in everybody} | {
                a["id"]: a for a in everybody
            }
            self._known = (count, by_name)
        return self._known[1].get(name.casefold())

    def one(self, request: Request, user: str) -> Response:
        """One account."""
        account = self.find(user)
        if account is None:
            raise Refuse(404, "Request_ResourceNotFound", "Resource does not exist")
        self._only_basic(request)
        return self._wire.json(self._wire.selected(request, account))

    def listing(self, request: Request) -> Response:
        """Accounts whose mail or sign-in name is in a list of at most 15 values."""
        self._only_basic(request)
        text = request.args.get("$filter")
        if text is None:
            return self._wire.page(request, self.everybody())
        wanted = {"mail": set[str](), "userPrincipalName": set[str]()}
        count = 0
        for clause in re.split(r"\) or ", text):
            match = re.fullmatch(r"(mail|userPrincipalName) in \(((?:'(?:[^']|'')*',?)+)\)?", clause)
            if not match:
                raise Refuse(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause")
            values = [
                value.replace("''", "'").casefold() for value in re.findall(r"'((?:[^']|'')*)'", match[2])
            ]
            count += len(values)
            wanted[match[1]].update(values)
        if count > 15:
            raise Refuse(
                400,
                "Request_UnsupportedQuery",
                "Too many child clauses specified in search filter expression",
            )
        hits = [
            a
            for a in self.everybody()
            if any(str(a.get(name) or "").casefold() in wanted[name] for name in wanted)
            and self.shows(a["id"])
        ]
        return self._wire.page(request, hits)

    def _only_basic(self, request: Request) -> None:
        asked = set(request.args.get("$select", "id").split(","))
        if not asked <= set(BASIC):
            raise Refuse(
                403, "Authorization_RequestDenied", "Insufficient privileges to read these properties"
            )


def _account(oid: str, name: str, mail: str | None, upn: str) -> Document:
    return {"id": oid, "displayName": name, "mail": mail, "userPrincipalName": upn}
