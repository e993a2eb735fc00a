"""What is not there, or not whole: a file of the worker, of an older build too; a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

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


WHOLE = {
    "memory.zst": 4,
    "data.zip": 2,
    "kept/empty.zip": 2,
    "graphviz.wasm.zst": 2,
    "pyodide.asm.mjs.zst": 2,
    "made": 1,
}
"""Files, and how many harms of each are tried."""


def answers(data: bytes, route: Route) -> None:
    """In a file's place."""
    route.fulfill(body=data)


def harmed(name: str) -> Iterator[tuple[str, bytes]]:
    """A file of the memory's folder, as it may come."""
    memory = json.loads((SITE / "_tab" / "now.json").read_text("utf-8"))["memory"]
    data = (SITE / "_tab" / memory / name).read_bytes()
    at = len(data) // 2
    yield "cut", data[:at]
    yield "a bit flipped", data[:at] + bytes([data[at] ^ 128]) + data[at + 1 :]
    yield "longer", data + b"more"
    yield "another", b"no such file"


def not_whole(page: Page, root: str) -> None:
    """A file that has not the bytes of the build is taken for nothing else."""
    for name, count in WHOLE.items():
        for harm, data in [*harmed(name)][:count]:
            page.route(f"**/{name}", partial(answers, data))
            page.goto(f"{root}day1/network.html")
            expect((harm, run(page, 0)), (harm, f"That did not work: {name} is not whole: reload the page"))
            page.unroute(f"**/{name}")
    expect(run(page, 0).partition(". ")[2], "The same as on the page.")


def kept_broken(page: Page, root: str) -> None:
    """Of what a browser keeps a part may be missing: it is asked for once more."""
    _, cut = next(harmed("memory.zst"))
    page.route("**/memory.zst", partial(answers, cut), times=1)
    page.goto(f"{root}day1/network.html")
    expect(run(page, 0).partition(". ")[2], "The same as on the page.")


def built_again(page: Page, root: str) -> None:
    """When the site is another one, the files of a page that is open are gone: that is said, also to who imports."""
    now = json.loads((SITE / "_tab" / "now.json").read_text("utf-8"))
    words = "This site was built again after the page was opened: reload the page."
    opened(page, root)
    page.route("**/now.json", lambda route: route.fulfill(json={**now, "memory": "other"}))
    page.route("**/memory.zst", lambda route: route.fulfill(status=404, body="gone"))
    expect(types(page, "echo a"), f"{words}\n")
    page.unroute("**/memory.zst")
    types(page, "python")
    expect(types(page, "1"), "1\n")
    page.route("**/*.zip", lambda route: route.fulfill(status=404, body="gone"))
    expect("this site was built again" in types(page, "import wave"), True)
    page.unroute("**/now.json")
    page.route("**/now.json", lambda route: route.fulfill(json={**now, "folder": "js-other"}))
    page.route("**/worker.mjs*", lambda route: route.fulfill(status=404, body="gone"))
    page.evaluate("oslearn.tab().then((tab) => tab.stop())")
    expect(types(page, "1"), f"{words}\n")


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


NOISY = broken, not_whole, kept_broken, built_again, without_webassembly, dies, runs_out
TESTS = (*NOISY, from_a_file)
