"""What every controller that has to do with a server is made of.

Interface: `ServerController`.
Invariants: another project's server is not found, and nobody learns that it exists.
Upstream: nova/api/openstack/common.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oslearn.core.nova.api import server_views
from oslearn.core.nova.api.base import Controller
from oslearn.core.oslo import policy
from oslearn.core.oslo.adapter import TransportError
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.http import Request


def project_manager(context: RequestContext, target: Mapping[str, Any]) -> bool:
    """May do in its own project what others leave to an operator."""
    return policy.owner(context, target) and bool({"manager", "admin"} & set(context.roles))


class ServerController(Controller):
    """Finds servers, and shows them."""

    def instance(self, req: Request, uuid: str, rule: str) -> dict[str, Any]:
        """The caller's instance, if the rule `os_compute_api:...` allows it. Raises InstanceNotFound, Forbidden."""
        instance = self.db.instances.get(uuid, None if req.caller.is_admin else req.caller.project_id)
        self.allow(req, rule, instance)
        return instance

    def may(self, req: Request, rule: str, target: Mapping[str, Any] | None = None) -> bool:
        """Whether the rule allows it."""
        return self.policy.rules[f"os_compute_api:{rule}"](req.caller, target or {})

    def show(self, req: Request, uuid: str) -> dict[str, Any]:
        """A server as it is now."""
        instance = self.db.instances.get(uuid)
        extras = self.extras(req, [instance])
        if req.microversion >= (2, 71):
            group = self.db.groups.get_by_instance(uuid)
            extras.server_groups = {uuid: [group["uuid"]] if group else []}
        return server_views.server(req, instance, extras)

    def extras(self, req: Request, instances: Sequence[dict[str, Any]]) -> server_views.Extras:
        """What views need beside the instances, in a fixed number of queries."""
        uuids = [instance["uuid"] for instance in instances]
        if not uuids:
            return server_views.Extras()
        failed = [i["uuid"] for i in instances if i["vm_state"] == "error" or i["deleted"]]
        try:
            groups = self.compute.network_api.instance_security_groups(req.caller, uuids)
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
            for up in [self.is_up("compute", row.host)]
        }
