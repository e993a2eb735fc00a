"""`make pictures`: the SVGs of docs/_ext/identity.py as PNG, which previews want. Chromium draws them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

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
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
