"""What the handlers of cinder-api's other operations have in common.

Interface: `Action`, `Actions` for `POST .../action`; `Messages`, what they send when a transaction has ended;
`boolean`; `not_frozen`; `ACCEPTED`.
Upstream: cinder/api/common.py, cinder/volume/api.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.cinder.api.app import after
from oslearn.core.cinder.models import Volume
from oslearn.core.cinder.volume.rpcapi import placed, ref
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request, Version
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Handler
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder.models import Service
from oslearn.extensions.cinder.scheduler.rpcapi import SchedulerAPI
from oslearn.extensions.cinder.volume.rpcapi import TaskAPI
from oslearn.extensions.oslo.strutils import strict_bool

ACCEPTED = Reply(202, "")
"""Where upstream makes the reply itself, it has another type than a reply of which only the status is set."""


@dataclass(frozen=True)
class Action:
    """What a body of `POST .../action` may ask for: the handler, its policy, the body, the reply's status."""

    handler: str
    policy: str
    body: Body
    status: int = 202
    since: Version = (3, 0)


class Actions:
    """The actions of a kind of things, by the body's one key."""

    def __init__(self, part: object, table: Mapping[str, Action], policy: Enforcer) -> None:
        """`part` has the handlers. Raises AttributeError for one that it has not."""
        self.table, self.policy = table, policy
        self.handlers: dict[str, Handler] = {name: getattr(part, action.handler) for name, action in table.items()}

    def run(self, req: Request, *args: object) -> Reply:
        """Do what is asked for. Raises BadRequest, NotFound for a later microversion's, PolicyNotAuthorized."""
        body = req.json_body()
        name = next(iter(body), "")
        if name not in self.table:
            raise exception.BadRequest(f"There is no such action: {name}")
        action = self.table[name]
        values = schema.check(body, action.body)[name]
        if req.microversion < action.since:
            raise exception.NotFound()
        self.policy.enforce(req.caller, action.policy)
        return Reply(action.status, self.handlers[name](req, *args, values or {}))


class Messages:
    """What handlers have others do, when the transaction has ended."""

    def __init__(self, scheduler: SchedulerAPI, volume: TaskAPI) -> None:
        self.scheduler, self.volume = scheduler, volume

    def cast(self, req: Request, volume: Volume, method: str, **args: object) -> None:
        """Have cinder-volume do something."""
        sent = ref(volume)
        after(req, lambda: self.volume.cast(req.caller, sent, method, **args))

    def schedule(self, req: Request, volume: Volume, method: str, **args: object) -> None:
        """Have cinder-scheduler do what takes room."""
        sent = ref(volume)
        after(req, lambda: self.scheduler.cast(req.caller, method, volume=sent, **args))

    def call(self, req: Request, volume: Volume, method: str, **args: object) -> Callable[[], Any]:
        """A call to cinder-volume, for `after`. Raises InvalidVolume for a volume that is on no host."""
        sent = placed(volume)
        return lambda: self.volume.call(req.caller, sent, method, **args)


def boolean(name: str, value: object, default: bool = False) -> bool:
    """A flag of a body or a query. Raises BadRequest.

    >>> boolean("force", "Yes")
    True
    """
    try:
        return default if value is None else strict_bool(value)
    except ValueError:
        raise exception.BadRequest(f"Value '{value}' for '{name}' is not a boolean.") from None


def not_frozen(session: Session, volume: Volume) -> None:
    """Whether the volume's host takes changes. Raises InvalidInput."""
    host = (volume.host or "").partition("#")[0]
    if session.scalar(select(Service.id).where(Service.host == host, Service.frozen)):
        raise e.InvalidInput(reason="Modification operations are not allowed on frozen storage backends.")
