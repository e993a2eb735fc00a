"""The libvirt driver: what can be done with a domain that is there.

Interface: `LibvirtOperations`, beside the core's `LibvirtDriver` and over the same connection.
Upstream: nova/virt/libvirt/driver.py and guest.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from oslearn.core.nova.objects import VIF, BlockDevice, ImageMeta, Instance, Values
from oslearn.core.nova.virt.libvirt import RUNNING, Disk, LibvirtDriver, interface_xml, volume_xml
from oslearn.core.oslo.clock import Clock
from oslearn.extensions.nova.virt.console import boot_log

NOSTATE, PAUSED, SHUTDOWN = 0, 3, 4
POWER_STATES = {1: RUNNING, 3: PAUSED, 5: SHUTDOWN}
"""By libvirt's number of a domain's state."""
IDLE = "load average: 0.00, 0.00, 0.00"


class LibvirtOperations:
    """Of one host."""

    def __init__(self, driver: LibvirtDriver, clock: Clock) -> None:
        self.driver, self.clock = driver, clock
        self.connection: Any = driver.connection
        self.started = clock.now()

    def power_on(
        self, instance: Instance, image: ImageMeta, network_info: Iterable[VIF], block_devices: Iterable[Disk]
    ) -> None:
        """Start the domain."""
        if instance["uuid"] in self.connection.listAllDomains():
            self.connection.create(instance["uuid"])
        else:
            self.driver.spawn(instance, image, network_info, block_devices)

    def power_off(self, instance: Instance) -> None:
        """Stop the domain if it is there."""
        if instance["uuid"] in self.connection.listAllDomains():
            self.connection.shutdown(instance["uuid"])

    def reboot(
        self,
        instance: Instance,
        image: ImageMeta,
        network_info: Iterable[VIF],
        block_devices: Iterable[Disk],
        *,
        reboot_type: str,
    ) -> None:
        """Start the guest again, or the domain."""
        if reboot_type == "SOFT":
            self.connection.reboot(instance["uuid"])
        else:
            self.rescue(instance, image, network_info, block_devices)

    def rescue(
        self, instance: Instance, image: ImageMeta, network_info: Iterable[VIF], block_devices: Iterable[Disk]
    ) -> None:
        """Make the domain anew."""
        self.driver.destroy(instance["uuid"])
        self.driver.spawn(instance, image, network_info, block_devices)

    def get_info(self, uuid: str) -> int:
        """The power state of a domain; NOSTATE if it is not there."""
        there = uuid in self.connection.listAllDomains()
        return POWER_STATES[self.connection.getInfo(uuid)] if there else NOSTATE

    def pause(self, instance: Instance) -> None:
        """Libvirt calls it to suspend."""
        self.connection.suspend(instance["uuid"])

    def unpause(self, instance: Instance) -> None:
        """Libvirt calls it to resume."""
        self.connection.resume(instance["uuid"])

    def suspend(self, instance: Instance) -> None:
        """Libvirt calls it to save."""
        self.connection.managedSave(instance["uuid"])

    def attach_volume(self, info: Values, instance: Instance, device: BlockDevice) -> None:
        """Plug a disk in."""
        devices = Element("devices")
        known: Disk = {"volume_id": device["volume_id"], "device_name": device["device_name"], "connection_info": info}
        volume_xml(devices, known)
        self.connection.attachDevice(instance["uuid"], ElementTree.tostring(devices[0], encoding="unicode"))

    def detach_volume(self, instance: Instance, volume_id: str) -> None:
        """Pull a disk out, found by its serial number."""
        self.connection.detachDevice(instance["uuid"], volume_id)

    def attach_interface(self, instance: Instance, vif: VIF) -> None:
        """Plug a network card in."""
        devices = Element("devices")
        interface_xml(devices, vif)
        self.connection.attachDevice(instance["uuid"], ElementTree.tostring(devices[0], encoding="unicode"))

    def detach_interface(self, instance: Instance, vif: VIF) -> None:
        """Pull a network card out, found by its address."""
        self.connection.detachDevice(instance["uuid"], vif["mac_address"])

    def snapshot(self, instance: Instance) -> bytes:
        """One empty sector: these disks hold nothing."""
        return bytes(512)

    def set_admin_password(self, instance: Instance, password: str) -> None:
        """Give the guest's root another password."""
        self.connection.setUserPassword(instance["uuid"], "root", password)

    def trigger_crash_dump(self, instance: Instance) -> None:
        """A non-maskable interrupt."""
        self.connection.injectNMI(instance["uuid"])

    def get_console_output(self, instance: Instance) -> str:
        """What a guest of this kind writes while it boots."""
        return boot_log(instance)

    def get_host_uptime(self) -> str:
        """What `uptime` prints."""
        now = self.clock.now()
        minutes = int((now - self.started).total_seconds()) // 60
        days, hours = minutes // 1440, minutes // 60 % 24
        passed = f"{days} days, {hours:2}:{minutes % 60:02}" if days else f"{hours:2}:{minutes % 60:02}"
        return f" {now:%H:%M:%S} up {passed if minutes >= 60 else f'{minutes} min'},  1 user,  {IDLE}\n"

    def get_diagnostics(self, instance: Instance) -> Values:
        """Counters of CPUs, memory (KiB), disk and ports."""
        counted = {f"cpu{number}_time": 0 for number in range(instance["vcpus"])}
        counted |= {"memory": instance["memory_mb"] * 1024, "memory-actual": instance["memory_mb"] * 1024}
        counted |= {f"vda_{what}": 0 for what in ("read", "read_req", "write", "write_req", "errors")}
        for vif in instance["network_info"]:
            for way in ("rx", "tx"):
                tap = f"tap{vif['port_id'][:11]}_{way}"
                counted |= {tap: 0, f"{tap}_errors": 0, f"{tap}_drop": 0, f"{tap}_packets": 0}
        return counted

    def get_instance_diagnostics(self, instance: Instance) -> Values:
        """The same since 2.48: memory in MiB, time in nanoseconds."""
        counters = ("octets", "errors", "drop", "packets", "rate")
        nic = {f"{way}_{what}": 0 for way in ("rx", "tx") for what in counters}
        vifs, cpus = instance["network_info"], range(instance["vcpus"])
        requests = ("read_bytes", "read_requests", "write_bytes", "write_requests", "errors_count")
        return {
            "state": {RUNNING: "running", PAUSED: "paused"}.get(self.get_info(instance["uuid"]), "shutdown"),
            "driver": "libvirt",
            "hypervisor": "qemu",
            "hypervisor_os": "linux",
            "uptime": 0,
            "config_drive": bool(instance["config_drive"]),
            "num_cpus": instance["vcpus"],
            "num_nics": len(vifs),
            "num_disks": 1,
            "memory_details": {"maximum": instance["memory_mb"], "used": instance["memory_mb"]},
            "cpu_details": [{"id": number, "time": 0, "utilisation": 0} for number in cpus],
            "nic_details": [{"mac_address": vif["mac_address"], **nic} for vif in vifs],
            "disk_details": [dict.fromkeys(requests, 0)],
        }
