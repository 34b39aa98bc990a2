"""A space in Google Chat where somebody asks for one: made once, with the group in it; messages that are said once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coplink.core.announcing import Announcement
from coplink.ports.errors import Ambiguous, Misconfigured, OutcomeUnknown, PermissionMissing
from coplink.ports.integration import Capability, Verdict
from coplink_google import ADMIN, AUTH, CHAT_SCOPES, integration
from coplink_google.announcements import message, plain
from coplink_google.chat import NO_SPACE
from coplink_google.operations import NONE, of_mode
from coplink_google.sandbox.markdown import shown

NOTE = Announcement("Bring a text", "On *Wednesday*.\nAt four.", "https://coplink.example/c/1", "Ana Ruiz")


@pytest.fixture
def asked(campus):
    return campus.wire.with_chat("lakeside")


@pytest.fixture
def connection(campus, asked):
    return campus.connect(**asked)


@pytest.fixture
def space(campus, parts):
    return campus.wire.store.get("google.chat", parts["chat"])


def needing(connection):
    return {line.title: line for line in connection.check() if line.verdict is Verdict.NEEDS_YOU}


# --- the space --------------------------------------------------------------------------------------------------------


def test_the_group_is_in_the_space_and_nobody_beside_it(campus, parts, space, wish):
    assert list(parts)[-1] == "chat"
    assert (space["title"], space["external"]) == ("Reading circle", False)
    assert space["about"].endswith(wish().marker)
    assert space["groups"] == [f"groups/{parts['group']}"]
    assert space["people"] == [campus.wire.districts["lakeside"].robot]


@pytest.mark.parametrize(("guests", "outsiders"), [("yes", True), ("yes", False), ("", True)])
def test_people_of_other_schools_may_come_in_only_where_they_will_and_the_admin_said_so(
    campus, asked, provision, wish, guests, outsiders
):
    parts = provision(campus.connect(**asked, guests=guests), wish(outsiders=outsiders))
    assert campus.wire.store.get("google.chat", parts["chat"])["external"] == (bool(guests) and outsiders)


def test_a_space_whose_row_was_lost_is_found_and_nothing_is_written(campus, connection, parts, wish):
    before = campus.writes
    known = {name: remote for name, remote in parts.items() if name != "chat"}
    made = connection.spaces.ensure("chat", wish(), known, "another key")
    assert (made.remote, made.found) == (parts["chat"], True)
    assert campus.writes == before


def test_a_space_that_somebody_renamed_is_the_same_space_by_its_request(
    campus, connection, parts, space, wish
):
    campus.wire.store.put("google.chat", space["name"], {**space, "title": "Our room"})
    assert connection.spaces.ensure("chat", wish(), parts, "another key").remote == parts["chat"]
    assert len(campus.wire.chat.spaces()) == 1


@pytest.mark.parametrize("call", ["/v1/spaces[?]", "/v1/spaces/.*/members"])
def test_an_answer_that_was_lost_makes_no_second_space_and_no_second_membership(
    campus, connection, provision, wish, call
):
    campus.weather(f"POST {call}", "lose")
    with pytest.raises(OutcomeUnknown):
        provision(connection, wish())
    parts = provision(connection, wish())
    assert len(campus.wire.chat.spaces()) == 1
    assert campus.wire.store.get("google.chat", parts["chat"])["groups"] == [f"groups/{parts['group']}"]


def test_a_name_that_is_taken_gets_an_ending_and_two_taken_names_are_told(
    campus, connection, provision, wish
):
    one, two = (provision(connection, wish(number)) for number in (1, 2))
    titles = [campus.wire.store.get("google.chat", parts["chat"])["title"] for parts in (one, two)]
    assert titles[0] == "Reading circle"
    assert titles[1].startswith("Reading circle (")
    assert provision(connection, wish(2)) == two
    campus.refuse("POST /v1/spaces", 409, "ALREADY_EXISTS", times=2)
    with pytest.raises(Ambiguous) as taken:
        provision(connection, wish(3))
    assert taken.value.who == ADMIN


def test_where_chat_is_not_allowed_there_is_none_and_all_else_goes_on(campus, connection, provision, wish):
    campus.wire.chat.allowed = False
    parts = provision(connection, wish())
    assert parts["chat"] == NO_SPACE
    assert connection.spaces.describe(parts).name
    post = connection.announcements.post(parts, NOTE, "key")
    assert (post.remote, campus.wire.chat.spaces()) == ("", [])
    assert "no Chat space" in str(post.silent)
    line = needing(connection)["Chat"]
    assert Capability.ANNOUNCEMENTS in line.stops
    assert "Google Chat API" in str(line.where)


@pytest.mark.parametrize("scope", [one.name.removeprefix(AUTH) for one in CHAT_SCOPES])
def test_a_permission_for_chat_that_is_missing_is_named(campus, connection, parts, scope):
    campus.wire.signin.withdraw("lakeside", "robot", scope)
    fresh = campus.connect(chat="yes")
    line = needing(fresh)[f"Permission {scope}"]
    assert Capability.ANNOUNCEMENTS in line.stops
    if scope == "chat.messages.create":
        with pytest.raises(PermissionMissing) as missing:
            fresh.announcements.post(parts, NOTE, "key")
        assert missing.value.scopes == (AUTH + scope,)


def test_chat_works_by_delegation_too(campus, provision, wish):
    from coplink_google.sandbox.signin import CHAT_SCOPES, ROBOT_SCOPES

    settings = {**campus.wire.settings_of("delegation", "lakeside"), "chat": "yes"}
    assert set(needing(campus.connect(**settings))) == {f"Permission {scope}" for scope in CHAT_SCOPES}
    campus.wire.signin.delegate("lakeside", ROBOT_SCOPES + CHAT_SCOPES)
    connection = campus.connect(**settings)
    parts = provision(connection, wish())
    assert connection.announcements.post(parts, NOTE, "key").remote.startswith(parts["chat"])


def test_nothing_of_chat_is_asked_for_where_nobody_asked_for_it(campus, provision, wish):
    connection = campus.connect()
    assert "chat" not in provision(connection, wish())
    assert not [line for line in connection.check() if "Chat" in line.title]
    assert connection.announcements is None
    assert not [call for call in campus.calls if call.operation.startswith(("chat.", "identity."))]
    with pytest.raises(Misconfigured, match="group"):
        integration.look_over({**campus.wire.settings_of("folder", "lakeside"), "chat": "yes"})


# --- afterwards -------------------------------------------------------------------------------------------------------


def test_the_space_is_called_as_the_community_is_and_stays_when_coplink_goes(campus, connection, parts):
    assert connection.upkeep.rename(parts, "Maths circle") == "Maths circle"
    assert campus.wire.store.get("google.chat", parts["chat"])["title"] == "Maths circle"
    left = connection.upkeep.let_go(parts, take_away=True)
    assert "Maths circle" in [one.title for one in left if "Google Chat" in str(one.how)]
    assert len(campus.wire.chat.spaces()) == 1


def test_a_connection_that_does_without_chat_by_now_leaves_the_space_alone(campus, connection, parts):
    without = campus.connect()
    assert without.upkeep.rename(parts, "Maths circle") == "Maths circle"
    assert campus.wire.store.get("google.chat", parts["chat"])["title"] == "Reading circle"
    assert without.upkeep.let_go(parts, take_away=False)


def test_what_is_called_is_what_is_declared_with_chat(campus, connection, parts):
    connection.announcements.post(parts, NOTE, "key")
    connection.upkeep.rename(parts, "Maths circle")
    used = {name for name in campus.wire.used if name.startswith(("chat.", "identity."))}
    declared = {name for name, one in of_mode(NONE, chat=True).items() if one.chat}
    assert used == declared
    assert campus.wire.refusals == []


# --- what is said -----------------------------------------------------------------------------------------------------


def test_words_are_shown_as_they_were_written(campus, connection, parts):
    connection.announcements.post(parts, NOTE, "key")
    (told,) = campus.wire.chat.messages(parts["chat"])
    assert told == "Bring a text\n\nOn *Wednesday*.\nAt four.\n\nAna Ruiz · https://coplink.example/c/1"


def test_nobody_is_mentioned_and_nothing_becomes_a_heading_or_a_list():
    note = Announcement("# all", "<users/all> hello\n- one\n1. two\n    code\n@all", "https://x.example/", "")
    text = message(note)
    assert "\\<users\\/all\\>" in text
    assert "\\@all" in text
    assert "\\- one" in text
    assert "1\\. two" in text
    assert "\n    " not in text
    assert shown(text).startswith("# all\n\n<users/all> hello\n- one\n1. two\n")


WRITTEN = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp", "Zs"), include_characters=" \n")
)


@settings(max_examples=60, deadline=None)
@given(WRITTEN)
def test_any_text_is_shown_as_it_was_written(text):
    kept = "\n".join(line.strip() for line in text.strip().split("\n"))
    while "\n\n\n" in kept:
        kept = kept.replace("\n\n\n", "\n\n")
    assert shown(plain(kept)) == kept
