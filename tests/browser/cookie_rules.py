"""Chromium as somebody has set it up who thinks about cookies: a profile with that setting, nothing faked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, Error, Frame, Page

from coplink.cli.demo.processes import Demo
from coplink.testing.chromium import QUIET, chromium

DEFAULT: Mapping[str, Any] = {}
NO_THIRD_PARTY: Mapping[str, Any] = {"block_third_party_cookies": True, "cookie_controls_mode": 1}
NONE_AT_ALL: Mapping[str, Any] = {"default_content_setting_values": {"cookies": 2}}


def none_inside(site: str, outside: str) -> Mapping[str, Any]:
    """No cookies for ``site`` inside pages of ``outside``; elsewhere as usual."""
    return {"content_settings": {"exceptions": {"cookies": {f"{site},{outside}": {"setting": 2}}}}}


def chromium_with(browser: Browser, folder: Path, profile: Mapping[str, Any]) -> BrowserContext:
    """Another Chromium with these settings in its profile; to be closed by the caller."""
    preferences = folder / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True)
    preferences.write_text(json.dumps({"profile": profile}), encoding="utf-8")
    context = browser.browser_type.launch_persistent_context(
        str(folder),
        executable_path=chromium(),
        args=list(QUIET),
        viewport={"width": 1280, "height": 900},
        locale="en-US",
        timezone_id="America/Los_Angeles",
        reduced_motion="reduce",
    )
    context.set_default_timeout(20_000)
    return context


def show_login(page: Page, demo: Demo, where: str) -> Frame:
    """The page that answers a login without cookies, whatever this browser keeps: in a frame, or in our own tab."""
    known = demo.ask("lti", "settings/riverbend")
    form = {
        "iss": known["issuer"],
        "client_id": known["client_id"],
        "login_hint": "somebody",
        "target_link_uri": f"{demo.tool_url}/",
    }
    address = f"{demo.tool_url}/lti/login"
    answer = requests.post(
        f"{address}?coplink_tried=1",
        {**form, "coplink_tab": "1"} if where else form,
        headers={"Sec-Fetch-Dest": "document" if where else "iframe"},
        cookies={"__Host-coplink-browser": "x" * 43} if "with cookies" in where else {},
        timeout=20,
    )
    page.route("**/authorize_redirect*", lambda route: route.abort("aborted"))
    page.route(address, lambda route: route.fulfill(body=answer.text, content_type="text/html"))
    page.goto(address)
    page.unroute(address)
    return page.main_frame


def keeps_no_cookie(frame: Frame) -> bool:
    """Whether a script in this frame tries to keep cookies in vain, as ours do."""
    flags = "path=/; secure; samesite=none"
    keep = f"document.cookie = 'bare=1; {flags}'; document.cookie = 'parted=1; {flags}; partitioned'"
    return bool(settled_answer(frame, f"() => {{ {keep}; return document.cookie; }}") == "")


def settled_answer(frame: Frame, script: str) -> Any:
    """What the script answers in the document this frame comes to rest with: a launch passes through several."""
    for _ in range(20):
        try:
            return frame.evaluate(script)
        except Error as error:
            if "navigation" not in str(error):
                raise
            frame.wait_for_load_state()
    raise AssertionError(f"{frame.url} does not come to rest")
