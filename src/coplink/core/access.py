"""Who may do what: the whole permission table."""

from __future__ import annotations

from enum import StrEnum

from coplink.core.community import Community
from coplink.core.people import Membership, Person, Role, Standing


class Action(StrEnum):
    """Something a person may want to do with a community."""

    SEE_CHARTER = "see its charter"
    SEE_INSIDE = "see its people, meetings and catalogue"
    ANSWER = "accept or decline an invitation"
    LEAVE = "leave or pause"
    CHOOSE_LEVEL = "take part, or just listen in"
    KEEP = "keep its lists and its links"
    INVITE = "invite people"
    ANNOUNCE = "say something to everybody"
    SHAPE = "change its charter, rhythm and places"
    ADMINISTER = "connect platforms and agree to take part"


def may(person: Person, action: Action, community: Community, membership: Membership | None) -> bool:
    """Whether ``person`` may do ``action`` in ``community``, given how they stand to it.

    A steward keeps lists and links, and decides about nobody's membership, no rhythm and no place. Connection admins
    decide about connections of their own institution, never about what is inside a community. Whose institution
    took them out sees why, and nothing of the others any more.
    """
    standing = membership.standing if membership else None
    match action:
        case Action.SEE_CHARTER | Action.ANSWER:
            return membership is not None
        case Action.SEE_INSIDE:
            away = membership is not None and membership.by_institution
            return standing in (Standing.JOINED, Standing.PAUSED) and not away
        case Action.LEAVE:
            return standing in (Standing.JOINED, Standing.PAUSED)
        case Action.CHOOSE_LEVEL:
            return (
                standing is Standing.JOINED and membership is not None and membership.role is not Role.GUEST
            )
        case Action.KEEP:
            keeps = membership is not None and (membership.role.leads or membership.role is Role.STEWARD)
            return standing is Standing.JOINED and keeps
        case Action.INVITE | Action.ANNOUNCE | Action.SHAPE:
            return standing is Standing.JOINED and membership is not None and membership.role.leads
        case Action.ADMINISTER:
            return person.admin
