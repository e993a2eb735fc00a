"""What the parts of nova-api are handed: who may do what with which server, and how a server is shown.

Interface: `ServerAccess` finds a caller's server and asks the policy; `ServerReader` shows servers.
Invariants: another project's server is not found, and nobody learns that it exists.
Upstream: nova/api/openstack/common.py, `get_instance`; nova/policy.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oslearn.core.nova.api import server_views
from oslearn.core.nova.compute.api_hosts import HostAPI
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.network.security_group_api import SecurityGroupAPI
from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo.adapter import TransportError
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import Enforcer

POLICY = "os_compute_api:{}"
"""What the name of nearly every rule begins with."""


class ServerAccess:
    """Lets a caller pass, or refuses."""

    def __init__(self, db: NovaDB, policy: Enforcer) -> None:
        self.db, self.policy = db, policy

    def allow(self, req: Request, rule: str, target: Mapping[str, Any] | None = None) -> None:
        """Let the caller pass if the rule `os_compute_api:...` allows it. Raises PolicyNotAuthorized."""
        self.policy.enforce(req.caller, POLICY.format(rule), target)

    def instance(self, req: Request, uuid: str, rule: str) -> Instance:
        """The caller's instance, if the rule allows it. Raises InstanceNotFound, PolicyNotAuthorized."""
        instance = self.db.instances.get(uuid, None if req.caller.is_admin else req.caller.project_id)
        self.allow(req, rule, instance)
        return instance


class ServerReader:
    """Reads what a view of servers needs beside their own rows, in a fixed number of queries."""

    def __init__(self, db: NovaDB, hosts: HostAPI, security_groups: SecurityGroupAPI) -> None:
        self.db, self.hosts, self.security_groups = db, hosts, security_groups

    def show(self, req: Request, uuid: str) -> Values:
        """A server as it is now."""
        instance = self.db.instances.get(uuid)
        extras = self.extras(req, [instance])
        if req.microversion >= (2, 71):
            group = self.db.groups.get_by_instance(uuid)
            extras.server_groups = {uuid: [group["uuid"]] if group else []}
        return server_views.server(req, instance, extras)

    def extras(self, req: Request, instances: Sequence[Instance]) -> server_views.Extras:
        """What views need beside these instances."""
        uuids = [instance["uuid"] for instance in instances]
        if not uuids:
            return server_views.Extras()
        failed = [i["uuid"] for i in instances if i["vm_state"] == "error" or i["deleted"]]
        try:
            groups = self.security_groups.instance_security_groups(req.caller, uuids)
        except TransportError:
            groups = {}  # a server can be looked at while Neutron is down
        return server_views.Extras(
            volumes=self.db.devices.get_many(uuids),
            tags=self.db.instances.tags(uuids) if req.microversion >= (2, 26) else {},
            faults=self.db.instances.faults(failed) if failed else {},
            groups=groups,
            host_status=self._host_status() if req.caller.is_admin and req.microversion >= (2, 16) else {},
        )

    def _host_status(self) -> dict[str, str]:
        """UP, DOWN or MAINTENANCE by host."""
        return {
            row.host: "MAINTENANCE" if row.disabled else "UP" if up and not row.forced_down else "DOWN"
            for row in self.db.services.get()
            if row.binary == "nova-compute"
            for up in [self.hosts.serves("compute", row.host)]
        }
