"""coplink alone is killed at ten writes of provisioning, and the story converges each time to one of everything.

Five times just before the platform does the work, five times just after it has done it and before it answers. What
exists is read from the sandboxes' own state. One region and one data folder live through all ten, and through a kill
while something is said to everybody.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from coplink.cli.demo.inside import Inside
from coplink.cli.demo.people import FOUNDER, Cast
from coplink.cli.demo.processes import Demo
from coplink.core.spaces import SpaceState


@dataclass(frozen=True)
class At:
    """One write, and whether coplink dies before or after the platform has done it."""

    sandbox: str
    write: str
    when: str


WRITES = (
    At("canvas", r"^POST /api/v1/courses/\d+/group_categories", "before"),
    At("canvas", r"^POST /api/v1/group_categories/\d+/groups", "after"),
    At("canvas", r"^(POST|PUT) /api/v1/groups/\d+/pages", "before"),
    At("teams", r"^POST /v1\.0/teams/[^/]+/channels(\?|$)", "before"),
    At("teams", r"^POST /v1\.0/teams/[^/]+/channels(\?|$)", "after"),
    At("teams", r"^POST /v1\.0/users/[^/]+/events", "after"),
    At("google", r"^POST /admin/directory/v1/groups(\?|$)", "after"),
    At("google", r"^POST /drive/v3/drives", "before"),
    At("google", r"^POST /drive/v3/drives", "after"),
    At("google", r"^POST /calendar/v3/calendars/[^/]+/events", "before"),
)

# What is said to everybody afterwards, while coplink is killed once more.
SAID = (
    At("canvas", r"^POST /api/v1/groups/\d+/discussion_topics", "after"),
    At("teams", r"^POST /v1\.0/teams/[^/]+/sendActivityNotification", "after"),
)


def held(demo: Demo, *sandboxes: str, patience: float = 30.0) -> bool:
    """Wait until one of the sandboxes holds a call in mid-air."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if any(demo.ask(sandbox, "held") for sandbox in sandboxes):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    "writes",
    [
        pytest.param((WRITES[0], WRITES[4]), id="two writes", marks=pytest.mark.long),
        pytest.param(WRITES, id="ten writes", marks=pytest.mark.long),
    ],
)
@pytest.mark.timeout(600)
def test_killed_in_the_middle_of_a_write_the_story_converges_to_one_of_everything(
    tmp_path: Path, writes: tuple[At, ...]
) -> None:
    assert Counter(at.when for at in WRITES) == {"before": 5, "after": 5}
    with Demo(tmp_path, fixed_ports=False) as demo:
        inside = Inside(demo.environment())
        cast = Cast(demo, inside)
        for number, at in enumerate(writes):
            demo.ask(at.sandbox, "weather", {"match": at.write, "act": f"hold-{at.when}"})
            community = cast.found(cast.preview(f"Circle {number}"))
            cast.agree("lakeside", community)
            assert held(demo, at.sandbox), f"nobody called {at.write}\n{demo.last_lines()}"
            demo.kill_coplink()
            demo.ask(at.sandbox, "release", {})
            demo.start_coplink()
            inside.until_idle()
            spaces = inside.spaces(community)
            assert {space.state for space in spaces.values()} == {SpaceState.READY}, inside.resting()
        for at in SAID:
            demo.ask(at.sandbox, "weather", {"match": at.write, "act": f"hold-{at.when}"})
        page = cast.browser(FOUNDER).open(f"{demo.tool_url}/c/{community}/announcements")
        cast.browser(FOUNDER).send(page, "/announcements", "Say it", title="Wednesday", text="Bring a text.")
        assert held(demo, "canvas", "teams"), f"nobody announced anything\n{demo.last_lines()}"
        demo.kill_coplink()
        for at in SAID:
            demo.ask(at.sandbox, "weather/clear", {})
        demo.start_coplink()
        inside.until_idle()
        states = {key: demo.ask(key, "state") for key in ("canvas", "teams", "google")}
        refused = {key: demo.ask(key, "calls")["refusals"] for key in states}
    assert refused == {key: [] for key in states}
    count = len(writes)
    assert [said["title"] for said in states["canvas"]["announcements"]] == ["Wednesday"]
    assert [said["title"] for said in states["teams"]["notices"]] == ["Wednesday"]
    for kind, things in {
        "groups": states["canvas"]["groups"],
        "channels": [c for c in states["teams"]["channels"] if c["marker"]],
        "drives": states["google"]["drives"],
        "google groups": states["google"]["groups"],
        "calendars": states["google"]["calendars"],
    }.items():
        markers = Counter(thing["marker"] for thing in things)
        assert (len(markers), set(markers.values())) == (count, {1}), (kind, markers)
    assert (
        len({c["name"] for c in states["canvas"]["categories"]})
        == len(states["canvas"]["categories"])
        == count
    )
    assert len(states["teams"]["series"]) == len(states["google"]["series"]) == count
    events = Counter(event["group"] for event in states["canvas"]["events"])
    assert len(events) == count
    assert len(set(events.values())) == 1
