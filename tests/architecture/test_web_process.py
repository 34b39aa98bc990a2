"""The web process stands on ports and core alone, whatever is asked of it: no platform's SDK is loaded there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("web_process.py")
KITS = ("msgraph", "msal", "kiota", "azure", "googleapiclient", "google", "httplib2", "canvasapi")
NOWHERE = "http://127.0.0.1:9"
GUID = "66666666-7777-8888-9999-aaaaaaaaaaaa"
SETTINGS = {
    "teams": {
        "tenant_id": GUID, "client_id": GUID, "client_secret": "s", "team_id": GUID,
        "mailbox": "coplink@school.example", "graph_url": f"{NOWHERE}/v1.0", "login_url": NOWHERE,
    },
    "google": {
        "domain": "school.example", "client_id": "c", "client_secret": "s", "robot_refresh_token": "r",
        "service_account": "{}", "robot": "robot@school.example", "root_url": NOWHERE,
        "token_url": f"{NOWHERE}/token", "auth_url": NOWHERE, "jwks_url": NOWHERE, "issuer": NOWHERE,
    },
    "canvas": {"base_url": NOWHERE, "token": "t"},
}  # fmt: skip


def test_no_page_and_no_hook_loads_a_platforms_kit(tmp_path):
    ran = subprocess.run(
        [sys.executable, SCRIPT, tmp_path], input=json.dumps(SETTINGS), capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    wrong = {
        path: status for path, status in found["answers"].items() if status >= 400 and "/door/" not in path
    }
    assert wrong == {}
    assert found["answers"]["POST /found"] == 303
    assert found["previewed"] >= 3
    assert found["collect"] == 1, "ten calls, one look"
    assert [name for name in found["modules"] if name.partition(".")[0].startswith(KITS)] == []
