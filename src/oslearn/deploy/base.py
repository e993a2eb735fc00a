"""What every service is put together with: the machine room.

Interface: `Deployment` hands each process its databases, its way to the bus, its sessions and its place at the port;
`Surroundings` are where the processes meet.
Invariants: a process is handed only what it may touch; without a probe nothing is wrapped.
Upstream: what DevStack's `lib/` scripts do for a machine. Left out: packages, unit files, configuration files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import requests
from keystoneauth1.session import Session
from requests.adapters import BaseAdapter

from oslearn.core.config import Config
from oslearn.core.keystone.bootstrap import DATA, SERVICE_USERS
from oslearn.core.keystonemiddleware.auth_token import AuthProtocol
from oslearn.core.oslo import adapter
from oslearn.core.oslo.adapter import Router, WSGITransport
from oslearn.core.oslo.clock import Clock, Ids, SteppedClock
from oslearn.core.oslo.context import RequestContext, Task
from oslearn.core.oslo.db import Database, Handle
from oslearn.core.oslo.messaging import Bus, Target
from oslearn.core.oslo.wsgi import Application
from oslearn.extensions.keystonemiddleware import access_rules
from oslearn.extensions.oslo import left_out, webob
from oslearn.extensions.oslo.database import open_database
from oslearn.trace import masking
from oslearn.trace.probe import Probe, Tracer
from oslearn.trace.views import RunTrace

SOURCE = Path(__file__).resolve().parent.parent
LOG = logging.getLogger(__name__)


class Surroundings:
    """All processes are in this one, without a socket or a queue server, and share one bus and one port.

    Who starts processes of their own overrides how each is reached.
    """

    def __init__(self, config: Config, clock: Clock) -> None:
        self.config, self.router, self._bus = config, Router(), Bus(clock)
        self._databases: dict[str, Database] = {}

    def transport(self, process: str) -> BaseAdapter:
        """How the process reaches the APIs: by a call of the application that serves the path."""
        return WSGITransport(self.router)

    def bus(self, process: str) -> Bus:
        """What carries its messages."""
        return self._bus

    def database(self, name: str, process: str) -> Database:
        """The database `name`, as the process reaches it. Asked again, the same one."""
        if name not in self._databases:
            self._databases[name] = open_database(name, self.config)
        return self._databases[name]


class Deployment:
    """The shared parts of a cloud in one process.

    Attributes: `config`, `ids`, `clock`, `bus`, `router`, `databases` (by name), `trace`, `passwords` (by user name),
    `served` (by process: the targets of the bus that it serves).
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        seed: int | None = None,
        hours: int = 0,
        trace: bool = True,
        probes: Sequence[Probe] = (),
        passwords: Mapping[str, str] | None = None,
        remembered: Mapping[str, str] | None = None,
        extensions: bool = True,
        surroundings: Callable[[Config, Clock], Surroundings] = Surroundings,
    ) -> None:
        """With a `seed`, time begins so many `hours` after the epoch. `remembered` are the passwords of an earlier
        start: people's are not set again, they may have changed. Without `extensions` the services can do what a boot
        needs, and nothing else. `surroundings` is where the processes meet.
        """
        self.extended = extensions
        self.config = config or Config()
        self.ids = Ids(seed)
        self.clock = Clock() if seed is None else SteppedClock(hours * 3600.0)
        self.trace = RunTrace(limit=self.config.trace_events, limit_bytes=self.config.trace_bytes)
        self.surroundings = surroundings(self.config, self.clock)
        self.router = self.surroundings.router
        self.probes = [Tracer(self.trace, self.clock, self.router.process), *probes] if trace else [*probes]
        self.passwords = {user: self.ids.password(20) for user in ("admin", "demo", *SERVICE_USERS)}
        self.passwords |= (remembered := dict(remembered or {})) | dict(passwords or {})
        self.remembered = remembered.keys() - (passwords or {}).keys() - {*SERVICE_USERS}
        self.bus = self.surroundings.bus("client")
        for probe in self.probes:
            self.bus = probe.bus(self.bus)
        self.served: dict[str, dict[Target, Sequence[object]]] = {}
        self.databases: dict[str, Database] = {}
        self._tasks: dict[str, list[tuple[str, Task]]] = {"init_host": [], "periodic_tasks": []}
        self._due = self.clock.peek() + self.config.periodic_interval

    def database(self, name: str, base: Any, process: str) -> Handle:
        """A process's handle of the database `name`, with the tables of `base`; what is not there is made."""
        database = self.databases[name] = self.surroundings.database(name, process)
        handle = database.create(base).handle(process)
        for probe in self.probes:
            handle = probe.database(handle)
        return handle

    def manage(self, process: str, init_host: Task | None = None, periodic_tasks: Task | None = None) -> None:
        """Have a process look after what it, or the one before it, began: at the start, and from time to time."""
        for when, task in (("init_host", init_host), ("periodic_tasks", periodic_tasks)):
            self._tasks[when] += [(process, task)] if task else []

    def init_host(self) -> None:
        """Each manager settles what a killed process left half done, in the order in which they started."""
        self._each("init_host")
        self.run_periodic_tasks()

    def tick(self) -> None:
        """Between two requests: deliver what is due, and from time to time do the periodic tasks."""
        self.bus.drain()
        if self.clock.peek() >= self._due:
            self.run_periodic_tasks()

    def run_periodic_tasks(self) -> None:
        """Do them now. The trace does not show them: nobody asked."""
        self._due = self.clock.peek() + self.config.periodic_interval
        self._each("periodic_tasks")

    def _each(self, when: str) -> None:
        """What one manager cannot do keeps no other from its own."""
        self.trace.paused = True
        try:
            for process, task in self._tasks[when]:
                if process not in self.router.stopped:
                    context = RequestContext(f"req-{uuid5(NAMESPACE_DNS, f'{process}.{when}')}", roles=["admin"])
                    try:
                        task(context)
                    except Exception:
                        LOG.exception("%s of %s is not through", when, process)
                    self.bus.drain()
        finally:
            self.trace.paused = False

    def mount(self, path: str, process: str, app: Application) -> None:
        """Serve an API below `/path` of the one port."""
        if self.extended:  # what the core alone cannot do, the cloud does not leave out
            service = process.partition("-")[0]
            folders = [SOURCE / room / service for room in ("core", "extensions")]
            app.reworded = lambda req, error: left_out.told(folders, req, masking.masked(error))
            app.page = webob.page
        self.router.mount(path, process, app)

    def listen(self, process: str, target: Target, *endpoints: object) -> None:
        """Let a process serve a target of the bus. A host's process is named as in `nova-compute@compute1`.

        The first of the endpoints that has a message's method serves it: the core's stands first, then what extends it.
        """
        self.served.setdefault(process, {})[target] = endpoints
        self.bus.listen(target, process.partition("@")[0], *endpoints)

    def stop(self, process: str) -> None:
        """Stop a process: an API refuses connections, an RPC server leaves its messages in the queue.

        Names as in the trace; a compute host's is `nova-compute@compute1`.
        """
        self.router.stopped.add(process)
        for target in self.served.get(process, ()):
            self.bus.unlisten(target)

    def start(self, process: str) -> None:
        """Start a process again."""
        self.router.stopped.discard(process)
        for target, endpoints in self.served.get(process, {}).items():
            self.bus.listen(target, process.partition("@")[0], *endpoints)

    def is_up(self, topic: str, server: str | None = None) -> bool:
        """Whether a process serves the topic, or one server of it: a host reports by the queue, but for Cinder's."""
        return self.bus.is_up(Target(topic, server)) and not (self.bus.down and server and "cinder" not in topic)

    def auth(self, process: str, open_paths: tuple[str, ...] = ("/",)) -> AuthProtocol:
        """The middleware that checks tokens in front of an API; `open_paths` need none."""
        user = process.partition("-")[0]
        identity, kept = self.config.endpoint("identity"), self.config.token_cache_time
        types = tuple(kind for kind, (name, *_) in DATA["catalog"].items() if name.startswith(user))
        checks = [partial(access_rules.hold, types)] if self.extended else []
        return AuthProtocol(self.session(process, user), identity, open_paths, kept, self.clock, checks)

    def rest(self, process: str, user: str, service: str) -> adapter.Client:
        """A process's REST client of another service's API; `service` is its path, such as `image`."""
        return adapter.Client(self.session(process, user), self.config.endpoint(service))

    def session(self, process: str, user: str, password: str | None = None, project: str = "service") -> Session:
        """A process's keystoneauth1 session, which logs in as `user` when it needs a token of its own."""
        transport = self.surroundings.transport(process)
        for probe in self.probes:
            transport = probe.transport(process, transport)
        if process == "client":
            transport = DrainingTransport(self, transport)
        auth = adapter.Password(
            self.clock,
            f"{self.config.endpoint('identity')}/v3",
            username=user,
            password=password if password is not None else self.passwords.get(user, ""),
            user_domain_name="Default",
            project_name=project,
            project_domain_name="Default",
        )
        return adapter.session(transport, auth)


class DrainingTransport(BaseAdapter):
    """A client's transport: once a request is answered, the casts that it caused are delivered.

    So a client that polls makes progress, and the next request finds the work done, or with a pace what is due of it.
    """

    def __init__(self, cloud: Deployment, inner: BaseAdapter) -> None:
        super().__init__()
        self.cloud, self.inner = cloud, inner

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Answer the request, then deliver what it caused; with a pace first what has become due since the last one."""
        if self.cloud.bus.pace:
            self.cloud.tick()
        response = self.inner.send(request, *args, **options)
        self.cloud.tick()
        return response

    def close(self) -> None:
        """Nothing is open."""
