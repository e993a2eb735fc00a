"""What if a message of a boot goes wrong? Foretold, and then run in the page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page
from tests.tab.browser import SITE, clean, expect

PANEL = '.os-player[data-flow="{flow}"]'
ROWS = "(table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent))"

PALE = """[...document.querySelectorAll('.os-player[data-flow]')].flatMap((panel) =>
    [...panel.closest('figure').querySelectorAll('.msg.uncome')].flatMap((row) => [row, row.nextElementSibling])
        .filter((part) => part?.matches('.msg, .num') && getComputedStyle(part).opacity > 0.3)
        .map((part) => part.textContent))"""
"""What did not come and is not pale."""
IDLE = "() => !document.querySelector('.os-whatif .os-run-button[aria-disabled]')"


def asked(page: Page, address: str, flow: str, words: str) -> Any:
    """Open the page at a step, and choose what goes wrong; the player's panel."""
    page.goto(address)
    panel = page.locator(PANEL.format(flow=flow)).filter(has=page.locator(".os-player-now:not([hidden])"))
    panel.locator(".os-whatif > summary").click()
    panel.get_by_role("button", name=words).click()
    return panel


def run(panel: Any) -> str:
    """Run it; what the page says."""
    panel.get_by_role("button", name="Run it").click()
    status = panel.locator(".os-whatif [role=status]")
    status.filter(has_text="Ran in").wait_for(timeout=120_000)
    return str(status.inner_text())


def at_step_12(page: Page, root: str) -> None:
    """What is foretold happens: the message to the host is lost, nobody notices, and the server stays in BUILD."""
    panel = asked(page, f"{root}day4/schedule.html#step-12", "classic", "Lose this message")
    expect(
        panel.locator("table").evaluate(ROWS)[1:3], [["Steps that come", "1 to 12 of 28"], ["Who notices", "nobody"]]
    )
    expect(page.locator(".os-fault text").first.text_content(), "lost")
    expect(page.evaluate(PALE), [])
    expect(run(panel).partition(". ")[2], "As foretold.")
    rows = panel.locator("table").evaluate(ROWS)
    expect(rows[0], ["", "Foretold", "This run"])
    expect(rows[3], ["What the user sees", "a server in BUILD", "a server in BUILD"])
    page.locator(".os-inside summary", has_text="What happened in this run").click()
    page.locator("figure + .os-inside .os-body svg").wait_for(timeout=30_000)
    clean(page)
    for words in ("Answer with an error", "Be too slow", "Stop its receiver"):
        panel.get_by_role("button", name=words).click()
        expect((words, run(panel).partition(". ")[2]), (words, "As foretold."))


def goes_on(page: Page, root: str) -> None:
    """Who goes to another step while a run is under way is not told of it there."""
    panel = asked(page, f"{root}day4/schedule.html#step-12", "classic", "Lose this message")
    button = panel.get_by_role("button", name="Run it")
    button.click()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(IDLE, timeout=120_000)
    expect(panel.locator(".os-whatif [role=status]").text_content(), "")


def is_stopped(page: Page, root: str) -> None:
    """A run is stopped, and the next one comes as foretold."""
    panel = asked(page, f"{root}day4/schedule.html#step-12", "classic", "Lose this message")
    panel.get_by_role("button", name="Run it").click()
    panel.get_by_role("button", name="Stop this boot").click()
    panel.locator(".os-whatif [role=status]").filter(has_text="Stopped.").wait_for()
    expect(page.evaluate("document.activeElement.textContent"), "Run it")
    expect(run(panel).partition(". ")[2], "As foretold.")
    expect(panel.get_by_role("button", name="Stop this boot").count(), 0)


def of_an_answer(page: Page, root: str) -> None:
    """Who would get an answer is there and notices: its sender stops, and there the mark stands."""
    panel = asked(page, f"{root}day4/flow.html#step-5", "classic", "Stop its sender")
    rows = panel.locator("table").evaluate(ROWS)
    expect(rows[1:3], [["Steps that come", "1 to 5 of 28"], ["Who notices", "nova-api"]])
    expect(run(panel).partition(". ")[2], "As foretold.")
    page.keyboard.press("ArrowLeft")
    panel.get_by_role("button", name="Stop its receiver").wait_for()


def of_today(page: Page, root: str) -> None:
    """Today's flow, and a message after which all is done again."""
    panel = asked(page, f"{root}day4/current-host.html#step-28", "current", "Lose this message")
    expect(run(panel).partition(". ")[2], "As foretold.")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".os-fault").count(), 0)


def by_keyboard(page: Page, root: str) -> None:
    """From the drawing's player to the answer without a pointer."""
    page.goto(f"{root}day4/schedule.html#step-9")
    panel = page.locator('.os-player[data-flow="classic"]')
    panel.locator(".os-whatif > summary").focus()
    for key in ("Enter", "Tab", "Tab", "Space", "Tab", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    status = panel.locator(".os-whatif [role=status]")
    status.filter(has_text="Ran in").wait_for(timeout=120_000)
    expect(panel.get_by_role("button", name="Answer with an error").get_attribute("aria-pressed"), "true")


def from_a_file(page: Page, root: str) -> None:
    """The words are there, and how to get the run."""
    panel = asked(page, f"{(SITE / 'day4' / 'schedule.html').as_uri()}#step-12", "classic", "Stop its receiver")
    expect(panel.locator("table").evaluate(ROWS)[2], ["Who notices", "nova-scheduler"])
    expect(page.locator(".os-run-how:visible", has_text="make serve").count(), 1)
    expect("make serve" in panel.inner_text(), False)
    expect(panel.get_by_role("button", name="Run it").count(), 0)


TESTS = at_step_12, goes_on, is_stopped, of_an_answer, of_today, by_keyboard, from_a_file
