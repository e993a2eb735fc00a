"""What the checks of the site share: the built site on a port, as a server sends it, and the browser."""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "docs" / "_tab"))

from serve import Server  # noqa: E402

SITE = Path(os.environ.get("SITE") or ROOT / "build" / "html")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
TEXT = {".html", ".css", ".js", ".svg"}


def pages() -> list[Path]:
    """The pages that people read; listings of source code and Sphinx's own parts are left out."""
    apart = {"source", "_modules", "_static", "genindex.html", "search.html"}
    return sorted(path for path in SITE.rglob("*.html") if not apart & {*path.relative_to(SITE).parts})


class Handler(SimpleHTTPRequestHandler):
    """Sends text compressed, and 404.html for what is not there."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        status = 200 if path.is_file() else 404
        if status == 404:
            path = Path(self.directory) / "404.html"
        body = path.read_bytes() if path.is_file() else b""
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Cache-Control", "max-age=31536000")
        if path.suffix in TEXT:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def hosted(site: Path = SITE) -> Iterator[str]:
    """The site on a port of this machine: a browser treats files as strangers to each other."""
    with Server(("127.0.0.1", 0), partial(Handler, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def browser() -> str | None:
    """Where Chromium is; None, and a word about it, if it is not there."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        print("No browser: install Chromium, or name it in CHROMIUM. Debian and Ubuntu: apt install chromium")
    return found
