"""`make livehtml`: build the site, serve it on this machine, and build again what changes.

A page is read again when it, or what it names, changes; another only when its own parts do. The browser loads the page
anew by itself. Needs nothing that the build does not.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WATCHED = (
    "docs/**/*.rst",
    "docs/_static/*",
    "docs/_ext/*.py",
    "src/oslearn/**/*.py",
    "src/oslearn/**/*.toml",
    "conf.py",
)
PAUSE = 0.3
"""Seconds between two looks."""
RELOAD = b"""<script>(async () => {
  const was = await (await fetch("/_build")).text();
  for (;;) {
    await new Promise((done) => setTimeout(done, 500));
    try { if ((await (await fetch("/_build")).text()) !== was) location.reload(); } catch { /* it builds */ }
  }
})();</script></body>"""


def seen() -> dict[Path, int]:
    """Each watched file and when it changed."""
    return {path: path.stat().st_mtime_ns for pattern in WATCHED for path in ROOT.glob(pattern) if path.is_file()}


def build(site: Path, whole: bool = False) -> float:
    """Build what is out of date; returns the seconds. What may touch all pages is built in parallel."""
    start = time.monotonic()
    command = [sys.executable, "-m", "sphinx", "-c", ".", "-b", "html", "-q", "-d", "build/doctrees", "docs", str(site)]
    subprocess.run([*command, *(["-j", "auto"] if whole else [])], cwd=ROOT, check=False)
    return time.monotonic() - start


class Page(SimpleHTTPRequestHandler):
    """The site; each page asks whether there is a newer one."""

    built = 0

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() and self.path.endswith("/") else path
        if self.path == "/_build":
            self.answer(str(Page.built).encode(), "text/plain")
        elif path.suffix == ".html" and path.is_file():
            self.answer(path.read_bytes().replace(b"</body>", RELOAD), "text/html; charset=utf-8")
        else:
            super().do_GET()

    def answer(self, body: bytes, kind: str) -> None:
        """200."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main(site: Path) -> None:
    """Serve and watch until Ctrl-C."""
    print(f"Built in {build(site, whole=True):.1f} s", flush=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Page, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C ends it)", flush=True)
    known = seen()
    while True:
        time.sleep(PAUSE)
        found = seen()
        changed = sorted(path for path, when in found.items() if known.get(path) != when)
        if changed or known.keys() - found.keys():
            known = found
            took = build(site, whole=any(path.suffix in (".py", ".toml") for path in changed))
            Page.built += 1
            print(f"{', '.join(path.name for path in changed)}: built in {took:.1f} s", flush=True)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except KeyboardInterrupt:
        print()
