"""Stop what runs in a cloud, and start it again: processes, databases, the queue.

Interface: `processes(cloud)`; `stop(cloud, name)`, `start(cloud, name)`; `stopped(cloud)`, `stop_again(cloud, names)`.
Invariants: a name is that of the trace, and a host's process has its host: `nova-compute@compute1`; what is stopped
keeps what it had: messages wait in the queue, a database's rows stay.
Upstream: `systemctl stop` on the machine where the process runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import NoReturn

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from oslearn.course.nearest import nearest
from oslearn.course.processes import API, DATABASE, QUEUE, SERVER, Process
from oslearn.deploy.base import Deployment

CONTROLLER = "controller"


class DBConnectionError(OperationalError):
    """No database answers."""

    __module__ = "oslo_db.exception"  # Nova's message names the class, and upstream's is that one


def refuse(connection: Connection) -> NoReturn:
    """What a stopped database does to each transaction. Raises DBConnectionError."""
    raise DBConnectionError(None, None, ConnectionRefusedError("Can't connect to MySQL server on 'controller'"))


def processes(cloud: Deployment) -> list[Process]:
    """All of them: APIs, then who serves the queue, then databases and the queue itself."""
    down, pending = cloud.router.stopped, cloud.bus.pending()
    waiting = Counter(line.partition(": ")[0] for line in pending)
    found = [Process(name, API, CONTROLLER, name not in down) for name in serving_http(cloud)]
    for name in serving(cloud):
        messages = sum(waiting[str(target)] for target in cloud.served[name])
        found.append(Process(name, SERVER, name.partition("@")[2] or CONTROLLER, name not in down, messages))
    for database in cloud.databases.values():
        refused = event.contains(database.engine, "begin", refuse)
        found.append(Process(database.name, DATABASE, CONTROLLER, not refused))
    return [*found, Process(QUEUE, QUEUE, CONTROLLER, not cloud.bus.down, len(pending))]


def serving_http(cloud: Deployment) -> list[str]:
    """Who answers at the port."""
    return sorted({cloud.router.process(f"/{path}") for path in cloud.router.apps()})


def serving(cloud: Deployment) -> list[str]:
    """Who serves the queue. What the agents of all hosts have in common is no process of its own."""
    hosts = {name.partition("@")[0] for name in cloud.served if "@" in name}
    return [name for name in cloud.served if name not in hosts]


def stop(cloud: Deployment, name: str) -> None:
    """Stop it; nothing happens to what is stopped already. Raises LookupError, which tells the nearest names."""
    switch(cloud, name, False)


def start(cloud: Deployment, name: str) -> None:
    """Start it, and let what waited for it go on. Raises LookupError, which tells the nearest names."""
    switch(cloud, name, True)
    cloud.tick()


def stopped(cloud: Deployment) -> list[str]:
    """The names of what is stopped."""
    return [process.name for process in processes(cloud) if not process.up]


def stop_again(cloud: Deployment, names: Iterable[str]) -> None:
    """Stop what was stopped before the cloud was opened."""
    for name in names:
        with suppress(LookupError):  # of a host that this start has not
            stop(cloud, name)


def switch(cloud: Deployment, name: str, up: bool) -> None:
    """Have it up or down. Raises LookupError."""
    known = {process.name: process for process in processes(cloud)}
    if name not in known:
        raise LookupError(f"nothing is named {name}{nearest(name, list(known))}")
    if known[name].up == up:
        return
    if name == QUEUE:
        cloud.bus.down = not up
    elif known[name].kind == DATABASE:
        (engine,) = (one.engine for one in cloud.databases.values() if one.name == name)
        (event.remove if up else event.listen)(engine, "begin", refuse)
    else:
        (cloud.start if up else cloud.stop)(name)
