"""Google Workspace, pretended: the APIs coplink calls, sign-in, and pages to look at what came of it.

    frame.py       the wire: tokens, scopes, Google's own documents as contract, errors in Google's form
    batch.py        many calls in one envelope
    contract.py    requests and answers against the bundled discovery documents; masks.py: partial answers
    signin.py      tokens and keys; chooser.py: the account chooser
    directory.py   accounts, groups, members, group settings
    drive.py       shared drives, files, permissions; queries.py: their search terms; changes.py: what changed
    calendar.py    calendars and access; events.py: events and instances; recurrence.py: rules, expanded anew
    chat.py        Chat spaces and what is said there; markdown.py: as people see it
    pages.py       "look into the shared drive", and what people do there by hand

May import: core, ports, ``coplink.sandbox``; Google's discovery documents are read as package data.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from coplink.sandbox.district import Region
from coplink.sandbox.store import Store
from coplink_google.sandbox.world import GoogleSandbox

__all__ = ["GoogleSandbox", "make"]


def make(region: Region, store: Store, clock: Callable[[], float] = time.time) -> GoogleSandbox:
    """The sandbox over this region; everything it holds is in ``store``, keys included."""
    return GoogleSandbox(region, store, clock)
