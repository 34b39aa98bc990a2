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
MEMBERSHIPS, IDENTITIES = "memberships: ", "identities: "


def text(lines: str, deep: int = 4) -> str:
    """Lines as they stand in a function."""
    return indent(dedent(lines).strip("\n") + "\n", " " * deep)


NOT_THE_LAST = text(
    """
    if known.role.leads and _last_facilitator(uow, community, person):
        _is_left_without(uow, community, person, to_rest, now)
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

PLANTED = (
    Mutant(
        MEMBERSHIPS + "a roster makes members",
        JOIN,
        "role, Standing.INVITED, now)\n            for",
        "role, Standing.JOINED, now)\n            for",
    ),
    Mutant(MEMBERSHIPS + "the last who leads may go", JOIN, NOT_THE_LAST, NOT_THE_LAST.splitlines(True)[-1]),
    Mutant(
        MEMBERSHIPS + "whoever is asked to facilitate does",
        JOIN,
        "    if role.leads and not known.role.leads:",
        "    if False:",
    ),
    Mutant(
        MEMBERSHIPS + "the only one there goes and leaves it running",
        JOIN,
        "    lifecycle.conclude(uow, community, person, now)\n",
        "",
    ),
    Mutant(
        MEMBERSHIPS + "who is gone may still say yes",
        JOIN,
        text(
            """
            uow.communities.put_membership(membership)
            uow.communities.drop_handover(community.id, person.id)
            """
        ),
        text(
            """
            uow.communities.put_membership(membership)
            """
        ),
    ),
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
        IDENTITIES + "a code opens at another school",
        CLAIM,
        " or owner.institution != me.institution:",
        ":",
    ),
    Mutant(
        IDENTITIES + "a merge drops what the other was",
        MERGING,
        "        self._memberships(gone, into)\n",
        "        self._run(delete(MembershipRow).where(MembershipRow.person == gone))\n",
    ),
    Mutant(IDENTITIES + "a no is left behind", APART, "    _keep_no(uow, sealer, me, found)\n", ""),
    Mutant(
        IDENTITIES + "who is parted is invited",
        APART,
        "        if community.id in only:\n",
        "        if community.id in only or not only:\n",
    ),
    Mutant(
        IDENTITIES + "the only door can be taken away",
        APART,
        "    if not any(one.proved_at for one in known if one != found):",
        "    if False:",
    ),
)


def run(mutant: Mutant, examples: int = 400) -> None:
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
