"""The libvirt driver: writes the domain XML of an instance and hands it to a hypervisor connection.

Interface: `LibvirtDriver`, what nova-compute asks of a host's hypervisor, over a `Connection`; `Disk`, what it needs to
know of a volume; `guest_xml` is the XML that QEMU would be started from; `volume_xml` and `interface_xml`, its devices.
Invariants: the XML is well formed whatever the instance's name is.
Upstream: nova/virt/driver.py; nova/virt/libvirt/driver.py (`_get_guest_xml`) and config.py. Left out: other drivers;
CPU models, NUMA, devices but disks, interfaces, serial console and VNC; the image is named as backing file but not
downloaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypedDict
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from oslearn.core.nova.objects import VIF, ImageMeta, Instance, Values

NOVA_NS = "http://openstack.org/xmlns/libvirt/nova/1.1"
INSTANCES_PATH = "/var/lib/nova/instances"
RUNNING = 1
"""The power state of an instance that was built."""


class Disk(TypedDict):
    """A volume that is connected to the host: where it is, and where the guest is to see it."""

    volume_id: str | None
    device_name: str | None
    connection_info: Values | None


class Connection(Protocol):
    """What the driver uses of libvirt's Python binding."""

    def createXML(self, xml: str, flags: int = 0) -> object:  # noqa: N802 - libvirt's own names
        """Start a domain from its XML."""

    def destroyDomain(self, uuid: str) -> object:  # noqa: N802
        """Stop a domain."""

    def listAllDomains(self) -> list[str]:  # noqa: N802
        """The uuids of the domains."""


class LibvirtDriver:
    """The hypervisor of one host. `uuid` is an instance's."""

    def __init__(self, host: str, connection: Connection) -> None:
        self.host, self.connection = host, connection

    def get_volume_connector(self, instance: Instance) -> Values:
        """How the host presents itself to a storage backend: an iSCSI initiator, made from the host's name."""
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
        """Create and start the domain. Raises HypervisorError."""
        self.connection.createXML(guest_xml(instance, image, network_info, block_devices))

    def destroy(self, uuid: str) -> None:
        """Stop and remove the domain, if it is there."""
        if uuid in self.connection.listAllDomains():
            self.connection.destroyDomain(uuid)


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
