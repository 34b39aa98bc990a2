"""What happens in a frame when the browser's cookie does not come: try once, ask the platform, offer a tab of its own.

1. A login without our cookie, inside a frame, goes once around to ourselves with the cookie set. It is a 307, so that
   what the platform posted is posted again, and nothing of it gets into an address. With the cookie back, all is well.
2. Without it the page asks the platform to keep the state (``coplink.lti.platform_storage``), where the platform
   offers that; the session that follows lives in the page (``coplink.web.session``).
3. Where that fails, or is not offered, a button opens the same login in a new tab. The platform's message, which works
   once, is still unused: we have not been there yet. A tab that keeps no cookie either says so before it goes there.

A login in a window of its own needs none of this, and neither does a program, which does not say what it loads for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flask import Request, Response, g, make_response, redirect, render_template

from coplink.lti.launch import Begun
from coplink.lti.logins import Initiation
from coplink.lti.origins import target_path
from coplink.lti.platform_storage import Held

TRIED, OWN_TAB = "coplink_tried", "coplink_tab"


def doubtful(request: Request, given: Mapping[str, str]) -> bool:
    """Whether a login that came without our cookie could be one without cookies: in a frame, or in our new tab."""
    if OWN_TAB in given:
        return True
    loaded_for = request.headers.get("Sec-Fetch-Dest", "")
    if not loaded_for:  # an older browser, which calls itself Mozilla as all do, or a program
        return "lti_storage_target" in given or request.user_agent.string.startswith("Mozilla/")
    return loaded_for != "document"


def tried(request: Request) -> bool:
    """Whether this login went around to ourselves already."""
    return TRIED in request.args


def once_more(request: Request) -> Response:
    """Send the same login to ourselves again; the cookie is set with this answer."""
    query = request.query_string.decode("ascii", "ignore")
    return cast(Response, redirect(f"/lti/login?{query}{'&' if query else ''}{TRIED}=1", code=307))


def wait(request: Request, tool_url: str, asked: Initiation, begun: Begun | None) -> Response:
    """The page that asks the platform's storage, if there is any (``begun``), and offers a new tab otherwise.

    In the new tab itself, it says what to change and offers to try again.
    """
    fields = {**asked.fields(), OWN_TAB: "1"}
    # What is chosen for a course must come back out of the platform's frame: a tab beside it would lead nowhere.
    path = target_path(asked.target, tool_url) or ""
    stays = path.partition("?")[0].rstrip("/").endswith("/deep-linking")
    template = "no_cookies.html" if OWN_TAB in request.form else "own_tab.html"
    text = render_template(template, fields=fields, begun=begun, stays=stays, host=request.host)
    return make_response(text)


def onwards(begun: Begun) -> Response:
    """From the new tab to the platform, by a page: Chromium holds a form's policy against the redirects after it."""
    return make_response(render_template("onwards.html", url=begun.redirect_url))


def held(launch: Held) -> Response:
    """The page that reads the state back from the platform and sends it with the code.

    Every page of the session will be shown in this one's place, and its policy stays: the platform may frame it. An
    answer for the platform gets a page and a policy of its own (``deep_linking_answer``).
    """
    g.framed_by = launch.frame_ancestors
    return make_response(render_template("held.html", held=launch))
