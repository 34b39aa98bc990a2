"""The pictures in docs/ show the pages as they are: taken by the same walk, they say the same words."""

from __future__ import annotations

import json

import pytest
from screenshots import FOLDER, WORDS, take, words

from coplink.cli.demo.processes import Demo


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_picture_says_what_its_page_says_today(browser, tmp_path):
    pictured = json.loads(WORDS.read_text(encoding="utf-8"))
    said = {}
    with Demo(tmp_path, fixed_ports=False) as demo:
        take(browser, demo, lambda page, name: said.update({name: words(page)}))
    stale = {name: sorted({*said.get(name, ())} ^ {*pictured.get(name, ())}) for name in {*said, *pictured}}
    assert {name: lines for name, lines in stale.items() if lines} == {}, "run `make screenshots`"


def test_every_picture_is_taken_by_that_walk():
    pictured = json.loads(WORDS.read_text(encoding="utf-8"))
    assert {path.stem for path in FOLDER.glob("*.png")} == set(pictured)
