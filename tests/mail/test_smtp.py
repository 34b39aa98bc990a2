"""Letters over a real line on loopback: what was taken, what surely was not, and what nobody knows."""

from __future__ import annotations

import base64
import ssl
from datetime import UTC, datetime

import pytest

from coplink.mail.smtp import Server, SmtpMail, usable
from coplink.ports.errors import Misconfigured, Unavailable
from coplink.ports.mail import Handed, Letter
from coplink.testing.https import Certificate
from coplink.testing.smtp import MailServer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SENDER = "Communities <coplink@school.example>"
LETTER = Letter(
    "bo@school.example",
    "You are invited: Lesen für alle",
    ".a dot\nünïcode\n",
    "https://c.example/no/t",
    "k1",
)


@pytest.fixture
def server():
    made = MailServer()
    yield made
    made.stop()


def mail(server, **more):
    given = {"security": "none", "timeout": 0.5, **more}
    context = given.pop("context", None)
    host = given.pop("host", "127.0.0.1")
    return SmtpMail(Server(host, server.port, SENDER, **given), lambda: NOW, context)


def hand_over(server, letter=LETTER, **more):
    with mail(server, **more).open() as line:
        return line.hand_over(letter)


def test_a_letter_arrives_whole_with_a_way_to_say_no(server):
    assert hand_over(server) is Handed.TAKEN
    [taken] = server.letters
    letter = taken.letter
    assert (taken.sender, taken.to) == ("coplink@school.example", "bo@school.example")
    assert letter["From"] == SENDER
    assert letter["To"] == "bo@school.example"
    assert letter["Subject"] == "You are invited: Lesen für alle"
    assert letter["List-Unsubscribe"] == "<https://c.example/no/t>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"] == "<k1@school.example>"
    assert letter["Date"].datetime == NOW
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content() == ".a dot\r\nünïcode\r\n"


def test_a_long_address_to_say_no_is_never_folded_into_code(server):
    long = "https://coplink.district.example.org/no/" + "x" * 300
    assert hand_over(server, Letter("bo@school.example", "s", "t", long, "k")) is Handed.TAKEN
    assert f"List-Unsubscribe: <{long}>\r\n".encode() in server.letters[0].raw


def test_several_letters_go_over_one_line(server):
    with mail(server).open() as line:
        assert [line.hand_over(LETTER) for _ in range(3)] == [Handed.TAKEN] * 3
    assert [one.line for one in server.letters] == [1, 1, 1]
    assert server.heard[-1].lower() == "quit"


@pytest.mark.parametrize(
    ("planned", "became"),
    [
        ({"rcpt": ["550 unknown"]}, Handed.REFUSED),
        ({"rcpt": ["451 later"]}, Handed.LATER),
        ({"data": ["451 later"]}, Handed.LATER),
        ({"data": ["554 no"]}, Handed.REFUSED),
        ({"dot": ["452 full"]}, Handed.LATER),
        ({"dot": ["554 spam"]}, Handed.REFUSED),
    ],
)
def test_what_the_server_answers_is_told_and_the_line_lives_on(server, planned, became):
    server.answers.update(planned)
    with mail(server).open() as line:
        assert line.hand_over(LETTER) is became
        assert line.hand_over(LETTER) is Handed.TAKEN
    assert len(server.letters) == 1


@pytest.mark.parametrize("where", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("how", ["cuts", "waits"])
def test_a_line_that_ends_before_the_text_leaves_no_doubt(server, where, how):
    getattr(server, how).add(where)
    with pytest.raises(Unavailable):
        hand_over(server)
    assert server.letters == []


@pytest.mark.parametrize("how", ["cuts", "waits"])
def test_a_line_that_ends_after_the_text_leaves_the_letter_in_doubt(server, how):
    getattr(server, how).add("dot")
    assert hand_over(server) is Handed.UNKNOWN
    assert len(server.letters) == 1, "it was taken, and nobody was told"


@pytest.mark.parametrize(
    "planned",
    [{"connect": ["421 busy"]}, {"mail": ["421 bye"]}, {"rcpt": ["421 bye"]}, {"mail": ["451 later"]}],
)
def test_a_server_that_asks_for_patience_is_asked_again(server, planned):
    server.answers.update(planned)
    with pytest.raises(Unavailable) as refused:
        hand_over(server)
    assert "bo@school.example" not in f"{refused.value.message} {refused.value.detail}"


def test_a_server_that_is_not_there_is_asked_again(server):
    server.stop()
    with pytest.raises(Unavailable):
        hand_over(server)


def test_a_server_that_never_greets_is_not_waited_for(server):
    server.waits.add("connect")
    with pytest.raises(Unavailable):
        hand_over(server)


def test_a_sender_that_is_refused_is_for_a_person(server):
    server.answers["mail"] = ["550 not you"]
    with pytest.raises(Misconfigured) as refused:
        hand_over(server)
    assert refused.value.who == "coplink’s administrator"


def test_starttls_is_never_left_out(server):
    with pytest.raises(Misconfigured):
        hand_over(server, security="starttls")
    assert [one for one in server.heard if one.lower().startswith(("mail", "auth"))] == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_private_line_and_a_sign_in(tmp_path, security):
    certificate = Certificate(tmp_path)
    account = base64.b64encode(b"\0house\0s3cret").decode()
    server = MailServer(certificate.shown, security == "tls", account)
    trusting = ssl.create_default_context(cafile=certificate.trusted)
    given = {"security": security, "host": "localhost", "account": "house", "timeout": 5}
    try:
        assert hand_over(server, context=trusting, password="s3cret", **given) is Handed.TAKEN
        with pytest.raises(Misconfigured) as refused:
            hand_over(server, context=trusting, password="wr0ng", **given)
        assert "wr0ng" not in f"{refused.value!r} {refused.value.message} {refused.value.detail}"
        with pytest.raises(Misconfigured):
            hand_over(server, password="s3cret", **given)
    finally:
        server.stop()
    assert len(server.letters) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bo",
        "bo@school.example\r\nRCPT TO:<eve@evil.example>",
        "bo@school.example\nBcc: eve@evil.example",
        "bo@school.example, eve@evil.example",
        "<bo@school.example>",
        "bo school@school.example",
        '"b o"@school.example',
        "bö@school.example",
        "bo@school..example",
        "a" * 65 + "@school.example",
        "bo@" + "a." * 130 + "example",
    ],
)
def test_an_odd_address_is_refused_before_anything_is_said(server, address):
    assert hand_over(server, Letter(address, "s", "t", "https://c.example/no/t", "k")) is Handed.REFUSED
    assert not [one for one in server.heard if one.lower().startswith("rcpt")]


def test_a_domain_in_other_letters_is_written_in_ascii():
    assert usable(" bo@schule.münchen.example ") == "bo@schule.xn--mnchen-3ya.example"


def test_no_name_becomes_a_header(server):
    nasty = "Readers\r\nBcc: eve@evil.example\r\n\r\nbody\x00\u2028"
    assert (
        hand_over(server, Letter("bo@school.example", nasty, "t", "https://c.example/no/t", "k"))
        is Handed.TAKEN
    )
    letter = server.letters[0].letter
    assert letter["Bcc"] is None
    assert letter["Subject"] == "Readers Bcc: eve@evil.example body"
    assert server.to() == ["bo@school.example"]


def test_what_is_kept_of_a_letter_never_shows_in_a_log():
    shown = repr(LETTER) + repr(Server("h", 1, SENDER, account="a", password="s3cret"))
    assert "bo@school" not in shown
    assert "/no/" not in shown
    assert "s3cret" not in shown
