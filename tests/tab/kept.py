"""The reader's own cloud: over a reload and two pages, without storage, in a file and back; Stop; a page left."""

from __future__ import annotations

import base64
import io
import json
import shlex
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tests.tab.browser import ROOT, expect

PAGE = "day1/network.html"
NAMES = "openstack network list -f value -c Name --sort-column Name"
OPEN = """async ([root, lab]) => {
  const site = new URL("_tab/", root);
  const now = await (await fetch(new URL("now.json", site))).json();
  const { Tab } = await import(new URL(`${now.folder}/tab.mjs`, site));
  window.tab = new Tab(now, lab);
}"""
RUN = """async (lines) => {
  const text = lines.map((line) => `$ ${line}\\n`).join("");
  return (await tab.ask("run", "console", text)).map(({ got }) => got).join("");
}"""
ENDLESS = "tab.ask('run', 'pycon', '>>> while True: pass\\n').catch((error) => { window.said = error.message; })"
WORKS = """tab.ask("run", "pycon", ">>> import time; time.sleep(3); _ = open('late', 'w').write('a')\\n")
  .finally(() => { window.worked = true; })"""
TAKEN = "async () => btoa(Array.from(await tab.take(), (byte) => String.fromCharCode(byte)).join(''))"
BROUGHT = """(text) => tab.bring(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)))
  .then(() => "", (error) => error.message)"""


def opened(page: Page, root: str, lab: str = "day1.3") -> None:
    """A page with a cloud and nothing else."""
    page.goto(root + PAGE)
    page.evaluate(OPEN, [root, lab])


def typed(page: Page, *lines: str) -> str:
    """What the commands print."""
    return str(page.evaluate(RUN, ["export OS_CLOUD=oslearn-demo", *lines]))


def stop(page: Page, root: str) -> None:
    """What runs ends; the cloud, the files and the variables are as the last command left them."""
    opened(page, root)
    before = typed(page, "export WORD=kept", "openstack network create first -f value -c name", "echo a > file", NAMES)
    page.evaluate(f"() => {{ {ENDLESS}; }}")
    page.wait_for_function("tab.state === 'busy'")
    page.evaluate("tab.stop()")
    page.wait_for_function("window.said")
    expect(page.evaluate("said"), "Stopped. The cloud is as it was before.")
    expect(typed(page, NAMES, "echo $WORD", "cat file"), before.removeprefix("first\n") + "kept\na\n")


def stays(page: Page, root: str) -> None:
    """Kept, it is there after a reload and in a second page; the lesson's is another one; two lose nothing."""
    opened(page, root)
    typed(page, "openstack network create one -f value -c name", "oslearn stop nova-compute@compute2")
    expect(page.evaluate("tab.keep()"), {"stored": True})
    typed(page, "openstack network create two -f value -c name", "echo b > file")
    second = page.context.new_page()
    opened(second, root, "")
    expect(second.evaluate("tab.mine"), True)
    expect("one\n" in (seen := typed(second, NAMES, "cat file")), True)
    expect(seen.splitlines()[-2:], ["two", "b"])
    expect("nova-compute@compute2" in typed(second, "oslearn processes --stopped"), True)
    typed(second, "openstack network create three -f value -c name")
    typed(page, "openstack network create four -f value -c name")
    for one in (page, second):
        expect({"one", "two", "three", "four"} <= {*typed(one, NAMES).splitlines()}, True)
    page.evaluate("tab.choose(false)")
    expect("one" in typed(page, NAMES), False)
    opened(page, root)
    page.evaluate("tab.choose(true)")
    expect("four" in typed(page, NAMES), True)
    page.evaluate("tab.remove()")
    expect("four" in typed(page, NAMES), False)
    expect(page.evaluate("tab.own()"), None)
    second.close()


def closed_while_it_works(page: Page, root: str) -> None:
    """What was answered is there, though the page was closed at once."""
    opened(page, root)
    page.evaluate("tab.keep()")
    typed(page, "openstack network create answered -f value -c name")
    page.evaluate(f"() => {{ {ENDLESS}; }}")
    page.wait_for_function("tab.state === 'busy'")
    opened(page, root)
    expect("answered" in typed(page, NAMES), True)


def without_storage(page: Page, root: str) -> None:
    """Where the browser keeps nothing, it says so, and the cloud is there as long as the page is."""
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('denied', 'SecurityError'); }")
    page.route("**/store.mjs", lambda route: route.fulfill(
        body=route.fetch().text().replace("indexedDB.open", "null.open"), content_type="text/javascript"))  # fmt: skip
    opened(page, root)
    typed(page, "openstack network create one -f value -c name")
    expect(page.evaluate("tab.keep()"), {"stored": False})
    expect(page.evaluate("tab.isStored"), False)
    typed(page, "openstack network create two -f value -c name")
    page.evaluate("tab.stop()")
    expect({"one", "two"} <= {*typed(page, NAMES).splitlines()}, True)


def no_room(page: Page, root: str) -> None:
    """A full disk is said, and the cloud is as it was."""
    full = "transaction.abort(), Promise.reject(new NoRoom('This browser has no more room'))"
    fails = f"if (mode === 'readwrite' && globalThis.times++ > 1) await ({full});"
    opened(page, root)
    page.evaluate("tab.keep()")
    page.route("**/store.mjs", lambda route: route.fulfill(
        body="globalThis.times = 0;" + route.fetch().text().replace("result = await work(",
            f"{fails} result = await work("), content_type="text/javascript"))  # fmt: skip
    opened(page, root)
    lines = ["openstack --os-cloud oslearn-demo network create before -f value -c name", NAMES]
    again = "tab.ask('run', 'console', '$ echo a > lost\\n')"
    said = page.evaluate(f"({RUN})({json.dumps(lines)}).then(() => {again}).catch((error) => error.message)")
    expect("no more room" in str(said), True)
    page.unroute("**/store.mjs")
    opened(page, root)
    expect("before" in (there := typed(page, NAMES, "cat lost")), True)
    expect("No such file" in there, True)


def as_a_file(page: Page, root: str) -> None:
    """The file is served by `oslearn serve --data`, with the same servers; and what was made there comes back."""
    opened(page, root, "day2.1")
    made = typed(page, "openstack volume create --size 1 mine -f value -c name", "echo a > file",
                 "openstack server list -f json -c ID -c Name -c Status")  # fmt: skip
    wanted = json.loads(made.removeprefix("mine\n"))
    expect(len(wanted) > 0, True)
    with tempfile.TemporaryDirectory() as work:
        archive = Path(work, "cloud.zip")
        archive.write_bytes(base64.b64decode(page.evaluate(TAKEN)))
        zipfile.ZipFile(archive).extractall(work)
        expect(served(Path(work, "oslearn-cloud"), "openstack server list -f json -c ID -c Name -c Status"), wanted)
        served(Path(work, "oslearn-cloud"), "openstack network create outside -f json -c name")
        again = io.BytesIO()
        with zipfile.ZipFile(again, "w") as into:
            for path in Path(work, "oslearn-cloud").rglob("*"):
                into.write(path, path.relative_to(work))
    expect(page.evaluate(BROUGHT, base64.b64encode(again.getvalue()).decode()), "")
    expect({"outside"} <= {*typed(page, NAMES).splitlines()}, True)
    expect(typed(page, "openstack volume list -f value -c Name", "cat file"), "mine\na\n")


def served(folder: Path, command: str) -> Any:
    """What a command prints of the cloud in a folder, which another Python serves meanwhile."""
    script = Path(__file__).with_name("served.py")
    python = ROOT / ".venv" / "bin" / "python"
    done = subprocess.run([python, script, folder, *shlex.split(command)], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise AssertionError(done.stderr[-2000:])
    return json.loads(done.stdout)


def wrong_files(page: Page, root: str) -> None:
    """A file that is no cloud's is named as such, and nothing is other."""
    opened(page, root)
    before = typed(page, "openstack network create still -f value -c name", NAMES).removeprefix("still\n")
    whole = base64.b64decode(page.evaluate(TAKEN))
    for data, said in wrong(whole):
        got = page.evaluate(BROUGHT, base64.b64encode(data).decode())
        expect((said, said in str(got)), (said, True))
        expect(page.evaluate("tab.mine"), False)
    expect(typed(page, NAMES), before)


def wrong(whole: bytes) -> list[tuple[bytes, str]]:
    """Files, each with what is said of it."""

    def changed(change: Any) -> bytes:
        out, source = io.BytesIO(), zipfile.ZipFile(io.BytesIO(whole))
        with zipfile.ZipFile(out, "w") as into:
            for one in source.infolist():
                if (data := change(one.filename, source.read(one))) is not None:
                    into.writestr(one, data)
        return out.getvalue()

    def elsewhere(place: str) -> bytes:
        out, source = io.BytesIO(), zipfile.ZipFile(io.BytesIO(whole))
        with zipfile.ZipFile(out, "w") as into:
            for name in source.namelist():
                into.writestr(f"{place}{name.partition('/')[2]}", source.read(name))
        return out.getvalue()

    return [
        (elsewhere("../../var/lib/oslearn/"), "outside its own folder"),
        (elsewhere("/var/lib/oslearn/"), "outside its own folder"),
        (b"no archive", "no whole zip"),
        (whole[: len(whole) // 2], "no whole zip"),
        (changed(lambda name, data: None if name.endswith("oslearn.json") else data), "holds no cloud"),
        (changed(lambda name, data: None if name.endswith("glance.sqlite") else data), "glance.sqlite is missing"),
        (changed(lambda name, data: data[:5000] if name.endswith("neutron.sqlite") else data), "neutron.sqlite"),
        (changed(lambda name, data: None if name.endswith("passwords.json") else data), "passwords.json is missing"),
        (changed(lambda name, data: b'{"format": 99}' if name.endswith("oslearn.json") else data), "another version"),
    ]  # fmt: skip


def left_and_back(page: Page, root: str) -> None:
    """Who leaves the page frees its Python; who comes back by the browser's button finds the cloud."""
    opened(page, root)
    typed(page, "openstack network create stays -f value -c name")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    expect(page.evaluate("tab.state"), "off")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect("stays" in typed(page, NAMES), True)


def removed_while_another_works(page: Page, root: str) -> None:
    """Who removes the cloud waits for what another page has begun: that keeps no part of it afterwards."""
    opened(page, root)
    typed(page, "openstack network create one -f value -c name")
    page.evaluate("tab.keep()")
    second = page.context.new_page()
    opened(second, root)
    page.evaluate(f"() => {{ {WORKS}; }}")
    page.wait_for_function("tab.state === 'busy'")
    second.evaluate("tab.remove()")
    page.wait_for_function("window.worked")
    expect(second.evaluate("tab.own()"), None)
    expect("keep one first" in page.evaluate(f"({RUN})(['echo a']).catch((error) => error.message)"), True)
    second.close()


def chosen_and_not_there(page: Page, root: str) -> None:
    """Who chooses a cloud that is not there is told, and goes on in the lesson's, of which nothing is kept."""
    opened(page, root)
    typed(page, "openstack network create of-the-lesson -f value -c name")
    said = page.evaluate("tab.choose(true).catch((error) => error.message)")
    expect("keep one first" in said, True)
    expect(page.evaluate("tab.mine"), False)
    expect("of-the-lesson" in typed(page, NAMES), True)
    expect(page.evaluate("tab.own()"), None)


def ended_meanwhile(page: Page, root: str) -> None:
    """A Python that ends while nobody asks it anything is started again when somebody does."""
    opened(page, root)
    typed(page, "openstack network create before -f value -c name")
    page.evaluate("tab.python.worker.onerror(new ErrorEvent('error', { message: 'gone' }))")
    expect("before" in typed(page, NAMES), True)


TESTS = (
    stop, stays, closed_while_it_works, without_storage, no_room, as_a_file, wrong_files, left_and_back,
    removed_while_another_works, chosen_and_not_there, ended_meanwhile,
)  # fmt: skip
