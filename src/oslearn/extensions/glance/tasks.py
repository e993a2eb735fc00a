"""Imports, and the tasks that do them after the reply.

Interface: `Imports` makes tasks, `Tasks` shows them, `TaskExecutor.work` does what is due; a `Task` is a row.
Invariants: while a task has an image, no other gets it; a task that fails leaves the image as it was before its data
came; a task that a stopped process left is done by the next.
Upstream: glance/api/v2/images.py (`import_image`), tasks.py, glance/async_/flows/api_image_import.py,
glance/db/sqlalchemy/models.py (`Task`, `TaskInfo`).
Left out: downloads from the web and from other Glances (`glance_image_id`, `glance_region`,
`glance_service_interface`), which this site's filter refuses; image conversion; plugins.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import JSON, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from oslearn.core.glance.api import STORE_ID
from oslearn.core.glance.models import Base, Image, image_get
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock, Ids, iso
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.glance.domain import STAGED
from oslearn.extensions.glance.image_data import Uploads
from oslearn.extensions.glance.images import IMPORT_METHODS
from oslearn.extensions.glance.listing import limit_of, links
from oslearn.extensions.glance.policies import ImagePolicy
from oslearn.extensions.glance.schemas import json_body
from oslearn.extensions.oslo.listing import paged
from oslearn.extensions.oslo.store import Store

LOCK = "os_glance_import_task"
"""The property by which an image says that a task has it."""
TIME_TO_LIVE = timedelta(hours=48)


class Task(Base):
    """Work that goes on after the reply: an import. It outlives its image."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    type: Mapped[str] = mapped_column(String(30))
    status: Mapped[str] = mapped_column(String(30), default="pending")
    owner: Mapped[str | None] = mapped_column(String(255))
    image_id: Mapped[str] = mapped_column(String(36), index=True)
    request_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str | None] = mapped_column(String(64))
    input: Mapped[Body] = mapped_column(JSON)
    result: Mapped[Body | None] = mapped_column(JSON)
    message: Mapped[str] = mapped_column(String(255), default="")
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TaskExecutor:
    """Does tasks, the oldest first. `pending` are the ids of those that wait."""

    def __init__(self, handle: Handle, store: Store, clock: Clock, uploads: Uploads) -> None:
        self.handle, self.store, self.clock, self.uploads = handle, store, clock, uploads
        with handle.session() as session:  # an earlier process may have left some
            self.pending = list(session.scalars(select(Task.id).where(Task.status == "pending")))

    def work(self, due: int) -> None:
        """Do the `due` oldest tasks."""
        for task_id in [self.pending.pop(0) for _ in range(due)]:
            with self.handle.session() as session:
                task = session.get(Task, task_id)
                image = session.get(Image, task.image_id) if task else None
            if image is not None and image.status == "active":
                error = ""  # a killed process had done it, and did not come to say so
                self.store.delete(STAGED.format(image.id))
            else:
                error = self._import(image) if image else "Image was deleted"
            now = self.clock.now()
            done: Body = {"message": error, "updated_at": now, "expires_at": now + TIME_TO_LIVE}
            if image and not error:
                done["result"] = {"image_id": image.id}
            done["status"] = "failure" if error else "success"
            self.handle.write(update(Task).where(Task.id == task_id).values(done))

    def _import(self, image: Image) -> str:
        """Take the staged data; what went wrong, or nothing."""
        staged, size, error = STAGED.format(image.id), image.size or 0, ""
        own = {name: value for name, value in image.properties.items() if name != LOCK}
        own |= {"os_glance_importing_to_stores": "", "os_glance_failed_import": ""}
        try:
            self.uploads.activate(image, self.store.open(staged, 0, size), properties=own)
        except (exception.OpenStackError, OSError) as refused:
            error = str(refused)
            self.uploads.save(
                image.id, status="queued", size=None, properties=own | {"os_glance_failed_import": STORE_ID}
            )
        self.store.delete(staged)
        return error


class Imports:
    """Imports of one image's staged data."""

    def __init__(self, handle: Handle, ids: Ids, clock: Clock, policy: ImagePolicy, executor: TaskExecutor) -> None:
        self.handle, self.ids, self.clock, self.policy, self.executor = handle, ids, clock, policy, executor

    def create(self, req: Request, image_id: str) -> Reply:
        """Make a task of it. 202, 400, 403, 404, 409."""
        body = json_body(req)
        method = method_of(body)
        with self.handle.session() as session:
            image = image_get(session, req.caller, image_id)
            check_state(image, method["name"])
            self.policy.enforce(req, "copy_image" if method["name"] == "copy-image" else "modify_image", image)
            if LOCK in image.properties:
                raise exception.Conflict("Image has active task")
            if body.get("stores", [STORE_ID]) != [STORE_ID]:
                raise exception.Conflict(f"Unknown scheme '{body['stores']}' found in URI")
            if method["name"] == "copy-image":
                if not body.get("all_stores"):
                    raise exception.BadRequest(f"Image is already present at store '{STORE_ID}'")
                return Reply(202, "")  # it is in every store
            if method["name"] == "web-download":
                raise exception.BadRequest(f"URI for web-download does not pass filtering: {method.get('uri')}")
            self._add_task(session, req, image, body)
        return Reply(202, "")

    def index(self, req: Request, image_id: str) -> Body:
        """The caller's own. 200, 404."""
        query = select(Task).where(Task.image_id == image_id).order_by(Task.created_at)
        if not req.caller.is_admin:
            query = query.where(Task.owner == req.caller.project_id)
        with self.handle.session() as session:
            image_get(session, req.caller, image_id)
            return {"tasks": [view_task(task) for task in session.scalars(query)]}

    def _add_task(self, session: Session, req: Request, image: Image, body: Body) -> None:
        now, caller = self.clock.now(), req.caller
        about = {"image_id": image.id, "import_req": body, "backend": [STORE_ID]}
        task = Task(id=self.ids.uuid(), type="api_image_import", status="pending", owner=caller.project_id, input=about,
                    image_id=image.id, request_id=caller.request_id, user_id=caller.user_id, message="",
                    created_at=now, updated_at=now)  # fmt: skip
        session.add(task)
        image.properties = image.properties | {LOCK: task.id}
        self.executor.pending.append(task.id)


class Tasks:
    """All tasks there are, for an admin."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def index(self, req: Request) -> Body:
        """The newest first, a page of them. 200, 400, 403."""
        limit, known, at = limit_of(req.query), ("status", "type"), None
        query = select(Task).where(*(getattr(Task, k) == req.query[k] for k in known if k in req.query))
        with self.handle.session() as session:
            if "marker" in req.query:
                marker = session.get(Task, req.query["marker"])
                if marker is None:
                    raise exception.BadRequest("Invalid marker format")
                at = [marker.created_at]
            tasks = session.scalars(paged(query, [(Task.created_at, True)], at, limit)).all()
        after = tasks[-1].id if tasks and len(tasks) == limit else None
        return {"tasks": [view_task(task, ()) for task in tasks]} | links("tasks", req.query, after)

    def create(self, req: Request) -> None:
        """Refused: upstream's older import, which only ever was from the web. 400, 403."""
        body = json_body(req)
        for name in ("type", "input"):
            if name not in body:
                raise exception.BadRequest(f"Task '{name}' is required")
        if body["type"] != "import" or not isinstance(body["input"], dict):
            raise exception.BadRequest(f"Provided type of task is unsupported: {body['type']}")
        uri = body["input"].get("import_from")
        raise exception.BadRequest(f"URI for legacy import task does not pass filtering: {uri}")

    def show(self, req: Request, task_id: str) -> Body:
        """One task, with what came of it. 200, 403, 404."""
        with self.handle.session() as session:
            task = session.get(Task, task_id)
            if task is None:
                raise exception.NotFound(f"Task with the given id {task_id} was not found")
            return view_task(task)

    def delete(self, req: Request, task_id: str) -> None:
        """Refused: they end by themselves. 403, 405."""
        raise exception.MethodNotAllowed(
            "This operation is currently not permitted on Glance Tasks. They are auto deleted after reaching the time "
            "based on their expires_at property."
        )


def method_of(body: Body) -> Body:
    """What is asked for. Raises BadRequest."""
    method = body.get("method")
    if not isinstance(method, dict):
        raise exception.BadRequest("Import request requires a 'method' field.")
    if "name" not in method:
        raise exception.BadRequest("Import request requires a 'name' field.")
    if method["name"] not in IMPORT_METHODS:
        raise exception.BadRequest(f"Unknown import method name '{method['name']}'.")
    for name in ("all_stores_must_succeed", "all_stores"):
        if not isinstance(body.get(name, False), bool):
            raise exception.BadRequest(f"'{name}' must be boolean value only")
    return method


def check_state(image: Image, method: str) -> None:
    """Whether an image can be imported that way now. Raises Conflict."""
    active, needed = image.status == "active", {"web-download": "queued", "glance-direct": "uploading"}.get(method)
    if active and needed:
        raise exception.Conflict("Image with status active cannot be target for import")
    if not active and not needed:
        raise exception.Conflict("Only images with status active can be targeted for copying")
    if needed == "queued" != image.status:
        raise exception.Conflict(f"Image needs to be in 'queued' state to use '{method}' method")
    if needed == "uploading" != image.status:
        raise exception.Conflict("Image needs to be staged before 'glance-direct' method can be used")
    for name in ("container_format", "disk_format"):
        if not getattr(image, name):
            raise exception.Conflict(f"'{name}' needs to be set before import")


def view_task(task: Task, names: tuple[str, ...] = ("input", "result", "message")) -> Body:
    """A task as the API shows it; in a list without `names`."""
    shown = {name: getattr(task, name) for name in ("id", "type", "status", "owner", *names)}
    shown |= {"created_at": iso(task.created_at), "updated_at": iso(task.updated_at)}
    about = {name: getattr(task, name) for name in ("image_id", "request_id", "user_id")} if names else {}
    ends = {"expires_at": iso(task.expires_at)} if task.expires_at else {}
    return shown | about | ends | {"self": f"/v2/tasks/{task.id}", "schema": "/v2/schemas/task"}
