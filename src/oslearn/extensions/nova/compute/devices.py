"""nova-api: volumes and ports that come to an instance while it is there, or leave it.

Interface: `Devices`.
Invariants: a volume is reserved in Cinder before the host hears of it; what cannot be attached is refused here, where
the user is told.
Upstream: nova/compute/api.py: `attach_volume`, `detach_volume`, `attach_interface`, `detach_interface`. Left out: the
swap of volumes, which only a volume migration asks for; several instances at one volume.
"""

from __future__ import annotations

from typing import TypedDict

from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, Conflict
from oslearn.extensions.nova.compute.actions import Action, ActionRunner, HostCalls
from oslearn.extensions.nova.network.instance_ports import InstancePorts
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI

WITH_VOLUMES = ("active", "paused", "stopped", "resized", "soft-delete", "shelved", "shelved_offloaded")
ATTACH_VOLUME = Action("attach_volume", "attach_volume", WITH_VOLUMES)
DETACH_VOLUME = Action("detach_volume", "detach_volume", WITH_VOLUMES, cast="detach_volume")
ATTACH_INTERFACE = Action("attach_interface", "attach_interface", ("active", "paused", "stopped"))
DETACH_INTERFACE = Action(
    "detach_interface", "detach_interface", ("active", "paused", "stopped"), cast="detach_interface"
)


class RequestedPort(TypedDict):
    """What an instance is to be connected to: a port, or a network with or without an address."""

    network_id: str | None
    port_id: str | None
    requested_ip: str | None


class Devices:
    """Plugs and unplugs volumes and ports."""

    def __init__(
        self, runner: ActionRunner, calls: HostCalls, volume_api: ExtendedVolumeAPI, ports: InstancePorts
    ) -> None:
        self.db, self.runner, self.compute, self.conductor = runner.db, runner, runner.compute, runner.conductor
        self.calls, self.volume_api, self.ports = calls, volume_api, ports

    def attach_volume(
        self, context: RequestContext, instance: Instance, volume_id: str, device: str | None, **more: object
    ) -> str | None:
        """Returns the device's name. `more` is tag, delete_on_termination. Raises NotFound, BadRequest, Conflict."""
        self.runner.check(context, instance, ATTACH_VOLUME)
        self.volume_api.get(context, volume_id)
        holders = self.db.devices.of_volume(volume_id)
        if holders:
            uuids = " ".join(row["instance_uuid"] for row in holders)
            raise BadRequest(f"Invalid volume: volume {volume_id} is already attached to instances: {uuids}")
        if instance["vm_state"] != "shelved_offloaded":
            self.calls.check(instance)
            self.db.actions.start(context, instance["uuid"], "attach_volume")
            name = self.conductor.attach_volume(context, instance, volume_id=volume_id, device=device, **more)
            return str(name)
        if more.get("tag"):
            raise BadRequest("Tagged volume attachment is not supported for shelved-offloaded instances.")
        attachment_id = self.volume_api.attachment_reserve(context, volume_id, instance["uuid"])
        self.volume_api.attachment_complete(context, attachment_id)
        self.db.actions.start(context, instance["uuid"], "attach_volume")
        values = more | {"volume_id": volume_id, "attachment_id": attachment_id, "device_name": device}
        self.db.devices.create(instance["uuid"], values)
        return device

    def detach_volume(self, context: RequestContext, instance: Instance, volume: Values) -> None:
        """Take a volume away, or out of the list of an instance without a host. Raises BadRequest, Conflict."""
        self.runner.check(context, instance, DETACH_VOLUME)
        uuid, volume_id = instance["uuid"], volume["id"]
        (device,) = [row for row in self.db.devices.get(uuid) if row["volume_id"] == volume_id]
        if instance["vm_state"] == "shelved_offloaded":
            self.runner.begin(context, instance, DETACH_VOLUME)
            self.volume_api.attachment_delete(context, str(device["attachment_id"]))
            self.db.devices.destroy(uuid, volume_id)
            return
        host = self.calls.check(instance)
        # Cinder hears of it first: nobody else may take the volume while the guest lets go of it.
        self.volume_api.begin_detaching(context, volume_id)
        begun = self.runner.begin(context, instance, DETACH_VOLUME)
        args: Values = {"volume_id": volume_id, "attachment_id": device["attachment_id"]}
        self.compute.cast(context, host, "detach_volume", instance=begun, **args)

    def attach_interface(
        self, context: RequestContext, instance: Instance, asked: RequestedPort, tag: str | None
    ) -> str:
        """A port on a network, or the port named; returns its id. Raises BadRequest, NotFound, Conflict."""
        self.runner.check(context, instance, ATTACH_INTERFACE)
        host = self.calls.check(instance)
        if asked["port_id"]:
            self._check_port(context, instance, asked["port_id"])
        if asked["network_id"]:
            self.ports.show_network(context, asked["network_id"])
        begun = self.runner.begin(context, instance, ATTACH_INTERFACE)
        return str(self.compute.call(context, host, "attach_interface", instance=begun, tag=tag, **asked))

    def _check_port(self, context: RequestContext, instance: Instance, port_id: str) -> None:
        port = self.ports.show_port(context, port_id)
        if port["device_id"]:
            raise Conflict(f"Port {port_id} is still in use.")
        if port["project_id"] != instance["project_id"]:
            raise BadRequest(f"Port {port_id} not usable for instance {instance['uuid']}.")

    def detach_interface(self, context: RequestContext, instance: Instance, port_id: str) -> None:
        """Have the host take a port away. Raises InstanceIsLocked, InstanceInvalidState."""
        self.runner.perform(context, instance, DETACH_INTERFACE, port_id=port_id)
