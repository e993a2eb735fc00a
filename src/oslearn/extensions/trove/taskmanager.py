"""trove-taskmanager: builds database servers out of other services' things, and takes them apart.

Interface: the RPC methods of `Manager`, topic `trove-taskmanager`; the methods of `Tasks` are what `run` does.
Invariants: it asks Nova, Cinder, Glance and Swift over their APIs, with the user's token, so that all belongs to the
user's project; nothing waits: a task that finds the other service not ready sends itself to the end of the queue, at
most TRIES times; a task that fails leaves its instance in ERROR, with a fault.
Upstream: trove/taskmanager/manager.py, models.py.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from oslearn.core.oslo.adapter import TransportError, why
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import OpenStackError
from oslearn.extensions.trove.clients import NotReady, Services, gone, place
from oslearn.extensions.trove.guestagent import GuestAgents
from oslearn.extensions.trove.models import Backup, Instance, Values
from oslearn.extensions.trove.rpcapi import TaskManagerAPI

LOG = logging.getLogger(__name__)
TRIES = 50
ONLINE = {"OpenStack-API-Version": "volume 3.42"}
"""The first microversion of Cinder's that extends a volume in use."""


class Tasks:
    """What takes time, in steps: each does one thing and sends the next."""

    def __init__(
        self, handle: Handle, clock: Clock, api: TaskManagerAPI, services: Services, guests: GuestAgents
    ) -> None:
        self.handle, self.clock, self.api, self.services, self.guests = handle, clock, api, services, guests

    def next(self, context: RequestContext, task: str, instance: Instance, **args: object) -> None:
        """Send the next step."""
        self.api.run_again(context, task, instance.id, 0, **args)

    def save(self, instance_id: str, **values: object) -> None:
        """Change an instance's row."""
        with self.handle.session() as session:
            instance = session.get_one(Instance, instance_id)
            for name, value in (values | {"updated": self.clock.now()}).items():
                setattr(instance, name, value)

    # --- an instance: volume → server → guest ---

    def create_instance(self, context: RequestContext, instance: Instance, **wanted: Any) -> None:
        """The volume first: a server boots from it."""
        body = {"size": instance.volume_size, "name": f"trove-{instance.id}", "volume_type": wanted.pop("volume_type")}
        url = f"/v3/{context.project_id}/volumes"
        made = self.services.cinder.request("POST", url, context, {"volume": body}).json()["volume"]
        self.save(instance.id, volume_id=made["id"])
        self.next(context, "create_server", instance, **wanted)

    def create_server(self, context: RequestContext, instance: Instance, **wanted: Any) -> None:
        """Once the volume is there, a server on it. Raises NotReady."""
        if self.services.volume(context, instance)["status"] != "available":
            raise NotReady()
        disk = {"uuid": instance.volume_id, "source_type": "volume", "destination_type": "volume", "boot_index": -1}
        body: Values = {
            "name": instance.name,
            "flavorRef": instance.flavor_id,
            "imageRef": self.services.image(context, instance),
        }
        body |= {"block_device_mapping_v2": [disk], "metadata": {"trove_instance_id": instance.id}}
        body |= {key: wanted[key] for key in ("networks", "availability_zone") if wanted.get(key)}
        made = self.services.nova.request("POST", "/v2.1/servers", context, {"server": body}).json()["server"]
        self.save(instance.id, server_id=made["id"])
        self.next(context, "prepare", instance, **{key: wanted[key] for key in ("databases", "users", "backup_id")})

    def prepare(
        self, context: RequestContext, instance: Instance, databases: list[str], users: list[Values], backup_id: str
    ) -> None:
        """What the guest agent does first: start the database, restore the backup, make what was asked for."""
        server = self.services.server(context, instance, "ACTIVE")
        found = [a for them in server["addresses"].values() for a in them]
        addresses = [{"address": a["addr"], "type": "private", "network": None} for a in found]
        guest: Values = {"databases": [], "users": {}}
        if backup_id:
            with self.handle.session() as session:
                backup = session.get_one(Backup, backup_id)
            guest = self.services.swift.request("GET", place(backup), context).json()
        self.guests.agent.create_databases(guest, databases)
        self.guests.agent.create_users(guest, users)
        state = {"status": "ACTIVE", "operating_status": "HEALTHY", "addresses": {"addresses": addresses}}
        self.save(instance.id, guest=guest, **state)

    def delete_instance(self, context: RequestContext, instance: Instance) -> None:
        """The server first: while it runs, its volume is in use."""
        if instance.server_id:
            gone(lambda: self.services.nova.request("DELETE", f"/v2.1/servers/{instance.server_id}", context))
        self.next(context, "delete_volume", instance)

    def delete_volume(self, context: RequestContext, instance: Instance) -> None:
        """Once no server holds it, the volume, and then the row. Raises NotReady."""
        if instance.volume_id:
            url = f"/v3/{context.project_id}/volumes/{instance.volume_id}"
            volume = gone(lambda: self.services.volume(context, instance))
            if volume is not None and volume["status"] not in ("available", "error"):
                raise NotReady()
            gone(lambda: self.services.cinder.request("DELETE", url, context))
        with self.handle.session() as session:
            session.delete(session.get_one(Instance, instance.id))

    # --- changes ---

    def resize_volume(self, context: RequestContext, instance: Instance, size: int) -> None:
        """Have Cinder extend the volume under the running server."""
        url = f"/v3/{context.project_id}/volumes/{instance.volume_id}/action"
        self.services.cinder.request("POST", url, context, {"os-extend": {"new_size": size}}, headers=ONLINE)
        self.next(context, "finish_resize_volume", instance, size=size)

    def finish_resize_volume(self, context: RequestContext, instance: Instance, size: int) -> None:
        """Once the volume is as large. Raises NotReady."""
        if self.services.volume(context, instance)["size"] != size:
            raise NotReady()
        self.save(instance.id, volume_size=size, status="ACTIVE")

    def resize_flavor(self, context: RequestContext, instance: Instance, flavor_id: str, ram: int) -> None:
        """Have Nova resize the server."""
        self.services.act(context, instance, {"resize": {"flavorRef": flavor_id}})
        self.next(context, "confirm_resize", instance, flavor_id=flavor_id, ram=ram)

    def confirm_resize(self, context: RequestContext, instance: Instance, flavor_id: str, ram: int) -> None:
        """Once the server runs with the other flavor: nobody else confirms it. Raises NotReady."""
        self.services.server(context, instance, "VERIFY_RESIZE")
        self.services.act(context, instance, {"confirmResize": None})
        self.save(instance.id, flavor_id=flavor_id, ram=ram)
        self.next(context, "finish", instance)

    def finish(self, context: RequestContext, instance: Instance) -> None:
        """Once the server runs, so does the database. Raises NotReady."""
        self.services.server(context, instance, "ACTIVE")
        self.save(instance.id, status="ACTIVE")

    def create_backup(self, context: RequestContext, instance: Instance, backup_id: str) -> None:
        """Write what the guest agent knows into an object of the user's."""
        with self.handle.session() as session:
            backup = session.get_one(Backup, backup_id)
        data, values = json.dumps(self.guests.ask(instance.id, "", [])).encode(), {"state": "COMPLETED"}
        where, swift = place(backup), self.services.swift
        try:
            self.services.swift.request("PUT", where.rpartition("/")[0], context)
            self.services.swift.request(
                "PUT", where, context, data=data, headers={"Content-Type": "application/octet-stream"}
            )
        except TransportError:
            values = {"state": "FAILED"}
        with self.handle.session() as session:
            backup = session.get_one(Backup, backup_id)
            backup.state, backup.location = values["state"], swift.base_url + where
            backup.size, backup.updated = round(len(data) / (1 << 30), 2), self.clock.now()
        self.save(instance.id, status="ACTIVE")


class Manager:
    """The RPC methods."""

    def __init__(self, handle: Handle, api: TaskManagerAPI, tasks: Tasks, guests: GuestAgents) -> None:
        self.handle, self.api, self.tasks, self.guests = handle, api, tasks, guests

    def guest(self, context: RequestContext, instance_id: str, what: str, args: list[object]) -> Values:
        """Do something in the server; returns what it knows afterwards. Raises BadRequest, NotFound."""
        return self.guests.ask(instance_id, what, args)

    def run(self, context: RequestContext, task: str, instance_id: str, args: Values, tries: int = 0) -> None:
        """Do a task, now or, if something is not ready, after what else waits in the queue."""
        with self.handle.session() as session:
            instance = session.get(Instance, instance_id)
        if instance is None:
            return  # deleted while the task waited
        try:
            getattr(self.tasks, task)(context, instance, **args)
        except NotReady:
            if tries < TRIES:
                self.api.run_again(context, task, instance_id, tries + 1, **args)
            else:
                self.tasks.save(instance_id, status="ERROR", fault=f"Timed out: {task}.")
        except (OpenStackError, *TransportError) as error:
            LOG.warning("Task %s of instance %s: %s", task, instance_id, error)
            self.tasks.save(instance_id, status="ERROR", fault=why(error)[:255])

    def delete_backup(self, context: RequestContext, backup_id: str) -> None:
        """Remove the object and the row."""
        with self.handle.session() as session:
            backup = session.get_one(Backup, backup_id)
        gone(lambda: self.tasks.services.swift.request("DELETE", place(backup), context))
        with self.handle.session() as session:
            session.delete(session.get_one(Backup, backup_id))
