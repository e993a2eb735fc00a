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
DATABASE = "oslearn /"
ENDS = ("start afresh, or import a file.", "Take it as a file, and start afresh.", "works in the lesson's cloud now.")
"""What to do with a cloud that does not open."""
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
    gone(page)
    second.close()


COUNTS = "() => { window.other = 0; tab.addEventListener('cloud', ({ detail }) => { other += detail === 'other'; }); }"


def gone(page: Page) -> None:
    """The reader's own cloud is no more there: the page says so once, works in the lesson's, and may keep that."""
    page.evaluate(COUNTS)
    expect("Your cloud is no longer in this browser" in failed(page), True)
    expect((page.evaluate("[tab.mine, other]"), page.evaluate("localStorage['oslearn / mine']")), ([False, 1], ""))
    typed(page, "openstack network create again -f value -c name")
    expect(page.evaluate("tab.own()"), None)
    expect(page.evaluate("tab.keep()"), {"stored": True})
    expect("again" in typed(page, NAMES), True)


def failed(page: Page) -> str:
    """What is said of a command that does not run."""
    return str(page.evaluate(f"({RUN})(['echo a']).catch((error) => error.message)"))


def data_deleted(page: Page, root: str) -> None:
    """Who deletes the site's data while a page is open closes its database: the page goes on, also before a reload."""
    session = page.context.new_cdp_session(page)
    where = {"origin": root.rstrip("/"), "storageTypes": "indexeddb"}
    deleted = f"new Promise((done) => {{ indexedDB.deleteDatabase('{DATABASE}').onsuccess = () => done(); }})"
    for is_whole in (True, False):
        opened(page, root)
        typed(page, "openstack network create kept -f value -c name")
        page.evaluate("tab.keep()")
        if is_whole:
            session.send("Storage.clearDataForOrigin", where)
        else:
            page.evaluate(deleted)
        gone(page)
    opened(page, root)
    page.evaluate("tab.choose(false)")
    session.send("Storage.clearDataForOrigin", where)
    typed(page, "openstack network create kept -f value -c name")
    expect(page.evaluate("tab.keep()"), {"stored": True})


RECORDS = {
    "no rest": ("cloud", "whole", "null"),
    "a text": ("cloud", "whole", "'text'"),
    "another rest": ("cloud", "whole", "{ version: '1', saved: 1, rest: { variables: [], directory: 1 } }"),
    "no bytes": ("files", "var/lib/oslearn/neutron.sqlite", "{ bytes: 'text', mode: 384 }"),
    "no file": ("files", "var/lib/oslearn/neutron.sqlite", "null"),
    "cut": ("files", "var/lib/oslearn/neutron.sqlite", "{ bytes: new Uint8Array(5000), mode: 384 }"),
    "no json": ("files", "var/lib/oslearn/oslearn.json", "{ bytes: new Uint8Array([91]), mode: 384 }"),
}
"""What may lie in the database in the place of what was written."""
OPENS_NOT = ("cut", "no json")
"""Whole records of which Python makes no cloud."""
HARM = """([name, where, key, value]) => new Promise((done, fails) => {
  const opening = indexedDB.open(name);
  opening.onsuccess = () => {
    const change = opening.result.transaction(where, "readwrite");
    change.objectStore(where).put(eval(`(${value})`), key);
    change.oncomplete = () => { opening.result.close(); done(); };
    change.onabort = fails;
  };
})"""


def broken_records(page: Page, root: str) -> None:
    """What does not open is said in words; who starts afresh, or brings a file, goes on."""
    opened(page, root)
    typed(page, "echo a > file")
    file = page.evaluate(TAKEN)
    for number, (harm, record) in enumerate(RECORDS.items()):
        page.evaluate("tab.keep()")
        page.evaluate(HARM, [DATABASE, *record])
        opened(page, root)
        expect((harm, page.evaluate("tab.mine")), (harm, True))
        said = failed(page)
        expect((harm, said, said.endswith(ENDS)), (harm, said, True))
        if said.endswith(ENDS[:2]):
            taken = page.evaluate("tab.take().then(() => 'a file', (error) => error.message)")
            expect((harm, taken.startswith("a file" if harm in OPENS_NOT else "Nothing of your cloud")), (harm, True))
        if number % 2:
            expect((harm, page.evaluate(BROUGHT, file)), (harm, ""))
        else:
            page.evaluate("tab.remove()")
            expect((harm, page.evaluate("tab.own()")), (harm, None))
            page.evaluate(BROUGHT, file)
        expect((harm, typed(page, "cat file")), (harm, "a\n"))


def between(page: Page, root: str) -> None:
    """Where no page waits for another one, what another kept in between is not written over."""
    page.goto(root + PAGE)
    said = page.evaluate(
        """async ([root, name]) => {
      const site = new URL("_tab/", root), now = await (await fetch(new URL("now.json", site))).json();
      const { Store } = await import(new URL(`${now.folder}/store.mjs`, site));
      const [one, other] = [await Store.opened(name), await Store.opened(name)];
      const rest = { variables: {}, directory: "", aside: false, hours: 0 };
      const file = (text) => ({ bytes: new TextEncoder().encode(text), mode: 384 });
      const of = (text) => ({ files: new Map([["a", file(text)]]), gone: [], rest });
      const first = await one.replace(of("first"));
      const second = await other.save(of("second"), first);
      const refused = await one.save({ ...of("third"), gone: ["a"] }, first).catch((error) => error.message);
      const there = new TextDecoder().decode((await one.load()).files.get("a").bytes);
      return [refused, there, second === await one.version()];
    }""",
        [root, "between"],
    )
    expect((said[0].startswith("Another page kept your cloud meanwhile"), *said[1:]), (True, "second", True))


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
    removed_while_another_works, chosen_and_not_there, ended_meanwhile, data_deleted, broken_records, between,
)  # fmt: skip
