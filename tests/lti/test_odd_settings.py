"""Settings of any shape at all: read into something that can be answered, or refused; nothing else comes out."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import jwt
from hypothesis import given, settings
from hypothesis import strategies as st

from coplink.core.errors import BadToken
from coplink.core.people import InstitutionId
from coplink.lti import deep_linking
from coplink.lti.claims import Claims
from coplink.lti.deep_linking import Chosen
from coplink.lti.origins import origin
from coplink.lti.our_keys import SigningKey
from coplink.testing.platform import LmsPlatform, rsa_key

DL = deep_linking.CLAIM
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
REGISTRATION = LmsPlatform().registration("reg", InstitutionId("north"))
KEY = SigningKey("kid", rsa_key("ours"))
NOTHING = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
ANYTHING = st.recursive(
    NOTHING,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
TYPES = st.sampled_from(["ltiResourceLink", "link", "html", "file", "image", "", "LTIRESOURCELINK"])
ADDRESSES = st.builds(
    lambda start, rest: start + rest,
    st.sampled_from(
        ["https://lms.example/", "https://lms.example?", "http://lms.example/", "//lms.example/", ""]
    ),
    st.text(st.characters(codec="ascii"), max_size=40),
)
ASKED = st.fixed_dictionaries(
    {
        "deep_link_return_url": ADDRESSES | ANYTHING,
        "accept_types": st.lists(TYPES, max_size=4) | ANYTHING,
    },
    optional={
        "accept_presentation_document_targets": st.lists(st.sampled_from(["iframe", "window", "embed"]))
        | ANYTHING,
        "accept_multiple": st.booleans() | ANYTHING,
        "auto_create": st.booleans() | ANYTHING,
        "title": ANYTHING,
        "text": ANYTHING,
        "data": ANYTHING,
    },
)


@settings(max_examples=150, deadline=None)
@given(ASKED, st.text(max_size=40), st.text(max_size=40))
def test_settings_are_answered_or_refused(told, title, text):
    claims = Claims({DL + "deep_linking_settings": told, deep_linking.PLACEMENT: "editor_button"})
    try:
        asked = deep_linking.read(claims, REGISTRATION, "d")
    except BadToken:
        return
    assert asked.return_url == told["deep_link_return_url"]
    assert origin(asked.return_url) == "https://lms.example"
    assert deep_linking.recalled(asked.kept()) == asked
    chosen = Chosen("file", title, text, "https://tool.example/c/x")
    contents = [deep_linking.content(asked, chosen, "icon")] if asked.form else []
    token = deep_linking.answer(asked, REGISTRATION, KEY, contents, NOW)
    said = jwt.decode(token, options={"verify_signature": False})
    assert said.get(DL + "data") == told.get("data")
    assert (DL + "data" in said) == (told.get("data") is not None)
    for made in said[DL + "content_items"]:
        assert made["type"] in told["accept_types"]
        assert "lineItem" not in made
        if made["type"] == "html":
            assert shown(made["html"]) == title.replace("\x00", "\ufffd")


def shown(html):
    """The words of a fragment; it must be one link in one paragraph, whatever the title is."""
    found = _Reader()
    found.feed(html)
    assert found.tags == ["p", "a"]
    return found.words


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.words = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words += data
