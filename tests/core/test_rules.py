"""The smaller rules: who may do what, who gets a seat, what the catalogue keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coplink.core.access import Action, may
from coplink.core.artifacts import Artifact, ArtifactId, FileFact, merge
from coplink.core.community import Community, Stage, charter, community_name
from coplink.core.desired import Desired, desired_state
from coplink.core.errors import DomainError
from coplink.core.fit import fit
from coplink.core.guests import Guest, Hospitality
from coplink.core.people import (
    Account,
    AccountId,
    CommunityId,
    InstitutionId,
    Membership,
    Person,
    PersonId,
    Proof,
    Role,
    Standing,
)
from coplink.core.spaces import ConnectionId, Space, SpaceId, SpaceKind, SpaceState
from coplink.core.words import say

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HERE, THERE = InstitutionId("here"), InstitutionId("there")
COMMUNITY = Community(CommunityId("c"), HERE, "Literacy", charter("reading", "teachers"), Stage.RUNNING, NOW)


def membership(standing: Standing, role: Role = Role.MEMBER, person: str = "p") -> Membership:
    return Membership(COMMUNITY.id, PersonId(person), HERE, role, standing, NOW)


BELONGS = {Action.SEE_CHARTER, Action.ANSWER, Action.SEE_INSIDE, Action.LEAVE, Action.CHOOSE_LEVEL}


@pytest.mark.parametrize(
    ("standing", "role", "allowed"),
    [
        (None, Role.MEMBER, set()),
        (Standing.INVITED, Role.MEMBER, {Action.SEE_CHARTER, Action.ANSWER}),
        (Standing.LEFT, Role.MEMBER, {Action.SEE_CHARTER, Action.ANSWER}),
        (Standing.LEFT, Role.FACILITATOR, {Action.SEE_CHARTER, Action.ANSWER}),
        (
            Standing.PAUSED,
            Role.FACILITATOR,
            {Action.SEE_CHARTER, Action.ANSWER, Action.SEE_INSIDE, Action.LEAVE},
        ),
        (Standing.JOINED, Role.MEMBER, BELONGS),
        (Standing.JOINED, Role.LISTENING_IN, BELONGS),
        (Standing.JOINED, Role.STEWARD, BELONGS | {Action.KEEP}),
        (Standing.JOINED, Role.GUEST, BELONGS - {Action.CHOOSE_LEVEL}),
        (Standing.JOINED, Role.CO_FACILITATOR, set(Action) - {Action.ADMINISTER}),
    ],
)
def test_the_permission_table(standing: Standing | None, role: Role, allowed: set[Action]) -> None:
    person = Person(PersonId("p"), HERE, "P")
    known = membership(standing, role) if standing else None
    assert {action for action in Action if may(person, action, COMMUNITY, known)} == allowed


def test_whose_institution_withdrew_sees_nothing_of_the_others() -> None:
    person = Person(PersonId("p"), HERE, "P")
    known = replace(membership(Standing.PAUSED, Role.CO_FACILITATOR), by_institution=True)
    allowed = {action for action in Action if may(person, action, COMMUNITY, known)}
    assert allowed == {Action.SEE_CHARTER, Action.ANSWER, Action.LEAVE}


def test_a_connection_admin_sees_nothing_inside_a_community() -> None:
    admin = Person(PersonId("a"), HERE, "Admin", admin=True)
    assert {action for action in Action if may(admin, action, COMMUNITY, None)} == {Action.ADMINISTER}


SPACE = Space(
    SpaceId("s"),
    COMMUNITY.id,
    HERE,
    ConnectionId("k"),
    "teams",
    SpaceKind.CHANNEL,
    "Literacy",
    "coplink:s",
    SpaceState.READY,
)


def desired(
    standing: Standing, proof: Proof | None, institution: InstitutionId = HERE
) -> tuple[set[str], set[str], dict[str, str]]:
    person = PersonId("p")
    accounts = {}
    if proof:
        accounts[person] = [Account(institution, "teams", AccountId("acc"), person, proof)]
    member = replace(membership(standing), institution=institution)
    found = desired_state(
        SPACE, [member], {person: institution}, accounts, say("open it once"), Hospitality(say("elsewhere"))
    )
    return set(found.seats), set(found.farewells), {k: str(v) for k, v in found.unreachable.items()}


def test_only_a_member_whose_account_is_proved_gets_a_seat() -> None:
    assert desired(Standing.JOINED, Proof.PROVED) == ({"acc"}, set(), {})
    assert desired(Standing.JOINED, Proof.PROPOSED) == (set(), set(), {"p": "open it once"})
    assert desired(Standing.JOINED, None) == (set(), set(), {"p": "open it once"})
    assert desired(Standing.JOINED, Proof.PROVED, THERE) == (set(), set(), {"p": "elsewhere"})
    assert desired(Standing.INVITED, Proof.PROVED) == (set(), set(), {})
    assert desired(Standing.LEFT, Proof.PROVED) == (set(), {"acc"}, {})
    assert desired(Standing.PAUSED, Proof.PROVED) == (set(), {"acc"}, {})


@pytest.mark.parametrize(
    ("standing", "seats", "farewells", "instead"),
    [
        (Standing.JOINED, {"new"}, set(), {"old": "new"}),
        (Standing.LEFT, set(), {"old", "new"}, {}),
        (Standing.PAUSED, set(), {"old", "new"}, {}),
        (Standing.INVITED, set(), set(), {}),
    ],
)
def test_the_newest_of_several_accounts_sits_and_leaving_is_for_all_of_them(
    standing: Standing, seats: set[str], farewells: set[str], instead: dict[str, str]
) -> None:
    person = Person(PersonId("p"), HERE, "P")
    named = [("new", Proof.PROVED), ("old", Proof.PROVED), ("guess", Proof.PROPOSED), ("no", Proof.DENIED)]
    accounts = [Account(HERE, "teams", AccountId(name), person.id, proof) for name, proof in named]
    found = desired_state(
        SPACE,
        [membership(standing)],
        {person.id: HERE},
        {person.id: accounts},
        say("open it"),
        Hospitality(),
    )
    assert (set(found.seats), found.farewells, found.instead) == (seats, farewells, instead)


def test_a_guest_gives_up_the_seats_of_all_accounts_too() -> None:
    person = Person(PersonId("p"), THERE, "P")
    guest = Guest(HERE, "teams", person.id, "p@there.example", AccountId("guest"), "", None, NOW)
    own = [Account(HERE, "teams", AccountId("own"), person.id, Proof.PROVED)]

    def found(standing: Standing, answer: bool) -> Desired:
        member = replace(membership(standing), institution=THERE)
        welcome = Hospitality(None, {person.id: guest}, {person.id: answer})
        return desired_state(SPACE, [member], {person.id: THERE}, {person.id: own}, say("open it"), welcome)

    assert set(found(Standing.JOINED, True).seats) == {"guest"}
    assert found(Standing.LEFT, True).farewells == {"own", "guest"}
    assert found(Standing.JOINED, False).farewells == {"own", "guest"}


def test_the_word_of_whoever_leaves_is_never_put_off_for_somebody_else_with_the_same_account() -> None:
    here, away = Person(PersonId("p"), HERE, "P"), Person(PersonId("q"), THERE, "Q")
    guest = Guest(HERE, "teams", away.id, "q@there.example", AccountId("old"), "", None, NOW)
    accounts = [Account(HERE, "teams", AccountId(name), here.id, Proof.PROVED) for name in ("new", "old")]
    found = desired_state(
        SPACE,
        [
            membership(Standing.JOINED),
            replace(membership(Standing.LEFT, person="q"), institution=THERE),
        ],
        {"p": here, "q": away},
        {here.id: accounts},
        say("open it"),
        Hospitality(None, {away.id: guest}),
    )
    assert (found.farewells, found.instead) == ({"old"}, {})


@given(st.dictionaries(st.sampled_from([AccountId(x) for x in "abcd"]), st.sampled_from(Role)))
def test_a_space_is_asked_only_for_roles_it_knows_and_every_loss_is_said(
    seats: dict[AccountId, Role],
) -> None:
    person = desired_state(SPACE, [], {}, {}, say(""), Hospitality())
    roles = frozenset({Role.FACILITATOR, Role.MEMBER})
    fitted, compromises = fit(replace(person, seats=seats), roles)
    assert fitted.seats.keys() == seats.keys()
    assert set(fitted.seats.values()) <= roles
    changed = {seats[a] for a in seats if fitted.seats[a] is not seats[a]}
    assert {compromise.asked for compromise in compromises} == changed


def fact(
    version: str = "1", changed: datetime = NOW, gone: bool = False, name: str = "Plan.docx"
) -> FileFact:
    return FileFact("r", name, "https://x.example/r", NOW, changed, version, gone=gone)


def entry(of: FileFact) -> Artifact:
    return Artifact(
        ArtifactId("new"),
        COMMUNITY.id,
        SPACE.id,
        of.remote,
        of.name,
        of.link,
        of.made_at,
        of.changed_at,
        of.version,
    )


def test_a_file_is_catalogued_once_changed_withdrawn_and_shown_again() -> None:
    first = merge(None, fact(), entry(fact()), NOW)
    assert first == entry(fact())
    assert merge(first, fact(), entry(fact()), NOW) is None
    newer = fact("2", NOW + timedelta(hours=1), name="Plan 2.docx")
    second = merge(first, newer, replace(entry(newer), id=ArtifactId("other")), NOW)
    assert second is not None
    assert (second.id, second.title) == (first.id, "Plan 2.docx")
    withdrawn = merge(second, fact(gone=True), entry(fact()), NOW)
    assert withdrawn is not None
    assert withdrawn.withdrawn_at == NOW
    assert merge(withdrawn, fact(gone=True), entry(fact()), NOW) is None
    back = merge(withdrawn, newer, entry(newer), NOW)
    assert back is not None
    assert back.withdrawn_at is None


def test_an_older_fact_that_comes_late_changes_nothing() -> None:
    newer = fact("2", NOW + timedelta(hours=1))
    known = merge(None, newer, entry(newer), NOW)
    assert merge(known, fact("1"), entry(fact("1")), NOW) is None


def test_a_deletion_of_something_never_seen_makes_no_entry() -> None:
    assert merge(None, fact(gone=True), entry(fact()), NOW) is None


@pytest.mark.parametrize(
    ("about", "audience", "words"),
    [
        ("", "x", "what the community is about"),
        ("y", " ", "who the community is for"),
        ("y" * 281, "x", "280"),
    ],
)
def test_a_charter_needs_its_answers(about: str, audience: str, words: str) -> None:
    with pytest.raises(DomainError, match=words):
        charter(about, audience)


def test_a_name_is_one_line_and_not_too_long() -> None:
    assert community_name("  Reading \n coaches ") == "Reading coaches"
    for wrong in ("   ", "x" * 81):
        with pytest.raises(DomainError):
            community_name(wrong)
