"""The one style of the pages for people."""

from __future__ import annotations

from html import escape

from werkzeug.wrappers import Response

_STYLE = """
:root{color-scheme:light dark;--ink:#2d3b45;--paper:#fff;--line:#c7cdd1;--accent:#b3401f;--soft:#f5f5f5}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecef;--paper:#1b2226;--line:#47535b;--accent:#ff9a76;--soft:#242d33}}
*{box-sizing:border-box}
body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
main{max-width:46rem;margin:0 auto;padding:1rem}
header{border-left:.4rem solid var(--accent);padding-left:.8rem;margin-bottom:1.5rem}
header p{margin:.2rem 0}h1{margin:.2rem 0;font-size:1.5rem;line-height:1.2}
section{border:1px solid var(--line);border-radius:.5rem;padding:0 1rem 1rem;margin-bottom:1rem}
h2{font-size:1.2rem}h3{font-size:1rem;margin:1rem 0 .3rem}.about{white-space:pre-line}
.rows{list-style:none;margin:0;padding:0}
.rows li{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;justify-content:space-between;
padding:.3rem 0;border-top:1px solid var(--line)}
small{background:var(--soft);border-radius:.3rem;padding:.1rem .4rem}
button{font:inherit;color:inherit;background:var(--soft);border:1px solid var(--line);border-radius:.3rem;
padding:.3rem .8rem;min-height:2rem;cursor:pointer}
button:hover{border-color:var(--accent)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
form{margin:0}summary{cursor:pointer;padding:.3rem 0}
"""


def document(title: str, body: str) -> Response:
    """A whole page around a body that is already escaped."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · Canvas</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"
    return Response(html, mimetype="text/html", headers={"Content-Security-Policy": policy})
