"""The other services, as Trove asks them: with the user's token, so that all belongs to the user's project.

Interface: `Services`, `NotReady`, `gone`, `place`.
Upstream: trove/common/clients.py, trove/taskmanager/models.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from keystoneauth1 import exceptions as ks

from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.extensions.trove.models import VERSIONS, Backup, Instance, Values

T = TypeVar("T")
CONTAINER = "database_backups"


class NotReady(Exception):
    """The other service is not there yet."""


class Services:
    """REST clients, and the questions about one instance's server, volume and image."""

    def __init__(self, nova: Client, cinder: Client, glance: Client, swift: Client) -> None:
        self.nova, self.cinder, self.glance, self.swift = nova, cinder, glance, swift

    def server(self, context: RequestContext, instance: Instance, status: str) -> Values:
        """The server, once it is in the status. Raises NotReady, BadRequest if it failed."""
        server = self.nova.request("GET", f"/v2.1/servers/{instance.server_id}", context).json()["server"]
        if server["status"] == "ERROR":
            raise BadRequest(f"Server {server['id']} failed: {server.get('fault', {}).get('message', '')}")
        if server["status"] != status:
            raise NotReady()
        return dict(server)

    def act(self, context: RequestContext, instance: Instance, body: Values) -> None:
        """Have Nova do something with the server."""
        self.nova.request("POST", f"/v2.1/servers/{instance.server_id}/action", context, body)

    def volume(self, context: RequestContext, instance: Instance) -> Values:
        """The volume. Raises BadRequest if it failed."""
        url = f"/v3/{context.project_id}/volumes/{instance.volume_id}"
        volume = self.cinder.request("GET", url, context).json()["volume"]
        if volume["status"].startswith("error") and instance.status != "SHUTDOWN":
            raise BadRequest("Failed to create volume.")
        return dict(volume)

    def image(self, context: RequestContext, instance: Instance) -> str:
        """The image with the datastore's tags; without one any will do, as no guest agent runs in it."""
        tags = [("tag", "trove"), ("tag", VERSIONS[instance.datastore_version_id][0])]
        for query in (tags, []):
            found = self.glance.request("GET", "/v2/images", context, params=[*query, ("status", "active")]).json()
            if found["images"]:
                return str(found["images"][-1]["id"])
        raise NotFound("Image cannot be found.")


def place(backup: Backup) -> str:
    """The path of a backup's object, in the project's own account."""
    return f"/v1/AUTH_{backup.project_id}/{CONTAINER}/{backup.id}.json"


def gone(ask: Callable[[], T]) -> T | None:
    """The answer; none of what is not there any more."""
    try:
        return ask()
    except ks.NotFound:
        return None
