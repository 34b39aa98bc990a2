"""The look of the pretended pages: one small style, and the script that plays the part of the Teams web client."""

from __future__ import annotations

from html import escape

from werkzeug.wrappers import Response

STYLE = """
:root{color-scheme:light dark;--ink:#242424;--paper:#fff;--shade:#f0f0f5;--line:#d1d1de;--mark:#5b5fc7}
@media (prefers-color-scheme:dark){:root{--ink:#f2f2f2;--paper:#1f1f1f;--shade:#2d2c3a;--line:#55546a;--mark:#a9acf0}}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,"Segoe UI",sans-serif;color:var(--ink);background:var(--paper);
overflow-wrap:anywhere}
header{background:#464775;color:#fff;padding:.6rem 1rem;font-weight:600}main{padding:1rem;max-width:60rem}
section{border:1px solid var(--line);border-radius:.5rem;padding:.5rem 1rem;margin:0 0 1rem;overflow-wrap:anywhere}
.about{white-space:pre-line}small,.empty{opacity:.8}ul{padding-left:1.2rem}form.inline{display:inline}
input,select,button{font:inherit;padding:.35rem .6rem;border:1px solid var(--line);border-radius:.3rem;
background:var(--paper);color:var(--ink);max-width:100%;min-height:2.2rem}button{background:var(--shade);cursor:pointer}
:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
.teams{display:flex;flex-wrap:wrap;min-height:calc(100vh - 2.8rem)}
.teams nav{background:var(--shade);padding:1rem;flex:0 1 15rem}
.teams nav h2{font-size:1rem;margin:.2rem 0}.teams main{flex:1 1 20rem;padding:0;max-width:none;min-width:0}
.teams .empty{padding:1rem}
iframe{border:0;width:100%;height:100%;min-height:80vh;display:block;background:var(--paper)}
@media (max-width:480px){.teams nav{flex-basis:100%}}
"""

# Plays the host's side of the messages Microsoft's client library sends (teams-js 2): one answer for each request id,
# to the frame's own origin only. Tokens come from the pretended sign-in service.
FRAME_SCRIPT = """
"use strict";
const tab = document.getElementById("tab");
const origin = tab.dataset.origin;
const theme = document.getElementById("theme");
const ready = {apiVersion: 2, hostVersionsInfo: {}, isLegacyTeams: false, supports: {pages: {config: {}}}};
function tell(message) { tab.contentWindow.postMessage(message, origin); }
const answers = {
  "initialize": async () => [tab.dataset.context, "web", JSON.stringify(ready), "2.0.1"],
  "getContext": async () => [
    {theme: theme.value, locale: "en-us", frameContext: tab.dataset.context, hostName: "Teams"}],
  "authentication.getAuthToken": async () => {
    const answer = await fetch("/_sandbox/sso?person=" + encodeURIComponent(tab.dataset.person));
    return answer.ok ? [true, (await answer.json()).token] : [false, "resourceRequiresConsent"];
  },
  "settings.setSettings": async (settings) => { kept = settings; return [true]; },
};
let kept = null;
const save = document.getElementById("save");
// What the page tells without waiting for an answer: whether it can be saved, and that it has been.
const heard = {
  "settings.setValidityState": (valid) => { if (save) save.disabled = !valid; },
  "settings.save.success": async () => {
    await fetch("/_sandbox/tab", {method: "POST", headers: {"Content-Type": "application/json"},
      body: JSON.stringify({channel: tab.dataset.channel, configuration: kept})});
    tab.dataset.context = "content";
    tab.src = kept.contentUrl;
  },
};
if (save) save.addEventListener("click", () => tell({func: "settings.save", args: [{}]}));
window.addEventListener("message", async (event) => {
  if (event.source !== tab.contentWindow || event.origin !== origin || !event.data) return;
  const {id, uuidAsString, func, args} = event.data;
  document.body.dataset.last = func;
  if (Object.hasOwn(heard, func)) await heard[func](...(args || []));
  if (typeof id !== "number" || !Object.hasOwn(answers, func)) return;
  tell({id, uuidAsString, args: await answers[func](...(args || []))});
});
theme.addEventListener("change", () => tell({func: "themeChange", args: [theme.value]}));
"""


def page(title: str, body: str, wide: bool = False) -> Response:
    """One page in the common style."""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"<title>{escape(title)} · pretended</title><style>{STYLE}</style></head>"
        f"<body><header>Microsoft Teams, pretended</header>{body}</body></html>"
    )
    return Response(html, mimetype="text/html")
