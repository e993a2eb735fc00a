"""What the parts of nova-api are handed: who may do what with which server, and how a server is shown.

Interface: `ServerAccess` finds a caller's server and asks the policy; `ServerReader` shows servers.
Invariants: another project's server is not found, and nobody learns that it exists.
Upstream: nova/api/openstack/common.py, `get_instance`; nova/policy.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from oslearn.core.nova.api import views
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.objects import Instance
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import Enforcer, Target

POLICY = "os_compute_api:{}"
"""What the name of nearly every rule begins with."""


class ServerAccess:
    def __init__(self, db: NovaDB, policy: Enforcer) -> None:
        self.db, self.policy = db, policy

    def allow(self, req: Request, rule: str, target: Target | None = None) -> None:
        """Let the caller pass if the rule `os_compute_api:...` allows it. Raises PolicyNotAuthorized."""
        self.policy.enforce(req.caller, POLICY.format(rule), target)

    def instance(self, req: Request, uuid: str, rule: str) -> Instance:
        """The caller's instance, if the rule allows it. Raises InstanceNotFound, PolicyNotAuthorized."""
        # Looked up within the project, so that 404 hides what 403 would betray.
        instance = self.db.instances.get(uuid, None if req.caller.is_admin else req.caller.project_id)
        self.allow(req, rule, instance)
        return instance


class ServerReader:
    """Shows servers, as many at once as a page has."""

    def __init__(self, db: NovaDB) -> None:
        self.db = db
        self.more: list[Callable[[Request, Sequence[Instance], bool], Mapping[str, Body]]] = []
        """What has more to show of servers, by id; the last argument says that it is one, and no list."""

    def show(self, req: Request, uuid: str) -> Body:
        """A server as it is now. Raises InstanceNotFound."""
        return self.page(req, [self.db.instances.get(uuid)], alone=True)[0]

    def page(self, req: Request, instances: Sequence[Instance], *, alone: bool = False) -> list[Body]:
        """Servers, whole, in a fixed number of queries."""
        if not instances:
            return []
        # For all servers at once, before any is shown: a page costs as many queries as one server.
        further = [read(req, instances, alone) for read in self.more]
        failed = [one["uuid"] for one in instances if one["vm_state"] == "error" or one["deleted"]]
        faults = self.db.instances.faults(failed) if failed else {}
        shown = []
        for instance in instances:
            server = views.server(req, instance, faults.get(instance["uuid"]))
            for fields in further:
                server |= fields[instance["uuid"]]
            shown.append(server)
        return shown
