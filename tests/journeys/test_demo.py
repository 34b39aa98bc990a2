"""``coplink demo`` says when it is ready, goes on where it stopped, and leaves no process behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests


def start(folder: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "coplink", "demo", "--data", str(folder)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert running.stdout is not None
    with running.stdout as told:
        for line in told:
            if found := re.search(r"ready: (http\S+)", line):
                return running, found[1]
    raise AssertionError("no ready line")


def still_open(folder: Path) -> list[int]:
    """Processes whose command names the folder."""
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in one.read_bytes() and int(one.parent.name) != os.getpid():
                found.append(int(one.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("how", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM])
def test_it_is_ready_stops_politely_and_goes_on_where_it_stopped(tmp_path: Path, how: signal.Signals) -> None:
    folder = tmp_path / "demo"
    running, url = start(folder)
    page = requests.get(url, timeout=20)
    assert page.status_code == 200
    assert "One community across Canvas, Teams and Google" in page.text
    for door in re.findall(r'href="([^"]+)"', page.text):
        if "/admin/claim/" not in door:
            assert requests.get(door.replace("&amp;", "&"), timeout=20).status_code < 400, door
    os.killpg(running.pid, how)
    time.sleep(0.3)
    os.killpg(running.pid, how)  # impatience, or make that passes it on
    assert running.wait(timeout=40) == 0
    deadline = time.monotonic() + 20
    while still_open(folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert still_open(folder) == []
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    if how is signal.SIGTERM:
        again, same = start(folder)
        assert same == url
        os.killpg(again.pid, signal.SIGTERM)
        assert again.wait(timeout=40) == 0
