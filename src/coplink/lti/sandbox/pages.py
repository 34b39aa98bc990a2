"""The platform's HTML: one frame for its pages, and the small page that posts a form onwards by itself."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from werkzeug.wrappers import Response

# Colours are checked for contrast (WCAG 2.2 AA); one column below 700 pixels.
STYLE = """
:root{--ink:#2d3b45;--quiet:#576773;--line:#c7cdd1;--brand:#0a5a9e;--paper:#fff;--wash:#f5f5f5}
*{box-sizing:border-box}
body{margin:0;min-width:300px;color:var(--ink);background:var(--paper);
font:16px/1.5 system-ui,"Segoe UI",sans-serif}
a{color:var(--brand)}a:focus-visible,button:focus-visible{outline:3px solid #f6a609;outline-offset:2px}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:#fff;padding:8px}
header{background:var(--ink);color:#fff;padding:10px 16px;display:flex;flex-wrap:wrap;gap:4px 24px;
align-items:baseline}
header{border-bottom:4px solid #e4572e}header a{color:#fff}header strong{font-size:18px}
header .who{margin-left:auto}
.course{display:flex;min-height:calc(100vh - 60px)}
.course nav{flex:0 0 190px;border-right:1px solid var(--line);padding:16px}
.course nav ul,.plain{list-style:none;margin:0;padding:0}
.course nav a{display:block;padding:8px 10px;min-height:24px;text-decoration:none;
border-left:3px solid transparent}
.course nav a[aria-current]{border-color:var(--ink);color:var(--ink);font-weight:600}
main{flex:1;min-width:0;padding:16px}h1{font-size:22px;margin:0 0 12px;overflow-wrap:anywhere}
h2{font-size:19px;margin:28px 0 4px}h3{font-size:16px;margin:16px 0 4px}
iframe{display:block;width:100%;height:calc(100vh - 150px);min-height:560px;border:1px solid var(--line)}
iframe[hidden]{display:none}iframe.put{height:6rem;min-height:0}
.note{color:var(--quiet)}.narrow{max-width:56rem;margin:0 auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:6px 8px;border-bottom:1px solid var(--line)}
td,li,a{overflow-wrap:anywhere}
button{font:inherit;color:var(--brand);background:#fff;border:1px solid currentcolor;border-radius:4px;
padding:4px 10px;
min-height:28px;cursor:pointer}
.plain li{padding:3px 0}.columns{columns:2 16rem}
@media(max-width:700px){.course{display:block}
.course nav{border-right:0;border-bottom:1px solid var(--line);padding:8px}
.course nav p{margin:0 10px}.course nav ul{display:flex;flex-wrap:wrap}main{padding:12px 8px}
th,td{padding:6px 4px}header .who{margin-left:0}}
"""


def page(title: str, body: str, status: int = 200) -> Response:
    """A whole page; ``body`` is HTML, ``title`` is text."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )
    return Response(
        html, status, content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


def hidden(fields: Mapping[str, str]) -> str:
    """Hidden inputs for a form."""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )


def post_onwards(address: str, fields: Mapping[str, str], title: str) -> Response:
    """A page whose only form posts itself; without script a button does."""
    body = (
        f'<main class="narrow"><h1>{escape(title)}</h1>'
        f'<form id="onwards" method="post" action="{escape(address)}">{hidden(fields)}'
        "<noscript><button>Continue</button></noscript></form></main>"
        '<script>document.getElementById("onwards").submit()</script>'
    )
    return page(title, body)


def refused_page(sentence: str, status: int = 400) -> Response:
    """A page that says why not."""
    return page(
        "Not possible", f'<main class="narrow"><h1>Not possible</h1><p>{escape(sentence)}</p></main>', status
    )
