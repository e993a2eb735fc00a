"""The socket: a server on one loopback port that a thousand idle connections cost nothing.

Interface: `listen(app, port)` → a `Listening`, which is waitress's server.
Invariants: only this machine reaches it, unless the caller names another address; a connection costs a file descriptor,
a thread only while it is answered.
Upstream: DevStack's Apache, whose event MPM keeps idle connections apart from workers.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import re
import socket
from contextlib import suppress
from typing import Any, Protocol
from wsgiref.types import WSGIApplication

from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

HOST = "127.0.0.1"
CONNECTIONS = 10_000
"""Open at a time; more wait until one ends."""
RESERVED = 200
"""File descriptors that connections leave for databases and files."""
THREADS = 64
"""Requests that are answered, wait for their turn or are read slowly."""
M_ARENA_MAX, ARENAS = -8, 2
"""glibc gives each thread an arena, which keeps what the thread has freed; threads that take turns need no more."""
HELD = 1 << 40
"""Bytes of an answer that wait in a file for a slow reader, and not in a thread that others need."""
IDLE = 60
"""Seconds without a byte after which a connection ends."""

FOLD = re.compile(rb"\r\n[ \t]+")
BLANKS = re.compile(rb"^([^:\s]*:)[ \t]+", re.MULTILINE)


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """waitress's own would wait for more of a request that is complete if its client asks whether to go on.

    Blanks at the start of a header's value hold it up, in the thread that all connections share, by their square.
    """

    def received(self, data: bytes) -> int:
        """Who has sent all needs no leave to continue."""
        taken = int(super().received(data))
        if self.completed:
            self.expect_continue = False
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Without what waitress takes away in the end; a line that goes on is one line."""
        super().parse_header(BLANKS.sub(rb"\1", FOLD.sub(b" ", header_plus)))


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection with that parser."""

    parser_class = Parser


class Tasks(Protocol):
    """The threads that answer."""

    def shutdown(self) -> bool:
        """Let them end what they are at, and end them."""


class Listening(Protocol):
    """What is used of waitress's server."""

    effective_host: str
    effective_port: int
    task_dispatcher: Tasks

    def run(self) -> None:
        """Answer until the port is closed or the process interrupted."""

    def close(self) -> None:
        """Give the port back."""


def listen(app: WSGIApplication, port: int, threads: int = THREADS, host: str = HOST) -> Listening:
    """A server on the port; 0 takes a free one. `host` is the address, or a name of it. Raises OSError."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # requests wait for each other on purpose
    share_memory()
    server: Any = create_server(
        app,
        sockets=[bound(port, host)],
        threads=threads,
        ident=None,
        connection_limit=min(CONNECTIONS, descriptors() - RESERVED),
        asyncore_use_poll=True,  # select() knows no descriptor above 1024
        channel_timeout=IDLE,
        cleanup_interval=IDLE // 6,
        backlog=1024,
        outbuf_high_watermark=HELD,
    )
    server.channel_class = Channel
    return server  # type: ignore[no-any-return]


def share_memory() -> None:
    """Let the threads share their free memory, where the C library is one that divides it."""
    with suppress(AttributeError, OSError, TypeError):  # another library, another system
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def bound(port: int, host: str = HOST) -> socket.socket:
    """A socket that has the port. Raises OSError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else f"is not free ({error.strerror})"
        raise OSError(f"port {port} {why}: choose another with --port, or 0 for a free one") from None
    return made


def descriptors() -> int:
    """How many files this process may open: as many as the machine lets it."""
    try:
        import resource
    except ImportError:  # Windows
        return CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + RESERVED
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft
