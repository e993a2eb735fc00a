"""How pages look and behave: axe-core, sideways scroll, requests to other hosts, errors in the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from serving import SITE, pages

VIEWS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]
USED = """
document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
document.querySelectorAll(".os-question").forEach((question, n) => question.querySelectorAll("input")[n % 3].click());
document.querySelector('.os-done button[aria-pressed="false"]')?.click();
"""
"""A page as somebody leaves it: folds are open, questions are answered, a lesson is marked."""


def looked_at(browser: Browser, root: str, folder: Path | None) -> Iterator[str]:
    """What is wrong with how pages look and behave."""
    for width, scheme in VIEWS:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("console", lambda message, said=said: message.type == "error" and said.append(message.text))
        for path in pages():
            name = f"{path.relative_to(SITE)} at {width} {scheme}"
            asked.clear()
            said.clear()
            page.goto(root + path.relative_to(SITE).as_posix())
            page.evaluate(USED)
            yield from (f"{name}: asks {url}" for url in asked if not url.startswith((root, "data:")))
            yield from (f"{name}: {text}" for text in said)
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                yield f"{name}: scrolls sideways"
            for violation in Axe().run(page).response["violations"]:
                yield f"{name}: {violation['id']}: {violation['nodes'][0]['html'][:120]}"
            if folder:
                picture = str(path.relative_to(SITE)).replace("/", "-").removesuffix(".html")
                page.screenshot(path=folder / f"{picture}-{width}-{scheme}.png", full_page=True)
        context.close()
