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

from oslearn.config import Config
from oslearn.nova.virt.driver import NOSTATE, RUNNING, ComputeDriver

NOVA_NS = "http://openstack.org/xmlns/libvirt/nova/1.1"
INSTANCES_PATH = "/var/lib/nova/instances"


class LibvirtDriver(ComputeDriver):
    """Drives one host's connection."""

    def __init__(self, host: str, connection: Any, config: Config) -> None:
        self.host, self.connection, self.config = host, connection, config

    def get_available_resource(self) -> dict[str, Any]:
        """The configured capacity, less what is reserved for the host itself."""
        return {
            "vcpus": self.config.host_vcpus,
            "memory_mb": self.config.host_memory_mb,
            "local_gb": self.config.host_disk_gb,
            "hypervisor_type": "QEMU",
            "supported_instances": [["x86_64", "qemu", "hvm"], ["x86_64", "kvm", "hvm"]],
        }

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
        """RUNNING if the domain is there."""
        return RUNNING if uuid in self.connection.listAllDomains() else NOSTATE


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
    SubElement(nova, "nova:root", type="image", uuid=image["id"])


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


def _interface(devices: Element, vif: dict[str, Any]) -> None:
    interface = SubElement(devices, "interface", type="bridge")
    SubElement(interface, "mac", address=vif["mac_address"])
    SubElement(interface, "model", type="virtio")
    SubElement(interface, "source", bridge="br-int")
    SubElement(interface, "target", dev=f"tap{vif['port_id'][:11]}")
