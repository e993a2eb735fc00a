"""The cloud behind one loopback port, with DevStack's paths, for clients in other processes.

Interface: `Server(port, config)`: `server.url`, `server.cloud`, `server.run()`, `server.settings()`.
Invariants: one request at a time, and the casts that it caused are delivered before it is answered, so the cloud needs
no locks of its own and what was answered is done; with a pace they are delivered when their time has come, between
requests. Only a body that is a stream is read after that; a password's hash and a key pair are made beside. Only this
machine can reach it, and only by a name of its own.
Upstream: DevStack's Apache with one path an API.
"""

from __future__ import annotations

import re
import secrets
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote
from wsgiref.types import StartResponse, WSGIEnvironment

from oslearn.cloud import Cloud
from oslearn.core.config import Config
from oslearn.core.oslo.adapter import NOBODY
from oslearn.course.desk import Desk
from oslearn.port import settings
from oslearn.port.clouds import Clouds
from oslearn.port.door import door
from oslearn.port.listen import listen
from oslearn.port.panel import Panel
from oslearn.port.turn import Turn
from oslearn.port.welcome import Welcome, answer, refusal
from oslearn.trace.masking import hide

TRACE_EVENTS = 10_000
"""Events that a serving cloud keeps: those of about 24 boots."""
TRACE_BYTES = 1 << 25
"""Bytes that they may take."""
TICK = 0.25
"""Seconds between two looks at what is due while nobody asks for anything."""
SHARED = re.compile(r"/identity/.*|/compute/.*/os-keypairs")
"""Who asks this lets others have their turn while a password is hashed or a key is made."""


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
        hosts: Collection[str] = (),
        verbose: bool = False,
        **options: Any,
    ) -> None:
        """`empty` leaves out the image and the external network; `data` is the folder that keeps everything, or
        nothing is kept; `hosts` are names that this machine has besides localhost; `verbose` prints a line for each
        request; `options` go to the cloud. Raises OSError, FolderError.
        """
        self._turn, self._closed = Turn(), threading.Event()
        self._hosts, self._verbose = {host.lower() for host in hosts}, verbose
        self._server = listen(self._answer, port)
        self.url = f"http://{self._server.effective_host}:{self._server.effective_port}"
        self.key = secrets.token_urlsafe(16)
        self._welcome = Welcome(self.url)
        config = replace(config or Config(), base_url=self.url, trace_events=TRACE_EVENTS, trace_bytes=TRACE_BYTES)
        try:
            self._clouds = Clouds(data, config, passwords, empty=empty, **options)
            self.desk = Desk(self._clouds.own, self._clouds.other)
        except BaseException:
            self.close()
            raise
        self._panel = Panel(self.desk, self.key, self._note)
        self._behind, self._door = self.cloud, door(self.cloud)

    @property
    def cloud(self) -> Cloud:
        """The cloud that answers."""
        return self.desk.cloud

    def run(self) -> None:
        """Answer until interrupted."""
        threading.Thread(target=self._tick, name="tick", daemon=True).start()
        self._server.run()

    def close(self) -> None:
        """Give the port and the threads back; what is being answered is answered first."""
        self._closed.set()
        self._server.task_dispatcher.shutdown()
        self._server.close()

    def settings(self) -> settings.Settings:
        """What clouds.yaml holds of this cloud."""
        return settings.content(self.url, self.cloud.config.region, self.cloud.passwords, self.key)

    def _note(self) -> None:
        """Of a cloud that lies here for a while nothing is kept."""
        if not self.desk.is_aside:
            self._clouds.note(self.cloud)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not self._verbose:
            return self._reply(environ, start_response)
        began, told, seen = time.perf_counter(), [""], environ.setdefault("oslearn.seen", {})

        def start(status: str, headers: list[tuple[str, str]], *failed: Any) -> Callable[[bytes], object]:
            told[0] = status.partition(" ")[0]
            return start_response(status, headers, *failed)

        body = self._reply(environ, start)
        size = str(sum(map(len, body))) if isinstance(body, list | tuple) else "stream"
        took = f"{(time.perf_counter() - began) * 1000:.0f} ms"
        print(environ["REQUEST_METHOD"], shown(environ), told[0], size, took, seen.get("user", "-"), file=sys.stderr)
        return body

    def _reply(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if why := refusal(environ, self._hosts):
            return answer(environ, start_response, 403, {"error": {"code": 403, "title": "Forbidden", "message": why}})
        path = environ["PATH_INFO"]
        ours = path.startswith(f"{settings.PANEL}/")
        if not ours and self.cloud.router.process(path) == NOBODY:
            return self._welcome(environ, start_response)
        with self._turn.taken(shared=bool(SHARED.fullmatch(path))):
            if ours:
                return self._panel(environ, start_response)
            if self._behind is not self.cloud:
                self._behind, self._door = self.cloud, door(self.cloud)
            body: Iterable[bytes] = self._door(environ, start_response)
            self.cloud.tick()
        return body

    def _tick(self) -> None:
        """What is due is done though nobody asks: between requests, never beside one."""
        while not self._closed.wait(TICK):
            with self._turn.taken(shared=False):
                self.cloud.tick()


def shown(environ: WSGIEnvironment) -> str:
    """The path that was asked for, and the names of the query's fields: their values may be secret.

    >>> shown({"PATH_INFO": "/image/v2/images", "QUERY_STRING": "limit=1&name=x"})
    '/image/v2/images?limit&name'
    """
    path = hide(quote(environ["PATH_INFO"].encode("latin-1")))
    fields = "&".join(quote(name) for name in parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    return path + (f"?{fields}" if fields else "")
