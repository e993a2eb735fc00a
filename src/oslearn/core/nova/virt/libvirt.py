"""The libvirt driver: writes the domain XML of an instance and hands it to a hypervisor connection.

Interface: `LibvirtDriver`, a `ComputeDriver` over a `Connection`; `guest_xml` is the XML that QEMU would be started
from; `volume_xml` and `interface_xml`, its devices.
Invariants: the XML is well formed whatever the instance's name is.
Upstream: nova/virt/libvirt/driver.py (`_get_guest_xml`) and config.py. Left out: CPU models, NUMA, devices but
disks, interfaces, serial console and VNC; the image is named as backing file but not downloaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from oslearn.core.config import Config
from oslearn.core.nova.network.model import VIF
from oslearn.core.nova.objects import ImageMeta, Instance, Values
from oslearn.core.nova.virt.driver import ComputeDriver, Disk

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


class Connection(Protocol):
    """What the driver uses of libvirt's Python binding."""

    def createXML(self, xml: str, flags: int = 0) -> object:  # noqa: N802 - libvirt's own names
        """Start a domain from its XML."""

    def destroyDomain(self, uuid: str) -> object:  # noqa: N802
        """Stop a domain."""

    def listAllDomains(self) -> list[str]:  # noqa: N802
        """The uuids of the domains."""


class LibvirtDriver(ComputeDriver):
    def __init__(self, host: str, connection: Connection, config: Config) -> None:
        self.host, self.connection, self.config = host, connection, config

    def get_available_resource(self) -> Values:
        """The configured capacity, less what is reserved for the host itself."""
        return {
            "vcpus": self.config.host_vcpus,
            "memory_mb": self.config.host_memory_mb,
            "local_gb": self.config.host_disk_gb,
            "hypervisor_type": "QEMU",
            "supported_instances": [["x86_64", "qemu", "hvm"], ["x86_64", "kvm", "hvm"]],
        }

    def update_provider_tree(self) -> Values:
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

    def get_volume_connector(self, instance: Instance) -> Values:
        """An iSCSI initiator, made from the host's name."""
        return {
            "platform": "x86_64",
            "os_type": "linux",
            "ip": "127.0.0.1",
            "host": self.host,
            "multipath": False,
            "initiator": f"iqn.1994-05.com.example:{self.host}",
        }

    def spawn(
        self, instance: Instance, image: ImageMeta, network_info: Iterable[VIF], block_devices: Iterable[Disk]
    ) -> None:
        self.connection.createXML(guest_xml(instance, image, network_info, block_devices))

    def destroy(self, uuid: str) -> None:
        if uuid in self.connection.listAllDomains():
            self.connection.destroyDomain(uuid)

    def list_instance_uuids(self) -> list[str]:
        return list(self.connection.listAllDomains())


def guest_xml(instance: Instance, image: ImageMeta, network_info: Iterable[VIF], block_devices: Iterable[Disk]) -> str:
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
        volume_xml(devices, volume)
    for vif in network_info:
        interface_xml(devices, vif)
    SubElement(devices, "serial", type="pty")
    SubElement(devices, "graphics", type="vnc", autoport="yes", listen="127.0.0.1")
    ElementTree.indent(domain)
    return ElementTree.tostring(domain, encoding="unicode")


def _metadata(domain: Element, instance: Instance, image: ImageMeta) -> None:
    nova = SubElement(SubElement(domain, "metadata"), "nova:instance", {"xmlns:nova": NOVA_NS})
    SubElement(nova, "nova:name").text = instance["display_name"]
    flavor = SubElement(nova, "nova:flavor", name=instance["flavor"]["name"])
    SubElement(flavor, "nova:memory").text = str(instance["memory_mb"])
    SubElement(flavor, "nova:disk").text = str(instance["root_gb"])
    SubElement(nova, "nova:root", type="image", uuid=image.get("id", ""))


def _root_disk(devices: Element, instance: Instance) -> None:
    disk = SubElement(devices, "disk", type="file", device="disk")
    SubElement(disk, "driver", name="qemu", type="qcow2")
    SubElement(disk, "source", file=f"{INSTANCES_PATH}/{instance['uuid']}/disk")
    SubElement(disk, "target", dev="vda", bus="virtio")


def volume_xml(devices: Element, volume: Disk) -> None:
    """A disk of a volume; its serial number is the volume's id, by which it is found again."""
    data, name = volume["connection_info"], volume["device_name"]
    assert data
    assert name
    disk = SubElement(devices, "disk", type="block", device="disk")
    SubElement(disk, "driver", name="qemu", type="raw", cache="none")
    SubElement(disk, "source", dev=f"/dev/disk/by-path/ip-{data['target_portal']}-iscsi-{data['target_iqn']}-lun-1")
    SubElement(disk, "target", dev=name.removeprefix("/dev/"), bus="virtio")
    SubElement(disk, "serial").text = volume["volume_id"]


def interface_xml(devices: Element, vif: VIF) -> None:
    """A network card, whose tap device Neutron's agent finds by the port's id."""
    interface = SubElement(devices, "interface", type="bridge")
    SubElement(interface, "mac", address=vif["mac_address"])
    SubElement(interface, "model", type="virtio")
    SubElement(interface, "source", bridge="br-int")
    SubElement(interface, "target", dev=f"tap{vif['port_id'][:11]}")
