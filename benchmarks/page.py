"""`make bench-tab`: how long Run takes in a real browser, and what it sends.

    .site/bin/python benchmarks/page.py [MBIT]

The site of build/html on this machine, in Chromium, medians of five: the first press of Run with an empty profile, the
first press on the next page, a press after that, and the first press on a page that was read for a few seconds before:
its Python has started meanwhile. With MBIT the line is so fast and no faster. Nothing is kept for offline
use meanwhile.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

from playwright.sync_api import BrowserContext, Page, Request, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.tab import browser  # noqa: E402

TIMES = 5
FIRST, NEXT, READ = "day1/network.html", "day1/router.html", "day1/keypair.html"
READING = 5_000
"""Milliseconds."""


def pressed(page: Page, at: int) -> float:
    """Seconds from the press to the answer."""
    start = time.perf_counter()
    said = browser.run(page, at)
    assert said.startswith("Ran"), said
    return time.perf_counter() - start


def note(asked: list[str], request: Request) -> None:
    """Keep the name of the file."""
    asked.append(request.url.rpartition("/")[2])


def sent(context: BrowserContext, page: Page, megabits: float) -> list[int]:
    """A list to which the bytes of each answer are added; the line is as fast as that."""
    found: list[int] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    if megabits:
        speed = megabits * 1e6 / 8
        limits = {"offline": False, "latency": 20, "downloadThroughput": speed, "uploadThroughput": speed}
        session.send("Network.emulateNetworkConditions", limits)
    session.on("Network.loadingFinished", lambda event: found.append(int(event["encodedDataLength"])))
    return found


def main(megabits: float) -> None:
    """Measure and print."""
    rows: dict[str, list[float]] = {"cold": [], "next page": [], "again": [], "page read": []}
    with sync_playwright() as playwright, browser.hosted() as root:
        chromium = playwright.chromium.launch(**browser.OPTIONS)
        for _ in range(TIMES):
            context = chromium.new_context(service_workers="block")
            asked: list[str] = []
            context.on("request", partial(note, asked))
            page = context.new_page()
            bytes_sent = sent(context, page, megabits)
            page.goto(root + FIRST)
            alone = sum(bytes_sent)
            rows["cold"].append(pressed(page, 0))
            cold = set(asked)
            page.wait_for_timeout(2000)  # what comes late has come
            page.goto(root + NEXT)
            rows["next page"].append(pressed(page, 0))
            rows["again"].append(pressed(page, 0))
            page.goto(root + READ)
            page.wait_for_timeout(READING)
            rows["page read"].append(pressed(page, 0))
            context.close()
        chromium.close()
    for name, seconds in rows.items():
        print(f"{name:<10} {median(seconds):5.2f} s   ({min(seconds):.2f} to {max(seconds):.2f})")
    print(f"the page alone, as this server sends it: {alone / 1e3:.0f} kB")
    folder = browser.SITE / "_tab" / json.loads((browser.SITE / "_tab" / "now.json").read_text("utf-8"))["memory"]
    files = sorted(((path.stat().st_size, path.name) for path in folder.iterdir() if path.is_file()), reverse=True)
    came = [(size, name) for size, name in files if name in cold]
    print(f"{sum(size for size, _ in came) / 1e6:6.2f} MB  cold, of it")
    for size, name in came[:8]:
        print(f"{size / 1e6:6.2f} MB  {name}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 0)
