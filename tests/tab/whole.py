"""`make walk-tab`: Day 1 in the page, from the built site alone, in one cloud of the reader's own; and the day after.

Each lesson's examples are run, the solutions of the exercises too, and the checks are green. Then the boot is broken at
step 12. The browser is closed, and without a network it opens on the same cloud.
"""

from __future__ import annotations

import tempfile
from typing import Any

from playwright.sync_api import BrowserContext, Page
from tests.tab import mine, offline, whatif
from tests.tab.browser import OPTIONS, SITE, STATUS, expect, run
from tests.tab.front import types

LESSONS = ("start", "network", "keypair", "server", "router", "floating", "groups", "instance")
CONSOLE = """() => [...document.querySelectorAll('.os-run')].flatMap((bar, at) =>
    bar.previousElementSibling.matches('.highlight-console') ? [at] : [])"""
NAMES = "openstack server list -f value -c Name -c Status"


def day(page: Page, root: str) -> list[str]:
    """Run all commands of the day; what did not end as a command."""
    found = []
    for lesson in LESSONS:
        page.goto(f"{root}day1/{lesson}.html")
        for at in page.evaluate(CONSOLE):
            said = run(page, at)
            if not said.startswith("Ran"):
                found.append(f"{lesson}, example {at + 1}: {said}")
    return found


def one_day_and_the_next(page: Page, root: str) -> None:
    """In the evening the cloud is as the day left it; the next day it is there without a network."""
    kind = page.context.browser.browser_type
    with tempfile.TemporaryDirectory() as profile:
        context = opened(kind, profile)
        evening = first_day(context.new_page(), root)
        context.close()
        context = opened(kind, profile)
        context.set_offline(True)
        next_day(context.new_page(), root, evening)
        context.close()


def opened(kind: Any, profile: str) -> BrowserContext:
    """A browser with that profile."""
    found: BrowserContext = kind.launch_persistent_context(profile, viewport={"width": 1280, "height": 900}, **OPTIONS)
    return found


def first_day(page: Page, root: str) -> tuple[str, str]:
    """Day 1, and a boot that breaks; the servers and the marks in the evening."""
    mine.at_terminal(page, root)
    mine.presses(page, "Keep as my cloud")
    mine.says(page, "Kept.")
    expect(day(page, root), [])
    mine.at_terminal(page, root)
    types(page, mine.AS_DEMO)
    evening = types(page, NAMES), types(page, "oslearn progress --line")
    for exercise in ("day1.2.1", "day1.2.2", "day1.4.1", "day1.4.2", "day1.5", "day1.6", "day1.7", "day1.8"):
        expect((exercise, exercise in evening[1]), (exercise, True))
    whatif.at_step_12(page, root)
    offline.kept(page, SITE)
    return evening


def next_day(page: Page, root: str, evening: tuple[str, str]) -> None:
    """The same cloud, and lessons that were not read yet, without a network."""
    mine.at_terminal(page, root)
    types(page, mine.AS_DEMO)
    expect((types(page, NAMES), types(page, "oslearn progress --line")), evening)
    page.goto(f"{root}day2/volume.html")
    expect(run(page, 0).startswith("Ran"), True)
    expect(page.locator(STATUS).first.is_visible(), True)


TESTS = (one_day_and_the_next,)
