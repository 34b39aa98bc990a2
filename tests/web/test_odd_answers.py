"""Forms of membership, seats, plans and invitations take whatever is sent: a sentence each time, and nothing breaks."""

from __future__ import annotations

import pytest

ODD = (
    "",
    " \t\r\n",
    "x" * 5000,
    "\x00\x1b[2J",
    "ß\u202e🙂\ud7ff",
    "' OR 1=1 --",
    "{0.__class__}%s{name}",
    "../..",
)
FORMS = {
    "/c/KEY/people/MEMBER/role": ("role",),
    "/c/KEY/people/MEMBER/ask-no-more": ("x",),
    "/c/KEY/people/ODD/ask-no-more": ("x",),
    "/c/KEY/facilitate": ("answer",),
    "/c/KEY/people/MEMBER/look": ("x",),
    "/c/KEY/people/ODD/role": ("role",),
    "/c/KEY/people/ODD/look": ("x",),
    "/c/KEY/seats/SPACE": ("x",),
    "/c/KEY/seats/ODD": ("x",),
    "/c/KEY/level": ("level",),
    "/c/KEY/contact": ("do",),
    "/c/KEY/guest": ("address", "institution"),
    "/c/KEY/links": ("institution", "back"),
    "/c/KEY/links/ODD/revoke": ("x",),
    "/c/KEY/invite/announcement": ("key", "title", "text", "institution", "do"),
    "/c/KEY/invite/mail": ("x",),
    "/c/KEY/life/norms": ("norms",),
    "/c/KEY/more-places": ("places",),
    "/c/KEY/presenters": ("meeting", "name"),
    "/c/KEY/presenters/ODD/revoke": ("x",),
    "/c/KEY/places/SPACE": ("do",),
    "/c/KEY/places/SPACE/plan": ("digest",),
    "/c/KEY/places/ODD/plan": ("digest",),
    "/c/ODD/join": ("level", "told"),
    "/c/ODD/decline": ("x",),
    "/no/ODD": ("List-Unsubscribe",),
    "/admin/spaces/SPACE": ("do",),
    "/admin/spaces/SPACE/plan": ("digest",),
    "/admin/spaces/ODD/plan": ("digest",),
    "/admin/communities/ODD/withdraw": ("reason", "take_away"),
}
PATHS = ("nothing", "0" * 32, "x" * 300, "%00", "%F0%9F%99%82", "..%2f..")
REFUSED = {400, 404, 409, 410}


@pytest.fixture
def circle(site):
    """Ana facilitates, Ben belongs: the browsers of Ana and of an admin, and the words that addresses are made of."""
    ana, _, key, _ = site.joined_by_link()
    with site.services.begin() as uow:
        (space,) = uow.spaces.of(key)
    return ana, site.admin(), {"KEY": key, "SPACE": space.id, "MEMBER": site.person("ben").id}


def test_no_form_breaks_and_each_refusal_is_a_sentence(site, circle):
    ana, admin, words = circle
    ana_secret, admin_secret = ana.secret(), admin.secret()
    wrong = []
    for number, (rule, names) in enumerate(FORMS.items()):
        browser, secret = (admin, admin_secret) if rule.startswith("/admin") else (ana, ana_secret)
        for turn, odd in enumerate(ODD):
            path = rule
            for word, value in words.items():
                path = path.replace(word, value)
            path = path.replace("ODD", PATHS[(number + turn) % len(PATHS)])
            answer = browser.post(path, dict.fromkeys(names, odd), secret=secret)
            told = browser.soup().find("main") if answer.mimetype == "text/html" else None
            fine = answer.status_code == 303 or (
                answer.status_code in REFUSED and told and told.get_text(strip=True)
            )
            if answer.status_code == 200:  # a form that is shown again, with what it would do
                fine = rule.endswith("/announcement") or rule.startswith("/no/")
            if not fine or "went wrong inside" in answer.text:
                wrong.append(f"{path} {odd[:12]!r}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    with site.services.begin() as uow:
        standing = {m.person: m.standing.value for m in uow.communities.memberships(words["KEY"])}
        assert set(standing.values()) == {"joined"}, "and nobody was moved by it"
        (space,) = uow.spaces.of(words["KEY"])
        assert space.state.value == "ready"


def test_the_same_form_twice_is_one_act(site, circle):
    ana, _, words = circle
    key = words["KEY"]
    ana.get(f"/c/{key}/people")
    for path, form in (
        (f"/c/{key}/people/{words['MEMBER']}/role", {"role": "steward"}),
        (f"/c/{key}/people/{words['MEMBER']}/role", {"role": "co-facilitator"}),
        (f"/c/{key}/people/{words['MEMBER']}/ask-no-more", {}),
        (f"/c/{key}/contact", {"do": "take"}),
        (f"/c/{key}/links", {"institution": site.there.id}),
    ):
        assert [ana.post(path, form).status_code for _ in range(2)] == [303, 303]
    ana.get(f"/c/{key}/history")
    assert ana.says().count("is now the contact of Riverbend") == 1
    with site.services.begin() as uow:
        assert len(uow.communities.contacts(key)) == 1
