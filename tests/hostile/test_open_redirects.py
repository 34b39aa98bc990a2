"""S21: sixty ways to lead a visitor elsewhere, through the target of a launch and through ``next``."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

from bs4 import BeautifulSoup
from hostile_stage import Scene
from hostile_world import TOOL
from werkzeug.test import Client

from coplink.testing.platform import CORE
from coplink.web.desk import own_path

OURS = f"https://{TOOL}"
EVIL = "evil.example"
PAYLOADS = [
    f"https://{EVIL}", f"https://{EVIL}/", f"http://{EVIL}/", f"//{EVIL}", f"///{EVIL}", f"////{EVIL}/", f"/\\{EVIL}",
    f"\\\\{EVIL}", f"\\/{EVIL}", f"/\\/{EVIL}",
    f"https:{EVIL}", f"https:/{EVIL}", f"https:///{EVIL}", f"https:\\\\{EVIL}",
    f"/%09/{EVIL}", f"/%0a/{EVIL}", f"/%5c{EVIL}", f"/%2f{EVIL}", f"%2f%2f{EVIL}", f"/\t/{EVIL}", f"\t//{EVIL}",
    f" //{EVIL}", f"\n//{EVIL}", f"/\r\nLocation: https://{EVIL}", f"{OURS}@{EVIL}/", f"{OURS}:x@{EVIL}/",
    f"{OURS}.{EVIL}/", f"{OURS}%2e{EVIL}/", f"{OURS}\\@{EVIL}/", f"{OURS}\\.{EVIL}/", f"{OURS}#@{EVIL}/",
    f"{OURS}?@{EVIL}/", f"{OURS}//{EVIL}/", f"{OURS}/\\{EVIL}", f"{OURS}/%5c{EVIL}", f"{OURS}/..//{EVIL}",
    f"{OURS}/.//{EVIL}", f"{OURS}/%2e%2e//{EVIL}", f"{OURS}/;@{EVIL}", f"{OURS}:443@{EVIL}/", f"{OURS}:80/",
    f"https://{TOOL}\u3002{EVIL}/", f"https://{EVIL}\u2044{TOOL}/", "https://\uff45vil.example/", f"https://{EVIL}%00{TOOL}/",
    f"https://{EVIL}%23{TOOL}/", f"https://{EVIL}?{TOOL}", f"https://{EVIL}#{TOOL}", f"https://x{TOOL}/",
    f"https://{TOOL.replace('.', '')}/", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)", f"ftp://{EVIL}/", "file:///etc/passwd",
    f"//{EVIL}\\@{TOOL}/", "https://0x7f000001/", "https://[::ffff:127.0.0.1]/", f"/c/../..//{EVIL}",
    f"/c/?next=//{EVIL}", f"/me/../\\{EVIL}", "/c/x\x00", "/admin\u2028", "https://[evil", "://", "?", "#",
]  # fmt: skip


def test_there_are_sixty() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 60


def stays(address: str) -> bool:
    """Whether a browser that reads this address on one of our pages stays with us (URL standard: ``\\`` is ``/``)."""
    read = "".join(letter for letter in address.strip() if letter not in "\t\r\n").replace("\\", "/")
    parts = urlsplit(urljoin(OURS + "/here", read))
    return (parts.scheme, parts.netloc) == ("https", TOOL)


def test_it_is_known_what_leads_elsewhere() -> None:
    assert stays("/c/1")
    assert stays(OURS + "/me")
    assert not any(map(stays, [f"//{EVIL}", f"/\\{EVIL}", f"/\t/{EVIL}", "javascript:alert(1)"]))


def test_no_target_of_a_launch_leads_elsewhere(scene: Scene) -> None:
    """Refused at login; or let in, and then the visitor stays."""
    outcomes = [launched(scene, payload) for payload in PAYLOADS]
    assert outcomes.count("refused") >= 55


def launched(scene: Scene, payload: str) -> str:
    client = Client(scene.stage.app)
    login = scene.north.login_form({"target_link_uri": payload})
    begun = client.post("/lti/login", data=login, base_url=OURS)
    if begun.status_code != 303:
        assert 400 <= begun.status_code < 500, payload
        return "refused"
    assert begun.location.startswith(f"{scene.issuer}/authorize?")
    assert f"redirect_uri={quote(OURS + '/lti/launch', safe='')}" in begun.location
    launch = scene.form(begun.location, {CORE + "target_link_uri": payload})
    came = client.post("/lti/launch", data=launch, base_url=OURS)
    assert came.status_code == 303
    assert came.location.startswith("/")
    assert stays(came.location), payload
    return "let in"


def test_no_next_leads_elsewhere(scene: Scene) -> None:
    for payload in PAYLOADS:
        followed(scene, payload)


def followed(scene: Scene, payload: str) -> None:
    kept = own_path(payload)
    assert kept is None or (kept.startswith("/") and stays(kept))
    client = Client(scene.stage.app)
    asked = {"next": payload}
    for path in ("/sign-in", "/me", "/c/x", "/i/x", "/found"):
        answer = client.get(path, query_string=asked, base_url=OURS)
        assert answer.status_code < 500
        assert stays(answer.headers.get("Location", "/"))
        page = BeautifulSoup(answer.text, "html.parser")
        links = [
            str(tag.get(name)) for name in ("href", "action", "src") for tag in page.find_all(**{name: True})
        ]
        assert all(map(stays, links)), links
