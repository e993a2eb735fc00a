"""What is not there: a file of the worker; a server."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Page, Route
from tests.tab.browser import SITE, expect, run
from tests.tab.front import INPUT, opened, types

SCRIPTS = ("worker.mjs", "tab.mjs", "store.mjs", "python.mjs")
"""Of these a browser does not say which one is missing."""
NEEDED = ("now.json", "memory.zst", "pyodide.asm.wasm.zst", "pyodide.asm.mjs.zst", "pyodide.mjs", "data.zip", "kept/",
          "graphviz.wasm.zst", "zstddec-stream.mjs", *SCRIPTS)  # fmt: skip


def changed(more: str) -> Callable[[Route], None]:
    """The worker, with more in it."""
    folder = json.loads((SITE / "_tab" / "now.json").read_text("utf-8"))["folder"]
    text = (SITE / "_tab" / folder / "worker.mjs").read_text("utf-8")
    return lambda route: route.fulfill(body=f"{text}\n{more}", content_type="text/javascript")


def broken(page: Page, root: str) -> None:
    """A file that does not come is named, and the page goes on."""
    for name in NEEDED:
        page.route(f"**/{name}*", lambda route: route.fulfill(status=404, body="gone"))
        page.goto(f"{root}day1/network.html")
        said = run(page, 0)
        expect((name, said.startswith("That did not work: "), name in said or name in SCRIPTS), (name, True, True))
        expect(page.locator(".os-run-button").first.is_enabled(), True)
        page.unroute(f"**/{name}*")


def cut(page: Page, root: str) -> None:
    """A memory that is not whole, or another one, is not taken for Python."""
    page.route("**/memory.zst", lambda route: route.fulfill(body="no memory"))
    page.goto(f"{root}day1/network.html")
    expect(run(page, 0), "That did not work: memory.zst is not whole")


def without_webassembly(page: Page, root: str) -> None:
    """A browser that has none, or has it switched off, is told."""
    page.route("**/worker.mjs*", changed("delete globalThis.WebAssembly;"))
    page.goto(f"{root}day1/network.html")
    expect("has no WebAssembly" in run(page, 0), True)


def dies(page: Page, root: str) -> None:
    """A worker that ends by itself is said, and the next run begins with another."""
    page.route("**/worker.mjs*", changed("setTimeout(() => { throw new Error('no memory is left'); });"))
    page.goto(f"{root}day1/network.html")
    expect("no memory is left" in run(page, 0), True)
    page.unroute("**/worker.mjs*")
    expect(run(page, 0).startswith("Ran"), True)


def from_a_file(page: Page, root: str) -> None:
    """No button, no error; a line says how to get them."""
    page.goto((SITE / "day1" / "network.html").as_uri())
    expect(page.locator(".os-run").count(), 0)
    expect("make serve" in page.locator(".os-run-how").inner_text(), True)


def runs_out(page: Page, root: str) -> None:
    """A Python whose stack ran out is replaced, and the cloud is as it was."""
    opened(page, root)
    types(page, "openstack network create kept -f value -c name")
    page.locator(INPUT).fill("python")
    page.keyboard.press("Enter")
    for line in ("import sys; sys.setrecursionlimit(10**9)", "f = lambda: f()"):
        types(page, line)
    expect("Python ran out of its stack" in types(page, "f()"), True)
    page.locator(INPUT).press("Control+d")
    expect("kept" in types(page, "openstack network list -f value -c Name"), True)


NOISY = broken, cut, without_webassembly, dies, runs_out
TESTS = broken, cut, without_webassembly, dies, runs_out, from_a_file
