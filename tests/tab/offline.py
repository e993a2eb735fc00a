"""The site without a network, after something has run in a page."""

from __future__ import annotations

import json
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from playwright.sync_api import Page
from tests.tab.browser import SITE, expect, hosted, run

NAMES = "async () => (await caches.keys()).filter((name) => name.startsWith('oslearn '))"
KEPT = """async (build) => {
  const isWhole = async (name) => name.endsWith(` ${build}`)
    && await (await caches.open(name)).match(`${name.split(" ")[1]}offline.json`);
  for (const end = Date.now() + 60000; Date.now() < end; await new Promise((wait) => setTimeout(wait, 100))) {
    const names = await caches.keys();
    if (names.length === 1 && await isWhole(names[0])) return true;
  }
  return false;
}"""
ASK = """() => new Promise((said) => {
  navigator.serviceWorker.onmessage = ({ data }) => data.offline !== "part" && said(data.offline);
  navigator.serviceWorker.controller.postMessage("keep");
})"""
LIST = "offline.json"


def build(site: Path) -> str:
    """The name of what the folder has."""
    return str(json.loads((site / LIST).read_text("utf-8"))["build"])


def keeps(page: Page, address: str, site: Path) -> None:
    """Open a page, run its first example, and wait until all is kept."""
    page.goto(address)
    said = run(page, 0)
    expect(said.partition(". ")[2], "The same as on the page.")
    kept(page, site)


def kept(page: Page, site: Path) -> None:
    """Wait until this build is kept, and no other."""
    expect(page.evaluate(KEPT, build(site)), True)


def nothing_before_run(page: Page, root: str) -> None:
    """Who only reads keeps nothing."""
    page.goto(f"{root}day1/network.html")
    page.wait_for_load_state("networkidle")
    expect(page.evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length"), 0)
    expect(page.evaluate(NAMES), [])


def goes_on_offline(page: Page, root: str) -> None:
    """A page that was never opened reads and runs; so does the search; what is not there is not there."""
    keeps(page, f"{root}day1/network.html", SITE)
    page.context.set_offline(True)
    page.goto(f"{root}day1/router.html")
    expect(run(page, 0).partition(". ")[2], "The same as on the page.")
    page.goto(f"{root}day4/")
    expect(page.locator("h1").count(), 1)
    page.goto(f"{root}search.html?q=placement")
    page.locator("#search-results li").first.wait_for(timeout=20_000)
    answer = page.goto(f"{root}day1/none.html")
    expect(answer and (answer.status, "404" in page.title() or page.locator("h1").count() > 0), (404, True))
    page.context.set_offline(False)
    answer = page.goto(f"{root}day1/none.html")
    expect(answer and answer.status, 404)


def a_new_build(page: Page, _root: str) -> None:
    """Below a folder, too: a new build takes the old one's place, and with a network it is seen at once.

    Of a build that a host has only in part nothing is taken.
    """
    with tempfile.TemporaryDirectory() as folder, hosted(Path(folder)) as root:
        site, address = Path(folder, "some", "where"), f"{root}some/where/"
        shutil.copytree(SITE, site)
        keeps(page, f"{address}day1/network.html", site)
        write(site, "day1/router.html", "<title>New</title>")
        page.goto(f"{address}day1/router.html")
        expect(page.title(), "New")
        kept(page, site)
        write(site, "day1/router.html", "<title>Newer</title>")
        (site / "day1" / "router.html").write_text("not yet here", "utf-8")
        page.goto(f"{address}day1/keypair.html")
        expect(page.evaluate(ASK), "failed")
        page.context.set_offline(True)
        page.goto(f"{address}day1/router.html")
        expect(page.title(), "New")


def write(site: Path, path: str, text: str) -> None:
    """Another text of a page, and a list that knows it."""
    (site / path).write_text(text, "utf-8")
    listed = json.loads((site / LIST).read_text("utf-8"))
    listed["files"][path] = [sha256(text.encode()).hexdigest()[:20], len(text)]
    listed["build"] = sha256(text.encode()).hexdigest()[:20]
    (site / LIST).write_text(json.dumps(listed), "utf-8")


NOISY = (goes_on_offline, a_new_build)  # pages that are not there
TESTS = nothing_before_run, goes_on_offline, a_new_build
