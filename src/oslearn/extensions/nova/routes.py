"""The table of contents of what the Compute API can do beside booting: one line an operation.

Interface: `ROUTES`; `RULES`, the policy of them.
Upstream: nova/api/openstack/compute/routes.py, nova/policies/.
Left out: what has answered 410 for years (`/os-cells`, `/os-cloudpipe`, `/os-certificates`, `/os-fping`, `/os-agents`,
`/os-floating-ip-dns`, `/os-floating-ips-bulk`, `/os-fixed-ips`, `/os-security-group-default-rules`), bare metal
(`/os-baremetal-nodes`), snapshots for drivers of volumes (`/os-assisted-volume-snapshots`), the audit log
(`/os-instance_usage_audit_log`), consoles' tokens (`/os-console-auth-tokens`), proxies of Cinder (`/os-volumes`,
`/os-snapshots`, `/os-volumes_boot`), shares (`/shares`), `/os-virtual-interfaces`.
"""

from __future__ import annotations

from oslearn.core.nova.api.app import NO_QUERY
from oslearn.core.oslo.policy import Rule
from oslearn.core.oslo.wsgi import Route
from oslearn.extensions.nova.api import (
    actions,
    aggregates,
    attach_interfaces,
    boots,
    flavors,
    hypervisors,
    keypairs,
    listing,
    migrations,
    network_proxies,
    proxies,
    quotas,
    remote_consoles,
    schemas,
    server_groups,
    servers,
    services,
    usage,
)

SERVER, FLAVOR, AGGREGATE = (
    "/v2.1/servers/{server_id}",
    "/v2.1/flavors/{flavor_id}",
    "/v2.1/os-aggregates/{aggregate_id}",
)
HYPERVISOR, HOST, QUOTA = (
    "/v2.1/os-hypervisors/{hypervisor_id}",
    "/v2.1/os-hosts/{host}",
    "/v2.1/os-quota-sets/{project_id}",
)
PROXIES = (2, 35)
"""The last microversion in which Nova passes requests on to Glance and Neutron."""

ROUTES = [
    Route("GET /", "versions.index"),
    Route("GET /v2", "versions.show_legacy"),
    Route("GET /v2.1", "versions.show"),
    Route("GET /v2.1/extensions", "extension_info.index", query=NO_QUERY),
    Route("GET /v2.1/extensions/{alias}", "extension_info.show", query=NO_QUERY),

    # servers
    Route("POST /v2.1/servers", "boots.create", body=schemas.CREATE_SERVER),
    Route("GET /v2.1/servers", "servers.index", "servers:index", query=listing.LIST_QUERY),
    Route("GET /v2.1/servers/detail", "servers.detail", "servers:detail", query=listing.LIST_QUERY),
    Route(f"PUT {SERVER}", "server_updates.update", body=schemas.UPDATE_SERVER),
    Route(f"DELETE {SERVER}", "server_ends.delete"),
    Route(f"POST {SERVER}/action", "actions.act"),

    # what users note on them
    Route(f"GET {SERVER}/metadata", "metadata.index", query=NO_QUERY),
    Route(f"POST {SERVER}/metadata", "metadata.add", body=schemas.SET_METADATA),
    Route(f"PUT {SERVER}/metadata", "metadata.replace", body=schemas.SET_METADATA),
    Route(f"GET {SERVER}/metadata/{{key}}", "metadata.show", query=NO_QUERY),
    Route(f"PUT {SERVER}/metadata/{{key}}", "metadata.update", body=schemas.SET_METADATA_ITEM),
    Route(f"DELETE {SERVER}/metadata/{{key}}", "metadata.delete"),
    Route(f"GET {SERVER}/tags", "tags.index", since=(2, 26)),
    Route(f"PUT {SERVER}/tags", "tags.replace", body=schemas.SET_TAGS, since=(2, 26)),
    Route(f"DELETE {SERVER}/tags", "tags.delete_all", since=(2, 26)),
    Route(f"GET {SERVER}/tags/{{tag}}", "tags.show", since=(2, 26)),
    Route(f"PUT {SERVER}/tags/{{tag}}", "tags.update", since=(2, 26)),
    Route(f"DELETE {SERVER}/tags/{{tag}}", "tags.delete", since=(2, 26)),

    # what is plugged into them
    Route(f"GET {SERVER}/os-volume_attachments", "volumes.index", query=attach_interfaces.LIST_QUERY),
    Route(f"POST {SERVER}/os-volume_attachments", "volumes.attach", body=schemas.ATTACH_VOLUME),
    Route(f"GET {SERVER}/os-volume_attachments/{{volume_id}}", "volumes.show"),
    Route(f"PUT {SERVER}/os-volume_attachments/{{volume_id}}", "volumes.update", body=schemas.UPDATE_ATTACHMENT),
    Route(f"DELETE {SERVER}/os-volume_attachments/{{volume_id}}", "volumes.detach"),
    Route(f"GET {SERVER}/os-interface", "interfaces.index", query=NO_QUERY),
    Route(f"POST {SERVER}/os-interface", "interfaces.attach", body=schemas.ATTACH_INTERFACE),
    Route(f"GET {SERVER}/os-interface/{{port_id}}", "interfaces.show", query=NO_QUERY),
    Route(f"DELETE {SERVER}/os-interface/{{port_id}}", "interfaces.detach"),
    Route(f"GET {SERVER}/ips", "interfaces.list_addresses", query=NO_QUERY),
    Route(f"GET {SERVER}/ips/{{network}}", "interfaces.show_addresses", query=NO_QUERY),
    Route(f"GET {SERVER}/os-security-groups", "interfaces.list_security_groups", query=NO_QUERY),

    # what can be seen of them
    Route(f"GET {SERVER}/os-instance-actions", "action_log.index", query=schemas.ACTIONS_QUERY),
    Route(f"GET {SERVER}/os-instance-actions/{{request_id}}", "action_log.show", query=NO_QUERY),
    Route(f"GET {SERVER}/migrations", "server_migrations.index", since=(2, 23), query=NO_QUERY),
    Route(f"GET {SERVER}/migrations/{{migration_id}}", "server_migrations.show", since=(2, 23), query=NO_QUERY),
    Route(f"POST {SERVER}/remote-consoles", "consoles.create", body=schemas.REMOTE_CONSOLE, since=(2, 6)),
    Route(f"GET {SERVER}/diagnostics", "consoles.show_diagnostics", query=NO_QUERY),
    Route(f"GET {SERVER}/os-server-password", "consoles.show_password", query=NO_QUERY),
    Route(f"DELETE {SERVER}/os-server-password", "consoles.clear_password"),
    Route(f"GET {SERVER}/topology", "consoles.show_topology", since=(2, 78), query=NO_QUERY),

    # what a boot names
    Route("GET /v2.1/flavors", "flavors.index", query=flavors.LIST_QUERY),
    Route("GET /v2.1/flavors/detail", "flavors.detail", query=flavors.LIST_QUERY),
    Route("POST /v2.1/flavors", "flavors.create", "os-flavor-manage:create", body=flavors.CREATE),
    Route(f"GET {FLAVOR}", "flavors.show", query=NO_QUERY),
    Route(f"PUT {FLAVOR}", "flavors.update", "os-flavor-manage:update", body=flavors.UPDATE, since=(2, 55)),
    Route(f"DELETE {FLAVOR}", "flavors.delete", "os-flavor-manage:delete"),
    Route(f"POST {FLAVOR}/action", "flavor_access.act"),
    Route(f"GET {FLAVOR}/os-flavor-access", "flavor_access.index", "os-flavor-access", query=NO_QUERY),
    Route(f"GET {FLAVOR}/os-extra_specs", "extra_specs.index", "os-flavor-extra-specs:index", query=NO_QUERY),
    Route(f"POST {FLAVOR}/os-extra_specs", "extra_specs.create", "os-flavor-extra-specs:create",
          body=flavors.CREATE_SPECS),
    Route(f"GET {FLAVOR}/os-extra_specs/{{key}}", "extra_specs.show", "os-flavor-extra-specs:show", query=NO_QUERY),
    Route(f"PUT {FLAVOR}/os-extra_specs/{{key}}", "extra_specs.update", "os-flavor-extra-specs:update",
          body=flavors.UPDATE_SPEC),
    Route(f"DELETE {FLAVOR}/os-extra_specs/{{key}}", "extra_specs.delete", "os-flavor-extra-specs:delete"),
    Route("GET /v2.1/os-keypairs", "keypairs.index", query=keypairs.QUERY),
    Route("POST /v2.1/os-keypairs", "keypairs.create", body=keypairs.CREATE),
    Route("GET /v2.1/os-keypairs/{name}", "keypairs.show", query=keypairs.QUERY),
    Route("DELETE /v2.1/os-keypairs/{name}", "keypairs.delete", query=keypairs.QUERY),
    Route("GET /v2.1/os-server-groups", "server_groups.index", "os-server-groups:index", query=server_groups.QUERY),
    Route("POST /v2.1/os-server-groups", "server_groups.create", "os-server-groups:create",
          body=server_groups.CREATE),
    Route("GET /v2.1/os-server-groups/{group_id}", "server_groups.show", query=NO_QUERY),
    Route("DELETE /v2.1/os-server-groups/{group_id}", "server_groups.delete"),

    # how much a project may have, and has had
    Route(f"GET {QUOTA}", "quotas.show"),
    Route(f"PUT {QUOTA}", "quotas.update"),
    Route(f"DELETE {QUOTA}", "quotas.delete"),
    Route(f"GET {QUOTA}/detail", "quotas.detail"),
    Route(f"GET {QUOTA}/defaults", "quotas.defaults"),
    Route("GET /v2.1/os-quota-class-sets/{name}", "quota_classes.show", "os-quota-class-sets:show", query=NO_QUERY),
    Route("PUT /v2.1/os-quota-class-sets/{name}", "quota_classes.update", "os-quota-class-sets:update"),
    Route("GET /v2.1/limits", "limits.show", query=quotas.LIMITS_QUERY),
    Route("GET /v2.1/os-simple-tenant-usage", "usage.index", "os-simple-tenant-usage:list", query=usage.USAGE_QUERY),
    Route("GET /v2.1/os-simple-tenant-usage/{project_id}", "usage.show", query=usage.USAGE_QUERY),
    Route("GET /v2.1/os-migrations", "migrations.index", "os-migrations:index", query=migrations.MIGRATIONS_QUERY),

    # what an operator has
    Route("GET /v2.1/os-services", "services.index", "os-services:list", query=services.LIST_QUERY),
    Route("PUT /v2.1/os-services/{service_id}", "services.update", "os-services:update"),
    Route("DELETE /v2.1/os-services/{service_id}", "services.delete", "os-services:delete"),
    Route("GET /v2.1/os-availability-zone", "zones.index", query=NO_QUERY),
    Route("GET /v2.1/os-availability-zone/detail", "zones.detail", "os-availability-zone:detail", query=NO_QUERY),
    Route("GET /v2.1/os-hypervisors", "hypervisors.index", "os-hypervisors:list", query=hypervisors.QUERY),
    Route("GET /v2.1/os-hypervisors/detail", "hypervisors.detail", "os-hypervisors:list-detail",
          query=hypervisors.QUERY),
    Route("GET /v2.1/os-hypervisors/statistics", "hypervisors.statistics", "os-hypervisors:statistics", until=(2, 87)),
    Route(f"GET {HYPERVISOR}", "hypervisors.show", "os-hypervisors:show", query=hypervisors.SHOW_QUERY),
    Route(f"GET {HYPERVISOR}/uptime", "hypervisors.uptime", "os-hypervisors:uptime", until=(2, 87)),
    Route(f"GET {HYPERVISOR}/search", "hypervisors.search", "os-hypervisors:search", until=(2, 52)),
    Route(f"GET {HYPERVISOR}/servers", "hypervisors.servers", "os-hypervisors:servers", until=(2, 52)),
    Route("GET /v2.1/os-aggregates", "aggregates.index", "os-aggregates:index", query=NO_QUERY),
    Route("POST /v2.1/os-aggregates", "aggregates.create", "os-aggregates:create", body=aggregates.CREATE),
    Route(f"GET {AGGREGATE}", "aggregates.show", query=NO_QUERY),
    Route(f"PUT {AGGREGATE}", "aggregates.update"),
    Route(f"DELETE {AGGREGATE}", "aggregates.delete"),
    Route(f"POST {AGGREGATE}/action", "aggregates.act"),
    Route("GET /v2.1/os-hosts", "hosts.index", "os-hosts:list", until=(2, 42)),
    Route(f"GET {HOST}", "hosts.show", "os-hosts:show", until=(2, 42)),
    Route(f"PUT {HOST}", "hosts.update", "os-hosts:update", body=hypervisors.UPDATE, until=(2, 42)),
    Route(f"GET {HOST}/startup", "hosts.power", "os-hosts:startup", until=(2, 42)),
    Route(f"GET {HOST}/shutdown", "hosts.power", "os-hosts:shutdown", until=(2, 42)),
    Route(f"GET {HOST}/reboot", "hosts.power", "os-hosts:reboot", until=(2, 42)),

    # what others have, which old clients ask Nova for
    Route("GET /v2.1/images", "images.index", until=PROXIES),
    Route("GET /v2.1/images/detail", "images.detail", until=PROXIES),
    Route("GET /v2.1/images/{image_id}", "images.show", until=PROXIES),
    Route("DELETE /v2.1/images/{image_id}", "images.delete", until=PROXIES),
    Route("GET /v2.1/os-security-groups", "groups.index", "os-security-groups:get", until=PROXIES),
    Route("POST /v2.1/os-security-groups", "groups.create", "os-security-groups:create", until=PROXIES),
    Route("GET /v2.1/os-security-groups/{group_id}", "groups.show", "os-security-groups:show", until=PROXIES),
    Route("PUT /v2.1/os-security-groups/{group_id}", "groups.update", "os-security-groups:update", until=PROXIES),
    Route("DELETE /v2.1/os-security-groups/{group_id}", "groups.delete", "os-security-groups:delete", until=PROXIES),
    Route("GET /v2.1/os-networks", "networks.index", "os-networks:list", until=PROXIES),
    Route("POST /v2.1/os-networks", "networks.refuse", until=PROXIES),
    Route("GET /v2.1/os-networks/{network_id}", "networks.show", "os-networks:show", until=PROXIES),
    Route("DELETE /v2.1/os-networks/{network_id}", "networks.refuse", until=PROXIES),
    Route("GET /v2.1/os-tenant-networks", "networks.index_of_project", "os-tenant-networks:list", until=PROXIES),
    Route("POST /v2.1/os-tenant-networks", "networks.refuse", until=PROXIES),
    Route("GET /v2.1/os-tenant-networks/{network_id}", "networks.show_of_project", "os-tenant-networks:show",
          until=PROXIES),
    Route("DELETE /v2.1/os-tenant-networks/{network_id}", "networks.refuse", until=PROXIES),
    Route("GET /v2.1/os-floating-ip-pools", "floating_ips.pools", "os-floating-ip-pools", until=PROXIES),
    Route("GET /v2.1/os-floating-ips", "floating_ips.index", "os-floating-ips:list", until=PROXIES),
    Route("POST /v2.1/os-floating-ips", "floating_ips.create", "os-floating-ips:create", until=PROXIES),
    Route("GET /v2.1/os-floating-ips/{address_id}", "floating_ips.show", "os-floating-ips:show", until=PROXIES),
    Route("DELETE /v2.1/os-floating-ips/{address_id}", "floating_ips.delete", "os-floating-ips:delete",
          until=PROXIES),
]  # fmt: skip
RULES: dict[str, Rule] = {
    **boots.RULES,
    **servers.RULES,
    **actions.RULES,
    **attach_interfaces.RULES,
    **remote_consoles.RULES,
    **flavors.RULES,
    **keypairs.RULES,
    **quotas.RULES,
    **server_groups.RULES,
    **usage.RULES,
    **migrations.RULES,
    **services.RULES,
    **hypervisors.RULES,
    **aggregates.RULES,
    **proxies.RULES,
    **network_proxies.RULES,
}
