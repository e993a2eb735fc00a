"""A hypervisor without a machine: it takes what a real libvirt takes and remembers it.

Interface: `FakeConnection`, with the names of libvirt's Python binding.
Upstream: nova/tests/fixtures/libvirt.py stands in for libvirt in the same place.
"""

from __future__ import annotations

from xml.etree import ElementTree

VIR_DOMAIN_RUNNING, VIR_DOMAIN_PAUSED, VIR_DOMAIN_SHUTOFF = 1, 3, 5


class libvirtError(Exception):  # noqa: N801 - libvirt's own name
    """What libvirt raises."""


class FakeConnection:
    """A connection to `qemu:///system` that runs nothing."""

    def __init__(self) -> None:
        self.domains: dict[str, str] = {}
        self.states: dict[str, int] = {}

    def createXML(self, xml: str, flags: int = 0) -> str:  # noqa: N802
        """Start a domain from its XML and return its uuid. Raises libvirtError if the XML is no domain."""
        root = ElementTree.fromstring(xml)  # noqa: S314 - our own driver wrote it
        uuid = root.findtext("uuid")
        if root.tag != "domain" or not uuid:
            raise libvirtError("XML error: no domain")
        if uuid in self.domains:
            raise libvirtError(f"operation failed: domain with uuid {uuid} already exists")
        self.domains[uuid], self.states[uuid] = xml, VIR_DOMAIN_RUNNING
        return uuid

    def destroyDomain(self, uuid: str) -> None:  # noqa: N802
        """Stop a domain. Raises libvirtError if it is not there."""
        self.getInfo(uuid)
        del self.domains[uuid], self.states[uuid]

    def listAllDomains(self) -> list[str]:  # noqa: N802
        """The uuids of the domains."""
        return list(self.domains)

    def getInfo(self, uuid: str) -> int:  # noqa: N802
        """A domain's state. Raises libvirtError if it is not there."""
        if uuid not in self.domains:
            raise libvirtError(f"Domain not found: no domain with matching uuid '{uuid}'")
        return self.states[uuid]

    def create(self, uuid: str) -> None:
        """Start a domain that is shut off, or one whose memory was saved."""
        self._to(uuid, VIR_DOMAIN_RUNNING)

    def reboot(self, uuid: str) -> None:
        """Ask the guest to start again."""
        self._to(uuid, VIR_DOMAIN_RUNNING)

    def suspend(self, uuid: str) -> None:
        """Keep its vCPUs from running."""
        self._to(uuid, VIR_DOMAIN_PAUSED)

    def resume(self, uuid: str) -> None:
        """Let them run."""
        self._to(uuid, VIR_DOMAIN_RUNNING)

    def shutdown(self, uuid: str) -> None:
        """Shut it off, and keep it defined."""
        self._to(uuid, VIR_DOMAIN_SHUTOFF)

    def managedSave(self, uuid: str) -> None:  # noqa: N802
        """Write its memory to the disk and shut it off."""
        self._to(uuid, VIR_DOMAIN_SHUTOFF)

    def injectNMI(self, uuid: str) -> None:  # noqa: N802
        """Interrupt it."""
        self.getInfo(uuid)

    def setUserPassword(self, uuid: str, user: str, password: str) -> None:  # noqa: N802
        """Have the guest's agent change a password."""
        self.getInfo(uuid)

    def attachDevice(self, uuid: str, xml: str) -> None:  # noqa: N802
        """Plug a device in."""
        self.getInfo(uuid)
        domain = ElementTree.fromstring(self.domains[uuid])  # noqa: S314
        devices = domain.find("devices")
        assert devices is not None
        devices.append(ElementTree.fromstring(xml))  # noqa: S314
        self.domains[uuid] = ElementTree.tostring(domain, encoding="unicode")

    def detachDevice(self, uuid: str, mark: str) -> None:  # noqa: N802
        """Pull out the devices whose XML has this in it. Libvirt wants the whole XML of one."""
        self.getInfo(uuid)
        domain = ElementTree.fromstring(self.domains[uuid])  # noqa: S314
        devices = domain.find("devices")
        assert devices is not None
        for device in list(devices):
            if mark in ElementTree.tostring(device, encoding="unicode"):
                devices.remove(device)
        self.domains[uuid] = ElementTree.tostring(domain, encoding="unicode")

    def _to(self, uuid: str, state: int) -> None:
        self.getInfo(uuid)
        self.states[uuid] = state
