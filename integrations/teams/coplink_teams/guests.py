"""People of other organisations as guests of this directory: invited by address, where the admin switched that on.

Whose a guest account is tells its mail, never its sign-in name, which Entra makes up (``name_domain#EXT#@…``). Other
addresses of an account would take ``User.Read.All`` to read; Microsoft knows them, and answers an invitation of a guest
who is known with that guest's account (Graph, "Create invitation"), so it may be repeated. No mail goes out: coplink
shows the page that lets a guest in to the person themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from coplink.core.people import AccountId
from coplink.core.words import Said, say
from coplink.ports.errors import IntegrationError, OutcomeUnknown, PermissionMissing, Reauthorize, Transient
from coplink.ports.guests import Invited
from coplink_teams import ADMIN
from coplink_teams.answers import Answer
from coplink_teams.batch import Part, send_parts
from coplink_teams.calls import Graph
from coplink_teams.directory import VALUES, quoted, slices
from coplink_teams.operations import INVITING
from coplink_teams.parts import owns_team, split_channel
from coplink_teams.replies import accepted, careful, refused, strange
from coplink_teams.settings import Settings

TEAMS_PAGE = "https://teams.microsoft.com/"
IN = "Completed"
SHARED = say(
    "A shared channel of Microsoft Teams holds no guests. In communities with a team of their own people of other "
    "schools can be let in; in this one they take part through a place of their own school."
)
TWO = say(
    "Two accounts of the organisation have this address, and coplink does not guess between them. The Microsoft 365 "
    "administrator can take it off one of them."
)
OWN = say(
    "This address is that of an account of the organisation itself, which is nobody’s guest: come in by it through the "
    "organisation’s own Teams tab."
)
POLICY = say(
    "The organisation’s rules do not let this address in as a guest. Its Microsoft 365 administrator can change that: "
    "Entra admin centre, External Identities, External collaboration settings and Cross-tenant access settings."
)
NOT_TAKEN = say("Microsoft does not take this address for a guest.")
# Microsoft's words, as of 2026-11: "Guest invitations not allowed for your company", also where only some roles may
# invite, which an app has not; "blocked by cross-tenant access settings"; domains on a list.
_POLICY = re.compile(r"(?i)invitations? (?:is |are )?(?:not allowed|blocked)|cross-tenant|domain|polic")
_KNOWN = re.compile(r"(?i)already exists")


class DirectoryGuests:
    """Invites into one directory."""

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self._graph, self._sign_in = graph, f"{settings.login_url}/"

    def takes(self, parts: Mapping[str, str]) -> Said | None:
        """A team does; a private channel does once an owner has put the guest into the host team; a shared one not."""
        return None if owns_team(parts) or split_channel(parts)[0] == "private" else SHARED

    @careful
    def invite(self, addresses: Sequence[str], back: str) -> Mapping[str, Invited]:
        """Invite those who have no account; 150 in five seconds is Microsoft's limit."""
        known = self._known(addresses)
        found = {address: Invited(None, refused=TWO) for address, ids in known.items() if len(ids) > 1}
        found |= {
            address: Invited(None, refused=OWN)
            for address, ids in known.items()
            if ids and not all(ids.values())
        }
        due = [address for address in addresses if address not in found]
        answers = send_parts(self._graph, [_inviting(address, back) for address in due], "identity")
        errors: list[IntegrationError] = []
        for address, answer in zip(due, answers, strict=True):
            try:
                found[address] = self._invited(answer, list(known[address]))
            except IntegrationError as error:
                errors.append(error)
        if errors and not found:
            raise errors[0]
        return found

    def _known(self, addresses: Sequence[str]) -> dict[str, dict[str, bool]]:
        """The accounts that have each address as their mail, and whether they are guests."""
        found: dict[str, dict[str, bool]] = {address: {} for address in addresses}
        for some in slices(sorted(found), VALUES):
            query = {
                "$filter": f"mail in ({quoted(some)})",
                "$select": "id,mail,userPrincipalName",
                "$top": "100",
            }
            for account in self._graph.listed(lambda g: g.users, service="identity", query=query):
                mail = str(account.get("mail") or "").casefold()
                if mail in found:
                    found[mail][str(account["id"])] = (
                        "#ext#" in str(account.get("userPrincipalName")).casefold()
                    )
        return found

    def _invited(self, answer: Answer | IntegrationError, known: list[str]) -> Invited:
        if isinstance(answer, IntegrationError):
            raise answer
        if answer.status in (400, 403):
            return self._refused(answer)
        made = accepted(answer, 201).json()
        account, status = str(made["invitedUser"]["id"]), str(made.get("status") or "")
        if not account:
            raise strange(f"{answer.operation} an invitation of nobody")
        if known and known != [account]:
            return Invited(None, refused=TWO)
        enter = "" if status == IN else str(made.get("inviteRedeemUrl") or "")
        return Invited(AccountId(account), enter if enter.startswith(("https://", self._sign_in)) else "")

    def _refused(self, answer: Answer) -> Invited:
        words = ": ".join(answer.error())
        if _KNOWN.search(words):
            return Invited(None, refused=OWN)
        if _POLICY.search(words):
            return Invited(None, refused=POLICY)
        error = refused(answer)
        if isinstance(error, PermissionMissing):
            said = say(
                "Microsoft refuses this: grant the coplink app the permission {permission}.",
                permission=INVITING,
            )
            raise PermissionMissing(said, ADMIN, (INVITING,), error.detail)
        if isinstance(error, Transient | OutcomeUnknown | Reauthorize):
            raise error
        return Invited(None, refused=NOT_TAKEN)


def _inviting(address: str, back: str) -> Part:
    body = {
        "invitedUserEmailAddress": address,
        "inviteRedirectUrl": back if back.startswith(("https://", "http://")) else TEAMS_PAGE,
        "sendInvitationMessage": False,
    }
    return Part("POST", lambda g: g.invitations, body)
