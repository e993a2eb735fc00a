"""The process nova-api: all its controllers behind one door.

Interface: `build(...)` → the application; `RULES`, every policy rule.
Upstream: nova/api/openstack/compute/routes.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oslearn.config import Config
from oslearn.nova.api import flavors, hosts, servers, versions, views
from oslearn.nova.compute.api import API
from oslearn.nova.db.api import NovaDB
from oslearn.oslo import policy
from oslearn.oslo.clock import Ids
from oslearn.oslo.wsgi import Application, Route

UNEXPECTED = (
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if "
    "possible.\n{}"
)
ROUTES: list[Route] = [*versions.ROUTES, *servers.ROUTES, *flavors.ROUTES, *hosts.ROUTES]
RULES: dict[str, policy.Rule] = servers.RULES | flavors.RULES | hosts.RULES


class Api(versions.Versions, servers.Servers, flavors.Flavors, hosts.Hosts):
    """Every handler."""


def build(
    db: NovaDB, compute: API, is_up: Callable[[str, str], bool], ids: Ids, config: Config, middleware: list[Any]
) -> Application:
    """nova-api's application."""
    api = Api(db, compute, is_up, ids, config, RULES)
    fault = views.fault(f"{config.endpoint('identity')}/v3")
    return Application(api, ROUTES, fault, ids, [versions.MICROVERSIONS, *middleware], unexpected=UNEXPECTED)
