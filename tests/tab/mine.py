"""The reader's own cloud: kept, found on another page and again, carried away and back, and removed."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tests.tab.browser import STATUS, clean, expect, run
from tests.tab.front import types
from tests.tab.kept import DATABASE, HARM, RECORDS

TERMINAL, NAMES = "terminal.html", "openstack network list -f value -c Name"
AS_DEMO = "export OS_CLOUD=oslearn-demo"


def at_terminal(page: Page, root: str) -> None:
    """The terminal's page, when its cloud is there."""
    page.goto(root + TERMINAL)
    page.locator(".os-term-input").wait_for(timeout=60_000)


def says(page: Page, words: str) -> None:
    """Wait until the panel says so."""
    page.locator(".os-mine [role=status]", has_text=words).wait_for(timeout=60_000)


def presses(page: Page, name: str) -> None:
    """Press a button of the panel."""
    page.locator(".os-mine").get_by_role("button", name=name).click()


def made(page: Page, root: str, name: str) -> None:
    """A cloud with a network of that name becomes the reader's own."""
    at_terminal(page, root)
    types(page, AS_DEMO)
    types(page, f"openstack network create {name} -f value -c name")
    presses(page, "Keep as my cloud")
    says(page, "Kept.")


def keeps(page: Page, root: str) -> None:
    """It is there on another page and after a reload; the lesson's is another one."""
    made(page, root, "of-mine")
    page.goto(f"{root}day1/network.html")
    page.locator(STATUS, has_text="run in my cloud").wait_for()
    run(page, 0)
    expect("of-mine" in page.locator(".os-run-out").first.inner_text(), True)
    said = page.locator(STATUS).first.inner_text().partition(". ")[2]
    expect(said, "The same as on the page, where ... stands for 1 more line.")
    expect(page.get_by_text("The tabs of a step do the same thing: run one of them.").count(), 1)
    page.get_by_label("Cloud that the page works in").select_option("")
    page.get_by_text("The examples now run in the lesson's cloud.").wait_for(timeout=30_000)
    expect(page.get_by_text("The tabs of a step do the same thing").is_visible(), False)
    expect(run(page, 0).partition(". ")[2], "The same as on the page.")
    page.get_by_label("Cloud that the page works in").select_option("mine")
    page.get_by_text("The examples now run in my cloud.").wait_for(timeout=30_000)
    at_terminal(page, root)
    expect("of-mine" in types(page, NAMES), True)
    page.locator(".os-mine-about", has_text="1 server").or_(
        page.locator(".os-mine-about", has_text="0 servers")
    ).wait_for()


def goes_and_comes(page: Page, root: str) -> None:
    """The file has what `oslearn serve --data` opens; elsewhere it is the same cloud, with the marks."""
    page.goto(f"{root}day1/network.html")
    page.locator(".os-done button").click()
    made(page, root, "carried")
    with tempfile.TemporaryDirectory() as folder:
        with page.expect_download() as download:
            presses(page, "Export")
        file = Path(folder, "cloud.zip")
        download.value.save_as(file)
        names = zipfile.ZipFile(file).namelist()
        expect({name.partition("/")[0] for name in names}, {"oslearn-cloud"})
        expect({"oslearn-cloud/oslearn.json", "oslearn-cloud/neutron.sqlite"} <= {*names}, True)
        context = page.context.browser.new_context(service_workers="block")
        other = context.new_page()
        at_terminal(other, root)
        chooses(other, file)
        says(other, "Imported.")
        expect("carried" in types(other, NAMES), True)
        expect(other.evaluate("localStorage.getItem('oslearn / done')"), '["day1.2"]')
        bad = Path(folder, "bad.zip")
        bad.write_bytes(b"no archive")
        chooses(other, bad, "Replace it")
        says(other, "That did not work:")
        expect("carried" in types(other, NAMES), True)
        context.close()


def chooses(page: Page, file: Path, sure: str = "") -> None:
    """Give the panel a file."""
    page.locator(".os-mine input[type=file]").set_input_files(file)
    if sure:
        page.get_by_role("dialog").get_by_role("button", name=sure).click()


def starts_afresh(page: Page, root: str) -> None:
    """It asks, the keyboard does, and Escape leaves all as it is."""
    made(page, root, "to-lose")
    clean(page)
    button = page.locator(".os-mine").get_by_role("button", name="Start afresh")
    for keys in (("Escape",), ("Tab", "Enter")):
        button.focus()
        page.keyboard.press("Enter")
        page.get_by_role("dialog").wait_for()
        expect(page.evaluate("document.activeElement.textContent"), "Cancel")
        for key in keys:
            page.keyboard.press(key)
        expect(page.get_by_role("dialog").count(), 0)
    says(page, "Removed.")
    types(page, AS_DEMO)
    expect("to-lose" in types(page, NAMES), False)
    page.locator(".os-mine-about", has_text="You have no cloud of your own yet.").wait_for()


def starts_afresh_on_a_broken_one(page: Page, root: str) -> None:
    """What is no cloud is said to be broken, and removed as one is."""
    made(page, root, "to-break")
    page.evaluate(HARM, [DATABASE, *RECORDS["a text"]])
    at_terminal(page, root)
    page.locator(".os-mine-about", has_text="What this browser keeps of your cloud is broken.").wait_for()
    expect("start afresh, or import a file" in types(page, "echo a"), True)
    presses(page, "Start afresh")
    page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    says(page, "Removed.")
    expect(types(page, "echo a"), "a\n")


def without_a_store(page: Page, root: str) -> None:
    """Where a browser keeps nothing it says so, and works."""
    page.route("**/store.mjs", lambda route: route.fulfill(
        body=route.fetch().text().replace("indexedDB.open", "null.open"), content_type="text/javascript"))  # fmt: skip
    at_terminal(page, root)
    types(page, AS_DEMO)
    presses(page, "Keep as my cloud")
    says(page, "It is your cloud as long as this page is open.")
    page.locator(".os-mine-about", has_text="This browser keeps nothing").wait_for()


TESTS: tuple[Any, ...] = (keeps, goes_and_comes, starts_afresh, starts_afresh_on_a_broken_one, without_a_store)
