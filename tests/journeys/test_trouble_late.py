"""What was written shows late: 404 just after a create, listings without what was made, answers lost on top of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from coplink.cli.demo.processes import Demo

UNSEEN = (
    4.0  # seconds until the platforms show what was written; the bound that coplink is told is a little more
)


@pytest.fixture(scope="module")
def _scene(
    tmp_path_factory: pytest.TempPathFactory, calm: dict[str, str], scene_of: Callable[[Demo], Any]
) -> Iterator[Any]:
    """A demo that is told how late its platforms are."""
    told = {"COPLINK_LAG_SECONDS_OVERRIDE": '{"canvas": 5, "teams": 5, "google": 5}'}
    with Demo(tmp_path_factory.mktemp("late"), fixed_ports=False, extra=calm | told) as demo:
        yield scene_of(demo)


def late(scene: Any, *suites: str) -> None:
    for suite in suites:
        scene.demo.ask(suite, "lag", {"seconds": UNSEEN})


@pytest.mark.long
def test_canvas_and_google_show_late_what_was_made_and_answers_are_lost_as_well(scene: Any) -> None:
    late(scene, "canvas", "google")
    for suite, match in (
        ("canvas", r"^POST /api/v1/group_categories/\d+/groups"),
        ("canvas", r"^POST /api/v1/groups/\d+/pages"),
        ("google", r"^POST /calendar/v3/calendars(\?|$)"),
    ):
        scene.weather(suite, match, "lose")
    community = scene.found()
    scene.one_of_everything(community)
    assert scene.sitting(community, "canvas") == [scene.cast.resident("ana.ruiz").canvas_id]
    codes = {entry.get("code") for entry in scene.logged(event="work interrupted")}
    assert codes >= {"outcome_unknown", "not_ready_yet"}


@pytest.mark.long
def test_every_suite_shows_late_and_every_first_answer_is_lost(scene: Any) -> None:
    late(scene, "canvas", "teams", "google")
    for suite, match in (
        ("canvas", r"^POST /api/v1/courses/\d+/group_categories"),
        ("canvas", r"^POST /api/v1/group_categories/\d+/groups"),
        ("canvas", r"^POST /api/v1/calendar_events"),
        ("teams", r"^POST /v1\.0/teams/[^/]+/channels(\?|$)"),
        ("teams", r"^POST /v1\.0/users/[^/]+/(calendar/)?events"),
        ("google", r"^POST /admin/directory/v1/groups(\?|$)"),
        ("google", r"^POST /drive/v3/drives"),
        ("google", r"^POST /drive/v3/files(\?|$)"),
        ("google", r"^POST /calendar/v3/calendars(\?|$)"),
    ):
        scene.weather(suite, match, "lose")
    community = scene.found()
    scene.one_of_everything(community, patience=150)
