"""How the site shows itself elsewhere: its icon, a card, tags for previews; and what makes the 404 page's links right.

`|clone|` on a page is how to get the code: `Repository` in pyproject.toml is the one place that has its address.

`icon()` and `card()` are SVG, made from the same runs and colours as the drawings. Previews want PNG, which needs a
browser: `make pictures` has Chromium draw both, and docs/_static keeps the results. `python identity.py FOLDER` writes
the SVGs.
"""

from __future__ import annotations

import html
import re
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.typing import ExtensionMetadata

from oslearn.course.drawing.palette import COLOURS
from oslearn.trace.lens import Flow

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
LEAD = "os-lead"
STROKES = (("keystone", 10, 7, 16), ("nova", 19, 16, 25), ("neutron", 28, 7, 25), ("cinder", 37, 16, 25))
"""The icon's messages: whose, where, from which line to which."""


def icon() -> str:
    """Three processes, four messages."""
    lines = "".join(f'<path d="M5 {y}H43" stroke="#64748b" stroke-width="1.6"/>' for y in (12, 24, 36))
    places = {7: 12, 16: 24, 25: 36}
    strokes = "".join(
        f'<g stroke="{TINTS[who]}" fill="{TINTS[who]}"><path d="M{x} {places[a]}V{places[b] - 5}" stroke-width="3.2"/>'
        f'<path d="M{x} {places[b]}l-4.4-6.4h8.8z" stroke="none"/>'
        f'<circle cx="{x}" cy="{places[a]}" r="3" stroke="none"/></g>'
        for who, x, a, b in STROKES
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="10" '
        f'fill="#0f172a"/>{lines}{strokes}</svg>\n'
    )


TINTS = {"keystone": "#c4b5fd", "nova": "#93c5fd", "neutron": "#67e8f9", "cinder": "#fcd34d"}
"""The colours on dark paper."""


def card(flow: Flow) -> str:
    """The card of 1200 by 630: the title over the flow."""
    from score import drawn

    picture = drawn(flow, 736, 20, 11).replace("<svg ", '<svg x="80" y="282" width="1040" height="339" ', 1)
    colours = "".join(f".{name}{{color:{colour}}}" for name, colour in COLOURS.items())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630" width="1200" height="630"><style>'
        f"{colours}text{{font-family:Arial,Helvetica,'Liberation Sans',sans-serif;fill:currentColor}}"
        "path{stroke:currentColor;stroke-width:1.6;fill:none}circle,.tip{fill:currentColor;stroke:none}"
        ".life{stroke:#cbd5e1;stroke-width:1}.part{fill:#f1f5f9}.p1{fill:#fff}</style>"
        '<rect width="1200" height="630" fill="#fff"/><g color="#1e293b">'
        '<text x="80" y="132" font-size="74" font-weight="700">Learn OpenStack in 4 Hours</text>'
        '<text x="80" y="204" font-size="34">One server starts. Read every message that it takes,</text>'
        '<text x="80" y="248" font-size="34">on a cloud that runs on your own machine.</text></g>'
        f"{picture}</svg>\n"
    )


def summary(doctree: nodes.document) -> str:
    """What a page says of itself: its lead, or its first paragraph; of a lesson what it has the reader learn."""
    lines = [line.astext() for line in doctree.findall(nodes.line)]
    learn = next((line.partition(": ")[2] for line in lines if line.startswith("Learn: ")), "")
    paragraphs = [p for p in doctree.findall(nodes.paragraph) if isinstance(p.parent, nodes.section)]
    lead = next((p.astext() for p in sorted(paragraphs, key=lambda p: LEAD not in p["classes"])), "")
    text = re.sub(r"\s+", " ", learn or lead)
    text = text[:1].upper() + text[1:]
    return text if len(text) <= 200 else text[:197].rpartition(" ")[0] + " …"


def meta(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Tags for search engines and previews; absolute addresses where the site's own is known."""
    if app.builder.name == "epub":
        return
    text = summary(doctree) if doctree is not None else ""
    title = re.sub(r"<[^>]+>", "", context.get("title", "")) or app.config.project
    whole = html.unescape(title) if pagename == "index" else f"{html.unescape(title)} – {app.config.project}"
    base = app.config.html_baseurl
    place = context["pathto"]("_static/card.png", resource=True) if "pathto" in context else "_static/card.png"
    picture = f"{base.rstrip('/')}/_static/card.png" if base else place
    tags = {"og:type": "website", "og:site_name": app.config.project, "og:title": whole, "og:image": picture,
            "og:image:width": "1200", "og:image:height": "630",
            "og:image:alt": "A sequence of 28 messages between twelve programs"}  # fmt: skip
    tags |= {"og:description": text} if text else {}
    tags |= {"og:url": context["pageurl"]} if base and context.get("pageurl") else {}
    made = [f'<meta property="{name}" content="{html.escape(value)}">' for name, value in tags.items()]
    made.append('<meta name="twitter:card" content="summary_large_image">')
    if text:
        made.append(f'<meta name="description" content="{html.escape(text)}">')
    png = context["pathto"]("_static/icon.png", resource=True) if "pathto" in context else "_static/icon.png"
    made += [
        f'<link rel="icon" type="image/png" sizes="180x180" href="{png}">',
        f'<link rel="apple-touch-icon" href="{png}">',
    ]
    if pagename == "404":
        made.insert(0, rooted(base))
    context["metatags"] = context.get("metatags", "") + "\n".join(made)


def rooted(base: str) -> str:
    """What makes the links of 404.html right at any depth: the site's address, or what the browser can tell of it."""
    if base:
        return f'<base href="{html.escape(base.rstrip("/"))}/">'
    known = "day\\\\d|reference|decisions|source|_modules|_static"
    return (
        "<script>document.write('<base href=\"' + location.pathname"
        f".replace(/\\/({known})(\\/.*)?$/, '/').replace(/[^/]*$/, '') + '\">')</script>"
    ).replace("\\\\", "\\")


def clone(address: str) -> str:
    """How to get the code, as reST; who has not published it yet names no address that leads nowhere.

    >>> clone("https://git.example.net/course.git"), clone("https://host.test.net/course.git")
    ('``git clone`` and the address of its repository', '``git clone https://host.test.net/course.git``')
    """
    host = urlsplit(address).hostname or ""
    named = not re.search(r"(^|\.)example\.(org|com|net)$", host)
    return f"``git clone {address}``" if named else "``git clone`` and the address of its repository"


def repository() -> str:
    """Where the code is published."""
    return str(tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["urls"]["Repository"])


def substitute(app: Sphinx, config: Config) -> None:
    """Pages say `|clone|`."""
    config.rst_epilog = f"{config.rst_epilog or ''}\n.. |clone| replace:: {clone(repository())}\n"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register."""
    app.connect("config-inited", substitute)
    app.connect("html-page-context", meta)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    from oslearn.course.reference import classic_run

    for name, text in (("icon", icon()), ("card", card(classic_run()))):
        Path(sys.argv[1], f"{name}.svg").write_text(text, "utf-8")
