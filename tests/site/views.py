"""A dozen views of the site as small pictures: what they show is compared with what a browser shows now.

Each is kept in tests/site/views at half its size; `make pictures` renews them. Letters look different with other
fonts, so the pictures name the fonts that they were made with: on a machine with others they are not compared, and the
check says so.
"""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops
from playwright.sync_api import Browser

FOLDER = Path(__file__).parent / "views"
FONTS = FOLDER / "fonts.txt"
TELLING, MOST = 48, 0.012
"""How much a channel of a pixel may differ, from 0 to 255, and the part of the pixels that may differ more."""
STILL = ".os-player { position: static !important } *, *::before, *::after { caret-color: transparent !important }"


class View(NamedTuple):
    """A page, what of it is in the middle of the window, the window's width, the scheme, and what is done before."""

    page: str
    at: str
    width: int
    scheme: str = "light"
    before: str = ""

    @property
    def name(self) -> str:
        """The file's name."""
        what = "".join(c if c.isalnum() else "-" for c in f"{self.page}-{self.at}").strip("-").replace("--", "-")
        return f"{what}-{self.width}-{self.scheme}.png"


SETTLED = """async () => {
  await document.fonts.load('600 1em "OS Head"');
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
"""The headings have their letters, and the page has been laid out with them."""
OPEN = "document.querySelectorAll('.os-inside').forEach((fold) => (fold.open = true))"
ANSWER = "document.querySelectorAll('.os-question').forEach((q) => q.querySelector('input').click())"
VIEWS = (
    View("index", "h1", 1280),
    View("index", "h1", 390, "dark"),
    View("index", ".os-days", 1600),
    View("day1/index", "h1", 1280),
    View("day2/index", "h1", 390, "dark"),
    View("day1/network", "h1", 1280),
    View("day1/network", "h1", 390, "dark"),
    View("day1/server", "#what-goes-wrong", 1280, "dark"),
    View("day1/router", ".os-inside", 1280, before=OPEN),
    View("day1/router", ".os-inside", 390, before=OPEN),
    View("day1/check", ".os-question", 390, before=ANSWER),
    View("day3/access", ".os-question, .os-exercise", 1280, "dark"),
    View("day4/flow", ".os-body", 1280, "dark"),
    View("day4/flow", ".steps-table", 390),
    View("day4/compare", ".compare-table", 1600),
    View("reference/troubles", "h1", 1280),
)


def fonts() -> str:
    """The fonts that stand for the site's own names of them."""
    asked = ("sans-serif", "system-ui", "monospace", "Arial")
    return "".join(
        subprocess.run(["fc-match", name], capture_output=True, text=True, check=True).stdout for name in asked
    )


def taken(browser: Browser, root: str, view: View) -> Image.Image:
    """The view as it is now, at half its size."""
    page = browser.new_page(
        viewport={"width": view.width, "height": 900}, color_scheme=view.scheme, reduced_motion="reduce",
    )  # fmt: skip
    page.goto(f"{root}{view.page}.html")
    page.add_style_tag(content=STILL)
    if view.before:
        page.evaluate(view.before)
    page.evaluate(SETTLED)
    page.locator(view.at).locator("visible=true").first.evaluate(
        """(el) => {
            const top = el.getBoundingClientRect().top + scrollY - 80;
            scrollTo({ top: 2 * Math.round(top / 2), behavior: "instant" }); // whole pixels of half the size
        }"""
    )
    page.evaluate(SETTLED)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    return picture.reduce(2)


def compared(browser: Browser, root: str) -> Iterator[str]:
    """What looks different."""
    if not FONTS.is_file() or FONTS.read_text("utf-8") != fonts():
        print("The pictures of tests/site/views were made with other fonts than this machine's: not compared.")
        return
    for view in VIEWS:
        path = FOLDER / view.name
        if not path.is_file():
            yield f"{view.name}: there is no such picture; make pictures draws it"
            continue
        part = differing(Image.open(path).convert("RGB"), now := taken(browser, root, view))
        if part > MOST:
            now.save(new := Path("build") / view.name)
            yield f"{view.name}: {part:.1%} of it looks different; see {new}"


def differing(one: Image.Image, other: Image.Image) -> float:
    """The part of the pixels that differ, from 0 to 1; of pictures of different sizes all do."""
    if one.size != other.size:
        return 1.0
    furthest = ImageChops.difference(one, other).split()
    far = ImageChops.lighter(ImageChops.lighter(furthest[0], furthest[1]), furthest[2])
    return float(sum(far.histogram()[TELLING:]) / (one.width * one.height))


def renew(browser: Browser, root: str) -> None:
    """Keep the views as they are now; those that no view is named like go."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.png"):
        path.unlink()
    for view in VIEWS:
        taken(browser, root, view).quantize(64).save(FOLDER / view.name, optimize=True)
    FONTS.write_text(fonts(), "utf-8")
