"""The cloud behind one loopback port, with DevStack's paths, for clients in other processes.

Interface: `Server(port, config)`: `server.url`, `server.cloud`, `server.run()`, `server.settings()`.
Invariants: one request at a time, and the casts that it caused are delivered before it is answered, so the cloud needs
no locks of its own and what was answered is done; only this machine can reach it.
Upstream: DevStack's Apache with one path an API.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from waitress.server import create_server  # type: ignore[import-untyped]

from oslearn import settings
from oslearn.cloud import Cloud
from oslearn.config import Config
from oslearn.fill import fill
from oslearn.store import Folder
from oslearn.trace.select import select

HOST = "127.0.0.1"
TRACE_EVENTS = 10_000
"""Events that a serving cloud keeps: those of about 30 boots."""
TRACE_BYTES = 1 << 25
"""Bytes that they may take."""
TRACE_PATH = "/trace"
TRACE_KEY = "X-Trace-Key"
TICK = 0.25
"""Seconds between two looks at what is due while nobody asks for anything."""


class Server:
    """A cloud and its port. Port 0 takes a free one."""

    def __init__(
        self,
        port: int = 0,
        config: Config | None = None,
        *,
        empty: bool = False,
        data: Path | None = None,
        passwords: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        """`empty` leaves out the image and the external network; `data` is the folder that keeps everything, or
        nothing is kept; `options` go to the cloud. Raises OSError.
        """
        self._lock, self._closed = threading.Lock(), threading.Event()
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # requests wait for each other on purpose
        self._server = create_server(self._answer, host=HOST, port=port, threads=4, ident=None)
        self.url = f"http://{HOST}:{self._server.effective_port}"
        self.trace_key = secrets.token_urlsafe(16)
        config = replace(config or Config(), base_url=self.url, trace_events=TRACE_EVENTS, trace_bytes=TRACE_BYTES)
        if data:
            self.cloud = folder_cloud(data, config, passwords, empty=empty, **options)
        else:
            self.cloud = Cloud(config, passwords=passwords, **options)
            if not empty:
                fill(self.cloud)

    def run(self) -> None:
        """Answer until interrupted."""
        threading.Thread(target=self._tick, name="tick", daemon=True).start()
        self._server.run()

    def close(self) -> None:
        """Give the port back."""
        self._closed.set()
        self._server.close()

    def settings(self) -> dict[str, Any]:
        """What clouds.yaml holds of this cloud."""
        return settings.content(self.url, self.cloud.config.region, self.cloud.passwords, self.trace_key)

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._lock:
            if environ["PATH_INFO"] == TRACE_PATH:
                return self._show_trace(environ, start_response)
            body = b"".join(self.cloud.door(environ, start_response))
            self.cloud.tick()
        return [body]

    def _tick(self) -> None:
        """What is due is done though nobody asks: between requests, never beside one."""
        while not self._closed.wait(TICK):
            with self._lock:
                self.cloud.tick()

    def _show_trace(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Events as JSON, for who can read clouds.yaml: `?of=last`, or `?after=N` and no more than are kept."""
        given = environ.get(f"HTTP_{TRACE_KEY.upper().replace('-', '_')}", "")
        if not hmac.compare_digest(given.encode(), self.trace_key.encode()):
            start_response("401 Unauthorized", [("Content-Type", "text/plain")])
            return [b"the trace's key is wrong or missing"]
        query = {name: values[-1] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        trace = self.cloud.trace
        try:
            found = select(trace, query["of"]) if "of" in query else after(trace, query.get("after", "0"))
        except (KeyError, ValueError):
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"the trace does not have it"]
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"events": [event.fields() for event in found]}).encode()]


def folder_cloud(
    path: Path, config: Config, passwords: Mapping[str, str] | None = None, *, empty: bool = False, **options: Any
) -> Cloud:
    """The cloud that a folder keeps; in a new folder a new one. Raises BlockingIOError if another process has it."""
    folder = Folder(path)
    cloud = Cloud(folder.config(config), passwords=passwords, remembered=folder.passwords, **options)
    folder.keep(cloud.passwords)
    if not empty:
        fill(cloud)
    return cloud


def after(trace: Any, number: str) -> list[Any]:
    """The events with a higher number. Raises ValueError."""
    return list(trace[max(0, int(number) - trace.dropped) :])
