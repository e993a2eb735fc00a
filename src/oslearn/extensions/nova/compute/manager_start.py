"""nova-compute: what a host does when it comes back.

Interface: `Domains.init_host`, the domains after a start.
Upstream: nova/compute/manager.py: `init_host`, `_init_instance`, `_destroy_evacuated_instances`.
"""

from __future__ import annotations

from oslearn.core.nova.compute.manager import Calls
from oslearn.core.nova.objects import Instance
from oslearn.core.nova.virt.libvirt import RUNNING
from oslearn.core.oslo.context import RequestContext
from oslearn.extensions.nova.conductor.rpcapi import RowsAPI
from oslearn.extensions.nova.virt.libvirt import PAUSED, LibvirtOperations


class Domains:
    """What should run on this host."""

    def __init__(self, calls: Calls, virt: LibvirtOperations) -> None:
        self.conductor, self.rows, self.virt, self.driver = calls.conductor, RowsAPI(calls.conductor), virt, virt.driver

    def init_host(self, context: RequestContext) -> None:
        """Have the domains that should be there, and no other. The conductor ends what was undone."""
        self._destroy_evacuated(context)
        running = set(self.virt.connection.listAllDomains())
        for instance in self.rows.instance_get_all_by_host(context, self.driver.host):
            if instance["uuid"] not in running and instance["power_state"] in (RUNNING, PAUSED):
                self._start(context, instance)

    def _destroy_evacuated(self, context: RequestContext) -> None:
        """Instances that were built anew elsewhere while this host was down: their domains must not run twice."""
        for migration in self.rows.evacuated_from(context, self.driver.host):
            self.driver.destroy(migration["instance_uuid"])
            self.rows.migration_update(context, migration["uuid"], {"status": "completed"})

    def _start(self, context: RequestContext, instance: Instance) -> None:
        """Start a domain that was there before this host went down."""
        devices = self.conductor.block_device_mapping_get_all(context, instance["uuid"])
        volumes = [device for device in devices if device["connection_info"]]
        self.driver.spawn(instance, {"id": instance["image_ref"]}, instance["network_info"], volumes)
        if instance["power_state"] == PAUSED:
            self.virt.pause(instance)
