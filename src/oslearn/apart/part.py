"""One process of a cloud apart.

Interface: `Running(settings, program, node)`: `serve()` returns when it is ready, `wait()` when it is to end, `close()`
ends what is begun; `run` is all of that, `forked` the same in a process that was forked.
Invariants: it has the databases of its service only, and nova-compute has none; what the one before it left half done
is settled before it serves; it is ready when it consumes its queues and its port answers.
Upstream: nova/cmd/*.py and its like, oslo.service.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from requests.adapters import BaseAdapter

from oslearn.apart.settings import Settings, read
from oslearn.apart.starts import Part, queues, start
from oslearn.apart.tracing import PartTrace, PartTracer, TracedAmqpBus
from oslearn.apart.wire import Wire, answered
from oslearn.core.config import Config
from oslearn.core.oslo.adapter import NOBODY
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.db import Database
from oslearn.core.oslo.messaging import Bus
from oslearn.deploy.base import Surroundings
from oslearn.deploy.processes import PROGRAMS, Program, address, on, place, units
from oslearn.extensions.oslo.database import ServedDatabase
from oslearn.port.door import door
from oslearn.port.listen import Listening, listen

PATIENCE = 60
"""Seconds that a process waits for another one that it needs at its start."""
THREADS = 12
"""Requests that an API answers at a time; each may hold a connection to the database."""
PR_SET_NAME = 15
NEEDS = {"keystone": (), "nova-compute": ("identity", "placement")}
"""Whom a process asks at its start; what is not named here asks Keystone."""


class Apart(Surroundings):
    """Each process has its own connection to the broker and to the database server; APIs are reached over sockets."""

    def __init__(self, config: Config, clock: Clock, carrier: TracedAmqpBus, transport: BaseAdapter) -> None:
        super().__init__(config, clock)
        self.carrier, self._transport = carrier, transport

    def transport(self, process: str) -> BaseAdapter:
        """By a socket."""
        return self._transport

    def bus(self, process: str) -> Bus:
        """What RabbitMQ carries."""
        return self.carrier

    def database(self, name: str, process: str) -> Database:
        """A server's database; `oslearn up` has made its tables."""
        if name not in self._databases:
            self._databases[name] = ServedDatabase(f"{name}-db", self.config.databases[name])
        return self._databases[name]


class Running:
    """The process. Raises BrokerGoneError."""

    def __init__(self, settings: Settings, program: Program, node: str) -> None:
        self.program, self.node, self._ended = program, node, threading.Event()
        config, clock = settings.config(), Clock()
        trace = PartTrace(units(config.hosts).index((program, node)))
        tracer = PartTracer(trace, clock, process_of, settings.trace_key)
        self.bus = TracedAmqpBus(
            tracer, settings.bus, clock, program.service, node, queues(program.service, config.hosts)
        )
        trace.connect(self.bus.link)
        wire = Wire(trace, settings.trace_key)
        self.part = Part(
            config,
            trace=False,
            probes=[tracer],
            passwords=settings.passwords,
            surroundings=lambda config, clock: Apart(config, clock, self.bus, wire),
        )
        self.part.host, self.part.trace, self._server = node, trace, None

    _server: Listening | None

    def serve(self) -> None:
        """Begin. Raises TimeoutError if another process that it needs does not answer."""
        program, config = self.program, self.part.config
        for api in NEEDS.get(program.name, ("identity",)):
            if not answered(config.endpoint(api), PATIENCE):
                raise TimeoutError(f"{program.name} needs {api}, which does not answer at {config.endpoint(api)}")
        start(self.part, program.name)
        self.part.init_host()
        if program.api:
            host, number = address(config.endpoint(program.api))
            self._server = listen(door(self.part), number, threads=THREADS, host=host)
            threading.Thread(target=self._server.run, name="http", daemon=True).start()
        threading.Thread(target=self._periodic, name="periodic", daemon=True).start()
        notify(f"READY=1\nX_PROCESS={program.name}@{self.node}")

    def _periodic(self) -> None:
        """As oslo.service does: the tasks of the process, from time to time."""
        while not self._ended.wait(self.part.config.periodic_interval):
            self.part.run_periodic_tasks()

    def wait(self) -> None:
        """Until it is to end."""
        self._ended.wait()

    def end(self) -> None:
        """Have `wait` return."""
        self._ended.set()

    def close(self) -> None:
        """Answer what was asked, end what is begun, and say goodbye."""
        if self._server:
            self._server.task_dispatcher.shutdown()
            self._server.close()
        self.bus.close()


def process_of(url: str) -> str:
    """The name of the process that answers a URL or a path.

    >>> process_of("http://127.0.0.1:8774/compute/v2.1/servers")
    'nova-api'
    """
    path = place(url)
    return next((program.name for program in PROGRAMS if program.api and program.api == path), NOBODY)


def run(settings: Settings, program: Program, node: str) -> None:
    """Start it, and stay until SIGTERM or Ctrl-C. Raises BrokerGoneError, TimeoutError."""
    form = f"%(asctime)s %(process)d %(levelname)s {program.name} %(name)s %(message)s"
    logging.basicConfig(level="WARNING", format=form)
    logging.getLogger("pika").setLevel("CRITICAL")  # what it says of a broker that is gone, Link says in one line
    running = Running(settings, program, node)
    signal.signal(signal.SIGTERM, lambda *_: running.end())
    running.serve()
    with suppress(KeyboardInterrupt):
        running.wait()
    running.close()
    logging.shutdown()
    os._exit(0)  # threads that wait for somebody do so no longer; nothing of theirs is acknowledged


def forked(settings: Path, name: str, node: str, log: Path, told: str, lifeline: Connection) -> None:
    """The same in a fork: with a session of its own, that Ctrl-C does not reach, and its words in a file."""
    os.setsid()
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.environ["NOTIFY_SOCKET"] = told
    named(name)
    threading.Thread(target=end_with, args=(lifeline,), daemon=True).start()
    run(read(settings), next(program for program in on(node) if program.name == name), node)


def named(name: str) -> None:
    """Have `ps` and `top` show it by this name, where the system can."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def end_with(lifeline: Connection) -> None:
    """When who started this process is gone, so is it."""
    with suppress(EOFError, OSError):
        lifeline.recv()
    os.kill(os.getpid(), signal.SIGTERM)


def notify(text: str) -> None:
    """Tell who started this process, if it asked for it: systemd's protocol (sd_notify)."""
    place = os.environ.get("NOTIFY_SOCKET")
    if place:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.sendto(text.encode(), f"\0{place[1:]}" if place.startswith("@") else place)
