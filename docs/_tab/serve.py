"""`make serve`: the built site on a port of this machine, so that its examples run in the page.

Interface: `server(folder, port)`; `at_home(folder)`, on the port that a browser knows, or on a free one; `Server`, for
who answers in another way.
"""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PORT = 4004
"""A browser keeps what belongs to an address: the reader's own cloud is there again if the port is the same."""


class Server(ThreadingHTTPServer):
    """A server whose browsers may hang up: who leaves a page reads no answer to its end."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of that."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Site(SimpleHTTPRequestHandler):
    """The files, with the types that a browser wants of scripts and WebAssembly."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".gz": "application/gzip",
    }

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def server(folder: str, port: int = 0) -> Server:
    """A server of the folder; port 0 is one that is free."""
    return Server(("127.0.0.1", port), partial(Site, directory=folder))


def at_home(folder: str, port: int = PORT) -> Server:
    """A server at the same address as the last time, if nobody else is there."""
    try:
        return server(folder, port)
    except OSError:
        return server(folder)


if __name__ == "__main__":
    site = at_home(sys.argv[1])
    print(f"http://127.0.0.1:{site.server_port}/  (Ctrl-C ends it)")
    if site.server_port != PORT:
        print(f"Port {PORT} is taken. What a browser keeps, your own cloud too, belongs to the address with that port.")
    try:
        site.serve_forever()
    except KeyboardInterrupt:
        print()
