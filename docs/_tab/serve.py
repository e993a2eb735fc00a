"""`make serve`: the built site on a free port of this machine, so that its examples run in the page."""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Site(SimpleHTTPRequestHandler):
    """The files, with the types that a browser wants of scripts and WebAssembly."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".gz": "application/gzip",
    }

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def server(folder: str, port: int = 0) -> ThreadingHTTPServer:
    """A server of the folder; port 0 is one that is free."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Site, directory=folder))


if __name__ == "__main__":
    site = server(sys.argv[1])
    print(f"http://127.0.0.1:{site.server_port}/  (Ctrl-C ends it)")
    try:
        site.serve_forever()
    except KeyboardInterrupt:
        print()
