"""Something is said to everybody: once in each place, though answers are lost and platforms are busy."""

from __future__ import annotations

from typing import Any

import pytest

CANVAS = r"^POST /api/v1/groups/\d+/discussion_topics"
TEAMS = r"^POST /v1\.0/teams/[^/]+/sendActivityNotification"
WORDS = {"title": "Bring a text", "text": "On Wednesday.\n\n1 < 2 & <b>so on</b>", "do": "say"}


def told(scene: Any, community: Any) -> dict[str, list[str]]:
    """The titles that stand in the community's places over there."""
    spaces = scene.inside.spaces(community)
    canvas = scene.demo.ask("canvas", "state")["announcements"]
    teams = scene.demo.ask("teams", "state")["notices"]
    return {
        "canvas": [a["title"] for a in canvas if a["place"] == f"group/{spaces['canvas'].parts['group']}"],
        "teams": [
            a["title"] for a in teams if a["place"] == spaces["teams"].parts["channel"].partition("/")[2]
        ],
    }


def speak(scene: Any, community: Any) -> None:
    """The facilitator fills in the form on the page."""
    page = scene.page(community, "announcements")
    form = page.form("/announcements")
    hidden = {name: value for name, value in form.fields if name in ("csrf", "key")}
    answer = scene.ask("ana.ruiz", f"/c/{community}/announcements", {**hidden, **WORDS})
    assert answer.status == 200, answer.text


@pytest.mark.long
def test_it_is_said_once_in_each_place_whatever_the_wire_does(scene: Any) -> None:
    community = scene.found()
    scene.one_of_everything(community)
    scene.weather("canvas", CANVAS, "lose")
    scene.weather("teams", TEAMS, "answer", status=429, headers={"Retry-After": "1"}, body={})
    scene.weather("teams", TEAMS, "lose", skip=1)
    speak(scene, community)
    scene.inside.until_idle(90)
    assert told(scene, community) == {"canvas": ["Bring a text"], "teams": ["Bring a text"]}
    codes = {entry.get("code") for entry in scene.logged(event="work interrupted")}
    assert codes >= {"outcome_unknown", "throttled"}
    page = scene.page(community, "announcements")
    assert page.text.count("is there") >= 2
    assert "1 < 2 & <b>so on</b>" in page.text, "as it was written"
