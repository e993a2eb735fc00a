"""The libvirt driver: writes the domain XML of an instance and hands it to a hypervisor connection.

Interface: `LibvirtDriver(connection, ...)`, a `ComputeDriver`; `guest_xml` is the XML that QEMU would be started from.
Invariants: the XML is well formed whatever the instance's name is.
Upstream: nova/virt/libvirt/driver.py (`_get_guest_xml`) and config.py. Left out: CPU models, NUMA, devices but
disks, interfaces, serial console and VNC; the image is named as backing file but not downloaded.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from oslearn.core.config import Config
from oslearn.core.nova.network.model import VIF
from oslearn.core.nova.virt import driver
from oslearn.core.nova.virt.console import boot_log
from oslearn.core.nova.virt.driver import ComputeDriver
from oslearn.core.oslo.clock import Clock

NOVA_NS = "http://openstack.org/xmlns/libvirt/nova/1.1"
TRAITS = [
    "COMPUTE_ACCELERATORS", "COMPUTE_ADDRESS_SPACE_EMULATED", "COMPUTE_ADDRESS_SPACE_PASSTHROUGH",
    "COMPUTE_DEVICE_TAGGING", "COMPUTE_IMAGE_TYPE_RAW", "COMPUTE_MEM_BACKING_FILE", "COMPUTE_NET_ATTACH_INTERFACE",
    "COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG", "COMPUTE_NODE", "COMPUTE_SECURITY_STATELESS_FIRMWARE",
    "COMPUTE_STORAGE_VIRTIO_FS", "COMPUTE_TRUSTED_CERTS", "COMPUTE_VOLUME_ATTACH_WITH_TAG", "COMPUTE_VOLUME_EXTEND",
    "COMPUTE_VOLUME_MULTI_ATTACH", "OWNER_NOVA",
]  # fmt: skip
"""What the host can do, as names that Placement knows."""
INSTANCES_PATH = "/var/lib/nova/instances"
POWER_STATES = {1: driver.RUNNING, 3: driver.PAUSED, 5: driver.SHUTDOWN}
"""By libvirt's number of a domain's state."""
IDLE = "load average: 0.00, 0.00, 0.00"


class LibvirtDriver(ComputeDriver):
    """Drives one host's connection."""

    def __init__(self, host: str, connection: Any, config: Config, clock: Clock) -> None:
        self.host, self.connection, self.config, self.clock = host, connection, config, clock
        self.started = clock.now()

    def get_available_resource(self) -> dict[str, Any]:
        """The configured capacity, less what is reserved for the host itself."""
        return {
            "vcpus": self.config.host_vcpus,
            "memory_mb": self.config.host_memory_mb,
            "local_gb": self.config.host_disk_gb,
            "hypervisor_type": "QEMU",
            "supported_instances": [["x86_64", "qemu", "hvm"], ["x86_64", "kvm", "hvm"]],
        }

    def update_provider_tree(self) -> dict[str, Any]:
        """What the host offers in Placement: inventories, less what it keeps for itself, and traits."""
        config, capacity = self.config, self.get_available_resource()
        shown = (
            ("VCPU", capacity["vcpus"], 0, config.cpu_allocation_ratio),
            ("MEMORY_MB", capacity["memory_mb"], config.reserved_host_memory_mb, config.ram_allocation_ratio),
            ("DISK_GB", capacity["local_gb"], 0, 1.0),
        )
        inventories = {
            name: {"total": total, "reserved": reserved, "max_unit": total, "allocation_ratio": ratio}
            for name, total, reserved, ratio in shown
        }
        return {"inventories": inventories, "traits": TRAITS}

    def get_volume_connector(self, instance: dict[str, Any]) -> dict[str, Any]:
        """An iSCSI initiator, made from the host's name."""
        return {
            "platform": "x86_64",
            "os_type": "linux",
            "ip": "127.0.0.1",
            "host": self.host,
            "multipath": False,
            "initiator": f"iqn.1994-05.com.example:{self.host}",
        }

    def spawn(self, instance: dict[str, Any], image: dict[str, Any], network_info: Any, block_devices: Any) -> None:
        """Start the domain."""
        self.connection.createXML(guest_xml(instance, image, network_info, block_devices))

    def destroy(self, uuid: str) -> None:
        """Stop the domain if it runs."""
        if uuid in self.connection.listAllDomains():
            self.connection.destroyDomain(uuid)

    def list_instance_uuids(self) -> list[str]:
        """The domains on this host."""
        return list(self.connection.listAllDomains())

    def get_info(self, uuid: str) -> int:
        """The power state of a domain; NOSTATE if it is not there."""
        there = uuid in self.connection.listAllDomains()
        return POWER_STATES[self.connection.getInfo(uuid)] if there else driver.NOSTATE

    def power_on(self, instance: dict[str, Any], image: dict[str, Any], network_info: Any, block_devices: Any) -> None:
        """Start the domain."""
        if instance["uuid"] in self.connection.listAllDomains():
            self.connection.create(instance["uuid"])
        else:
            self.spawn(instance, image, network_info, block_devices)

    def power_off(self, instance: dict[str, Any]) -> None:
        """Stop the domain if it is there."""
        if instance["uuid"] in self.connection.listAllDomains():
            self.connection.shutdown(instance["uuid"])

    def reboot(
        self,
        instance: dict[str, Any],
        image: dict[str, Any],
        network_info: Any,
        block_devices: Any,
        *,
        reboot_type: str,
    ) -> None:
        """Start the guest again, or the domain."""
        if reboot_type == "SOFT":
            self.connection.reboot(instance["uuid"])
        else:
            self.rescue(instance, image, network_info, block_devices)

    def rescue(self, instance: dict[str, Any], image: dict[str, Any], network_info: Any, block_devices: Any) -> None:
        """Make the domain anew."""
        self.destroy(instance["uuid"])
        self.spawn(instance, image, network_info, block_devices)

    def pause(self, instance: dict[str, Any]) -> None:
        """Libvirt calls it to suspend."""
        self.connection.suspend(instance["uuid"])

    def unpause(self, instance: dict[str, Any]) -> None:
        """Libvirt calls it to resume."""
        self.connection.resume(instance["uuid"])

    def suspend(self, instance: dict[str, Any]) -> None:
        """Libvirt calls it to save."""
        self.connection.managedSave(instance["uuid"])

    def attach_volume(self, connection_info: dict[str, Any], instance: dict[str, Any], device: dict[str, Any]) -> None:
        """Plug a disk in."""
        devices = Element("devices")
        _volume(devices, device | {"connection_info": connection_info})
        self.connection.attachDevice(instance["uuid"], ElementTree.tostring(devices[0], encoding="unicode"))

    def detach_volume(self, instance: dict[str, Any], volume_id: str) -> None:
        """Pull a disk out, found by its serial number."""
        self.connection.detachDevice(instance["uuid"], volume_id)

    def attach_interface(self, instance: dict[str, Any], vif: VIF) -> None:
        """Plug a network card in."""
        devices = Element("devices")
        _interface(devices, vif)
        self.connection.attachDevice(instance["uuid"], ElementTree.tostring(devices[0], encoding="unicode"))

    def detach_interface(self, instance: dict[str, Any], vif: VIF) -> None:
        """Pull a network card out, found by its address."""
        self.connection.detachDevice(instance["uuid"], vif["mac_address"])

    def snapshot(self, instance: dict[str, Any]) -> bytes:
        """One empty sector: these disks hold nothing."""
        return bytes(512)

    def set_admin_password(self, instance: dict[str, Any], password: str) -> None:
        """For root."""
        self.connection.setUserPassword(instance["uuid"], "root", password)

    def trigger_crash_dump(self, instance: dict[str, Any]) -> None:
        """A non-maskable interrupt."""
        self.connection.injectNMI(instance["uuid"])

    def get_console_output(self, instance: dict[str, Any]) -> str:
        """What a guest of this kind writes while it boots."""
        return boot_log(instance)

    def get_host_uptime(self) -> str:
        """What `uptime` prints."""
        now = self.clock.now()
        minutes = int((now - self.started).total_seconds()) // 60
        days, hours = minutes // 1440, minutes // 60 % 24
        passed = f"{days} days, {hours:2}:{minutes % 60:02}" if days else f"{hours:2}:{minutes % 60:02}"
        return f" {now:%H:%M:%S} up {passed if minutes >= 60 else f'{minutes} min'},  1 user,  {IDLE}\n"

    def get_diagnostics(self, instance: dict[str, Any]) -> dict[str, Any]:
        """Counters of CPUs, memory (KiB), disk and ports."""
        counted = {f"cpu{number}_time": 0 for number in range(instance["vcpus"])}
        counted |= {"memory": instance["memory_mb"] * 1024, "memory-actual": instance["memory_mb"] * 1024}
        counted |= {f"vda_{what}": 0 for what in ("read", "read_req", "write", "write_req", "errors")}
        for vif in instance["network_info"]:
            for way in ("rx", "tx"):
                tap = f"tap{vif['port_id'][:11]}_{way}"
                counted |= {tap: 0, f"{tap}_errors": 0, f"{tap}_drop": 0, f"{tap}_packets": 0}
        return counted

    def get_instance_diagnostics(self, instance: dict[str, Any]) -> dict[str, Any]:
        """The same since 2.48: memory in MiB, time in nanoseconds."""
        counters = ("octets", "errors", "drop", "packets", "rate")
        nic = {f"{way}_{what}": 0 for way in ("rx", "tx") for what in counters}
        vifs, cpus = instance["network_info"], range(instance["vcpus"])
        requests = ("read_bytes", "read_requests", "write_bytes", "write_requests", "errors_count")
        return {
            "state": {driver.RUNNING: "running", driver.PAUSED: "paused"}.get(
                self.get_info(instance["uuid"]), "shutdown"
            ),
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


def guest_xml(instance: dict[str, Any], image: dict[str, Any], network_info: Any, block_devices: Any) -> str:
    """The domain XML of an instance. libvirt counts memory in KiB."""
    domain = Element("domain", type="qemu")
    SubElement(domain, "uuid").text = instance["uuid"]
    SubElement(domain, "name").text = f"instance-{instance['id']:08x}"
    SubElement(domain, "memory").text = str(instance["memory_mb"] * 1024)
    SubElement(domain, "vcpu").text = str(instance["vcpus"])
    _metadata(domain, instance, image)
    kind = SubElement(domain, "os")
    SubElement(kind, "type").text = "hvm"
    SubElement(kind, "boot", dev="hd")
    devices = SubElement(domain, "devices")
    _root_disk(devices, instance)
    for volume in block_devices:
        _volume(devices, volume)
    for vif in network_info:
        _interface(devices, vif)
    SubElement(devices, "serial", type="pty")
    SubElement(devices, "graphics", type="vnc", autoport="yes", listen="127.0.0.1")
    ElementTree.indent(domain)
    return ElementTree.tostring(domain, encoding="unicode")


def _metadata(domain: Element, instance: dict[str, Any], image: dict[str, Any]) -> None:
    nova = SubElement(SubElement(domain, "metadata"), "nova:instance", {"xmlns:nova": NOVA_NS})
    SubElement(nova, "nova:name").text = instance["display_name"]
    flavor = SubElement(nova, "nova:flavor", name=instance["flavor"]["name"])
    SubElement(flavor, "nova:memory").text = str(instance["memory_mb"])
    SubElement(flavor, "nova:disk").text = str(instance["root_gb"])
    SubElement(nova, "nova:root", type="image", uuid=image.get("id", ""))


def _root_disk(devices: Element, instance: dict[str, Any]) -> None:
    disk = SubElement(devices, "disk", type="file", device="disk")
    SubElement(disk, "driver", name="qemu", type="qcow2")
    SubElement(disk, "source", file=f"{INSTANCES_PATH}/{instance['uuid']}/disk")
    SubElement(disk, "target", dev="vda", bus="virtio")


def _volume(devices: Element, volume: dict[str, Any]) -> None:
    data = volume["connection_info"]
    disk = SubElement(devices, "disk", type="block", device="disk")
    SubElement(disk, "driver", name="qemu", type="raw", cache="none")
    SubElement(disk, "source", dev=f"/dev/disk/by-path/ip-{data['target_portal']}-iscsi-{data['target_iqn']}-lun-1")
    SubElement(disk, "target", dev=volume["device_name"].removeprefix("/dev/"), bus="virtio")
    SubElement(disk, "serial").text = volume["volume_id"]


def _interface(devices: Element, vif: VIF) -> None:
    interface = SubElement(devices, "interface", type="bridge")
    SubElement(interface, "mac", address=vif["mac_address"])
    SubElement(interface, "model", type="virtio")
    SubElement(interface, "source", bridge="br-int")
    SubElement(interface, "target", dev=f"tap{vif['port_id'][:11]}")
