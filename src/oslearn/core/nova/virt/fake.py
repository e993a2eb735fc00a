"""A hypervisor without a machine: it takes what a real libvirt takes and remembers it.

Interface: `FakeConnection`, with the names of libvirt's Python binding.
Upstream: nova/tests/fixtures/libvirt.py stands in for libvirt in the same place.
"""

from __future__ import annotations

from xml.etree import ElementTree

VIR_DOMAIN_RUNNING = 1


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
