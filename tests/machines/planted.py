"""Bugs planted into coplink's own text, in a process of their own: each must stop a machine.

``python planted.py <number>`` ends with 1 where the machine noticed, with 0 where it did not, and with 2 where the bug
itself does not run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent, indent

sys.path.insert(0, str(Path(__file__).parent))

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from coplink.simulation.mutants import Mutant
from coplink.simulation.planting import _Finder

JOIN, CLAIM, ARRIVE = "coplink.engine.join", "coplink.engine.claim", "coplink.engine.arrive"
APART, MERGING = "coplink.engine.apart", "coplink.storage.repositories.merging"
PEOPLE, LISTED = "coplink.storage.repositories.people", "coplink.engine.listed"
MEMBERSHIPS, IDENTITIES = "memberships: ", "identities: "


def text(lines: str, deep: int = 4) -> str:
    """Lines as they stand in a function."""
    return indent(dedent(lines).strip("\n") + "\n", " " * deep)


NOT_THE_LAST = text(
    """
    if known.role.leads and _last_facilitator(uow, community, person):
        raise DomainError(HAND_OVER)
    membership = known.now(standing, now)
    """
)
SAYS_NO = text(
    """
    uow.communities.opt_out(hashes(sealer, community.id, uow.people.identities(person.id)))
    """
)
A_STANDING = text(
    """
    if known is not None:
        uow.communities.put_membership(replace(known, standing=Standing.LEFT))
    """
)
GONE = text(
    """
    if standing is Standing.LEFT:
        uow.communities.put_membership(known.now(Standing.PAUSED, now))
    """
)
WITHDRAWN = text(
    """
    if part is not None and part.withdrawn:
        raise DomainError(WITHDRAWN)
    """
)
THEMSELVES = text(
    """
    if known.role.leads and person != leader.id:
        raise NotAllowed(say("Facilitators step down themselves."))
    """
)
ALIKE = text(
    """
    for one in uow.communities.all():
        for known in uow.people.many(m.person for m in uow.communities.memberships(one)).values():
            if known.email == arrival.email and known.institution == arrival.institution:
                return _noted(uow, named, known, now)
    """,
    8,
)
WHOSE = '_accounts.c.institution == bindparam("whose"),\n            '
STANDS = "Standing.LEFT if left else Standing.INVITED,"
NOT_HAVING = "(account.person, account.integration, account.account) not in have"

PLANTED = (
    Mutant(
        MEMBERSHIPS + "a roster makes members",
        JOIN,
        "role, Standing.INVITED, now)\n            for",
        "role, Standing.JOINED, now)\n            for",
    ),
    Mutant(MEMBERSHIPS + "the last who leads may go", JOIN, NOT_THE_LAST, NOT_THE_LAST.splitlines(True)[-1]),
    Mutant(MEMBERSHIPS + "a no is a standing", JOIN, SAYS_NO, A_STANDING + SAYS_NO),
    Mutant(MEMBERSHIPS + "a no is not kept", JOIN, SAYS_NO, "    return\n"),
    Mutant(
        MEMBERSHIPS + "who leaves only pauses",
        JOIN,
        "    if standing is Standing.LEFT:\n",
        GONE + "    if standing is Standing.LEFT:\n",
    ),
    Mutant(
        MEMBERSHIPS + "coming back forgets the role",
        JOIN,
        "        role = known.role\n",
        "        role = Role.MEMBER\n",
    ),
    Mutant(MEMBERSHIPS + "who was withdrawn comes back by a click", JOIN, WITHDRAWN, ""),
    Mutant(
        MEMBERSHIPS + "letters go to whoever said no",
        "coplink.engine.mailing",
        "join.said_no(",
        "bool and not join.said_no(",
    ),
    Mutant(MEMBERSHIPS + "facilitators demote each other", JOIN, THEMSELVES, ""),
    Mutant(
        MEMBERSHIPS + "a contact who leaves stays the contact",
        JOIN,
        "    if contact is not None and contact.person == person.id:",
        "    if contact is not None and contact.person != person.id:",
    ),
    Mutant(
        IDENTITIES + "one yes is enough",
        CLAIM,
        "    if not any(one.proved_at for one in uow.people.identities(proposed.id)):",
        "    if True:",
    ),
    Mutant(
        IDENTITIES + "who was listed comes as whoever claimed them",
        ARRIVE,
        "    if proved_at is None:\n        before = _by_own_word",
        "    if False:\n        before = _by_own_word",
    ),
    Mutant(
        IDENTITIES + "a code works twice", CLAIM, "    if not uow.links.use(link.id, now):", "    if False:"
    ),
    Mutant(
        IDENTITIES + "a code never ends", CLAIM, "not link.open_at(now)", "link.revoked_at or link.used_at"
    ),
    Mutant(
        IDENTITIES + "a code opens at another school",
        CLAIM,
        " or owner.institution != me.institution:",
        ":",
    ),
    Mutant(
        IDENTITIES + "the same e-mail is the same person",
        ARRIVE,
        "    if found is None:\n",
        "    if found is None:\n" + ALIKE,
    ),
    Mutant(
        IDENTITIES + "equal accounts of two schools are one",
        PEOPLE,
        WHOSE + "_accounts.c.integration",
        "_accounts.c.integration",
    ),
    Mutant(
        IDENTITIES + "a merge drops what the other was",
        MERGING,
        "        self._memberships(gone, into)\n",
        "        self._run(delete(MembershipRow).where(MembershipRow.person == gone))\n",
    ),
    Mutant(
        IDENTITIES + "the earlier answer wins",
        MERGING,
        "later = max(one, other, key=_answered)",
        "later = min(one, other, key=_answered)",
    ),
    Mutant(
        IDENTITIES + "an account that was merged away stays",
        "coplink.engine.replaced",
        "            uow.people.drop_account(account)\n",
        "",
    ),
    Mutant(IDENTITIES + "who goes their own way stays a member", APART, STANDS, "membership.standing,"),
    Mutant(IDENTITIES + "a no is left behind", APART, "    _keep_no(uow, sealer, me, made)\n", ""),
    Mutant(
        IDENTITIES + "the only door can be taken away",
        APART,
        "    if not any(one.proved_at for one in known if one != found):",
        "    if False:",
    ),
    Mutant(
        IDENTITIES + "an equal id elsewhere hides a proposal",
        LISTED,
        NOT_HAVING,
        "(account.person, account.account) not in {(one[0], one[2]) for one in have}",
    ),
    Mutant(
        IDENTITIES + "two accounts of one door without a word",
        CLAIM,
        "    if not both and same_door(uow, one, other):",
        "    if False:",
    ),
    Mutant(
        IDENTITIES + "a code leads back through a door that was taken away",
        APART,
        "        if link.open_at(now):",
        "        if False:",
    ),
)


def run(mutant: Mutant, examples: int = 80) -> None:
    """Let the machine that a bug is named after play with it."""
    sys.meta_path.insert(0, _Finder(mutant))
    if mutant.name.startswith(MEMBERSHIPS):
        from machine_memberships import Memberships as Machine
    else:
        from machine_identities import Identities as Machine
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )


if __name__ == "__main__":
    try:
        run(PLANTED[int(sys.argv[1])])
    except (ImportError, NameError, SyntaxError) as broken:
        print(type(broken).__name__, str(broken)[:200])
        sys.exit(2)
    except Exception as noticed:
        print(type(noticed).__name__, str(noticed)[:200])
        sys.exit(1)
