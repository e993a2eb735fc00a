"""The process nova-api: all its controllers behind one door.

Interface: `build(...)` → the application; `RULES`, every policy rule.
Upstream: nova/api/openstack/compute/routes.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oslearn.config import Config
from oslearn.nova.api import (
    actions,
    aggregates,
    attach_interfaces,
    external_events,
    flavors,
    hypervisors,
    instance_actions,
    keypairs,
    proxies,
    quotas,
    remote_consoles,
    server_groups,
    server_metadata,
    servers,
    services,
    usage,
    versions,
    views,
    volume_attachments,
)
from oslearn.nova.compute.api import API
from oslearn.nova.db.api import NovaDB
from oslearn.oslo import policy
from oslearn.oslo.clock import Ids
from oslearn.oslo.wsgi import Application, Route

UNEXPECTED = (
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if "
    "possible.\n{}"
)
MODULES: tuple[Any, ...] = (
    versions,
    servers,
    actions,
    server_metadata,
    volume_attachments,
    attach_interfaces,
    instance_actions,
    remote_consoles,
    flavors,
    keypairs,
    quotas,
    server_groups,
    usage,
    services,
    hypervisors,
    aggregates,
    proxies,
    external_events,
)
ROUTES: list[Route] = [route for module in MODULES for route in module.ROUTES]
RULES: dict[str, policy.Rule] = {
    name: rule for module in MODULES for name, rule in getattr(module, "RULES", {}).items()
}


class Api(
    versions.Versions,
    servers.Servers,
    actions.Actions,
    server_metadata.Metadata,
    volume_attachments.VolumeAttachments,
    attach_interfaces.Interfaces,
    instance_actions.InstanceActions,
    remote_consoles.Consoles,
    flavors.Flavors,
    keypairs.KeyPairs,
    quotas.Quotas,
    server_groups.ServerGroups,
    usage.Usage,
    services.Services,
    hypervisors.Hypervisors,
    aggregates.Aggregates,
    proxies.Proxies,
    external_events.ExternalEvents,
):
    """Every handler."""


def build(
    db: NovaDB, compute: API, is_up: Callable[[str, str], bool], ids: Ids, config: Config, middleware: list[Any]
) -> Application:
    """nova-api's application."""
    api = Api(db, compute, is_up, ids, config, RULES)
    fault = views.fault(f"{config.endpoint('identity')}/v3")
    app = Application(api, ROUTES, fault, ids, [versions.MICROVERSIONS, *middleware], unexpected=UNEXPECTED)
    app.unnamed = versions.UNNAMED
    return app
