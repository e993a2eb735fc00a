"""`make check-tab`: a page in Chromium, as a reader uses it.

Run on one lesson, twice, and the drawing; a file of the worker that is broken; the page from a file; no script.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_tab"))

import serve  # noqa: E402

SITE = ROOT / "build" / "html"
OPTIONS: dict[str, Any] = {"args": ["--no-sandbox", "--disable-gpu"], "executable_path": "/usr/bin/chromium"}
STATUS = ".os-run-status"
DONE = "(n) => /^(Ran|That)/.test(document.querySelectorAll('.os-run-status')[n].textContent)"


@contextmanager
def hosted() -> Iterator[str]:
    """The site's address."""
    server = serve.server(str(SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def run(page: Page, at: int) -> str:
    """Press Run and wait; what the page says."""
    page.evaluate("(n) => document.querySelectorAll('.os-run > .os-run-button')[n].click()", at)  # it may be in a tab
    page.wait_for_function(DONE, arg=at, timeout=120_000)
    return str(page.locator(STATUS).nth(at).text_content())


def expect(got: object, wanted: object) -> None:
    """Raises AssertionError with both."""
    if got != wanted:
        raise AssertionError(f"{got!r} instead of {wanted!r}")


def runs(page: Page, root: str) -> None:
    """The outputs are those of the page; so they are a second time, after a reset; what happened is drawn."""
    page.goto(f"{root}day1/network.html")
    count = page.locator(".os-run").count()
    for at in (2, count - 1):
        said = run(page, at)
        expect((at, said.partition(". ")[2]), (at, "The same as on the page."))
    expect(page.locator(".os-run-out .highlight").first.is_visible(), True)
    page.locator(".os-run-drawing").first.wait_for(state="attached", timeout=10_000)
    page.locator(".os-run-more button").nth(2 * (count - 1)).click()  # all above again
    page.wait_for_function("(n) => !document.querySelectorAll('.os-run-status')[n].textContent", arg=count - 1)
    page.wait_for_function(DONE, arg=count - 1, timeout=120_000)
    expect(page.locator(STATUS).nth(count - 1).inner_text().partition(". ")[2], "The same as on the page.")


def python_runs(page: Page, root: str) -> None:
    """A Python example, which finds the page's cloud."""
    page.goto(f"{root}day1/server.html")
    bars = "[...document.querySelectorAll('.os-run')]"
    at = page.evaluate(f"{bars}.findIndex((bar) => bar.previousElementSibling.matches('.highlight-pycon'))")
    expect(run(page, at).partition(". ")[2], "The same as on the page.")


def broken(page: Page, root: str) -> None:
    """A file that does not come is named, and the page goes on."""
    for name in ("now.json", "memory.bin.gz", "worker.mjs", "tab.mjs"):
        page.route(f"**/{name}*", lambda route: route.fulfill(status=404, body="gone"))
        page.goto(f"{root}day1/network.html")
        said = run(page, 0)
        expect((name, said.startswith("That did not work: ")), (name, True))
        expect(page.locator(".os-run-button").first.is_enabled(), True)
        page.unroute(f"**/{name}*")


def from_a_file(page: Page, root: str) -> None:
    """No button, no error; a line says how to get them."""
    page.goto((SITE / "day1" / "network.html").as_uri())
    expect(page.locator(".os-run").count(), 0)
    expect("make serve" in page.locator(".os-run-how").inner_text(), True)


def is_quiet(what: Callable[[Page, str], None], page: Page, root: str) -> Iterator[str]:
    """What fails, and what the console says."""
    said: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    try:
        what(page, root)
    except Exception as error:
        yield f"{what.__name__}: {type(error).__name__} {' '.join(str(error).splitlines()[:3])}"
    if what is not broken:
        yield from (f"{what.__name__}: {words}" for words in said)
    outside = {url for url in asked if not url.startswith((root, "data:", "blob:", "file:"))}
    yield from (f"{what.__name__}: asks {url}" for url in outside)


def main(browser: Browser, root: str) -> int:
    """The number of findings."""
    found: list[str] = []
    for what in (runs, python_runs, broken, from_a_file):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        found += is_quiet(what, context.new_page(), root)
        context.close()
    print("\n".join([*found, f"{len(found)} findings in Chromium"]))
    return len(found)


if __name__ == "__main__":
    with sync_playwright() as playwright, hosted() as address:
        sys.exit(bool(main(playwright.chromium.launch(**OPTIONS), address)))
