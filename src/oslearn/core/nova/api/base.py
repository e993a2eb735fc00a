"""What every controller of nova-api is made of.

Interface: `Controller`; a module of this package adds its handlers to it, and its `ROUTES` and `RULES` to `app`.
Upstream: nova/api/openstack/wsgi.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.core.config import Config
from oslearn.core.nova.compute.api import API
from oslearn.core.oslo import policy
from oslearn.core.oslo.adapter import Client, TransportError
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request


class Controller:
    """What handlers use."""

    def __init__(
        self,
        db: Any,
        compute: API,
        is_up: Callable[[str, str], bool],
        ids: Ids,
        config: Config,
        rules: dict[str, policy.Rule],
    ) -> None:
        """`is_up` says of a topic and a host whether their process serves."""
        self.db, self.compute, self.is_up, self.ids, self.config = db, compute, is_up, ids, config
        self.policy = policy.Enforcer(rules)
        self.session = compute.network_api.client.session
        self.identity = Client(self.session, config.endpoint("identity"))

    def allow(self, req: Request, rule: str, target: Mapping[str, Any] | None = None) -> None:
        """Let the caller pass if the rule `os_compute_api:...` allows it. Raises Forbidden."""
        self.policy.enforce(req.caller, f"os_compute_api:{rule}", target)

    def check_project(self, req: Request, project_id: str) -> None:
        """Refuse a project that Keystone does not know; of one that the caller may not see, believe it is there."""
        try:
            self.identity.request("GET", f"/v3/projects/{project_id}", req.caller)
        except ks.NotFound:
            raise BadRequest(f"Project ID {project_id} is not a valid project.") from None
        except TransportError:
            return
