"""The process nova-api: all its controllers behind one door.

Interface: `build(...)` → the application; `RULES`, every policy rule.
Upstream: nova/api/openstack/compute/routes.py.
Left out: what has answered 410 for years (`/os-cells`, `/os-cloudpipe`, `/os-certificates`, `/os-fping`, `/os-agents`,
`/os-floating-ip-dns`, `/os-floating-ips-bulk`, `/os-fixed-ips`, `/os-security-group-default-rules`), bare metal
(`/os-baremetal-nodes`), snapshots for drivers of volumes (`/os-assisted-volume-snapshots`), the audit log
(`/os-instance_usage_audit_log`), consoles' tokens (`/os-console-auth-tokens`), proxies of Cinder (`/os-volumes`,
`/os-snapshots`, `/os-volumes_boot`), shares (`/shares`), `/os-virtual-interfaces`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oslearn.core.config import Config
from oslearn.core.nova.api import external_events, servers, versions, views
from oslearn.core.nova.api.validation import NoQuery
from oslearn.core.nova.compute.api import API
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.oslo import policy
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.route import Entry
from oslearn.core.oslo.wsgi import Application, Front
from oslearn.extensions.nova.api import (
    actions,
    aggregates,
    attach_interfaces,
    flavors,
    hypervisors,
    instance_actions,
    keypairs,
    network_proxies,
    proxies,
    quotas,
    remote_consoles,
    server_groups,
    server_metadata,
    services,
    usage,
    volume_attachments,
)

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
    network_proxies,
    external_events,
)
ROUTES: list[Entry] = [route for module in MODULES for route in module.ROUTES]
RULES: dict[str, policy.Rule] = {
    name: rule for module in MODULES for name, rule in getattr(module, "RULES", {}).items()
}

WITHOUT_QUERY = (
    "/v2.1/extensions", "/v2.1/extensions/{alias}", "/v2.1/flavors/{flavor_id}",
    "/v2.1/flavors/{flavor_id}/os-extra_specs", "/v2.1/flavors/{flavor_id}/os-extra_specs/{key}",
    "/v2.1/flavors/{flavor_id}/os-flavor-access", "/v2.1/os-aggregates", "/v2.1/os-aggregates/{aggregate_id}",
    "/v2.1/os-availability-zone", "/v2.1/os-availability-zone/detail", "/v2.1/os-quota-class-sets/{name}",
    "/v2.1/os-server-groups/{group_id}", "/v2.1/servers/{server_id}", "/v2.1/servers/{server_id}/diagnostics",
    "/v2.1/servers/{server_id}/ips", "/v2.1/servers/{server_id}/ips/{network}", "/v2.1/servers/{server_id}/metadata",
    "/v2.1/servers/{server_id}/metadata/{key}", "/v2.1/servers/{server_id}/migrations",
    "/v2.1/servers/{server_id}/migrations/{migration_id}",
    "/v2.1/servers/{server_id}/os-instance-actions/{request_id}", "/v2.1/servers/{server_id}/os-interface",
    "/v2.1/servers/{server_id}/os-interface/{port_id}", "/v2.1/servers/{server_id}/os-security-groups",
    "/v2.1/servers/{server_id}/os-server-password", "/v2.1/servers/{server_id}/topology",
)  # fmt: skip


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
    network_proxies.NetworkProxies,
    external_events.ExternalEvents,
):
    """Every handler."""


def build(
    db: NovaDB, compute: API, is_up: Callable[[str, str], bool], ids: Ids, config: Config, middleware: list[Any]
) -> Application:
    """nova-api's application."""
    api = Api(db, compute, is_up, ids, config, RULES)
    front = Front(("v2", "v2.1"), versions.choices)
    layers = [front, *middleware, versions.MICROVERSIONS, NoQuery(*WITHOUT_QUERY)]
    app = Application(api, ROUTES, views.fault, ids, layers, unexpected=UNEXPECTED)
    app.unnamed = versions.UNNAMED
    return app
