"""trove-taskmanager: builds database servers out of other services' things, and takes them apart.

Interface: the RPC methods of `Manager`, topic `trove-taskmanager`.
Invariants: it asks Nova, Cinder, Glance and Swift over their APIs, with the user's token, so that all belongs to the
user's project; nothing waits: a task that finds the other service not ready sends itself to the end of the queue, at
most TRIES times; a task that fails leaves its instance in ERROR, with a fault.
Upstream: trove/taskmanager/manager.py, models.py.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.core.oslo.adapter import Client, TransportError, why
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, NotFound, OpenStackError
from oslearn.core.oslo.messaging import RPCClient, Target
from oslearn.extensions.trove.guestagent import Guest
from oslearn.extensions.trove.models import VERSIONS, Backup, Instance, Values

LOG = logging.getLogger(__name__)
TARGET = Target("trove-taskmanager")
TRIES = 50
CONTAINER = "database_backups"
ONLINE = {"OpenStack-API-Version": "volume 3.42"}


class NotReady(Exception):
    """The other service is not there yet."""


class Manager(Guest):
    """The RPC methods; each task is a method `_<name>` that may raise NotReady."""

    def __init__(self, handle: Handle, clock: Clock, rpc: RPCClient, rest: Callable[[str], Client]) -> None:
        self.handle, self.clock, self.rpc = handle, clock, rpc
        self.nova, self.cinder, self.glance, self.swift = map(rest, ("compute", "volume", "image", "object-store"))

    def guest(self, context: RequestContext, instance_id: str, what: str, args: list[Any]) -> Values:
        """Do something in the server; returns what it knows afterwards. Raises BadRequest, NotFound."""
        with self.handle.session() as session:
            instance = session.get_one(Instance, instance_id)
            known = json.loads(json.dumps({"databases": [], "users": {}} | instance.guest))
            if what:
                getattr(self, what)(known, *args)
                instance.guest = known
        return dict(known)

    def run(self, context: RequestContext, task: str, instance_id: str, args: Values, tries: int = 0) -> None:
        """Do a task, now or, if something is not ready, after what else waits in the queue."""
        with self.handle.session() as session:
            instance = session.get(Instance, instance_id)
        if instance is None:
            return  # deleted while the task waited
        try:
            getattr(self, f"_{task}")(context, instance, **args)
        except NotReady:
            if tries < TRIES:
                self._then(context, task, instance, tries + 1, **args)
            else:
                self.save(instance_id, status="ERROR", fault=f"Timed out: {task}.")
        except (OpenStackError, *TransportError) as error:
            LOG.warning("Task %s of instance %s: %s", task, instance_id, error)
            self.save(instance_id, status="ERROR", fault=why(error)[:255])

    def _then(self, context: RequestContext, task: str, instance: Instance, tries: int = 0, **args: Any) -> None:
        self.rpc.cast(context, TARGET, "run", task=task, instance_id=instance.id, args=args, tries=tries)

    def save(self, instance_id: str, **values: Any) -> None:
        """Change an instance's row."""
        with self.handle.session() as session:
            instance = session.get_one(Instance, instance_id)
            for name, value in (values | {"updated": self.clock.now()}).items():
                setattr(instance, name, value)

    # --- an instance: volume → server → guest ---

    def _create_instance(self, context: RequestContext, instance: Instance, **wanted: Any) -> None:
        body = {"size": instance.volume_size, "name": f"trove-{instance.id}", "volume_type": wanted.pop("volume_type")}
        url = f"/v3/{context.project_id}/volumes"
        made = self.cinder.request("POST", url, context, {"volume": body}).json()["volume"]
        self.save(instance.id, volume_id=made["id"])
        self._then(context, "create_server", instance, **wanted)

    def _create_server(self, context: RequestContext, instance: Instance, **wanted: Any) -> None:
        if self._volume(context, instance)["status"] != "available":
            raise NotReady()
        disk = {"uuid": instance.volume_id, "source_type": "volume", "destination_type": "volume", "boot_index": -1}
        body: Values = {
            "name": instance.name,
            "flavorRef": instance.flavor_id,
            "imageRef": self._image(context, instance),
        }
        body |= {"block_device_mapping_v2": [disk], "metadata": {"trove_instance_id": instance.id}}
        body |= {key: wanted[key] for key in ("networks", "availability_zone") if wanted.get(key)}
        made = self.nova.request("POST", "/v2.1/servers", context, {"server": body}).json()["server"]
        self.save(instance.id, server_id=made["id"])
        self._then(context, "prepare", instance, **{key: wanted[key] for key in ("databases", "users", "backup_id")})

    def _prepare(
        self, context: RequestContext, instance: Instance, databases: list[str], users: list[Values], backup_id: str
    ) -> None:
        """What the guest agent does first: start the database, restore the backup, make what was asked for."""
        server = self._server(context, instance, "ACTIVE")
        found = [a for them in server["addresses"].values() for a in them]
        addresses = [{"address": a["addr"], "type": "private", "network": None} for a in found]
        guest: Values = {"databases": [], "users": {}}
        if backup_id:
            with self.handle.session() as session:
                backup = session.get_one(Backup, backup_id)
            guest = self.swift.request("GET", self._object(backup), context).json()
        self.create_databases(guest, databases)
        self.create_users(guest, users)
        state = {"status": "ACTIVE", "operating_status": "HEALTHY", "addresses": {"addresses": addresses}}
        self.save(instance.id, guest=guest, **state)

    def _delete_instance(self, context: RequestContext, instance: Instance) -> None:
        if instance.server_id:
            self._gone(lambda: self.nova.request("DELETE", f"/v2.1/servers/{instance.server_id}", context))
        self._then(context, "delete_volume", instance)

    def _delete_volume(self, context: RequestContext, instance: Instance) -> None:
        if instance.volume_id:
            url = f"/v3/{context.project_id}/volumes/{instance.volume_id}"
            volume = self._gone(lambda: self._volume(context, instance))
            if volume is not None and volume["status"] not in ("available", "error"):
                raise NotReady()
            self._gone(lambda: self.cinder.request("DELETE", url, context))
        with self.handle.session() as session:
            session.delete(session.get_one(Instance, instance.id))

    # --- changes ---

    def _resize_volume(self, context: RequestContext, instance: Instance, size: int) -> None:
        url = f"/v3/{context.project_id}/volumes/{instance.volume_id}/action"
        self.cinder.request("POST", url, context, {"os-extend": {"new_size": size}}, headers=ONLINE)
        self._then(context, "finish_resize_volume", instance, size=size)

    def _finish_resize_volume(self, context: RequestContext, instance: Instance, size: int) -> None:
        if self._volume(context, instance)["size"] != size:
            raise NotReady()
        self.save(instance.id, volume_size=size, status="ACTIVE")

    def _resize_flavor(self, context: RequestContext, instance: Instance, flavor_id: str, ram: int) -> None:
        self._act(context, instance, {"resize": {"flavorRef": flavor_id}})
        self._then(context, "confirm_resize", instance, flavor_id=flavor_id, ram=ram)

    def _confirm_resize(self, context: RequestContext, instance: Instance, flavor_id: str, ram: int) -> None:
        self._server(context, instance, "VERIFY_RESIZE")
        self._act(context, instance, {"confirmResize": None})
        self.save(instance.id, flavor_id=flavor_id, ram=ram)
        self._then(context, "finish", instance)

    def _finish(self, context: RequestContext, instance: Instance) -> None:
        self._server(context, instance, "ACTIVE")
        self.save(instance.id, status="ACTIVE")

    def _create_backup(self, context: RequestContext, instance: Instance, backup_id: str) -> None:
        with self.handle.session() as session:
            backup = session.get_one(Backup, backup_id)
        data, values = json.dumps(self.guest(context, instance.id, "", [])).encode(), {"state": "COMPLETED"}
        place = self._object(backup)
        try:
            self.swift.request("PUT", place.rpartition("/")[0], context)
            self.swift.request("PUT", place, context, data=data, headers={"Content-Type": "application/octet-stream"})
        except TransportError:
            values = {"state": "FAILED"}
        with self.handle.session() as session:
            backup = session.get_one(Backup, backup_id)
            backup.state, backup.location = values["state"], self.swift.base_url + place
            backup.size, backup.updated = round(len(data) / (1 << 30), 2), self.clock.now()
        self.save(instance.id, status="ACTIVE")

    def delete_backup(self, context: RequestContext, backup_id: str) -> None:
        """Remove the object and the row."""
        with self.handle.session() as session:
            backup = session.get_one(Backup, backup_id)
        self._gone(lambda: self.swift.request("DELETE", self._object(backup), context))
        with self.handle.session() as session:
            session.delete(session.get_one(Backup, backup_id))

    # --- the other services ---

    def _server(self, context: RequestContext, instance: Instance, status: str) -> Values:
        """The server, once it is in the status. Raises NotReady, BadRequest if it failed."""
        server = self.nova.request("GET", f"/v2.1/servers/{instance.server_id}", context).json()["server"]
        if server["status"] == "ERROR":
            raise BadRequest(f"Server {server['id']} failed: {server.get('fault', {}).get('message', '')}")
        if server["status"] != status:
            raise NotReady()
        return dict(server)

    def _act(self, context: RequestContext, instance: Instance, body: Values) -> None:
        self.nova.request("POST", f"/v2.1/servers/{instance.server_id}/action", context, body)

    def _volume(self, context: RequestContext, instance: Instance) -> Values:
        """The volume. Raises BadRequest if it failed."""
        url = f"/v3/{context.project_id}/volumes/{instance.volume_id}"
        volume = self.cinder.request("GET", url, context).json()["volume"]
        if volume["status"].startswith("error") and instance.status != "SHUTDOWN":
            raise BadRequest("Failed to create volume.")
        return dict(volume)

    def _image(self, context: RequestContext, instance: Instance) -> str:
        """The image with the datastore's tags; without one any will do, as no guest agent runs in it."""
        tags = [("tag", "trove"), ("tag", VERSIONS[instance.datastore_version_id][0])]
        for query in (tags, []):
            found = self.glance.request("GET", "/v2/images", context, params=[*query, ("status", "active")]).json()
            if found["images"]:
                return str(found["images"][-1]["id"])
        raise NotFound("Image cannot be found.")

    def _object(self, backup: Backup) -> str:
        return f"/v1/AUTH_{backup.project_id}/{CONTAINER}/{backup.id}.json"

    def _gone(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except ks.NotFound:
            return None
