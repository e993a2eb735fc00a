"""Images, members and tasks as the API shows them.

Upstream: glance/api/v2/images.py (`ResponseSerializer`), image_members.py, tasks.py.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.glance.models import Image, Member, Task
from oslearn.core.oslo.clock import iso

BASE = (
    "name", "disk_format", "container_format", "visibility", "size", "virtual_size", "status", "checksum", "protected",
    "min_ram", "min_disk", "owner", "os_hidden", "os_hash_algo", "os_hash_value", "id",
)  # fmt: skip
STORE_ID = "fs"


def _times(row: Image | Member | Task) -> dict[str, Any]:
    return {"created_at": iso(row.created_at), "updated_at": iso(row.updated_at)}


def view(image: Image) -> dict[str, Any]:
    """The image as the API shows it: its own properties are keys beside the others."""
    path = f"/v2/images/{image.id}"
    shown = dict(image.properties) | {name: getattr(image, name) for name in BASE} | _times(image)
    shown |= {"tags": image.tags, "self": path, "file": f"{path}/file", "schema": "/v2/schemas/image"}
    return shown | ({"stores": STORE_ID} if image.status in ("active", "deactivated") else {})


def view_member(member: Member) -> dict[str, Any]:
    """A member as the API shows it."""
    shown = {"member_id": member.member_id, "image_id": member.image_id, "status": member.status}
    return shown | _times(member) | {"schema": "/v2/schemas/member"}


def view_task(task: Task, names: tuple[str, ...] = ("input", "result", "message")) -> dict[str, Any]:
    """A task as the API shows it; in a list without `names`."""
    shown = {name: getattr(task, name) for name in ("id", "type", "status", "owner", *names)} | _times(task)
    about = {name: getattr(task, name) for name in ("image_id", "request_id", "user_id")} if names else {}
    ends = {"expires_at": iso(task.expires_at)} if task.expires_at else {}
    return shown | about | ends | {"self": f"/v2/tasks/{task.id}", "schema": "/v2/schemas/task"}
