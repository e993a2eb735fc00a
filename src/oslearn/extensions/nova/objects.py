"""What Nova's processes tell each other beyond a boot: moves, and what was done with an instance.

Interface: `Migration`, `InstanceAction`, `InstanceActionEvent`.
Upstream: nova/objects/migration.py, nova/objects/instance_action.py.
"""

from __future__ import annotations

from typing import TypedDict


class Migration(TypedDict):
    """An instance on its way from one host to another, and how far it is."""

    id: int
    uuid: str
    instance_uuid: str
    source_compute: str
    source_node: str
    dest_compute: str
    dest_node: str
    dest_host: str | None
    old_instance_type_id: int | None
    new_instance_type_id: int | None
    migration_type: str
    status: str
    user_id: str | None
    project_id: str | None
    created_at: str
    updated_at: str | None


class InstanceAction(TypedDict):
    """What somebody asked to be done with an instance, by the id of their request."""

    id: int
    action: str
    instance_uuid: str
    request_id: str
    user_id: str | None
    project_id: str | None
    start_time: str
    updated_at: str
    message: str | None


class InstanceActionEvent(TypedDict):
    """What one process did of an action."""

    id: int
    action_id: int
    event: str
    start_time: str
    finish_time: str | None
    result: str | None
    traceback: str | None
    host: str | None
    details: str | None
