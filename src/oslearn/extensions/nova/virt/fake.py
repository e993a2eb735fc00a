"""The rest of libvirt's names, for a hypervisor without a machine.

Interface: `ExtendedConnection`.
Upstream: nova/tests/fixtures/libvirt.py.
"""

from __future__ import annotations

from xml.etree import ElementTree

from oslearn.core.nova.virt.fake import VIR_DOMAIN_RUNNING, FakeConnection

VIR_DOMAIN_PAUSED, VIR_DOMAIN_SHUTOFF = 3, 5


class ExtendedConnection(FakeConnection):
    """A connection that also changes the domains it has."""

    def create(self, uuid: str) -> None:
        """Start a domain that is shut off, or one whose memory was saved."""
        self.to(uuid, VIR_DOMAIN_RUNNING)

    def reboot(self, uuid: str) -> None:
        """Ask the guest to start again."""
        self.to(uuid, VIR_DOMAIN_RUNNING)

    def resume(self, uuid: str) -> None:
        """Let them run."""
        self.to(uuid, VIR_DOMAIN_RUNNING)

    def shutdown(self, uuid: str) -> None:
        """Shut it off, and keep it defined."""
        self.to(uuid, VIR_DOMAIN_SHUTOFF)

    def managedSave(self, uuid: str) -> None:  # noqa: N802
        """Write its memory to the disk and shut it off."""
        self.to(uuid, VIR_DOMAIN_SHUTOFF)

    def injectNMI(self, uuid: str) -> None:  # noqa: N802
        """Interrupt the guest, so that its kernel writes a crash dump."""
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

    def suspend(self, uuid: str) -> None:
        """Keep its vCPUs from running."""
        self.to(uuid, VIR_DOMAIN_PAUSED)

    def to(self, uuid: str, state: int) -> None:
        """Put a domain into a state. Raises libvirtError if it is not there."""
        self.getInfo(uuid)
        self.states[uuid] = state
