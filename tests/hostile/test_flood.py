"""S9: a flood of strangers at the door leaves a bounded number of rows and no memory behind, and lets others in.

A few thousand in every run with a lower bound, a hundred thousand in the long one with the real bound.
"""

from __future__ import annotations

import gc
import os
import tracemalloc
from pathlib import Path

import pytest
from hostile_stage import Scene, state_of

from coplink.core.errors import LaunchError
from coplink.lti.launch import begin, complete
from coplink.storage.repositories import doors
from coplink.storage.sweeps import EVERY

LOWERED = 300


@pytest.fixture
def lowered(monkeypatch: pytest.MonkeyPatch) -> int:
    """The bound of production is ten thousand for each registration; a small one shows the same in a moment."""
    monkeypatch.setattr(doors, "MOST_LOGINS", LOWERED)
    return LOWERED


def knock(scene: Scene, number: int) -> str:
    """One stranger begins a login in a browser of their own; nobody ever comes back."""
    form = scene.north.login_form({"login_hint": f"stranger-{number}"})
    return begin(
        scene.services.storage, form, scene.stage.url, f"browser-of-{number}", scene.clock.now()
    ).redirect_url


def knock_and_forge(scene: Scene, number: int) -> None:
    """One stranger goes on to the launch, with a token that is none: the login is used up."""
    form = {"state": state_of(knock(scene, number)), "id_token": "x.y.z"}
    with pytest.raises(LaunchError):
        complete(
            scene.services.storage,
            scene.services.platform_keys,
            form,
            f"browser-of-{number}",
            scene.clock.now(),
        )


def logins(scene: Scene) -> int:
    return scene.stage.counts()["logins"]


def resident() -> int:
    """The memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def somebody_comes_in(scene: Scene) -> None:
    assert scene.launch({"sub": "subject-of-ben"}).status_code == 303


def test_three_thousand_logins_leave_few_rows(scene: Scene, lowered: int) -> None:
    for number in range(3000):
        knock(scene, number)
    assert lowered <= logins(scene) <= lowered + EVERY
    somebody_comes_in(scene)


def test_used_logins_count_as_well(scene: Scene, lowered: int) -> None:
    for number in range(600):
        knock_and_forge(scene, number)
    assert logins(scene) <= lowered + EVERY
    somebody_comes_in(scene)


def test_a_flood_at_one_school_takes_nothing_from_the_other(scene: Scene, lowered: int) -> None:
    waiting = scene.begin(platform=scene.south)
    for number in range(500):
        knock(scene, number)
    form = scene.form(waiting, platform=scene.south)
    assert scene.bring(form).status_code == 303


def test_what_has_expired_goes(scene: Scene) -> None:
    for number in range(300):
        knock(scene, number)
    scene.clock.forward(minutes=6)
    for number in range(3 * EVERY):
        knock(scene, number)
    assert logins(scene) <= 3 * EVERY + EVERY


def test_nothing_is_kept_in_memory_for_a_stranger(scene: Scene, lowered: int) -> None:
    for number in range(100):  # what is made once is made
        knock(scene, number)
    tracemalloc.start()
    try:
        for number in range(50):
            knock(scene, number)
        before = tracemalloc.get_traced_memory()[0]
        for number in range(400):
            knock(scene, number)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 200_000, f"{grown} bytes after 400 logins"


@pytest.mark.long
def test_unknown_keys_and_issuers_leave_nothing_in_memory(scene: Scene) -> None:
    """Neither a key id nor an issuer of a stranger's becomes a key of a cache."""
    keys = scene.services.platform_keys
    assert keys.key(scene.registration(scene.north), "north") is not None
    tracemalloc.start()
    try:
        sizes = []
        for rounds in range(2):
            for number in range(1000):
                assert keys.key(scene.registration(scene.north), f"made-up-{rounds}-{number}" * 20) is None
            for number in range(300):
                form = scene.north.login_form({"iss": f"https://{'x' * 200}-{rounds}-{number}.example"})
                with pytest.raises(LaunchError):
                    begin(scene.services.storage, form, scene.stage.url, "browser", scene.clock.now())
            gc.collect()  # what nobody holds any more is not kept
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[1] - sizes[0] < 100_000, sizes
    assert scene.north.fetches == 1


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_logins(scene: Scene) -> None:
    most, before, rows = doors.MOST_LOGINS, 0, []
    for number in range(100_000):
        knock(scene, number)
        if number % 10_000 == 9_999:
            rows.append(logins(scene))
            before = before or resident()  # after the first ten thousand: caches of the database are warm
            scene.clock.forward(seconds=1)
    assert max(rows) <= most + EVERY
    assert resident() - before < 30_000_000, f"{resident() - before} bytes more after 90,000 logins"
    somebody_comes_in(scene)
