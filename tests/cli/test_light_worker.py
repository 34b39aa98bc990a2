"""A worker keeps in memory what it works with, and little beside it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys

import pytest

WORK = """
import sys
from coplink.cli import command

command("work")
print(*sys.modules)
"""
NOT_ITS_OWN = {
    *("flask", "werkzeug", "jinja2", "babel", "flask_babel", "gunicorn", "alembic", "icalendar"),
    *("msgraph", "msal", "azure", "googleapiclient", "httplib2", "canvasapi", "pytest"),
    *("coplink.web", "coplink.sandbox", "coplink.testing", "coplink.cli.demo", "coplink.cli.doctor"),
}

HEAPS = """
import ctypes, threading
from coplink.cli import command, process

class Worker:
    def start(self):
        wait = threading.Barrier(9)
        def busy():
            kept = [bytearray(4000) for _ in range(200)]
            wait.wait()
            wait.wait()
        threads = [threading.Thread(target=busy) for _ in range(8)]
        for one in threads: one.start()
        wait.wait()
        libc = ctypes.CDLL(None)
        libc.fopen.restype = ctypes.c_void_p
        file = libc.fopen(b"/dev/stdout", b"w")
        libc.malloc_info(0, ctypes.c_void_p(file))
        libc.fclose(ctypes.c_void_p(file))
        wait.wait()
        raise SystemExit

process.settings_from = process.services_from = lambda *_: None
process.attach_worker = lambda services: Worker()
command("work").main([], standalone_mode=False)
"""


def ran(script: str, **more: str) -> str:
    apart = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=apart | more, capture_output=True, text=True, check=True).stdout


def heaps(**more: str) -> int:
    return len(set(re.findall(r'<heap nr="(\d+)"', ran(HEAPS, **more))))


def test_a_worker_loads_no_pages_no_platforms_client_and_no_other_command():
    loaded = set(ran(WORK).split())
    assert {"coplink.worker.handlers", "dbos"} <= loaded, "the worker itself"
    assert NOT_ITS_OWN & loaded == set()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives threads heaps of their own")
def test_the_threads_of_a_worker_share_one_heap():
    assert heaps() == 1
    assert heaps(MALLOC_ARENA_MAX="3") == 3, "what an operator has set stays as it is"
