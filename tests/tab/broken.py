"""What is not there: a file of the worker; a server."""

from __future__ import annotations

from playwright.sync_api import Page
from tests.tab.browser import SITE, expect, run


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


NOISY = (broken,)
TESTS = broken, from_a_file
