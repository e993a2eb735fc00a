"""nova-api: what users note on a server: metadata and tags.

Upstream: nova/api/openstack/compute/server_metadata.py, server_tags.py.
"""

from __future__ import annotations

import re

from oslearn.core.nova.api.servers import ServerAccess
from oslearn.core.nova.objects import Instance
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.nova.compute.actions import CHANGE_METADATA, InstanceActions
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.exception import InstanceInvalidState

MAX_TAGS = 50
RULES: dict[str, policy.Rule] = {
    f"os_compute_api:{what}:{verb}": rule
    for what, verbs in {
        "server-metadata": ("create", "update", "update_all", "delete"),
        "os-server-tags": ("update", "update_all", "delete", "delete_all"),
    }.items()
    for rule, names in ((policy.project_member, verbs), (policy.project_reader, ("index", "show")))
    for verb in names
}


class ServerMetadata:
    """Words with values, in the database as a user gives them."""

    def __init__(self, access: ServerAccess, actions: InstanceActions) -> None:
        self.access, self.actions = access, actions

    def index(self, req: Request, server_id: str) -> Body:
        """All that is noted on a server. 200, 401, 404."""
        return {"metadata": self.access.instance(req, server_id, "server-metadata:index")["metadata"]}

    def add(self, req: Request, server_id: str, wanted: Body) -> Body:
        """Add or change some. 200, 400, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "server-metadata:create")
        return {"metadata": self._update(req, instance, instance["metadata"] | wanted["metadata"])}

    def replace(self, req: Request, server_id: str, wanted: Body) -> Body:
        """Replace all of it. 200, 400, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "server-metadata:update_all")
        return {"metadata": self._update(req, instance, wanted["metadata"])}

    def show(self, req: Request, server_id: str, key: str) -> Body:
        """The value of one word. 200, 401, 404."""
        return {"meta": {key: self._item(self.access.instance(req, server_id, "server-metadata:show"), key)}}

    def update(self, req: Request, server_id: str, key: str, wanted: Body) -> Body:
        """Add or change one. 200, 400, 401, 403, 404, 409."""
        given = wanted["meta"]
        instance = self.access.instance(req, server_id, "server-metadata:update")
        if key not in given:
            raise BadRequest("Request body and URI mismatch")
        self._update(req, instance, instance["metadata"] | given)
        return {"meta": given}

    def delete(self, req: Request, server_id: str, key: str) -> None:
        """Take one word and its value away. 204, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "server-metadata:delete")
        self._item(instance, key)
        left = {k: v for k, v in instance["metadata"].items() if k != key}
        self._update(req, instance, left, "delete metadata")

    def _item(self, instance: Instance, key: str) -> str:
        if key not in instance["metadata"]:
            raise NotFound("Metadata item was not found")
        return str(instance["metadata"][key])

    def _update(
        self, req: Request, instance: Instance, metadata: dict[str, str], word: str = "update metadata"
    ) -> dict[str, str]:
        self.actions.update_metadata(req.caller, instance, metadata, word)
        return metadata


class ServerTags:
    """Words alone, by which servers can be found."""

    def __init__(self, access: ServerAccess, db: ExtendedDB) -> None:
        self.access, self.db = access, db

    def index(self, req: Request, server_id: str) -> Body:
        """All the tags of a server. 200, 401, 404."""
        return {"tags": self._tags(req, server_id, "index")}

    def replace(self, req: Request, server_id: str, wanted: Body) -> Body:
        """Replace all of them. 200, 400, 401, 403, 404, 409."""
        tags = wanted["tags"]
        self._tags(req, server_id, "update_all", "update tags")
        self.db.instances.set_tags(server_id, tags)
        return {"tags": sorted(set(tags))}

    def delete_all(self, req: Request, server_id: str) -> None:
        """Take all of them away. 204, 401, 403, 404, 409."""
        self._tags(req, server_id, "delete_all", "delete tags")
        self.db.instances.set_tags(server_id, [])

    def show(self, req: Request, server_id: str, tag: str) -> None:
        """Whether a server has it. 204, 401, 404."""
        if tag not in self._tags(req, server_id, "show"):
            raise NotFound(f"Server {server_id} has no tag '{tag}'")

    def update(self, req: Request, server_id: str, tag: str) -> Reply:
        """Add a tag; it may be there already. 201, 204, 400, 401, 403, 404, 409."""
        tags = self._tags(req, server_id, "update", "update tag")
        fault = (
            f"'{tag}' is too long"
            if len(tag) > 60
            else ""
            if re.search("^[^,/]+$", tag)
            else (f"'{tag}' does not match '^[^,/]*$'")
        )
        if fault:
            raise BadRequest(
                f"Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ','. Validation "
                f"error message: {fault}"
            )
        if len(tags) >= MAX_TAGS:
            raise BadRequest(f"The number of tags exceeded the per-server limit {MAX_TAGS}")
        if tag in tags:
            return Reply(204)
        self.db.instances.set_tags(server_id, [*tags, tag])
        return Reply(201, None, {"Location": f"{req.prefix}/v2.1/servers/{server_id}/tags/{tag}"})

    def delete(self, req: Request, server_id: str, tag: str) -> None:
        """Take a tag away. 204, 401, 403, 404, 409."""
        tags = self._tags(req, server_id, "delete", "delete tag")
        if tag not in tags:
            raise NotFound(f"Instance {server_id} has no tag '{tag}'")
        self.db.instances.set_tags(server_id, [known for known in tags if known != tag])

    def _tags(self, req: Request, server_id: str, rule: str, word: str | None = None) -> list[str]:
        """The tags there are; `word` says what is to change them, which not every state allows."""
        instance = self.access.instance(req, server_id, f"os-server-tags:{rule}")
        if word and instance["vm_state"] not in CHANGE_METADATA:
            raise InstanceInvalidState(
                method=word, instance_uuid=server_id, attr="vm_state", state=instance["vm_state"]
            )
        return self.db.instances.tags([server_id]).get(server_id, [])
