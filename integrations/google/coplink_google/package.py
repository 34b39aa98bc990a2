"""What the files of ``install`` say about permissions, made from the manifest, and whether Google would take them.

Sources: Google Workspace add-ons, "REST Resource: projects.deployments" (names, logo and links of an add-on), as of
November 2026. Needs no SDK.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from coplink.core.words import Said, say
from coplink.ports.integration import Scope
from coplink_google import (
    BROUGHT_SCOPES,
    CHAT_GROUP_SCOPES,
    CHAT_SCOPES,
    GROUP_SCOPES,
    ROBOT_SCOPES,
    SIGN_IN_SCOPES,
)

ADD_ON_SCOPES = (
    Scope(
        "https://www.googleapis.com/auth/calendar.addons.execute",
        "show the add-on beside Google Calendar; it reads nothing there",
        "no add-on beside Calendar; Drive and every other way in stay",
    ),
)
HOLDERS: Mapping[str, Sequence[Scope]] = {
    "service_account": GROUP_SCOPES,
    "robot": ROBOT_SCOPES,
    "robot_in_mode_folder": tuple(
        scope for scope in ROBOT_SCOPES + BROUGHT_SCOPES if scope.needed({"mode": "folder"})
    ),
    "robot_for_chat": CHAT_SCOPES,
    "service_account_for_chat": CHAT_GROUP_SCOPES,
    "sign_in": SIGN_IN_SCOPES,
    "add_on": ADD_ON_SCOPES,
}


def gaps() -> dict[str, str]:
    """The scopes of each holder: as JSON with reasons, as names in JSON, and as lines or one line to paste."""
    found = {}
    for holder, asked in HOLDERS.items():
        names = [scope.name for scope in asked]
        reasons = [{"scope": s.name, "reason": s.reason, "without": s.without} for s in asked]
        found[f"reasons_of_{holder}"] = json.dumps(reasons, indent=2, ensure_ascii=False).replace(
            "\n", "\n  "
        )
        found[f"scopes_of_{holder}"] = json.dumps(names)
        found[f"line_of_{holder}"] = ",".join(names)
        found[f"lines_of_{holder}"] = "\n".join(f"      {name}" for name in names)
    found["line_of_delegation"] = found["line_of_robot"]
    return found


def faults(files: Mapping[str, bytes]) -> Sequence[Said]:
    """What Google would not take: links of an add-on that are not https or lead elsewhere than it says."""
    common = json.loads(files["addon.json"])["addOns"]["common"]
    links = [str(one["openLink"]) for one in common["universalActions"]]
    found = [
        say("addon.json: Google takes https addresses only, not “{address}”.", address=link)
        for link in (*links, str(common["logoUrl"]))
        if urlsplit(link).scheme != "https"
    ]
    allowed = tuple(str(prefix) for prefix in common["openLinkUrlPrefixes"])
    found += [say("addon.json: “{address}” is not among the links allowed.", address=link)
              for link in links if not link.startswith(allowed)]  # fmt: skip
    return found
