"""Who is a guest where, and who let which school have their address: what storage keeps of people of elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from coplink.core.guests import Guest
from coplink.core.people import AccountId, CommunityId, InstitutionId, PersonId


class GuestList(Protocol):
    """People of elsewhere whom a platform lets in, and who agreed to that; the institution is the platform's."""

    def put(self, guest: Guest) -> None:
        """Add, or change who is known."""
        ...

    def at(
        self, institution: InstitutionId, integration: str, people: Iterable[PersonId]
    ) -> Mapping[PersonId, Guest]: ...
    def of(self, person: PersonId) -> Sequence[Guest]:
        """Wherever this person is one."""
        ...

    def holding(
        self,
        institution: InstitutionId,
        integration: str,
        addresses: Iterable[str] = (),
        accounts: Iterable[AccountId] = (),
    ) -> Sequence[Guest]:
        """Who was let in at one platform of an institution by one of these addresses, or with one of these accounts."""
        ...

    def drop(self, institution: InstitutionId, integration: str) -> None:
        """Forget all of one platform of an institution; their accounts over there stay."""
        ...

    def answer(
        self,
        community: CommunityId,
        person: PersonId,
        institution: InstitutionId,
        address: str | None,
        now: datetime,
    ) -> None:
        """Keep that platforms of an institution get this person's address for this community; None is a no.

        An empty one is a yes by somebody who had none to be shown.
        """
        ...

    def answers(self, community: CommunityId, person: PersonId) -> Mapping[InstitutionId, bool]: ...
    def answers_at(self, community: CommunityId, institution: InstitutionId) -> Mapping[PersonId, bool]:
        """What everybody answered about one institution."""
        ...

    def shown_at(self, community: CommunityId, institution: InstitutionId) -> Mapping[PersonId, str]:
        """Who said yes to one institution, with the address that they were shown; empty where none was."""
        ...

    def forget_yes(
        self, community: CommunityId, person: PersonId, institution: InstitutionId | None = None
    ) -> None:
        """They are asked anew, about every institution or this one, but for what they said no to."""
        ...
