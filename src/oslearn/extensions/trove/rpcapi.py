"""What trove-api and trove-taskmanager itself ask of trove-taskmanager.

Interface: `TaskManagerAPI`, `TARGET`.
Upstream: trove/taskmanager/api.py, trove/guestagent/api.py.
"""

from __future__ import annotations

from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient, Target
from oslearn.extensions.trove.models import Values

TARGET = Target("trove-taskmanager")


class TaskManagerAPI:
    """Messages to trove-taskmanager: all but `guest` without an answer."""

    def __init__(self, rpc: RPCClient) -> None:
        self.rpc = rpc

    def run(self, context: RequestContext, task: str, instance_id: str, **args: object) -> None:
        """Have a task done for an instance."""
        self.rpc.cast(context, TARGET, "run", task=task, instance_id=instance_id, args=args)

    def run_again(self, context: RequestContext, task: str, instance_id: str, tries: int, **args: object) -> None:
        """Have it done behind what else waits; `tries` have failed."""
        self.rpc.cast(context, TARGET, "run", task=task, instance_id=instance_id, args=args, tries=tries)

    def guest(self, context: RequestContext, instance_id: str, what: str, *args: object) -> Values:
        """What is in a database server, once `what` is done there. Raises BadRequest, NotFound."""
        return dict(self.rpc.call(context, TARGET, "guest", instance_id=instance_id, what=what, args=list(args)))

    def delete_backup(self, context: RequestContext, backup_id: str) -> None:
        """Have a backup's object removed, and then its row."""
        self.rpc.cast(context, TARGET, "delete_backup", backup_id=backup_id)
