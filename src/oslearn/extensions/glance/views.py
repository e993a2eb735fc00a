"""Members and tasks as the API shows them.

Upstream: glance/api/v2/image_members.py, tasks.py (`ResponseSerializer`).
"""

from __future__ import annotations

from oslearn.core.glance.models import Member
from oslearn.core.oslo.clock import iso
from oslearn.core.oslo.context import Body
from oslearn.extensions.glance.models import Task


def _times(row: Member | Task) -> Body:
    return {"created_at": iso(row.created_at), "updated_at": iso(row.updated_at)}


def view_member(member: Member) -> Body:
    """A member as the API shows it."""
    shown = {"member_id": member.member_id, "image_id": member.image_id, "status": member.status}
    return shown | _times(member) | {"schema": "/v2/schemas/member"}


def view_task(task: Task, names: tuple[str, ...] = ("input", "result", "message")) -> Body:
    """A task as the API shows it; in a list without `names`."""
    shown = {name: getattr(task, name) for name in ("id", "type", "status", "owner", *names)} | _times(task)
    about = {name: getattr(task, name) for name in ("image_id", "request_id", "user_id")} if names else {}
    ends = {"expires_at": iso(task.expires_at)} if task.expires_at else {}
    return shown | about | ends | {"self": f"/v2/tasks/{task.id}", "schema": "/v2/schemas/task"}
