"""What a reader touches: edit, stop, compare; the terminal with its keys; what happened inside; the map."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page
from tests.tab.browser import STATUS, expect, run

LESSON = "day1/network.html"
ENTRY, INPUT, LOG = ".os-term-entry", ".os-term-input", ".os-term-log"
PASTE = """(text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", text);
    const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
    document.querySelector(".os-term-input").dispatchEvent(event);
}"""
QUIET = """(n) => document.querySelectorAll('.os-term-entry').length > n
    && document.querySelector('.os-term').getAttribute('aria-busy') === 'false'"""
LINE = "(line) => document.querySelector('.os-term-input').value === line"
MAP = "(words) => document.querySelector('.os-map').textContent.includes(words)"
PROMPT = "(prompt) => document.querySelector('.os-term-prompt').textContent === prompt"
WAIT = 60_000


def opened(page: Page, root: str, name: str = LESSON) -> None:
    """A page with its terminal open."""
    page.goto(root + name)
    page.get_by_role("button", name="Open the terminal").click()
    page.locator(INPUT).wait_for()


def types(page: Page, line: str) -> str:
    """Type a line and wait; what it says."""
    before = page.locator(ENTRY).count()
    page.locator(INPUT).fill(line)
    page.keyboard.press("Enter")
    page.wait_for_function(QUIET, arg=before, timeout=WAIT)
    return str(page.locator(f"{ENTRY} pre").last.text_content()).partition("\n")[2]


def bar(page: Page, at: int = 0) -> Locator:
    """The buttons of an example."""
    return page.locator(".os-run").nth(at)


def edits(page: Page, root: str) -> None:
    """The commands can be changed; what differs is shown beside the page's; the page's come back."""
    page.goto(root + LESSON)
    bar(page).get_by_role("button", name="Edit example 1").click()
    area = page.get_by_label("Commands, one a line, of example 1")
    area.wait_for()
    expect(area.input_value(), "export OS_CLOUD=oslearn-demo\nopenstack network list -c Name -c Subnets")
    expect(page.evaluate("document.activeElement.tagName"), "TEXTAREA")
    delete = "OS_CLOUD=oslearn-admin openstack network delete provider && echo gone > file"
    area.fill(f"export OS_CLOUD=oslearn-demo\n{delete}\ncat file\nopenstack network list -c Name -c Subnets")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("() => /^Ran/.test(document.querySelector('.os-run-status').textContent)", timeout=WAIT)
    expect("1 of 4 differs from the page" in page.locator(STATUS).first.inner_text(), True)
    apart = page.locator(".os-run-apart").first.inner_text()
    expect(("The page" in apart, "Your run" in apart, "| provider " in apart), (True, True, True))
    expect("\ngone\n" in page.locator(".os-run-out pre").first.text_content(), True)
    bar(page).get_by_role("button", name="Restore example 1 as the page has it").click()
    expect(page.locator(".os-run-area").count(), 0)
    expect(page.locator(".highlight-console").first.is_visible(), True)


def stops(page: Page, root: str) -> None:
    """An endless loop is stopped, the page lives, and the cloud is as before; names of Python are gone."""
    opened(page, root)
    types(page, "export OS_CLOUD=oslearn-demo")
    types(page, "openstack network create kept -f value -c name")
    page.locator(INPUT).fill("python")
    page.keyboard.press("Enter")
    page.locator(INPUT).fill("while True: pass")
    page.keyboard.press("Enter")
    page.wait_for_function(PROMPT, arg="... ")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop what runs").wait_for()
    page.locator(INPUT).press("Control+c")
    page.get_by_text("Stopped. The cloud is as it was before.").wait_for(timeout=WAIT)
    page.locator(INPUT).press("Control+d")
    expect("kept" in types(page, "openstack network list -f value -c Name"), True)


def words(page: Page, root: str) -> None:
    """What cannot be is said, and nothing freezes."""
    opened(page, root)
    expect(types(page, "vim x").partition(". ")[0], "bash: vim: not among the programs of this page")
    page.locator(INPUT).fill("echo one |")
    page.keyboard.press("Enter")
    page.wait_for_function(PROMPT, arg="> ")
    expect("one\n" in types(page, "cat"), True)
    expect(types(page, "| cat"), "bash: syntax error near unexpected token `|'\n[exit 2]\n")
    expect(types(page, "cd nowhere"), "cd: nowhere: No such file or directory\n[exit 1]\n")
    page.locator(INPUT).fill("echo 'one")
    page.keyboard.press("Enter")
    page.wait_for_function(PROMPT, arg="> ")
    expect("one\ntwo" in types(page, "two'"), True)
    types(page, "python3")
    expect(page.locator(f"{ENTRY} pre").last.inner_text().strip(), "$ python3")
    expect("nobody can type here" in types(page, "input()"), True)
    expect("SystemExit" in types(page, "import sys; sys.exit()"), True)
    expect("SyntaxError" in types(page, "1 +"), True)
    expect("JSONDecodeError: Expecting" in types(page, "import json; json.loads('{')"), True)
    types(page, "print(*range(9000), sep='\\n')")
    more = page.get_by_role("button", name="Show the first 5,000 of 9,000 lines")
    more.click(timeout=WAIT)
    expect(page.locator(ENTRY).last.locator(".os-l").count() > 4999, True)
    page.locator(INPUT).fill("exit()")
    page.keyboard.press("Enter")
    expect(page.locator(".os-term-prompt").inner_text(), "$ ")


def keys(page: Page, root: str) -> None:
    """Completion, history, a pasted script, Ctrl-L, Escape: without a mouse."""
    page.goto(root + LESSON)
    page.get_by_role("button", name="Open the terminal").focus()
    page.keyboard.press("Enter")
    page.locator(INPUT).wait_for()
    expect(page.evaluate("document.activeElement.className"), "os-term-input")
    page.keyboard.type("openstack netw")
    page.keyboard.press("Tab")
    page.wait_for_function(LINE, arg="openstack network ", timeout=WAIT)
    page.keyboard.press("Tab")
    page.wait_for_function("() => document.querySelector('.os-term-offer').textContent.includes('create')")
    page.locator(INPUT).fill("")
    lines = "export OS_CLOUD=oslearn-demo", "openstack network create pasted -c name"
    page.evaluate(PASTE, "".join(f"$ {line}\n" for line in lines) + "openstack net")
    page.wait_for_function(QUIET, arg=1, timeout=WAIT)
    expect(page.locator(INPUT).input_value(), "openstack net")
    expect("pasted" in page.locator(ENTRY).last.inner_text(), True)
    page.keyboard.press("ArrowUp")
    expect(page.locator(INPUT).input_value(), "openstack network create pasted -c name")
    page.keyboard.press("Control+c")
    expect(page.locator(INPUT).input_value(), "")
    page.keyboard.press("Control+l")
    expect(page.locator(ENTRY).count(), 0)
    page.keyboard.press("Tab")  # an empty line lets the focus go on
    expect(page.evaluate("document.activeElement.className === 'os-term-input'"), False)
    high = page.locator(".os-dock").bounding_box()
    page.get_by_role("separator", name="Height of the terminal").focus()
    page.keyboard.press("ArrowUp")
    taller = page.locator(".os-dock").bounding_box()
    expect(bool(high and taller and taller["height"] > high["height"]), True)
    page.keyboard.press("Escape")
    expect(page.locator(".os-dock").is_visible(), False)
    expect(page.evaluate("document.activeElement.textContent"), "Terminal")


def skips(page: Page, root: str) -> None:
    """From the top of a page to its first example in three keys."""
    page.goto(root + LESSON)
    for key in ("Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.evaluate("document.activeElement.getAttribute('aria-label')"), "Run example 1")


def says_whose(page: Page, root: str) -> None:
    """Each box of what happened inside names its command; that of a run here says so."""
    page.goto(root + LESSON)
    run(page, 0)
    named = page.locator("article .os-inside > summary").all_inner_texts()
    expect(len({text.partition(": ")[0] for text in named}), len(named))
    expect(
        named[0].partition(": ")[0],
        "What happened inside openstack network list -c Name -c Subnets and 1 more, in your run",
    )
    opened(page, root)
    types(page, "export OS_CLOUD=oslearn-demo")
    types(page, "openstack network list")
    entry = page.locator(ENTRY).last
    expect(entry.locator("summary").inner_text().partition(": ")[0], "What happened inside openstack network list")
    entry.locator("summary").click()
    entry.locator(".os-body svg").wait_for(timeout=WAIT)
    expect("client, 3 requests: GET /v2.0/networks" in str(entry.locator(".os-body svg").text_content()), True)


def waits_its_turn(page: Page, root: str) -> None:
    """What is typed while a command runs comes after it, and what is being typed stays."""
    opened(page, root)
    lines = "export OS_CLOUD=oslearn-demo", "openstack network create ahead -c name", "openstack network list -c Name"
    for line in lines:
        page.keyboard.type(line)
        page.keyboard.press("Enter")
    expect("Next: " in page.locator(".os-term-offer").inner_text(), True)
    page.keyboard.type("half")
    page.wait_for_function(QUIET, arg=2, timeout=WAIT)
    expect("| ahead " in page.locator(ENTRY).last.inner_text(), True)
    expect(page.locator(INPUT).input_value(), "half")


def happens_inside(page: Page, root: str) -> None:
    """What a command caused is drawn, played and listed, with its cause; of a cloud that is gone it says so."""
    opened(page, root)
    types(page, "export OS_CLOUD=oslearn-demo")
    types(page, "openstack network list")
    entry = page.locator(ENTRY).last
    entry.locator("summary").first.click()
    entry.locator(".os-body svg").wait_for(timeout=WAIT)
    entry.get_by_role("button", name="Next step").click()
    expect("1. client → keystone" in entry.locator(".os-player-title").inner_text(), True)
    expect(entry.locator(".msg.now").count() > 0, True)
    entry.locator(".os-live-list > summary").click()
    expect(entry.locator(".os-live-list li").count() > 5, True)
    expect("because of 1" in entry.locator(".os-live-list").inner_text(), True)
    entry.locator(".os-live-step").nth(3).click()
    expect(entry.locator(".os-player-title").inner_text()[:2], "4.")
    types(page, "openstack image list")
    late = page.locator(ENTRY).last
    run(page, 0)
    bar(page).get_by_text("Reset").click()
    page.wait_for_function("() => !document.querySelector('.os-run-status').textContent")
    late.locator("summary").first.click()
    late.get_by_text("the cloud that it happened in is gone").wait_for(timeout=WAIT)


def maps(page: Page, root: str) -> None:
    """The map follows the commands: what is new says so, what is stopped is said to be."""
    opened(page, root)
    types(page, "export OS_CLOUD=oslearn-demo")
    button = page.get_by_role("button", name="Map of the cloud")
    button.click()
    expect(button.get_attribute("aria-pressed"), "true")
    page.locator(".os-map svg").wait_for(timeout=WAIT)
    types(page, "openstack network create seen -f value -c name")
    page.wait_for_function(MAP, arg="new: network seen", timeout=WAIT)
    expect("new: seen" in str(page.locator(".os-map svg").text_content()), True)
    types(page, "oslearn stop nova-scheduler")
    page.wait_for_function(MAP, arg="nova-scheduler: stopped", timeout=WAIT)
    expect(page.locator(".os-map svg desc").text_content().count("nova-scheduler (stopped)"), 1)


def has_a_page(page: Page, root: str) -> None:
    """The terminal on a page of its own; the dock stays open from page to page."""
    page.goto(f"{root}terminal.html")
    page.locator(INPUT).wait_for()
    types(page, "export OS_CLOUD=oslearn-demo")
    expect(types(page, "openstack catalog list -f value -c Name | grep nova"), "nova\n")
    page.goto(root + LESSON)
    expect(page.locator(".os-dock").count(), 0)
    page.get_by_role("button", name="Open the terminal").click()
    page.locator(".os-dock").wait_for()
    page.goto(f"{root}day1/server.html")
    page.locator(".os-dock").wait_for(timeout=WAIT)
    page.keyboard.press("Tab")
    page.locator(INPUT).press("ArrowUp")
    expect(page.locator(INPUT).input_value(), "openstack catalog list -f value -c Name | grep nova")


def where_nothing_is_kept(page: Page, root: str) -> None:
    """A private window may refuse its storage as such: the terminal opens, works and closes all the same."""
    for name in ("localStorage", "sessionStorage"):
        page.add_init_script(f"Object.defineProperty(window, '{name}', {{ get() {{ throw new Error('none'); }} }})")
    opened(page, root)
    expect(types(page, "echo one"), "one\n")
    page.locator(INPUT).press("ArrowUp")
    expect(page.locator(INPUT).input_value(), "echo one")
    page.get_by_role("separator", name="Height of the terminal").press("ArrowUp")
    page.get_by_role("button", name="Map of the cloud").click()
    page.locator(".os-map svg").wait_for(timeout=WAIT)
    page.get_by_role("button", name="Close the terminal").click()
    expect(page.locator(".os-dock").is_visible(), False)


def copies(page: Page, root: str) -> None:
    """What was typed and said, and nothing of the drawings between; where a browser refuses, it says so."""
    page.add_init_script("""const value = { writeText: async (text) => { window.copied = text; } };
        Object.defineProperty(navigator, "clipboard", { value });""")
    opened(page, root)
    types(page, "export OS_CLOUD=oslearn-demo")
    said = types(page, "openstack network list -f value -c Name")
    page.locator(".os-live > summary").last.click()
    page.get_by_role("button", name="Next step").click(timeout=WAIT)
    page.get_by_role("button", name="Copy all").click()
    page.get_by_text("Copied.").wait_for()
    typed = "$ export OS_CLOUD=oslearn-demo", "$ openstack network list -f value -c Name"
    expect(page.evaluate("copied"), "".join(f"{line}\n" for line in typed) + said)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
    page.get_by_role("button", name="Copy all").click()
    page.get_by_text("This browser does not let a page copy").wait_for()


def lets_drawings_go(page: Page, root: str) -> None:
    """What was drawn of a command is held by its entry alone: the window listens to nothing for it."""
    page.add_init_script("""window.heard = 0;
        const listens = window.addEventListener;
        window.addEventListener = (...given) => { window.heard += 1; return listens.apply(window, given); };""")
    opened(page, root)
    types(page, "export OS_CLOUD=oslearn-demo")
    types(page, "openstack network list -f value -c Name")
    before = page.evaluate("heard")
    page.locator(".os-live > summary").last.click()
    page.locator(".os-live .os-player").wait_for(timeout=WAIT)
    expect((before > 0, page.evaluate("heard")), (True, before))


def cannot_reset(page: Page, root: str) -> None:
    """A new cloud that does not come is said, and the page goes on."""
    page.goto(root + LESSON)
    run(page, 0)
    page.evaluate("oslearn.tab().then((tab) => { tab.reset = () => Promise.reject(new Error('none')); })")
    for name in ("Reset", "Run all above"):
        bar(page).get_by_text(name).click()
        bar(page).get_by_text("That did not work: none").wait_for(timeout=WAIT)
        expect(run_again(page), True)


def run_again(page: Page) -> bool:
    """Run the first example once more; whether it ran."""
    bar(page).get_by_text("Run again", exact=True).click()
    bar(page).get_by_text("The same as on the page.").wait_for(timeout=WAIT)
    return True


def can_be_used(page: Page, root: str) -> None:
    """What runs, differs, is typed, drawn and mapped has no fault that axe knows, in light and in dark."""
    for width, scheme in ((1280, "light"), (390, "dark")):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(root + LESSON)
        page.evaluate("sessionStorage.clear()")
        bar(page).get_by_role("button", name="Edit example 1").click()
        lines = "export OS_CLOUD=oslearn-demo", "OS_CLOUD=oslearn-admin openstack network delete provider"
        page.locator(".os-run-area").fill("\n".join([*lines, "openstack network list -c Name -c Subnets"]))
        page.keyboard.press("Control+Enter")
        page.locator(".os-run-apart").wait_for(timeout=WAIT)
        page.locator(".os-live > summary").first.click()
        page.locator(".os-live .os-live-list > summary").first.click(timeout=WAIT)
        page.get_by_role("button", name="Open the terminal").click()
        types(page, "openstack server show nope")
        page.locator(ENTRY).last.locator(".os-live > summary").click()
        page.locator(ENTRY).last.locator(".os-body svg").wait_for(timeout=WAIT)
        page.get_by_role("button", name="Map of the cloud").click()
        page.locator(".os-map figcaption").wait_for(timeout=WAIT)
        log = page.locator(LOG).bounding_box()
        expect((width, bool(log and log["height"] > (500 if width == 390 else 200))), (width, True))
        found = [(one["id"], one["nodes"][0]["html"]) for one in Axe().run(page).response["violations"]]
        expect((width, scheme, found), (width, scheme, []))
        expect(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), True)


TESTS = (
    edits, stops, words, keys, skips, says_whose, waits_its_turn, happens_inside, maps, has_a_page, can_be_used,
    where_nothing_is_kept, copies, lets_drawings_go, cannot_reset,
)  # fmt: skip
NOISY = (where_nothing_is_kept,)  # the theme's own scripts
