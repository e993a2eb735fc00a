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
MOST = {390: 0, 1280: 2, 1600: 2}
"""Blocks of a page that may scroll sideways at a width; on a phone only tables of a terminal do."""


def stood(browser: Browser, root: str) -> Iterator[str]:
    """What is wrong, page by page."""
    yield from unseen(browser)
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        for path in pages():
            page.goto(root + path.relative_to(SITE).as_posix())
            page.add_style_tag(content=STILL)
            page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
            found = page.evaluate(LOOK)
            name = f"{path.relative_to(SITE)} at {width}"
            yield from (f"{name}: {words}" for words in found["wrong"])
            if len(found["scrolling"]) > MOST.get(width, len(found["scrolling"])):
                yield f"{name}: {len(found['scrolling'])} blocks scroll: {found['scrolling'][:4]}"
        page.close()


FAULTS = {
    "text over text": "<p>one line of words</p><p style='margin-top: -2.4em'>another line of words</p>",
    "outside the page": "<p style='position: absolute; left: 100%; white-space: nowrap'>far away</p>",
    "cut: div": "<div style='overflow: hidden; width: 3rem; white-space: nowrap'>what has no room</div>",
    "cut line": "<pre style='width: 9rem; overflow: hidden'>"
    "<span class='os-e' style='display: block; white-space: pre'>an error longer than its block</span></pre>",
    "heads beside": "<figure id='f'><div class='os-heads'><svg width='90' height='9'></svg></div>"
    "<div class='os-body'><svg width='40' height='9'></svg></div></figure>",
    "outside its drawing": "<svg class='os-svg' width='40' height='20'><text y='9'>a long long word</text></svg>",
}
"""What this check must see, each on a page of its own."""


def unseen(browser: Browser) -> Iterator[str]:
    """The faults that this check does not see."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    for words, fault in FAULTS.items():
        page.set_content(f"<!doctype html><html><body><article>{fault}</article></body></html>")
        if not any(words in found for found in page.evaluate(LOOK)["wrong"]):
            yield f"the check itself does not see: {words}"
    page.close()
