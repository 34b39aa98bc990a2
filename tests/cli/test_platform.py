"""Platforms and keys at the command line: idempotent, each institution behind its wall, one sentence for each no."""

from __future__ import annotations

import os
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from coplink.cli import main

URLS = (
    "--authorization-url", "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "--token-url", "https://sso.canvaslms.com/login/oauth2/token",
    "--jwks-url", "https://sso.canvaslms.com/api/lti/security/jwks",
)  # fmt: skip
CANVAS = ("--issuer", "https://canvas.instructure.com", "--client-id", "10000000000001")


def run(folder: Path, *commands: tuple[str, ...]) -> list[tuple[int, str]]:
    """Run these commands one after the other in this process; exit code and everything said, for each."""
    said = []
    for words in commands:
        out, code = StringIO(), 0
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(out):
            patch.chdir(folder)
            patch.setattr(sys, "argv", ["coplink", *words, "--data", str(folder)])
            patch.setitem(os.environ, "COPLINK_BASE_URL", "https://coplink.school.example")
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        said.append((code, out.getvalue()))
    return said


def add(institution: str, *more: str) -> tuple[str, ...]:
    return ("platform", "add", "--institution", institution, *CANVAS, *URLS, *more)


SCHOOLS = (("institution", "add", "Riverbend"), ("institution", "add", "Lakeside"))
LIST = ("platform", "list")


def test_adding_twice_changes_nothing_and_a_changed_address_updates(tmp_path: Path) -> None:
    deployment = ("--deployment-id", "1:abc", "--approve")
    changed = tuple(word.replace("security/jwks", "security/keys") for word in add("Riverbend", *deployment))
    *_, first, listed, second, again, third, after = run(
        tmp_path,
        *SCHOOLS,
        add("Riverbend", *deployment),
        LIST,
        add("Riverbend", *deployment),
        LIST,
        changed,
        LIST,
    )
    assert first[0] == second[0] == third[0] == 0, (first, second, third)
    assert first == second
    assert listed == again == after
    assert "open  Riverbend  https://canvas.instructure.com  client 10000000000001" in listed[1]
    assert "  approved  Riverbend  deployment 1:abc" in listed[1]


@pytest.mark.long
def test_approving_disabling_and_the_wall(tmp_path: Path) -> None:
    _, _, added = run(tmp_path, *SCHOOLS, add("Riverbend", "--deployment-id", "1:abc"))
    [key] = re.findall(r"Registered as (\S+) \(open\)", added[1])
    approve, disable = ("platform", "approve", key), ("platform", "disable", key)
    one, two = ("--deployment-id", "1:abc"), ("--deployment-id", "2:def")
    lakeside = ("--institution", "Lakeside")
    told = run(
        tmp_path,
        LIST,
        (*approve, *one),
        (*approve, *two, *lakeside),
        LIST,
        (*approve, *one, *lakeside),
        (*disable, *one),
        (*approve, *one, *lakeside),
        disable,
        LIST,
        (*LIST, *lakeside),
        approve,
        LIST,
    )
    codes, said = [code for code, _ in told], [text for _, text in told]
    assert "pending  Riverbend  deployment 1:abc" in said[0]
    assert "approved  Riverbend  deployment 1:abc" in said[3]
    assert "approved  Lakeside  deployment 2:def" in said[3]
    assert codes[4] == 1, "what is approved for one institution is not another's"
    assert "Disable it there first" in said[4]
    assert codes[5:8] == [0, 0, 0]
    assert "disabled  Riverbend  https://canvas" in said[8]
    assert "approved  Lakeside  deployment 1:abc" in said[8]
    assert said[9] == said[8]
    assert "open  Riverbend  https://canvas" in said[11]


def test_another_institution_on_the_same_client_gets_a_deployment_and_nothing_else(tmp_path: Path) -> None:
    elsewhere = tuple(
        word.replace("login/oauth2", "evil") for word in add("Lakeside", "--deployment-id", "9")
    )
    told = run(
        tmp_path,
        *SCHOOLS,
        add("Riverbend", "--deployment-id", "1", "--approve"),
        add("Lakeside"),
        elsewhere,
        add("Lakeside", "--deployment-id", "1", "--approve"),
        add("Lakeside", "--deployment-id", "2", "--approve"),
        LIST,
    )
    assert [code for code, _ in told] == [0, 0, 0, 1, 1, 1, 0, 0]
    assert "already registered by another institution" in told[3][1]
    assert told[-1][1].count("https://canvas.instructure.com") == 1
    assert "approved  Lakeside  deployment 2" in told[-1][1]
    assert "deployment 9" not in told[-1][1]


def test_a_platform_is_called_not_believed_only_where_another_is(tmp_path: Path) -> None:
    told = ("--claim", "account:canvas=canvas_user_id")
    test = tuple(word.replace("https://canvas.", "https://canvas.test.") for word in add("Riverbend", *told))
    *_, first, theirs, again, second = run(
        tmp_path,
        *SCHOOLS,
        add("Riverbend", *told, "--deployment-id", "1", "--approve"),
        add("Lakeside", "--deployment-id", "2", "--approve"),
        add("Riverbend", *told),
        test,
    )
    for code, text in (first, theirs, again):
        assert (code, text.count("\n"), "believed" in text) == (0, 1, False), text
    assert "it is not believed about their accounts and courses: https://canvas.instructure.com" in second[1]
    theirs = tuple(word.replace("https://canvas.", "https://canvas.test.") for word in add("Lakeside"))
    [(code, text)] = run(tmp_path, (*theirs, "--deployment-id", "3"))
    assert (code, "believed" in text) == (0, False), "it is the owner's business whether it is believed"


def test_another_that_is_believed_already_lets_deployments_of_others_wait_again(tmp_path: Path) -> None:
    told = ("--claim", "account:canvas=canvas_user_id")
    own = tuple(word.replace("https://canvas.", "https://canvas.test.") for word in add("Lakeside", *told))
    *_, claimed, listed = run(
        tmp_path,
        *SCHOOLS,
        add("Riverbend", "--deployment-id", "1", "--approve"),
        add("Lakeside", "--deployment-id", "2", "--approve"),
        own,
        add("Riverbend", *told),
        LIST,
    )
    assert "Deployment 2 belongs to another institution and waits again" in claimed[1]
    assert "not believed" not in claimed[1]
    assert "approved  Riverbend  deployment 1" in listed[1]
    assert "pending  Lakeside  deployment 2" in listed[1]


def test_changed_addresses_let_deployments_of_others_wait_again(tmp_path: Path) -> None:
    changed = tuple(word.replace("security/jwks", "security/keys") for word in add("Riverbend"))
    told = run(
        tmp_path,
        *SCHOOLS,
        add("Riverbend", "--deployment-id", "1", "--approve"),
        add("Lakeside", "--deployment-id", "2", "--approve"),
        add("Riverbend"),
        changed,
        LIST,
    )
    assert [code for code, _ in told] == [0] * 7
    assert "waits again" not in told[4][1]
    assert "Deployment 2 belongs to another institution and waits again" in told[5][1]
    assert "approved  Riverbend  deployment 1" in told[6][1]
    assert "pending  Lakeside  deployment 2" in told[6][1]


def test_a_platform_nobody_came_by_is_forgotten_once_it_is_off(tmp_path: Path) -> None:
    _, added = run(tmp_path, SCHOOLS[0], add("Riverbend", "--deployment-id", "1"))
    [key] = re.findall(r"Registered as (\S+) ", added[1])
    forget = ("platform", "forget", key)
    told = run(tmp_path, forget, ("platform", "disable", key), forget, LIST, forget)
    assert [code for code, _ in told] == [1, 0, 0, 0, 1]
    assert "it stays known" in told[0][1]
    assert (told[2][1], told[3][1]) == ("Forgotten.\n", "")


def test_an_invitation_is_printed_and_stays_the_same_until_used(tmp_path: Path) -> None:
    invite = ("platform", "invite", "--institution", "Riverbend")
    _, _, first, again = run(tmp_path, *SCHOOLS, invite, invite)
    assert re.fullmatch(r"https://coplink\.school\.example/lti/register\?invitation=[\w-]{40,}\n", first[1])
    assert first == again
    assert first[1].strip().rpartition("=")[2].encode() not in (tmp_path / "coplink.sqlite").read_bytes()


WRONG = (
    (("platform", "approve", "nothing"), 1, "coplink platform list"),
    (("platform", "disable", "nothing", "--deployment-id", "1"), 1, "coplink platform list"),
    (("platform", "invite", "--institution", "Nowhere"), 1, "no institution called"),
    (tuple(w.replace("https://sso", "http://sso") for w in add("Riverbend")), 1, "is not an https address"),
    (
        tuple(w.replace("sso.canvaslms.com", "10.0.0.1") for w in add("Riverbend")),
        1,
        "is not an https address",
    ),
    (("keys", "rotate", "--after", "-1"), 2, "--after"),
)


def test_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    _, *told = run(tmp_path, SCHOOLS[0], *(words for words, *_ in WRONG))
    for (code, text), (words, expected, sentence) in zip(told, WRONG, strict=True):
        assert (code, sentence in text, "Traceback" in text) == (expected, True, False), (words, text)


def test_keys_are_listed_and_rotated(tmp_path: Path) -> None:
    keys, rotate = ("keys", "list"), ("keys", "rotate")
    first, rotated, listed, refused, leaked, last = run(
        tmp_path, keys, rotate, keys, rotate, (*rotate, "--leaked"), keys
    )
    assert re.fullmatch(r"\S+  made \S+ \S+ UTC  signs\n", first[1])
    old = first[1].split()[0]
    assert "is published and signs from" in rotated[1]
    assert f"{old}  made" in listed[1]
    assert "signs until" in listed[1]
    assert "published, signs from" in listed[1]
    assert (refused[0], "signs from" in refused[1]) == (1, True)
    assert "signs now" in leaked[1]
    assert last[1].count("\n") == 1
    assert old not in last[1]
    assert "PRIVATE" not in "".join(text for _, text in (first, rotated, listed, leaked, last))
