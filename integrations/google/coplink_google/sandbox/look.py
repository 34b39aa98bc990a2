"""The one look of the sandbox's pages: plain, readable from 320 px on, every value escaped by its writer."""

from __future__ import annotations

from html import escape

from werkzeug.wrappers import Response

STYLE = """
:root{color-scheme:light dark;--line:#dadce0;--soft:#f1f3f4;--blue:#0b57d0;--text:#1f1f1f;--dim:#5f6368;--page:#fff}
@media (prefers-color-scheme:dark){:root{--line:#444746;--soft:#282a2c;--blue:#a8c7fa;--text:#e3e3e3;--dim:#b0b3b6;--page:#131314}}
*{box-sizing:border-box}body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--text);background:var(--page)}
header{border-bottom:1px solid var(--line);padding:.75rem 1rem;color:var(--dim)}
main{overflow-wrap:anywhere;max-width:52rem;margin:0 auto;padding:1rem}h1{font-size:1.5rem;font-weight:500}h2{font-size:1.2rem;margin-top:2rem}
h3{font-size:1rem;margin:1.25rem 0 .25rem}.card{border:1px solid var(--line);border-radius:.75rem;padding:1rem;margin:1rem 0}
ul{padding:0;list-style:none;margin:.5rem 0}li{padding:.5rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
.dim{color:var(--dim);font-size:.9rem}form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin:.5rem 0}
label{display:grid;gap:.15rem;font-size:.9rem;flex:1 1 10rem}input,select{font:inherit;padding:.4rem;min-width:0;width:100%;
border:1px solid var(--dim);border-radius:.4rem;background:var(--page);color:var(--text)}
button{font:inherit;padding:.45rem .9rem;border-radius:1.2rem;border:1px solid var(--blue);background:var(--page);
color:var(--blue);cursor:pointer}button:focus-visible,a:focus-visible,input:focus-visible{outline:3px solid var(--blue)}
a{color:var(--blue)}.people{max-width:26rem}.people li{border:0;padding:.25rem 0}.people form{margin:0}
.who{display:grid;width:100%;text-align:left;border-radius:.75rem;border-color:var(--line);color:var(--text)}
.who span{color:var(--dim);font-size:.9rem}.off{text-decoration:line-through;color:var(--dim)}
"""  # noqa: E501


def page(title: str, body: str) -> Response:
    """A whole page; ``body`` is markup whose values are escaped already."""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - pretend Google</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head><body>'
        f"<header>Pretend Google Workspace</header><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Response(text, mimetype="text/html", headers={"Cache-Control": "no-store"})
