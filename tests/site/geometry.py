"""How pages stand: no text over text, nothing cut, nothing outside, at four widths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from serving import SITE, pages

WIDTHS = (390, 768, 1280, 1600)
LOOK = (Path(__file__).parent / "geometry.js").read_text("utf-8")
STILL = ".os-player, .os-heads, .os-filter { position: static !important }"
"""What sticks to the window's edge stands over other things by intent."""
MOST = {1280: 2, 1600: 2}
"""Blocks of a page that scroll sideways at a width; on narrower pages only tables of a terminal do."""


def stood(browser: Browser, root: str) -> Iterator[str]:
    """What is wrong, page by page."""
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        for path in pages():
            page.goto(root + path.relative_to(SITE).as_posix())
            page.add_style_tag(content=STILL)
            page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
            found = page.evaluate(LOOK)
            name = f"{path.relative_to(SITE)} at {width}"
            yield from (f"{name}: {words}" for words in found["wrong"])
            if len(found["scrolling"]) > MOST.get(width, 0):
                yield f"{name}: {len(found['scrolling'])} blocks scroll: {found['scrolling'][:4]}"
        page.close()
