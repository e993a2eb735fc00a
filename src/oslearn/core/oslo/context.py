"""The request context: who asks, in which project, with which roles, under which request id.

Interface: `RequestContext`, made by keystonemiddleware at the front door and carried in every RPC message; `current` is
that of the request that is being served; `aside`.
Upstream: oslo.context.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from typing import Any

Body = dict[str, Any]
"""A JSON object, before anybody has looked at what is in it."""

SERVICE = "service"
"""The role of a service's own user."""


@dataclass
class RequestContext:
    """Who asks. `auth_token` is the user's token, which services pass on in their REST calls."""

    request_id: str
    user_id: str | None = None
    project_id: str | None = None
    roles: list[str] = field(default_factory=list)
    auth_token: str | None = field(default=None, repr=False)
    domain_id: str | None = None
    system_scope: str | None = None
    user_domain_id: str | None = None
    project_domain_id: str | None = None
    service_roles: list[str] = field(default_factory=list)
    """The roles of the service that asks for the user, by its X-Service-Token."""

    @property
    def is_admin(self) -> bool:
        """Whether the caller has the role admin."""
        return "admin" in self.roles

    def to_dict(self) -> Body:
        """What travels in a message."""
        return {name: getattr(self, name) for name in FIELDS}


Task = Callable[[RequestContext], None]
"""What a process does by itself: after a start, or from time to time."""
FIELDS = tuple(known.name for known in fields(RequestContext))
current: ContextVar[RequestContext | None] = ContextVar("context", default=None)
"""The context of the request that is being served (`oslo_context.context.get_current`)."""
aside: ContextVar[Callable[[], AbstractContextManager[None]]] = ContextVar("aside", default=nullcontext)
"""`with aside.get()():` stands around a computation that takes long and reads no state: who serves several clients lets
others have their turn meanwhile. What it was computed from may have changed when it ends. In a cloud that is embedded
nothing happens; the port sets it for a request (`oslearn.port.turn`)."""
