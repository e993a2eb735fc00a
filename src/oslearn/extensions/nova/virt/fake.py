"""The rest of libvirt's names, for a hypervisor without a machine.

Interface: `ExtendedConnection`.
Upstream: nova/tests/fixtures/libvirt.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree

from oslearn.core.nova.virt.fake import VIR_DOMAIN_RUNNING, FakeConnection

VIR_DOMAIN_PAUSED, VIR_DOMAIN_SHUTOFF = 3, 5


class ExtendedConnection(FakeConnection):
    """A connection that also changes the domains it has."""

    def create(self, uuid: str) -> None:
        """Have a domain run that is shut off, whose memory was saved, or whose vCPUs are kept; or run again."""
        self.to(uuid, VIR_DOMAIN_RUNNING)

    reboot = resume = create

    def shutdown(self, uuid: str) -> None:
        """Shut it off, or write its memory to the disk; it stays defined."""
        self.to(uuid, VIR_DOMAIN_SHUTOFF)

    managedSave = shutdown  # noqa: N815

    def injectNMI(self, uuid: str) -> None:  # noqa: N802
        """Interrupt the guest, so that its kernel writes a crash dump."""
        self.getInfo(uuid)

    def setUserPassword(self, uuid: str, user: str, password: str) -> None:  # noqa: N802
        """Have the guest's agent change a password."""
        self.getInfo(uuid)

    def attachDevice(self, uuid: str, xml: str) -> None:  # noqa: N802
        """Plug a device in."""
        with self.devices(uuid) as devices:
            devices.append(ElementTree.fromstring(xml))  # noqa: S314

    def detachDevice(self, uuid: str, mark: str) -> None:  # noqa: N802
        """Pull out the devices whose XML has this in it. Libvirt wants the whole XML of one."""
        with self.devices(uuid) as devices:
            for device in list(devices):
                if mark in ElementTree.tostring(device, encoding="unicode"):
                    devices.remove(device)

    @contextmanager
    def devices(self, uuid: str) -> Iterator[ElementTree.Element]:
        """The devices of a domain, to be changed. Raises libvirtError if it is not there."""
        self.getInfo(uuid)
        domain = ElementTree.fromstring(self.domains[uuid])  # noqa: S314
        yield domain.findall("devices")[0]
        self.domains[uuid] = ElementTree.tostring(domain, encoding="unicode")

    def suspend(self, uuid: str) -> None:
        """Keep its vCPUs from running."""
        self.to(uuid, VIR_DOMAIN_PAUSED)

    def to(self, uuid: str, state: int) -> None:
        """Put a domain into a state. Raises libvirtError if it is not there."""
        self.getInfo(uuid)
        self.states[uuid] = state
