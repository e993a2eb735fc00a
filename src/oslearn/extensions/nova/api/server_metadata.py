"""nova-api: what users note on a server: metadata and tags.

Upstream: nova/api/openstack/compute/server_metadata.py, server_tags.py.
"""

from __future__ import annotations

import re
from typing import Any

from oslearn.core.nova.api import schemas
from oslearn.core.nova.api.common import ServerController
from oslearn.core.nova.api.paging import within
from oslearn.core.nova.api.validation import check_body
from oslearn.core.nova.compute.api_actions import CHANGE_METADATA
from oslearn.core.nova.exception import InstanceInvalidState
from oslearn.core.oslo import policy
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Entry

METADATA, TAGS = "/v2.1/servers/{server_id}/metadata", "/v2.1/servers/{server_id}/tags"
MAX_TAGS = 50
ROUTES: list[Entry] = [
    ("GET", METADATA, "list_metadata"),
    ("POST", METADATA, "add_metadata"),
    ("PUT", METADATA, "replace_metadata"),
    ("GET", METADATA + "/{key}", "show_metadata_item"),
    ("PUT", METADATA + "/{key}", "set_metadata_item"),
    ("DELETE", METADATA + "/{key}", "delete_metadata_item"),
    ("GET", TAGS, "list_tags"),
    ("PUT", TAGS, "replace_tags"),
    ("DELETE", TAGS, "delete_tags"),
    ("GET", TAGS + "/{tag}", "check_tag"),
    ("PUT", TAGS + "/{tag}", "add_tag"),
    ("DELETE", TAGS + "/{tag}", "delete_tag"),
]
RULES: dict[str, policy.Rule] = {
    f"os_compute_api:{what}:{verb}": rule
    for what, verbs in {
        "server-metadata": ("create", "update", "update_all", "delete"),
        "os-server-tags": ("update", "update_all", "delete", "delete_all"),
    }.items()
    for rule, names in ((policy.project_member, verbs), (policy.project_reader, ("index", "show")))
    for verb in names
}


class Metadata(ServerController):
    """Handlers."""

    def list_metadata(self, req: Request, server_id: str) -> dict[str, Any]:
        """All of it. 200, 401, 404."""
        return {"metadata": self.instance(req, server_id, "server-metadata:index")["metadata"]}

    def add_metadata(self, req: Request, server_id: str) -> dict[str, Any]:
        """Add or change some. 200, 400, 401, 403, 404, 409."""
        given = check_body(req, schemas.SET_METADATA)["metadata"]
        instance = self.instance(req, server_id, "server-metadata:create")
        return {"metadata": self._update(req, instance, instance["metadata"] | given)}

    def replace_metadata(self, req: Request, server_id: str) -> dict[str, Any]:
        """Replace all of it. 200, 400, 401, 403, 404, 409."""
        given = check_body(req, schemas.SET_METADATA)["metadata"]
        return {"metadata": self._update(req, self.instance(req, server_id, "server-metadata:update_all"), given)}

    def show_metadata_item(self, req: Request, server_id: str, key: str) -> dict[str, Any]:
        """One item. 200, 401, 404."""
        return {"meta": {key: self._item(self.instance(req, server_id, "server-metadata:show"), key)}}

    def set_metadata_item(self, req: Request, server_id: str, key: str) -> dict[str, Any]:
        """Add or change one. 200, 400, 401, 403, 404, 409."""
        given = check_body(req, schemas.SET_METADATA_ITEM)["meta"]
        instance = self.instance(req, server_id, "server-metadata:update")
        if key not in given:
            raise BadRequest("Request body and URI mismatch")
        self._update(req, instance, instance["metadata"] | given)
        return {"meta": given}

    def delete_metadata_item(self, req: Request, server_id: str, key: str) -> None:
        """Take one away. 204, 401, 403, 404, 409."""
        instance = self.instance(req, server_id, "server-metadata:delete")
        self._item(instance, key)
        left = {k: v for k, v in instance["metadata"].items() if k != key}
        self._update(req, instance, left, "delete metadata")

    def _item(self, instance: dict[str, Any], key: str) -> str:
        if key not in instance["metadata"]:
            raise NotFound("Metadata item was not found")
        return str(instance["metadata"][key])

    def _update(
        self, req: Request, instance: dict[str, Any], metadata: dict[str, str], word: str = "update metadata"
    ) -> dict[str, str]:
        self.compute.update_metadata(req.caller, instance, metadata, word)
        return metadata

    def list_tags(self, req: Request, server_id: str) -> dict[str, Any]:
        """All of them. 200, 401, 404."""
        return {"tags": self._tags(req, server_id, "index")}

    def replace_tags(self, req: Request, server_id: str) -> dict[str, Any]:
        """Replace all of them. 200, 400, 401, 403, 404, 409."""
        tags = check_body(req, schemas.SET_TAGS)["tags"]
        self._tags(req, server_id, "update_all", "update tags")
        self.db.instances.set_tags(server_id, tags)
        return {"tags": sorted(set(tags))}

    def delete_tags(self, req: Request, server_id: str) -> None:
        """Take all of them away. 204, 401, 403, 404, 409."""
        self._tags(req, server_id, "delete_all", "delete tags")
        self.db.instances.set_tags(server_id, [])

    def check_tag(self, req: Request, server_id: str, tag: str) -> None:
        """Whether a server has it. 204, 401, 404."""
        if tag not in self._tags(req, server_id, "show"):
            raise NotFound(f"Server {server_id} has no tag '{tag}'")

    def add_tag(self, req: Request, server_id: str, tag: str) -> Reply:
        """Add one. 201, 204, 400, 401, 403, 404, 409."""
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

    def delete_tag(self, req: Request, server_id: str, tag: str) -> None:
        """Take one away. 204, 401, 403, 404, 409."""
        tags = self._tags(req, server_id, "delete", "delete tag")
        if tag not in tags:
            raise NotFound(f"Instance {server_id} has no tag '{tag}'")
        self.db.instances.set_tags(server_id, [known for known in tags if known != tag])

    def _tags(self, req: Request, server_id: str, rule: str, word: str | None = None) -> list[str]:
        """The tags there are; `word` says what is to change them, which not every state allows."""
        within(req, 26)
        instance = self.instance(req, server_id, f"os-server-tags:{rule}")
        if word and instance["vm_state"] not in CHANGE_METADATA:
            raise InstanceInvalidState(
                method=word, instance_uuid=server_id, attr="vm_state", state=instance["vm_state"]
            )
        return self.db.instances.tags([server_id]).get(server_id, [])
