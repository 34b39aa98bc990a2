"""People of other schools in a community's group, by their address, where the admin switched that on.

Google knows no invitation beforehand: whoever is let in is simply put into the group, and Google says at that moment
whether the rules of both schools allow it. Their account here is therefore their address, as Google writes it: it takes
dots and the old name out of Gmail addresses, and compares without regard to case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coplink.core.people import AccountId
from coplink.core.words import Said, say
from coplink.ports.guests import Invited
from coplink_google.directory import GoogleDirectory
from coplink_google.names import brought
from coplink_google.options import Options

FOLDER = say(
    "Only people of this school are let into a folder of its own; others take part through a place of their own school."
)
OWN = say(
    "This address is that of an account of the school itself, which is nobody’s guest: come in by it through the "
    "school’s own Google sign-in."
)
NOT_TAKEN = say("Google does not take this address into a group.")
POLICY = say(
    "The rules of one of the two schools keep this address out of the group. Their Google Workspace administrators can "
    "change that: Groups for Business, members from outside; Drive and Docs, sharing outside the organisation."
)


class GroupGuests:
    """Says who may be put into a group from outside; the seats do it."""

    def __init__(self, options: Options, directory: GoogleDirectory) -> None:
        self._options, self._directory = options, directory

    def takes(self, parts: Mapping[str, str]) -> Said | None:
        """A group takes people from outside; a folder that was brought does not."""
        return FOLDER if brought(parts) else None

    def invite(self, addresses: Sequence[str], back: str) -> Mapping[str, Invited]:
        """Only asked whether one is the school's own in another of its domains: a seat of theirs goes by their id."""
        ours = dict.fromkeys((one for one in addresses if self._options.owns(one)), True)
        ours |= self._directory.ours([one for one in addresses if one not in ours])
        return {
            address: Invited(None, refused=OWN) if ours[address] else Invited(account_of(address))
            for address in addresses
            if address in ours
        }


def account_of(address: str) -> AccountId:
    """The account of somebody from outside, the same for every way to write their address."""
    name, _, domain = address.strip().casefold().rpartition("@")
    if domain in ("gmail.com", "googlemail.com"):
        name, domain = name.partition("+")[0].replace(".", ""), "gmail.com"
    return AccountId(f"{name}@{domain}")


def outside(account: AccountId) -> bool:
    """Whether an account is an address: somebody of another school."""
    return "@" in account
