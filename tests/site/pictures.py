"""`make pictures`: what the repository keeps as PNG. Chromium draws it.

The SVGs of docs/_ext/identity.py, which previews want; and the views of the site that `make check-site` compares.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import views
from playwright.sync_api import sync_playwright

from serving import hosted

SIZES = {"icon": (180, 180), "card": (1200, 630)}


def main(folder: Path, target: Path) -> None:
    """Draw each SVG of the folder at its size."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (width, height) in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            svg = (folder / f"{name}.svg").read_text("utf-8")
            style = "margin:0;background:transparent"
            page.set_content(f'<body style="{style}">{svg.replace("<svg ", "<svg style=display:block ", 1)}')
            page.screenshot(path=target / f"{name}.png", omit_background=True)
        with hosted() as root:
            views.renew(browser, root)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
