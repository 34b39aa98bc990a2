"""The admin sees what the worker found, in three words, with who, where and what instead; no page asks a platform."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coplink.core.words import say
from coplink.core.work import Kind
from coplink.engine import preflight
from coplink.ports.integration import Capability, Check
from coplink.testing.pinboard import Pinned

LINES = (
    Check("Staff room", True, say("The door is open.")),
    Check(
        "Guests",
        True,
        say("Whether guests may come in shows with the first one."),
        "caretaker",
        where=say("The gate."),
        fallback=say("They stay outside."),
    ),
    Check("Bell", False, say("There is no bell."), "caretaker", fallback=say("coplink looks every hour.")),
    Check(
        "Cupboard",
        False,
        say("The key does not fit."),
        "caretaker",
        ("pins.write",),
        say("The key board in the hall."),
        stops=frozenset({Capability.SPACES}),
    ),
    Check("Lift", False, say("Nobody picks up."), "caretaker", asked=False),
)


@pytest.fixture
def asked(monkeypatch):
    """How often the staff room itself was asked."""
    calls: list[int] = []
    monkeypatch.setattr(Pinned, "check", lambda self: calls.append(1) or LINES)
    return calls


def works(site):
    site.jobs.run_until_idle()


def show_worker(site):
    preflight.at_work(site.services.begin, site.clock.now())


def test_the_button_leaves_the_asking_to_the_worker_and_the_page_says_so(site, asked):
    kim = site.admin()
    works(site)
    asked.clear()
    show_worker(site)
    kim.get("/admin/connections/pinboard")
    before = kim.page.text
    assert kim.post("/admin/connections/pinboard/check").location == "/admin/connections/pinboard#checks"
    assert asked == [], "a page asks no platform"
    kim.follow()
    assert asked == []
    assert "Being checked;" in kim.says()
    assert kim.soup().select_one('.box a[href="/admin/connections/pinboard"]').get_text() == "Look again"
    assert "http-equiv" not in kim.page.text
    assert "Cupboard" in before
    assert "Cupboard" in kim.says(), "what was found before stays until then"
    works(site)
    assert asked == [1]
    kim.get("/admin/connections/pinboard")
    assert "Being checked;" not in kim.says()
    assert "Last checked 1 second ago." in kim.says()


def test_a_check_up_that_broke_off_is_not_said_to_go_on(site):
    kim = site.admin()
    show_worker(site)
    kim.get("/admin/connections/pinboard")
    assert "Being checked;" in kim.says()
    with site.services.begin() as uow:
        for work in [one for one in uow.work.all() if one.kind is Kind.PREFLIGHT]:
            uow.work.postpone(uow.work.begin(work.kind, work.target, site.clock.now()), None, "failed")
        uow.commit()
    kim.get("/admin/connections/pinboard")
    assert "Being checked;" not in kim.says()
    assert "The check-up broke off" in kim.says()


def test_without_a_worker_the_page_says_that_none_is_running(site, asked):
    kim = site.admin()
    kim.get("/admin/connections/pinboard")
    assert "no worker is running" in kim.says()
    show_worker(site)
    kim.get("/admin/connections/pinboard")
    assert "no worker is running" not in kim.says()
    site.clock.pass_by(minutes=10)
    kim.get("/admin/connections/pinboard")
    assert "no worker is running" in kim.says()


def test_what_was_found_stands_in_three_words_with_who_where_and_what_instead(site, asked):
    works(site)
    site.clock.pass_by(minutes=5)
    kim = site.admin()
    kim.get("/admin/connections/pinboard")
    assert "Last checked 5 minutes ago." in kim.says()
    lines = [
        " ".join(one.get_text(" ").split()) for one in kim.soup().select("section[aria-labelledby=checks] li")
    ]
    (calls,) = (line for line in lines if "Calls when files change" in line)
    assert calls.startswith("cannot"), (
        "the house's own line: nobody can call an address of this machine alone"
    )
    lines.remove(calls)
    assert lines == [
        "needs you Cupboard : The key does not fit. "
        "Who can change it: caretaker. The key board in the hall. pins.write",
        "no answer Lift : Nobody picks up.",
        "cannot Bell : There is no bell. Instead: coplink looks every hour. Who can change it: caretaker.",
        "works Staff room : The door is open.",
        "works Guests : Whether guests may come in shows with the first one. If not: They stay outside.",
    ]
    chips = [chip["class"][-1] for chip in kim.soup().select("section[aria-labelledby=checks] .chip")]
    assert chips == ["stuck", "chip", "waiting", "waiting", "ready", "ready"]


def test_the_overview_counts_the_words_and_tells_what_needs_somebody(site, asked):
    kim = site.admin()
    kim.get("/admin")
    assert "to be checked" in kim.says()
    works(site)
    site.clock.pass_by(minutes=40)
    kim.get("/admin")
    said = kim.says()
    assert "needs you: 1 no answer: 1 cannot: 2 works: 2" in said
    assert "Last checked 40 minutes ago." in said
    assert (
        "Pin Board · Cupboard: The key does not fit. The key board in the hall. Who can change it: caretaker."
        in said
    )


def test_other_settings_are_checked_anew_without_a_button(site, asked):
    works(site)
    kim = site.admin()
    kim.get("/admin/connections/pinboard")
    kim.post("/admin/connections/pinboard", {"room": "Attic", "key": ""})
    kim.get("/admin/connections/pinboard")
    assert "Last checked" not in kim.says(), "what was found was found for other settings"
    before = len(asked)
    works(site)
    assert len(asked) == before + 1


def test_who_founds_sees_which_place_waits_for_somebody_and_for_whom(site, asked):
    works(site)
    ana = site.enter("ana", leads=True)
    ana.get("/found")
    said = ana.says()
    assert "Waits until somebody has seen to the connection: caretaker." in said
    assert "The key does not fit." not in said, "the details are for admins"
    box = ana.soup().select_one(f'input[value="{site.places()["Riverbend/pinboard"]}"]')
    assert not box.has_attr("disabled"), "it may be chosen: it is made once it is mended"
    assert ana.soup().select_one(f"#{box['aria-describedby']}") is not None


def test_another_institutions_admin_sees_their_own_only(site, asked, monkeypatch):
    works(site)
    with site.services.begin() as uow:
        mine = uow.institutions.connection_of(site.here.id, "pinboard")
        uow.checks.drop(mine.id)
        uow.commit()
    site.clock.pass_by(seconds=timedelta(days=1).total_seconds())
    noor = site.admin(site.there)
    noor.get("/admin/connections/pinboard")
    assert "Last checked 1 day ago." in noor.says()
    kim = site.admin()
    kim.get("/admin/connections/pinboard")
    assert "Last checked" not in kim.says()
