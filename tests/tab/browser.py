"""`make check-tab`: pages in Chromium, as a reader uses them.

    .site/bin/python tests/tab/browser.py [ROOM ...]

Interface: `hosted(folder)`, `run(page, at)`, `expect(got, wanted)`, `clean(page)`, for the rooms.
A room is a module beside this one. It has `TESTS`, functions of a page and the site's address, each with a browser
profile of its own, and perhaps `NOISY`, those of them of which the console complains. Elsewhere a complaint is a
finding, and so is a request to another host. Service workers are blocked but in the rooms about them, `WORKERS`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_tab")]

import serve  # noqa: E402

SITE = ROOT / "build" / "html"
OPTIONS: dict[str, Any] = {"args": ["--no-sandbox", "--disable-gpu"], "executable_path": "/usr/bin/chromium"}
ROOMS = ("running", "front", "whatif", "kept", "mine", "broken", "offline")
BY_HAND = ("whole",)
"""Rooms that take minutes: they are entered by name."""
WORKERS = {"offline"}
STATUS = ".os-run-status"
DONE = "(n) => /^(Ran|That)/.test(document.querySelectorAll('.os-run-status')[n].textContent)"
Test = Callable[[Page, str], None]


@contextmanager
def hosted(folder: Path = SITE) -> Iterator[str]:
    """The address of what the folder has."""
    server = serve.server(str(folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def run(page: Page, at: int) -> str:
    """Press Run and wait; what the page says."""
    page.evaluate("(n) => document.querySelectorAll('.os-run > .os-run-button')[n].click()", at)  # it may be in a tab
    page.wait_for_function(DONE, arg=at, timeout=120_000)
    return str(page.locator(STATUS).nth(at).text_content())


def expect(got: object, wanted: object) -> None:
    """Raises AssertionError with both."""
    if got != wanted:
        raise AssertionError(f"{got!r} instead of {wanted!r}")


def clean(page: Page) -> None:
    """Raises AssertionError unless axe-core finds nothing and the page does not scroll sideways, in each view."""
    from axe_playwright_python.sync_playwright import Axe

    for width in (1280, 390):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            found = [(one["id"], one["nodes"][0]["html"][:120]) for one in Axe().run(page).response["violations"]]
            expect((width, scheme, found), (width, scheme, []))
            sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            expect((width, scheme, page.evaluate(sideways)), (width, scheme, False))


def is_quiet(test: Test, page: Page, root: str, noise: bool) -> Iterator[str]:
    """What fails, and what the console says."""
    said: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    try:
        test(page, root)
    except Exception as error:
        yield f"{test.__name__}: {type(error).__name__} {' '.join(str(error).splitlines()[:3])}"
    if not noise:
        yield from (f"{test.__name__}: {words}" for words in said)
    outside = {url for url in asked if not url.startswith(("http://127.0.0.1:", "data:", "blob:", "file:"))}
    yield from (f"{test.__name__}: asks {url}" for url in outside)


def tried(browser: Browser, root: str, room: str) -> Iterator[str]:
    """What a room finds."""
    module = import_module(f"tests.tab.{room}")
    for test in module.TESTS:
        workers = "allow" if room in WORKERS else "block"
        context = browser.new_context(viewport={"width": 1280, "height": 900}, service_workers=workers)
        yield from is_quiet(test, context.new_page(), root, test in getattr(module, "NOISY", ()))
        context.close()


def main(chosen: list[str]) -> int:
    """The number of findings."""
    if unknown := set(chosen) - {*ROOMS, *BY_HAND}:
        raise SystemExit(f"no room {', '.join(sorted(unknown))}: {', '.join(ROOMS + BY_HAND)}")
    every: list[str] = []
    with sync_playwright() as playwright, hosted() as root:
        browser = playwright.chromium.launch(**OPTIONS)
        for room in chosen or ROOMS:
            began, found = time.monotonic(), [*tried(browser, root, room)]
            print(*found, f"{room}: {len(found)} findings in {time.monotonic() - began:.0f} s", sep="\n", flush=True)
            every += found
        browser.close()
    print(f"{len(every)} findings in Chromium")
    return len(every)


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
