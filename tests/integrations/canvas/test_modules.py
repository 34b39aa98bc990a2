"""A link to the community in the course's modules, where an admin wants one: once, and not where it is forbidden."""

from __future__ import annotations

import pytest

from coplink.ports.errors import OutcomeUnknown


@pytest.fixture
def spaces(canvas):
    return canvas.connect(module="yes").spaces


def modules(canvas):
    return [(one["name"], one["published"]) for one in canvas.sandbox.store.all("canvas.modules")]


def test_the_link_is_the_last_step_and_only_where_it_is_wanted(canvas, spaces):
    assert spaces.steps(canvas.wish()) == ("category", "group", "page", "module")
    assert canvas.connect().spaces.steps(canvas.wish()) == ("category", "group", "page")


def test_a_module_is_made_unpublished_and_the_link_is_found_again(faultless, spaces):
    made = spaces.ensure("module", faultless.wish(), {}, "k")
    again = spaces.ensure("module", faultless.wish(), {}, "k")

    assert (made.found, again.found, made.remote) == (False, True, again.remote)
    assert modules(faultless) == [("Communities", False)], "a teacher decides when people see it"
    (link,) = faultless.state("links")
    assert (link["title"], link["url"]) == ("Reading circle", "https://coplink.example/c/1")


def test_communities_of_a_course_share_the_module(faultless, spaces):
    spaces.ensure("module", faultless.wish(), {}, "k")
    spaces.ensure("module", faultless.wish(home_url="https://coplink.example/c/2"), {}, "k2")

    assert len(modules(faultless)) == 1
    assert len(faultless.state("links")) == 2


def test_a_module_of_a_similar_name_is_not_ours(faultless, spaces):
    other = {"id": 1, "course": 101, "name": "Communities of plants", "published": True}
    faultless.sandbox.store.put("canvas.modules", "1", other)
    spaces.ensure("module", faultless.wish(), {}, "k")

    assert [name for name, _ in modules(faultless)] == ["Communities of plants", "Communities"]


@pytest.mark.parametrize("lost", ["^POST .*/modules$", "^POST .*/items"])
def test_a_lost_answer_makes_nothing_twice(canvas, spaces, lost):
    canvas.rain(lost, "lose")
    with pytest.raises(OutcomeUnknown):
        spaces.ensure("module", canvas.wish(), {}, "k")

    spaces.ensure("module", canvas.wish(), {}, "k")
    assert len(modules(canvas)) == 1
    assert len(canvas.state("links")) == 1


@pytest.mark.parametrize("missing", ["manage_course_content_add", "manage_course_content_edit"])
def test_where_the_role_may_not_change_modules_a_community_does_without(canvas, spaces, missing):
    rest = ["read_course_content", "manage_course_content_add", "manage_course_content_edit"]
    rest.remove(missing)
    canvas.sandbox.store.put("canvas.roles", "riverbend", {"permissions": rest})

    assert spaces.ensure("module", canvas.wish(), {}, "k").remote == "none"
    assert canvas.state("links") == []


def test_without_an_address_there_is_nothing_to_link_to(faultless, spaces):
    assert spaces.ensure("module", faultless.wish(home_url=""), {}, "k").remote == "none"
    assert faultless.sandbox.calls == []
