"""The parts of the site that need a script, used as a reader uses them; and a page without one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page


def used(browser: Browser, root: str) -> Iterator[str]:
    """What is wrong with the parts that need a script, and with the page without one."""
    for what in (the_player, the_quiz, the_keys_of_a_quiz, the_marks, two_tabs, what_is_broken, the_way_of_a_day,
                 the_tabs, the_search, the_excerpts, the_card, the_score, the_404, on_paper):  # fmt: skip
        context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        yield from told(what, context.new_page(), root)
        context.close()
    context = browser.new_context(java_script_enabled=False)
    yield from told(without_a_script, context.new_page(), root)
    context.close()


def told(what: Callable[[Page, str], None], page: Page, root: str) -> Iterator[str]:
    """The check's own words if it fails."""
    try:
        what(page, root)
    except Exception as error:
        yield f"{what.__name__}: {type(error).__name__} {str(error).splitlines()[:2]}"


def expect(got: Any, wanted: Any) -> None:
    """Raises AssertionError with both."""
    if got != wanted:
        raise AssertionError(f"{got!r} instead of {wanted!r}")


def the_player(page: Page, root: str) -> None:
    """Buttons, keys, a link to a step, one process alone."""
    page.goto(f"{root}day4/flow.html#step-12")
    count, now = page.locator(".os-player-count"), ".os-wide .msg.now"
    expect(count.inner_text(), "12 of 28")
    expect(page.locator(now).count(), 1)
    page.click("[data-do=next]")
    expect((count.inner_text(), page.evaluate("location.hash")), ("13 of 28", "#step-13"))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    expect(count.inner_text(), "1 of 28")
    page.keyboard.press("End")
    expect(count.inner_text(), "28 of 28")
    page.select_option(".os-player select", "cinder-api")
    expect(count.inner_text(), "3 steps")
    page.click("[data-do=first]")
    expect(page.locator(".os-player-title").inner_text().partition(".")[0], "25")
    page.click("[data-do=play]")
    expect(page.locator("[data-do=play]").get_attribute("aria-label"), "Pause")
    page.goto(f"{root}day1/server.html#step-2")  # here no step has an address, and none is made
    page.locator(".os-inside summary").first.click()
    figure = page.locator(".os-inside figure").first
    expect(figure.locator(".os-player-count").inner_text().endswith(" steps"), True)
    figure.locator("[data-do=last]").click()
    expect(page.evaluate("location.hash"), "#step-2")


def the_quiz(page: Page, root: str) -> None:
    """A wrong choice says why, the right one opens the explanation; all is kept, counted, and can be undone."""
    address = f"{root}day1/check.html"
    page.goto(address)
    panel, questions = page.locator(".os-result"), page.locator(".os-question")
    expect(panel.is_visible(), False)
    first, second, third = (questions.nth(n) for n in range(3))
    right = first.get_attribute("data-answer") or ""
    wrong = "a" if right != "a" else "b"
    first.locator(f"input[value={wrong}]").check()
    reason = first.locator(f".os-not-{wrong}").text_content() or ""
    expect(
        (first.get_attribute("data-state"), first.get_by_role("status").inner_text()),
        ("wrong", f"Not this one. {reason.strip()}"),
    )
    first.locator(f"input[value={right}]").focus()
    page.keyboard.press("Space")
    expect((first.get_attribute("data-state"), first.locator("details").get_attribute("open")), ("right", ""))
    second.locator("summary").click()  # who looks first has not found it
    second.locator(f"input[value={second.get_attribute('data-answer')}]").check()
    third.locator(f"input[value={third.get_attribute('data-answer')}]").check()
    said = f"You found 3 of {questions.count()} answers so far, 1 of them at the first try."
    expect(panel.locator("p").inner_text(), said)
    found = Axe().run(page).response["violations"]
    expect([violation["id"] for violation in found], [])
    page.goto(address)
    expect((panel.locator("p").inner_text(), first.locator("input:checked").get_attribute("value")), (said, right))
    expect(first.locator(f"label:has([value={wrong}])").get_attribute("data-mark"), "wrong")
    panel.get_by_role("button", name="Start afresh").click()
    expect((panel.is_visible(), page.locator(".os-question :checked").count()), (False, 0))
    expect(page.evaluate("document.activeElement.name"), "question-1")
    page.goto(address)
    expect((panel.is_visible(), page.locator(".os-question[data-state=right]").count()), (False, 0))


def the_keys_of_a_quiz(page: Page, root: str) -> None:
    """Who has no mouse can pass a choice without choosing it."""
    page.goto(f"{root}day1/check.html")
    first = page.locator(".os-question").first
    first.locator("input").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect((first.locator(":focus").get_attribute("value"), first.locator(":checked").count()), ("c", 0))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(first.locator(":checked").get_attribute("value"), "c")
    expect(first.locator("[data-mark=wrong], [data-mark=right]").count(), 1)


def two_tabs(page: Page, root: str) -> None:
    """What is marked or chosen in one tab of the browser is seen in the other, and none of them loses it."""
    page.goto(f"{root}day1/network.html")
    other = page.context.new_page()
    other.goto(f"{root}day1/keypair.html")
    other.click(".os-done button")
    page.wait_for_selector(".os-dots [data-lesson='day1.3'].done")
    page.click(".os-done button")
    expect(page.evaluate("localStorage['oslearn / done']"), '["day1.3","day1.2"]')
    for one in (page, other):
        one.goto(f"{root}day1/check.html")
    for n, one in enumerate((page, other)):
        question = one.locator(".os-question").nth(n)
        question.locator(f"input[value={question.get_attribute('data-answer')}]").check()
    page.wait_for_selector(".os-question[data-state=right] >> nth=1")
    other.get_by_role("button", name="Start afresh").click()
    page.wait_for_selector(".os-result", state="hidden")


def what_is_broken(page: Page, root: str) -> None:
    """What a browser keeps may be nonsense, or it may keep nothing: the page works all the same."""
    page.goto(root)
    for marks, choices in (("{", "["), ("null", "[]"), ('{"a": 1}', "7"), ("[1, null]", '{"KEY": {}}')):
        page.goto(f"{root}day1/check.html")
        key = page.locator(".os-question").first.get_attribute("data-key") or ""
        given = [["oslearn / done", marks], ["oslearn / quiz", choices.replace("KEY", key)]]
        page.evaluate("given => given.forEach(([key, value]) => localStorage.setItem(key, value))", given)
        page.reload()
        expect((choices, page.locator(".os-result").is_visible()), (choices, False))
        page.goto(f"{root}day1/network.html")
        page.click(".os-done button")
        expect(page.evaluate("localStorage['oslearn / done']"), '["day1.2"]')
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('none'); } })")
    page.reload()
    for pressed in ("true", "false"):
        page.click(".os-done button")
        expect(page.locator(".os-done button").get_attribute("aria-pressed"), pressed)


def the_marks(page: Page, root: str) -> None:
    """A lesson is marked; the day counts it, and begins with the next; a terminal's line is taken over."""
    page.goto(f"{root}day1/network.html")
    page.click(".os-done button")
    expect(page.locator(".os-done button").get_attribute("aria-pressed"), "true")
    page.goto(f"{root}day1/index.html")
    expect(page.locator(".os-meter").inner_text(), "1 of 7 done")
    expect(page.locator(".os-lessons li.done a").text_content(), "A network of your own, done")
    expect(page.locator(".os-button").inner_text(), "Go on with 1.1")
    page.locator(".os-line summary").click()
    line = page.get_by_label("Progress")
    expect(line.input_value(), "done day1.2")
    for given, marked in (("done nonsense", 1), ("done day1.1 day1.4.1", 2)):
        line.fill(given)
        page.get_by_role("button", name="Take it over").click()
        expect((given, page.locator(".os-lessons li.done").count()), (given, marked))
    expect(line.input_value(), "done day1.1 day1.2 day1.4.1")
    page.locator(".os-button", has_text="Go on with 1.3").click()
    expect(page.url, f"{root}day1/keypair.html")
    page.evaluate(
        "localStorage.setItem('oslearn / done', JSON.stringify([1, 2, 3, 4, 5, 6, 7].map((n) => `day1.${n}`)))"
    )
    page.goto(f"{root}day1/index.html")
    page.locator(".os-button", has_text="Go on with the next day").click()
    expect(page.url, f"{root}day2/index.html")


def the_way_of_a_day(page: Page, root: str) -> None:
    """Next leads along the hour to the questions and to the next day; what goes deeper says so, and leads on."""
    page.goto(f"{root}day4/flow.html")
    expect(page.locator("a.next-page").get_attribute("href"), "current.html")
    expect("(deeper)" in page.locator(".sidebar-tree a", has_text="Get a token").first.inner_text(), True)
    page.goto(f"{root}day4/token.html")
    expect(page.locator("a.next-page").get_attribute("href"), "accept.html")
    for name, ahead in (
        ("day1/groups", "check.html"),
        ("day1/check", "../day2/index.html"),
        ("day4/check", "../labs.html"),
    ):
        page.goto(f"{root}{name}.html")
        expect((name, page.locator("a.next-page").get_attribute("href")), (name, ahead))


def the_tabs(page: Page, root: str) -> None:
    """The chosen tab stays chosen, in a new browser tab too; Home and End move."""
    address = f"{root}day1/network.html"
    page.goto(address)
    page.get_by_role("tab", name="HTTP").first.click()
    page.keyboard.press("Home")
    expect(page.evaluate("document.activeElement.textContent"), "CLI")
    second = page.context.new_page()
    second.goto(address)
    expect(second.get_by_role("tab", name="HTTP").first.get_attribute("aria-selected"), "true")


def the_search(page: Page, root: str) -> None:
    """A pasted message leaves the rows that have its words, or the nearest ones; the number is said."""
    page.goto(f"{root}reference/troubles.html")
    rows, said = page.locator("table.os-filtered tbody tr:visible"), page.locator(".os-filter [role=status]")
    whole = rows.count()
    page.get_by_label("Search").last.fill("permission denied (PUBLICKEY)")
    expect((rows.count(), said.inner_text()), (1, f"1 of {whole} rows"))
    page.keyboard.type(" on host 4f7e21")
    expect((rows.count(), said.inner_text()), (1, f"No row has all these words; 1 of {whole} come closest."))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    expect(rows.count(), whole)


def the_excerpts(page: Page, root: str) -> None:
    """What the search shows of a lesson is of its words, and not of the way through its day."""
    for words in ("router", "volume"):
        page.goto(f"{root}search.html?q={words}")
        excerpts = page.locator("#search-results li:has(a[href*='day']) p.context")
        excerpts.nth(4).wait_for()
        shown = excerpts.all_inner_texts()
        expect([text for text in shown if re.search(r"\d\.\d [A-Z].*\d\.\d [A-Z]", text)], [])
        expect([text for text in shown if words not in text.lower()], [])


def the_card(page: Page, root: str) -> None:
    """A day's card on the front page leads to the day wherever it is clicked, and shows what is done."""
    page.goto(root)
    page.locator(".os-days > li").nth(1).click(position={"x": 10, "y": 10})
    expect(page.url, f"{root}day2/index.html")
    page.evaluate("localStorage.setItem('oslearn / done', JSON.stringify(['day1.1', 'day1.2', 'day2.1']))")
    page.goto(root)
    expect(page.locator(".os-days .os-meter:visible").all_inner_texts(), ["2 of 7 done", "1 of 7 done"])
    page.get_by_role("link", name="Go on with 1.3").click()
    expect(page.url, f"{root}day1/keypair.html")


def the_score(page: Page, root: str) -> None:
    """Less motion waits for Play; buttons, keys, a click; silent while it plays; at its end all is lit."""
    page.goto(root)
    disc, who, now = page.locator(".os-now-disc"), page.locator(".os-now-who"), page.locator(".os-wide .message.is")
    live = page.locator(".os-now-words")
    page.locator(".os-score-picture").scroll_into_view_if_needed()
    page.wait_for_timeout(1500)
    expect((who.inner_text(), now.count()), ("Watch a server start", 0))
    page.get_by_role("button", name="One step on").click()
    expect((disc.inner_text(), who.inner_text(), now.count()), ("1", "client → keystone", 1))
    expect((live.get_attribute("aria-live"), page.locator(".os-now-say").inner_text()[:11]), ("polite", "You log in."))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="One step back").click()
    expect((disc.inner_text(), page.locator(".os-wide .message.was").count()), ("2", 1))
    page.get_by_role("button", name="Play").click()
    expect((disc.inner_text(), live.get_attribute("aria-live")), ("3", "off"))
    page.wait_for_function("document.querySelector('.os-now-disc').textContent === '4'")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(1300)
    expect((disc.inner_text(), page.locator(".os-parts .is").count()), ("4", 1))
    page.locator("span.os-wide .message").nth(11).click(force=True)
    expect(disc.inner_text(), "12")
    page.get_by_role("button", name="Play").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    expect((who.inner_text(), page.locator(".playing").count()), ("The server runs", 0))
    page.emulate_media(reduced_motion="no-preference")
    page.goto(root)
    page.locator(".os-score-picture").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.os-now-disc').textContent === '2'")


def the_404(page: Page, root: str) -> None:
    """A wrong address, at any depth, shows the page for it with its style and with links that lead somewhere."""
    for wrong in ("none.html", "day4/none.html", "reference/api/none/deeper"):
        page.goto(f"{root}{wrong}")
        expect(page.locator("h1").inner_text().startswith("There is no such page"), True)
        expect(page.evaluate("getComputedStyle(document.body).getPropertyValue('--os-nova') !== ''"), True)
        page.locator("article").get_by_role("link", name="Learn OpenStack in 4 Hours").click()
        expect(page.url, f"{root}index.html")


def on_paper(page: Page, root: str) -> None:
    """A page that is printed has no controls, and what lies behind tabs and folds."""
    page.goto(f"{root}day1/network.html")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    panels, folds = page.locator(".sphinx-tabs-panel"), page.locator("details:not([open])")
    expect([panels.nth(n).is_visible() for n in range(panels.count())], [True] * panels.count())
    expect((folds.count(), page.locator(".os-player:visible, .sidebar-drawer:visible, button:visible").count()), (0, 0))


def without_a_script(page: Page, root: str) -> None:
    """Every tab's content is shown, answers can be opened, the player is not there."""
    page.goto(f"{root}day1/network.html")
    panels = page.locator(".sphinx-tabs-panel")
    expect([panels.nth(n).is_visible() for n in range(panels.count())], [True] * panels.count())
    expect(page.locator(".os-player").first.is_visible(), False)
    page.goto(f"{root}day1/check.html")
    page.locator(".os-question summary").first.click()
    expect((page.locator(".os-reasons dd").first.is_visible(), page.locator(".os-result").count()), (True, 0))
    page.goto(f"{root}reference/troubles.html")
    expect((page.locator("table.troubles tr").count() > 15, page.locator(".os-filter").is_visible()), (True, False))
