"""What a teacher sees and may choose, and how a list is made on the way."""

from __future__ import annotations

from coplink.core.people import CommunityId
from coplink.testing.platform import CORE

BASE = "http://127.0.0.1:8080"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"


def test_one_community_is_shown_at_once_with_everything_it_has(school, key):
    browser = school.choosing()
    file = f"file:{key[:8]}-Plan.xlsx"
    assert school.options(browser)[:3] == [("radio", "community"), ("radio", "meeting"), ("radio", file)]
    said = browser.says()
    assert "Put into “Literacy”" in said
    assert "Wed 2 Dec, 16:00 (Los Angeles)" in said
    assert "Roles <b>.docx" in said
    assert "Only" not in said


def test_a_list_is_made_on_the_way_and_put_there(site, school, key):
    browser = school.choosing()
    picks = [f"file:{key[:8]}-Plan.xlsx", f"file:{key[:8]}-Frames.pdf"]
    browser.post("/deep-linking", {"community": key, "do": "list", "pick": picks[:1]})
    assert browser.soup().select_one(f'input[value="{picks[0]}"]').has_attr("checked")
    secret = browser.soup().select_one("input[name=key]")["value"]
    filled = {"community": key, "do": "keep", "key": secret, "list_title": "Week <3>", "why": "Read both"}
    browser.post("/deep-linking", {**filled, "pick": []})
    assert browser.page.status_code == 400
    assert "Choose at least one file" in browser.says()
    assert browser.soup().select_one("input[name=list_title]")["value"] == "Week <3>"
    for _ in range(2):  # twice the same form is one list
        browser.post("/deep-linking", {**filled, "pick": picks})
        assert browser.page.status_code == 200
    [chosen] = browser.soup().select("input[name=pick][checked]")
    [made] = school.contents(school.put(browser, key, chosen["value"]))
    assert (made["title"], made["text"]) == ("Week <3>", "Read both")
    with site.services.begin() as uow:
        [kept] = uow.catalogue.lists(CommunityId(key))
    assert made["url"] == f"{BASE}/c/{key}/lists/{kept.id}"
    browser.get(f"/c/{key}/lists/{kept.id}")
    assert browser.page.status_code == 200
    assert "Plan.xlsx" in browser.says()
    assert "Put together by Ana Ruiz" in browser.says()
    browser.get(f"/c/{key}/library")
    assert "Week <3>" in browser.says()
    browser.get(f"/c/{key}/history")
    assert "made the list “Week <3>”" in browser.says()


def test_a_list_is_short_and_of_files_that_are_there(site, school, key):
    school.files(key, *(f"File {number}" for number in range(30)))
    browser = school.choosing()
    every = [f"file:{key[:8]}-File {number}" for number in range(30)]
    form = {"community": key, "do": "keep", "key": "k", "list_title": "All", "why": ""}
    browser.post("/deep-linking", {**form, "pick": every})
    assert "at most 12" in browser.says()
    browser.post("/deep-linking", {**form, "pick": [every[0], "file:forged"]})
    assert "not there any more" in browser.says()
    school.withdraw(key, "File 0")
    browser.post("/deep-linking", {**form, "pick": every[:2]})
    assert "“File 0” was taken away" in browser.says()
    with site.services.begin() as uow:
        assert not uow.catalogue.lists(CommunityId(key))


def test_a_file_taken_away_meanwhile_is_not_put(site, school, key):
    browser = school.choosing()
    school.withdraw(key, "Plan.xlsx")
    page = school.put(browser, key, f"file:{key[:8]}-Plan.xlsx")
    assert page.status_code == 400
    assert "“Plan.xlsx” was taken away" in browser.says()
    browser.get(f"/c/{key}/library/{key[:8]}-Plan.xlsx")
    assert "taken away in" in browser.says()


def test_forged_names_put_nothing(school, key):
    browser = school.choosing()
    for name in ("", "nothing", "file:forged", "list:forged", "file:", "list:" + "0" * 32, "community:x"):
        assert school.put(browser, key, name).status_code == 400, name
        assert "JWT" not in browser.page.text


def test_nothing_chosen_is_no_choice(school, key):
    browser = school.choosing()
    assert school.put(browser, key).status_code == 400
    assert "Choose what to put" in browser.says()


def test_a_thousand_files_are_looked_for_by_name(site, school, key):
    school.files(key, *(f"Lesson {number:04}.docx" for number in range(1000)))
    browser = school.choosing()
    assert len(school.options(browser)) == 2 + 8
    assert "995 more than these" in browser.says()
    mine = f"file:{key[:8]}-Plan.xlsx"
    browser.post("/deep-linking", {"community": key, "do": "look", "look": "lesson 0042", "pick": mine})
    assert [value for _, value in school.options(browser)] == [
        "community", "meeting", mine, f"file:{key[:8]}-Lesson 0042.docx",
    ]  # fmt: skip
    assert browser.soup().select_one("input[checked]")["value"] == mine
    assert len(browser.page.data) < 30_000


def test_an_empty_community_has_itself(site, school):
    key = site.found(school.launch())
    browser = school.choosing()
    assert [value for _, value in school.options(browser)] == ["community", "meeting"]
    assert "Nothing yet in its library" in browser.says()
    assert len(school.contents(school.put(browser, key, "community"))) == 1


def test_without_a_community_there_is_a_way_back(school):
    browser = school.choosing(
        {}, {"sub": "somebody-else", CORE + "context": {"id": "course-9", "title": "Other"}}
    )
    assert "There is no community yet" in browser.says()
    browser.post("/deep-linking", {"do": "cancel"})
    assert school.verified(browser.page)[1][DL + "content_items"] == []


def test_of_a_community_that_lives_here_one_may_put_its_name_though_not_a_member(school, key):
    browser = school.choosing({}, {"sub": "somebody-else", "name": "Bo"})
    assert [value for _, value in school.options(browser)] == ["community"]
    assert "You do not belong to it" in browser.says()
    assert len(school.contents(school.put(browser, key, "community"))) == 1
    for name in ("meeting", f"file:{key[:8]}-Plan.xlsx"):
        browser.get("/deep-linking")
        assert school.put(browser, key, name).status_code == 400
    keep = {
        "community": key,
        "do": "keep",
        "key": "k",
        "list_title": "x",
        "pick": f"file:{key[:8]}-Plan.xlsx",
    }
    assert browser.post("/deep-linking", keep).status_code == 404
