"""The page on which who leads adds a place to a community that is under way."""

from __future__ import annotations

import pytest

from coplink.testing.beginnings import once


@pytest.fixture
@once
def joined(site):
    return site.joined_by_link()


def test_a_place_is_chosen_seen_before_and_asked_for(site, joined):
    ana, ben, key, _ = joined
    ana.get(f"/c/{key}/places")
    assert ana.soup().select_one(f'a[href="/c/{key}/more-places"]')
    ben.get(f"/c/{key}/places")
    assert not ben.soup().select_one(f'a[href="/c/{key}/more-places"]')
    ana.get(f"/c/{key}/more-places")
    [box] = ana.soup().select("input[name=places]:not([disabled])")
    assert "Waits until the connection admin of Lakeside agrees." in ana.says()
    assert ana.post(f"/c/{key}/more-places").status_code == 400
    assert "Choose at least one place." in ana.says()
    assert (
        ana.post(f"/c/{key}/more-places", {"places": box["value"]}).headers["Location"] == f"/c/{key}/places"
    )
    ana.get(f"/c/{key}/places")
    assert "Waiting for Lakeside to agree." in ana.says()
    ana.get(f"/c/{key}/more-places")
    assert not ana.soup().select("input[name=places]:not([disabled])"), (
        "what is left is for who comes from a course"
    )
    assert not ana.soup().select("form[action$=more-places] button")


def test_a_connection_that_is_none_of_theirs_is_a_sentence(joined):
    ana, _, key, _ = joined
    ana.get(f"/c/{key}/more-places")
    assert ana.post(f"/c/{key}/more-places", {"places": "nothing"}).status_code == 400
    assert "One of the places cannot be chosen here." in ana.says()
