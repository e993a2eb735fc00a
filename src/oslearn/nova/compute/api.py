"""What nova-api does with a request for an instance, before and after the scheduler.

Interface: `API.create`, `API.delete`.
Invariants: nothing is written before everything named in the request was found; an instance that was accepted ends
ACTIVE or in ERROR with a fault, and an ERROR holds no host resources.
Upstream: nova/compute/api.py of 2013 (Grizzly). It cast to the scheduler; the course's flow waits for the reply.
Left out: key pairs, reservations, boot from volume.
"""

from __future__ import annotations

import logging
from typing import Any

from oslearn.config import Config
from oslearn.nova import exception
from oslearn.nova.compute.rpcapi import ComputeAPI
from oslearn.nova.compute.rpcapi import target as compute_target
from oslearn.nova.db.api import NovaDB, as_dict
from oslearn.nova.fault import as_fault
from oslearn.nova.image.glance import ImageAPI
from oslearn.nova.network.neutron import NetworkAPI
from oslearn.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.nova.volume.cinder import VolumeAPI
from oslearn.oslo.context import RequestContext
from oslearn.oslo.exception import BadRequest, OverQuota
from oslearn.oslo.messaging import Bus

LOG = logging.getLogger(__name__)
GIB, MIB = 2**30, 2**20


class API:
    """Creates and deletes instances."""

    def __init__(
        self,
        db: NovaDB,
        scheduler: SchedulerAPI,
        compute: ComputeAPI,
        image_api: ImageAPI,
        network_api: NetworkAPI,
        volume_api: VolumeAPI,
        bus: Bus,
        config: Config,
    ) -> None:
        self.db, self.scheduler, self.compute, self.bus, self.config = db, scheduler, compute, bus, config
        self.image_api, self.network_api, self.volume_api = image_api, network_api, volume_api

    def create(self, context: RequestContext, server: dict[str, Any]) -> list[dict[str, Any]]:
        """Check the request, write the instances' rows, have each scheduled. Raises BadRequest, OverQuota."""
        flavor = self._flavor(context, str(server["flavorRef"]))
        count = max(server.get("min_count", 1), server.get("max_count", 1))
        self._check_quota(context, flavor, count)
        image = self._check_image(context, server["imageRef"], flavor)
        networks = self._check_networks(context, server.get("networks"))
        groups = self.network_api.security_groups(context, server.get("security_groups", []))
        volumes = self._check_volumes(context, server.get("block_device_mapping_v2", []))
        values = self._values(context, server, flavor, groups)
        spec = {k: values[k] for k in ("memory_mb", "vcpus", "root_gb", "availability_zone")}
        spec["image_properties"] = self.image_api.properties(image)
        created = [self.db.instance_create(values, volumes) for _ in range(count)]
        for instance in created:
            self._schedule(context, instance["uuid"], spec, networks)
        return created

    def delete(self, context: RequestContext, instance: dict[str, Any]) -> None:
        """Have the host delete the instance, or do it here if no host has it or its nova-compute is down."""
        uuid, host = instance["uuid"], instance["host"]
        if host and self.bus.is_up(compute_target(host)):
            self.db.instance_update(uuid, {"task_state": "deleting"})
            self.compute.terminate_instance(context, host, uuid)
            return
        self.volume_api.detach_all(uuid)
        self.network_api.deallocate_for_instance(uuid)
        self.db.instance_destroy(uuid)

    def _schedule(self, context: RequestContext, uuid: str, spec: dict[str, Any], networks: list[Any]) -> None:
        """Wait for the scheduler's answer; if there is none, the instance is in ERROR."""
        try:
            self.scheduler.run_instance(context, uuid, spec, networks)
        except Exception as error:
            LOG.warning("Instance %s could not be scheduled: %s", uuid, error)
            self.db.instance_error(uuid, as_fault(error))

    def _flavor(self, context: RequestContext, flavor_id: str) -> Any:
        """A flavor that the caller may use; a hidden one is not there for others than an admin."""
        try:
            flavor = self.db.flavor_get_by_flavor_id(flavor_id)
            if not (flavor.is_public or context.is_admin):
                raise exception.FlavorNotFound(flavor_id=flavor_id)
            return flavor
        except exception.FlavorNotFound as error:
            raise BadRequest(str(error)) from None

    def _check_image(self, context: RequestContext, image_ref: str, flavor: Any) -> dict[str, Any]:
        """An image that fits the flavor: disk in GiB, memory in MiB."""
        image = self.image_api.get_for_boot(context, image_ref)
        if image.get("min_ram", 0) > flavor.memory_mb:
            raise exception.FlavorMemoryTooSmall()
        needed = max(image.get("min_disk", 0) * GIB, image.get("size") or 0)
        if flavor.root_gb and needed > flavor.root_gb * GIB:
            raise exception.FlavorDiskTooSmall(flavor=flavor.root_gb * GIB, image=needed)
        return image

    def _check_networks(self, context: RequestContext, asked: Any) -> list[Any]:
        if asked == "none":
            return []
        return self.network_api.validate_networks(context, None if asked == "auto" else asked)

    def _check_volumes(self, context: RequestContext, devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The data volumes; the entry that describes the image's local disk adds nothing."""
        volumes = []
        for device in devices:
            if device["source_type"] == "image" and device.get("destination_type", "local") == "local":
                continue
            if device["source_type"] != "volume" or device.get("boot_index") in (0, "0"):
                raise BadRequest("Block Device Mapping is Invalid: Boot sequence for the instance and image/block "
                                 "device mapping combination is not valid.")  # fmt: skip
            self.volume_api.check_attachable(context, device["uuid"])
            volumes.append(
                {
                    "volume_id": device["uuid"],
                    "device_name": device.get("device_name"),
                    "delete_on_termination": device.get("delete_on_termination", False),
                }
            )
        return volumes

    def _check_quota(self, context: RequestContext, flavor: Any, count: int) -> None:
        asked = {"cores": count * flavor.vcpus, "instances": count, "ram": count * flavor.memory_mb}
        limits = {name: getattr(self.config, f"quota_{name}") for name in asked}
        used = self.db.quota_usage(context.project_id or "")
        over = [name for name in asked if used[name] + asked[name] > limits[name]]
        if over:
            names = ", ".join(over)
            requested, taken, most = (", ".join(str(d[name]) for name in over) for d in (asked, used, limits))
            raise OverQuota(
                f"Quota exceeded for {names}: Requested {requested}, but already used {taken} of {most} {names}"
            )

    def _values(
        self, context: RequestContext, server: dict[str, Any], flavor: Any, groups: list[dict[str, str]]
    ) -> dict[str, Any]:
        """The first row's columns."""
        if "key_name" in server:
            raise BadRequest("Invalid key_name provided.")
        return {
            "project_id": context.project_id,
            "user_id": context.user_id,
            "display_name": server["name"],
            "display_description": server.get("description"),
            "image_ref": server["imageRef"],
            "flavor": as_dict(flavor),
            "memory_mb": flavor.memory_mb,
            "vcpus": flavor.vcpus,
            "root_gb": flavor.root_gb,
            "availability_zone": server.get("availability_zone"),
            "metadata_": server.get("metadata", {}),
            "security_groups": groups,
            "vm_state": "building",
            "task_state": "scheduling",
        }
