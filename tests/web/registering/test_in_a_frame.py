"""In a platform's frame, in Chromium: the button works without script and cookies, and the platform hears the end."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from registering_play import invitation, registrations
from werkzeug.wrappers import Request, Response

from coplink.sandbox.wire import Served
from coplink.web import create_app

pytestmark = pytest.mark.browser
HEARS = b'addEventListener("message", (m) => { document.title = m.origin + " " + JSON.stringify(m.data); });'


@pytest.fixture
def framed(desk, mean):
    """The platform's page (on localhost, another site than the tool's) with coplink's page in its frame."""
    apps = []
    tool = Served(lambda environ, start_response: apps[0](environ, start_response))
    desk.services.settings = desk.services.settings.model_copy(update={"base_url": tool.url})
    apps.append(create_app(desk.services))

    @Request.application
    def page(request):
        if request.path == "/hears.js":
            return Response(HEARS, mimetype="text/javascript")
        query = urlencode({"invitation": invitation(desk), **mean.invite()})
        frame = f'<iframe name="tool" src="{tool.url}/lti/register?{query}" width="600" height="600"></iframe>'.replace(
            "&", "&amp;"
        )
        return Response(f"<!doctype html><script src=/hears.js></script>{frame}", mimetype="text/html")

    platform = Served(page)
    yield platform.url.replace("127.0.0.1", "localhost")
    for served in (tool, platform):
        served.stop()


@pytest.mark.parametrize("script", [True, False])
def test_a_person_registers_coplink_in_the_platforms_frame(desk, framed, browser, script):
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(framed)
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Register").click()
    frame.get_by_role("heading", name="coplink is registered with lms.example").wait_for()
    assert "You can close this window now" in frame.locator("main").inner_text()
    assert len(registrations(desk)) == 1
    if script:
        page.wait_for_function("document.title.includes('org.imsglobal.lti.close')")
        assert page.title() == f'{desk.services.settings.base_url} {{"subject":"org.imsglobal.lti.close"}}'
    context.close()
