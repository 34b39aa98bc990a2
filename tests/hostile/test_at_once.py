"""S4: fifty at the same moment, over HTTPS, on both databases: exactly one is let in."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import requests
from hostile_stage import Scene, Visitor
from rows_state import TRIES, at_once
from rows_storage import OURS, Page


def all_at_once(post: Callable[[], requests.Response]) -> Counter[int]:
    """The statuses of fifty answers to the same question."""
    start, statuses = threading.Barrier(TRIES), Counter[int]()

    def one() -> None:
        start.wait()
        statuses[post().status_code] += 1

    threads = [threading.Thread(target=one) for _ in range(TRIES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_one_launch_posted_fifty_times(any_scene: Scene) -> None:
    assert at_once(any_scene).status_code == 303
    grown = any_scene.grown()
    assert (grown["sessions"], grown["people"], grown["identities"]) == (1, 1, 1)


def test_one_held_launch_shown_fifty_times(any_scene: Scene) -> None:
    page = Page(any_scene)
    form = {"code": page.code, "state": page.kept}
    statuses = all_at_once(lambda: Visitor(any_scene.stage).post("/lti/held", form, headers=OURS))
    assert statuses == {200: 1, 401: TRIES - 1}
    assert any_scene.grown()["sessions"] == 1


def test_ten_launches_of_one_person_who_is_new(any_scene: Scene) -> None:
    """Ten tabs and forty strays: every tab is let in, and it is one person."""
    any_scene.knock()
    forms = [any_scene.form(any_scene.begin()) for _ in range(10)]
    any_scene.mark()
    lock = threading.Lock()

    def post() -> requests.Response:
        with lock:
            form = forms.pop() if forms else {"state": "x" * 43}
        tab = Visitor(any_scene.stage)
        tab.session.cookies.update(any_scene.ana.session.cookies)
        return any_scene.bring(form, visitor=tab)

    assert all_at_once(post) == {303: 10, 401: TRIES - 10}
    assert any_scene.grown()["identities"] == 1
    assert any_scene.grown()["people"] == 1
