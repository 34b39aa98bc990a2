"""Nobody finds anything of another institution, or of a community they do not belong to: every route, every id."""

from __future__ import annotations

import pytest
from belongings import Belongings
from town import Visitor
from walker import RULES, Walker, parameters, walks

# South is another client of North's issuer, West another deployment of North's registration.
WALKS = [
    ("northern", "southern", "leader"),
    ("northern", "southern", "admin"),
    ("northern", "western", "leader"),
    ("western", "northern", "choosing"),
    ("western", "northern", "admin"),
    ("southern", "northern", "member"),
    ("southern", "western", "copier"),
]


def routes(town):
    return sorted(town.app.url_map.iter_rules(), key=lambda route: (route.rule, route.endpoint))


def test_every_route_has_been_thought_about(town):
    known = {route.endpoint for route in routes(town)}
    assert known - RULES.keys() == set(), "say in walker.RULES how to walk over these routes"
    assert RULES.keys() - known == set(), "these routes are gone: take them out of walker.RULES"


def test_every_table_leads_to_its_owner(town):
    everything = Belongings(town.services, town.schools["northern"].institution)
    assert everything.loose() == [], "say in belongings.THE_HOUSES why their rows belong to nobody"


def differences(town, visitor, walker, words):
    """Where an answer about theirs is not the answer about what does not exist, or tells a word of theirs."""
    found, made, known = [], 0, bool(visitor.secret())
    for route, walk in walks(routes(town)):
        for call, twin, names in walker.calls(route, walk):
            real = call.made_by(visitor).without(names)
            made += 1
            if names and real != (none := twin.made_by(visitor).without(names)):
                found.append(
                    f"{call.method} {call.path} {call.form} {call.query}: {real.status}, {none.status}"
                )
            # Before anybody is known the frame policy names everybody's platforms.
            seen = real.body + " ".join(real.headers.values() if known else ())
            found += [f"{call.method} {call.path} tells “{word}”" for word in words if word in seen]
    return found, made


@pytest.mark.parametrize(("ours", "theirs", "who"), WALKS)
def test_what_is_another_institutions_does_not_exist(town, ours, theirs, who):
    us, them = town.schools[ours], town.schools[theirs]
    our_things = Belongings(town.services, us.institution)
    their_things = Belongings(town.services, them.institution)
    walker = Walker(our_things, their_things)
    found, made = differences(town, us.visitors[who], walker, [them.word])
    assert not found, "\n".join(found[:20])
    assert made > 60, "the walk went somewhere"
    after = Belongings(town.services, them.institution)
    assert after.picture() == their_things.picture(), "nothing of theirs was touched"


@pytest.mark.parametrize("who", ["leader", "member", "choosing"])
def test_what_is_another_communitys_does_not_exist(town, who):
    school = town.schools["northern"]
    ours = Belongings(town.services, school.community, "communities")
    theirs = Belongings(town.services, school.other_community, "communities")
    found, made = differences(town, school.visitors[who], Walker(ours, theirs), ["second circle"])
    assert not found, "\n".join(found[:20])
    assert made > 30
    assert Belongings(town.services, school.other_community, "communities").picture() == theirs.picture()


def test_whoever_has_not_come_through_a_door_finds_nothing(town):
    school, stranger = town.schools["northern"], Visitor(town)
    things = Belongings(town.services, school.institution)
    nothing = Belongings(town.services, "nobody")
    found, made = differences(town, stranger, Walker(nothing, things), [school.word])
    assert not found, "\n".join(found[:20])
    assert made > 60


def told_apart(visitor, call, twin, names):
    """Whether what exists answers differently; what does not is asked first, because forms are once for all."""
    none = twin.made_by(visitor).without(names)
    return call.made_by(visitor).without(names) != none


def test_the_walk_would_see_what_is_there(new_town):
    """The same walk by the owners themselves finds every route answering differently, so it is worth something."""
    town = new_town()
    school = town.schools["northern"]
    things, nothing = Belongings(town.services, school.institution), Belongings(town.services, "nobody")
    walker = Walker(nothing, things)
    last = ("joining.decline", "joining.leave", "joining.pause", "invitations.revoke", "landing.is_this_you")
    last += ("lifecycle.conclude", "lifecycle.reopen", "lifecycle.act", "lifecycle.admin_act")
    last += ("platforms.disable", "platforms.disable_deployment", "platforms.withdraw")
    blind = []
    for route, walk in sorted(
        walks(routes(town)), key=lambda one: (one[0].endpoint in last, one[0].endpoint)
    ):
        if walk.bearer or walk.elsewhere or not parameters(route, walk):
            continue
        calls = list(walker.calls(route, walk))
        if not any(told_apart(visitor, *one) for visitor in school.visitors.values() for one in calls):
            blind.append(f"{route.endpoint} {route.rule}")
    assert not blind, "\n".join(blind)
