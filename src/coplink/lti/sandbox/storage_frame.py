"""Platform storage as Canvas has it: a frame beside the tool's that keeps values for it, by messages.

The frame is of the authorization address's origin, which is another one than the page's. A platform of the profile
"Moodle" offers nothing of the kind. What is kept lasts as long as the page around both frames, and each origin sees its
own alone.

Source: LTI handbook 4.8 and 2.1; 1EdTech LTI Platform Storage 0.1.
"""

from __future__ import annotations

from html import escape

from werkzeug.wrappers import Request, Response

from coplink.lti.sandbox.pages import page
from coplink.lti.sandbox.school import School

PATH = "/api/lti/post_message_forwarding"
CANVAS, MOODLE = "canvas", "moodle"
FRAMES = {CANVAS: "post_message_forwarding", MOODLE: ""}
_SCRIPT = """
const kept = new Map();
addEventListener("message", (event) => {
  const said = event.data;
  if (!said || typeof said !== "object" || typeof said.message_id !== "string") return;
  const answer = (more) => event.source.postMessage(
    { subject: said.subject + ".response", message_id: said.message_id, ...more }, event.origin);
  const fail = (code, message) => answer({ error: { code, message } });
  const place = JSON.stringify([event.origin, said.key]);
  if (said.subject === "lti.capabilities") {
    const known = ["lti.capabilities", "lti.put_data", "lti.get_data"];
    answer({ supported_messages: known.map((subject) => ({ subject })) });
  } else if (said.subject === "lti.put_data" || said.subject === "lti.get_data") {
    if (typeof said.key !== "string" || !said.key) return fail("bad_request", "There is no key.");
    if (said.subject === "lti.put_data") {
      if (typeof said.value !== "string" || said.value.length > 4096) return fail("bad_request", "There is no value.");
      if (kept.size >= 500 && !kept.has(place)) return fail("storage_exhaustion", "There is no room left.");
      kept.set(place, said.value);
    }
    answer({ key: said.key, value: kept.has(place) ? kept.get(place) : null });
  } else {
    fail("unsupported_subject", "This is not known here.");
  }
});
"""


class StorageFrame:
    """The frame, and which district's platform offers it."""

    def __init__(self, school: School) -> None:
        self._school = school

    def show(self, request: Request) -> Response:
        """The page inside the frame."""
        return page("Storage", f"<script>{_SCRIPT}</script>")

    def choose(self, request: Request) -> Response:
        """Let a district's platform behave like a product: ``{"district": …, "profile": "canvas" | "moodle"}``."""
        told = request.get_json()
        if told["profile"] not in FRAMES or told["district"] not in self._school.region.districts:
            return Response("no such profile or district", 400)
        self._school.store.put("lti.profiles", told["district"], {"profile": told["profile"]})
        return Response(status=204)


def offered(school: School, district: str) -> str:
    """The name of the storage frame of this district's platform; empty where it has none."""
    kept = school.store.get("lti.profiles", district)
    return FRAMES[kept["profile"] if kept else CANVAS]


def beside(school: School, district: str) -> str:
    """The frame as it stands in a course page; empty where the platform has none."""
    name = offered(school, district)
    if not name:
        return ""
    address = escape(school.base_url() + PATH)
    return f'<iframe hidden name="{name}" title="Storage of the platform" src="{address}"></iframe>'
