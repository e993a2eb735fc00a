"""The processes of a cloud apart as children of one: started in order, looked at, stopped, ended together.

Interface: `Fleet(folder, settings, chosen, servers)`: `start_all()`, `processes()`, `stop(name)`, `start(name)`,
`table()`, `close()`.
Invariants: a process is ready when it says so; who ended is restarted by nobody; when this process is gone, all are.
Upstream: systemd on each node.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from oslearn.apart import part
from oslearn.apart.servers import Server
from oslearn.apart.settings import Settings
from oslearn.course.nearest import nearest
from oslearn.course.processes import API, SERVER
from oslearn.course.processes import Process as Shown
from oslearn.deploy.processes import PROGRAMS, Program

PATIENCE = 90
"""Seconds for all to be ready."""
SETTINGS = "cloud.json"
LOADED = ["oslearn.apart.part", *(f"oslearn.deploy.{name}" for name in sorted({one.service for one in PROGRAMS}))]
"""Modules that processes share: to load them takes longer than all else at a start."""
GRACE = 10
"""Seconds for a process to end what it is at."""
NEWS = 0.3
"""Seconds until it is known that a process has ended."""


@dataclass
class Child:
    """A process, its node, and what runs of it."""

    program: Program
    node: str
    running: BaseProcess | None = None
    lifeline: Connection | None = None
    ready: bool = False

    @property
    def name(self) -> str:
        """As the trace names it: a host's with its host."""
        return f"{self.program.name}@{self.node}" if self.program.node == "compute" else self.program.name

    @property
    def unit(self) -> str:
        """Its name and its node: no other child has the same."""
        return f"{self.program.name}@{self.node}"

    @property
    def up(self) -> bool:
        """Whether it runs and has said that it is ready."""
        return self.ready and self.alive

    @property
    def stays(self) -> bool:
        """Whether it runs also after a moment: of one that was just killed the news may be on its way."""
        if self.running is not None:
            self.running.join(NEWS)
        return self.alive

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.running is not None and self.running.is_alive()


class Fleet:
    """`folder` has the settings, and the logs."""

    def __init__(
        self, folder: Path, settings: Settings, chosen: Iterable[tuple[Program, str]], servers: Sequence[Server] = ()
    ) -> None:
        """`chosen` are programs with their nodes; `servers` are the broker and the database server, if they are this
        cloud's own.
        """
        self.folder, self.settings, self.servers = folder, settings, servers
        self.children = [Child(program, node) for program, node in chosen]
        self._forks = multiprocessing.get_context("forkserver")
        self._forks.set_forkserver_preload(LOADED)
        self._place = tempfile.mkdtemp(prefix="oslearn-")  # a socket's path may not be long
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(f"{self._place}/notify")

    def start_all(self) -> None:
        """Start all, and wait until each is ready. Raises TimeoutError, which names those that are not."""
        for child in self.children:
            self._spawn(child)
        self._wait(self.children)

    def _spawn(self, child: Child) -> None:
        """Another fork of a process that has loaded everything; it ends when its lifeline does."""
        child.ready = False
        theirs, child.lifeline = self._forks.Pipe(duplex=False)
        log = self.folder / f"{child.unit}.log"
        where = (self.folder / SETTINGS, child.program.name, child.node, log, f"{self._place}/notify", theirs)
        child.running = self._forks.Process(target=part.forked, args=where, name=child.unit)
        child.running.start()
        theirs.close()
        log.with_suffix(".pid").write_text(f"{child.running.pid}")

    def _wait(self, children: list[Child]) -> None:
        """Until each is ready. Raises TimeoutError, ChildProcessError with the last words of one that ended."""
        until = time.monotonic() + PATIENCE
        while missing := [child for child in children if not child.ready]:
            self._told.settimeout(0.5)
            with suppress(TimeoutError):
                lines = dict(line.split("=", 1) for line in self._told.recv(4096).decode().splitlines())
                for child in self.children:
                    child.ready |= child.unit == lines.get("X_PROCESS")
            for child in missing:
                if not child.alive:
                    raise ChildProcessError(f"{child.unit} ended: {self.last_words(child)}")
            if time.monotonic() > until:
                raise TimeoutError(f"not ready: {', '.join(child.unit for child in missing)}")

    def last_words(self, child: Child) -> str:
        """The end of its log."""
        return (self.folder / f"{child.unit}.log").read_bytes()[-2000:].decode(errors="replace").strip()

    def find(self, name: str) -> Child | Server:
        """Raises LookupError, which tells the nearest names."""
        for child in self.children:
            if name in (child.name, child.unit):
                return child
        for server in self.servers:
            if name == server.program:
                return server
        known = [one.name for one in self.children] + [one.program for one in self.servers]
        raise LookupError(f"nothing is named {name}{nearest(name, known)}")

    def processes(self) -> list[Shown]:
        """What runs, and what does not."""
        kinds = {True: API, False: SERVER}
        found = [Shown(one.name, kinds[bool(one.program.api)], one.node, one.up) for one in self.children]
        return [*found, *(Shown(one.program, one.kind, "controller", one.up) for one in self.servers)]

    def stop(self, name: str) -> None:
        """End a process in good order; it ends what it is at. Raises LookupError."""
        child = self.find(name)
        if isinstance(child, Server):
            child.stop()
        elif child.running:
            self._end([child])

    def start(self, name: str) -> None:
        """Start it again, and wait until it is ready. Raises LookupError, ChildProcessError, TimeoutError."""
        child = self.find(name)
        if isinstance(child, Server):
            if not child.up:
                child.start()
        elif not child.stays:
            self._spawn(child)
            self._wait([child])

    def _end(self, children: Sequence[Child]) -> None:
        """Ask each to end, and have it ended if it does not in time."""
        running = [child.running for child in children if child.running]
        for child in children:
            child.ready = False
        for process in running:
            process.terminate()
        for process in running:
            process.join(GRACE)
            if process.is_alive():
                process.kill()
                process.join()

    def table(self) -> str:
        """What runs: process, node, address, process id, state."""
        rows = [("process", "node", "address", "pid", "state")]
        for child in self.children:
            endpoint = self.settings.endpoints.get(child.program.api, "")
            pid = str(child.running.pid) if child.running else ""
            rows.append((child.program.name, child.node, endpoint, pid, "up" if child.up else "stopped"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    def close(self) -> None:
        """End all processes, and hear of none any more."""
        self._end(self.children)
        self._told.close()
        Path(self._place, "notify").unlink(missing_ok=True)
        os.rmdir(self._place)
