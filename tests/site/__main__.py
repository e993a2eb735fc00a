"""`make check-site`: every page of build/html in a real browser.

Each page, at 1280 and 390 pixels, in light and dark, with its questions answered and its lesson marked: no finding of
axe-core, no sideways scroll, no request to another host, no error in the console. At four widths: no text over text,
nothing cut, nothing outside. Its HTML parses, its links lead somewhere, a lesson weighs less than 116 kB. A dozen views
look as their pictures in tests/site/views. Then the parts that need a script are used as a reader uses them: the
player, the quiz, the marks, the tabs; and without a script everything is still there.

`--pictures FOLDER` keeps a picture of each page; `--only PART...` does some parts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import files
import geometry
import looks
import use
import views
from playwright.sync_api import Browser, sync_playwright

import serving
from serving import OPTIONS, hosted, pages


def parts(browser: Browser, root: str, folder: Path | None) -> dict[str, Callable[[], Iterable[str]]]:
    """What is looked at."""
    return {
        "files": files.written,
        "use": lambda: use.used(browser, root),
        "geometry": lambda: geometry.stood(browser, root),
        "views": lambda: views.compared(browser, root),
        "looks": lambda: looks.looked_at(browser, root, folder),
    }


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=("files", "use", "geometry", "views", "looks"))
    given = parser.parse_args()
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    chromium = serving.browser()
    if chromium is None:
        return 2
    wrong = 0
    with sync_playwright() as playwright, hosted() as root:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        for name, part in parts(browser, root, given.pictures).items():
            if given.only is None or name in given.only:
                began, found = time.monotonic(), list(part())
                print(
                    *found, f"{name}: {len(found)} findings in {time.monotonic() - began:.0f} s", sep="\n", flush=True
                )
                wrong += len(found)
        browser.close()
    print(f"{len(pages())} pages: {wrong} findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
