"""Run, on a lesson: the outputs, twice, and the drawing; a Python example."""

from __future__ import annotations

from playwright.sync_api import Page
from tests.tab.browser import DONE, STATUS, expect, run

SAME = "The same as on the page."


def runs(page: Page, root: str) -> None:
    """The outputs are those of the page; so they are a second time, after a reset; what happened is drawn."""
    page.goto(f"{root}day1/network.html")
    count = page.locator(".os-run").count()
    for at in (2, count - 1):
        said = run(page, at)
        expect((at, said.partition(". ")[2]), (at, SAME))
    out = page.locator(".os-run-out:visible").first
    expect(out.locator(".highlight").is_visible(), False)  # the page has it above
    out.get_by_text("The output, as above").click()
    expect(out.locator(".highlight").is_visible(), True)
    page.locator(".os-live > summary").last.click()
    page.locator(".os-run-drawing").first.wait_for(state="attached", timeout=10_000)
    page.locator(".os-run").nth(count - 1).get_by_text("Run all above").click()
    page.wait_for_function(f"(n) => !({DONE})(n)", arg=count - 1)
    page.wait_for_function(DONE, arg=count - 1, timeout=120_000)
    expect(page.locator(STATUS).nth(count - 1).inner_text().partition(". ")[2], SAME)


def python_runs(page: Page, root: str) -> None:
    """A Python example, which finds the page's cloud."""
    page.goto(f"{root}day1/server.html")
    bars = "[...document.querySelectorAll('.os-run')]"
    at = page.evaluate(f"{bars}.findIndex((bar) => bar.previousElementSibling.matches('.highlight-pycon'))")
    expect(run(page, at).partition(". ")[2], SAME)


TESTS = runs, python_runs
