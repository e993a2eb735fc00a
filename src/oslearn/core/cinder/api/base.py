"""What the controllers of cinder-api have in common.

Interface: `Route`; `Controller`; `Dispatcher`, which runs a controller's method for a route; `Gate`, a middleware.
Invariants: a handler runs in one transaction, after its route's microversion, policy and body were checked; messages go
out when it has ended; a project in the path is the token's; a path that is not served is 404, whatever the method.
Upstream: cinder/api/openstack/wsgi.py, cinder/api/v3/router.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.cinder import exceptions as e
from oslearn.core.cinder.api import schemas
from oslearn.core.cinder.backup.rpcapi import BackupAPI
from oslearn.core.cinder.compute import NovaClient
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.image.glance import GlanceClientWrapper
from oslearn.core.cinder.models import Attachment, Base, Service, Volume
from oslearn.core.cinder.scheduler.rpcapi import SchedulerAPI
from oslearn.core.cinder.volume.rpcapi import VolumeAPI, ref
from oslearn.core.config import Config
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.messaging import RPCClient
from oslearn.core.oslo.microversion import Version
from oslearn.core.oslo.policy import Enforcer, Rule, project_member, project_reader

T = TypeVar("T", bound=Base)
Values = dict[str, Any]
ACCEPTED = Reply(202, "")
"""Where upstream makes the reply itself, it has another type than a reply of which only the status is set."""
OPEN = ("/", "/v3")


@dataclass(frozen=True)
class Route:
    """Method and path below `/v3` (a project's id may stand before it), handler, policy, and what the body must be.

    Of a body with one key the handler gets what is under it. `bodies` by microversion if they differ.
    """

    where: str
    handler: str
    policy: str
    body: Values | None = None
    status: int = 200
    since: Version = (3, 0)
    bodies: Mapping[Version, Values] = field(default_factory=dict)
    rule: Rule | None = None

    def allowed(self) -> Rule:
        """Who may: if nothing else is said, readers may read and members may change."""
        return self.rule or (project_reader if self.where.startswith("GET") else project_member)


@dataclass(frozen=True)
class Action:
    """What `POST .../action` may ask for: the handler, its policy, the reply's status, the first microversion.

    `body` if the action's name has another meaning for other things.
    """

    handler: str
    policy: str
    status: int = 202
    since: Version = (3, 0)
    rule: Rule = project_member
    body: Values | None = None

    def allowed(self) -> Rule:
        """Who may."""
        return self.rule


class Controller:
    """The parts that the process is given."""

    def __init__(
        self,
        db: CinderDB,
        config: Config,
        rules: Enforcer,
        rpc: RPCClient,
        is_up: Callable[[str, str], bool],
        image: GlanceClientWrapper,
        nova: NovaClient | None,
    ) -> None:
        """Without `nova` users may end attachments, as in 2013."""
        self.db, self.config, self.policy, self.is_up = db, config, rules, is_up
        self.image, self.nova = image, nova
        self.rpc, self.scheduler, self.volume_rpcapi = rpc, SchedulerAPI(rpc), VolumeAPI(rpc)
        self.backup_rpcapi = BackupAPI(rpc)

    def get(self, session: Session, req: Request, model: type[T], id: str) -> T:
        """What the caller may see. Raises NotFound."""
        return self.db.get(session, model, id, req.caller)

    def attachment_deletion_allowed(self, req: Request, volume: Volume, attachment: Attachment | None) -> None:
        """A service may; a user only if Nova does not know of it. Raises ConflictNovaUsingAttachment."""
        if self.nova is None or req.caller.is_service or attachment is None or not attachment.instance_uuid:
            return
        if self.nova.uses(attachment.instance_uuid, volume.id, attachment.id):
            raise e.ConflictNovaUsingAttachment(instance_id=attachment.instance_uuid)

    def after(self, req: Request, step: Callable[[], Any]) -> None:
        """Do something when the transaction has ended. What it returns replaces the reply's body."""
        req.context.after.append(step)

    def cast(self, req: Request, volume: Volume, method: str, *, schedule: bool = False, **args: Any) -> None:
        """Have cinder-volume do something, or the scheduler if it takes room, when the transaction has ended."""
        sent = ref(volume)
        if schedule:
            self.after(req, lambda: self.scheduler.cast(req.caller, method, volume=sent, **args))
        else:
            self.after(req, lambda: self.volume_rpcapi.cast(req.caller, sent, method, **args))

    def call(self, req: Request, volume: Volume, method: str, **args: Any) -> Callable[[], Any]:
        """A call to cinder-volume, for `after`. Raises InvalidVolume for a volume that is nowhere."""
        sent = ref(volume)
        if not volume.host:
            raise e.InvalidVolume(reason="The volume has not been scheduled to any host.")
        return lambda: self.volume_rpcapi.call(req.caller, sent, method, **args)

    def act(self, req: Request, session: Session, row: Any, actions: Mapping[str, Action]) -> Reply:
        """Do what the body's one key says. Raises BadRequest, NotFound for a later microversion's."""
        body = req.json_body()
        name = next(iter(body), "")
        if name not in actions:
            raise exception.BadRequest(f"There is no such action: {name}")
        action = actions[name]
        values = schema.check(body, action.body or schemas.ACTIONS[name])[name]
        if req.microversion < action.since:
            raise exception.NotFound()
        self.policy.enforce(req.caller, action.policy)
        return Reply(action.status, getattr(self, action.handler)(req, session, row, values or {}))

    def not_frozen(self, session: Session, volume: Volume) -> None:
        """Whether the volume's host takes changes. Raises InvalidInput."""
        host = (volume.host or "").partition("#")[0]
        if session.scalar(select(Service.id).where(Service.host == host, Service.frozen)):
            raise e.InvalidInput(reason="Modification operations are not allowed on frozen storage backends.")


class Dispatcher:
    """Runs the controller's method of a route."""

    def __init__(self, api: Controller, route: Route) -> None:
        self.api, self.route, self.method = api, route, getattr(api, route.handler)
        self.__code__ = self.method.__code__

    def __call__(self, req: Request, **values: str) -> Reply:
        """Check, run, commit, send. Raises NotFound, PolicyNotAuthorized, ValidationError and what the method does."""
        route, req.context.after = self.route, []
        if req.microversion < route.since:
            raise exception.NotFound()
        self.api.policy.enforce(req.caller, route.policy)
        body = next((b for v, b in sorted(route.bodies.items(), reverse=True) if req.microversion >= v), route.body)
        wanted = {} if body is None else {"wanted": schema.check(req.json_body(), body)}
        if body is not None and len(body.get("properties", ())) == 1:
            (wanted["wanted"],) = wanted["wanted"].values()
        with self.api.db.session() as session:
            result = self.method(req, session, **values, **wanted)
        reply = result if isinstance(result, Reply) else Reply(route.status, result)
        for step in req.context.after:
            reply.body = step() or reply.body
        return reply


class Gate:
    """Takes the project out of the path, and lets only what is served through."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.served = {tuple(route.where.split()) for route in routes}
        self.collections = {route.where.split("/")[1] for route in routes}

    def process_request(self, req: Request, resp: Any) -> None:
        """Take the project out. Raises RouteNotFound for a slash at the end."""
        req.context.project = ""
        if req.path in OPEN:
            return
        first, _, rest = req.path.removeprefix("/v3/").partition("/")
        if req.env["PATH_INFO"].endswith("/"):
            raise exception.RouteNotFound()
        if first not in self.collections and rest:
            req.context.project, req.path = f"/{first}", f"/v3/{rest}"

    def process_resource(self, req: Request, resp: Any, resource: Any, params: Values) -> None:
        """Raises RouteNotFound for a method that the path has not."""
        if req.path not in OPEN and (req.method, str(req.uri_template)[len("/v3") :]) not in self.served:
            raise exception.RouteNotFound()
        req.context.routed = True

    def process_response(self, req: Request, resp: Any, resource: Any, succeeded: bool) -> None:
        """Tell the request's id by its old name as well, in the replies that upstream's `Resource` makes."""
        if getattr(req.context, "routed", False) and not (resp.content_type or "").startswith("text/html"):
            resp.set_header("x-compute-request-id", req.caller.request_id)


def boolean(name: str, value: Any, default: bool = False) -> bool:
    """A flag of a body or a query. Raises BadRequest.

    >>> boolean("force", "Yes")
    True
    """
    text = str(default if value is None else value).lower()
    if text not in schemas.TRUE + schemas.FALSE:
        raise exception.BadRequest(f"Value '{value}' for '{name}' is not a boolean.")
    return text in schemas.TRUE


def links(req: Request, collection: str, id: str) -> list[Values]:
    """Where the API shows a thing."""
    ends = {"self": f"/v3{req.context.project}", "bookmark": req.context.project}
    return [{"rel": rel, "href": f"{req.prefix}{path}/{collection}/{id}"} for rel, path in ends.items()]
