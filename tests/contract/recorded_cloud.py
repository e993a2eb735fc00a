"""The recorded cloud's make: its hypervisor and its volumes were fakes, it was slow, and no cinder-backup ran.

Interface: `RecordedCloud`, a cloud with such drivers; `at_work(command)` says whether the recorded client saw work.
Upstream: nova/virt/fake.py, `FakeDriver`; cinder/tests/fake_driver.py, `FakeLoggingVolumeDriver`.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete

from oslearn.cloud import Cloud
from oslearn.core.cinder.volume.manager import VolumeManager
from oslearn.core.nova.virt.libvirt import LibvirtDriver
from oslearn.core.oslo.messaging import Target
from oslearn.deploy.cinder import cinder_db
from oslearn.extensions.cinder.models import Service
from oslearn.extensions.nova.exception import ComputeServiceUnavailable
from oslearn.extensions.nova.image.glance import ExtendedImageAPI
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations

BACKUP = "cinder-backup"


class Other:
    """Something that does what another does, but for its own methods."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class FakeDriver(Other):
    """nova-compute's: it connects no volume."""

    def spawn(self, instance: Any, image: Any, network_info: Any, block_devices: Any) -> None:
        self._inner.spawn(instance, image, network_info, [])


class FakeOperations(Other):
    """What it does with a domain that is there: it connects none either, and tells nothing of its host."""

    def attach_volume(self, connection_info: Any, instance: Any, device: Any) -> None:
        """Nothing."""

    def detach_volume(self, instance: Any, volume_id: str) -> None:
        """Nothing."""

    def get_host_uptime(self) -> str:
        raise ComputeServiceUnavailable(host="fake")


class Images(Other):
    """nova-compute's Glance: its driver uploads no snapshot, so an image stays queued."""

    def update(self, *args: Any) -> None:
        """Nothing."""

    upload = update


class FakeLoggingVolumeDriver(Other):
    """cinder-volume's: it has no target."""

    def initialize_connection(self, volume_id: str, connector: dict[str, Any]) -> dict[str, Any]:
        return dict(self._inner.initialize_connection(volume_id, connector)) | {"data": {}}


MAKES = {
    LibvirtDriver: FakeDriver,
    LibvirtOperations: FakeOperations,
    ExtendedImageAPI: Images,
}
"""What the recorded cloud had in the place of what."""


def remake(part: Any) -> None:
    """Put the recorded cloud's things into a part of nova-compute."""
    for name, thing in list(vars(part).items()) if part else ():
        if kind := MAKES.get(type(thing)):
            setattr(part, name, kind(thing))


class RecordedCloud(Cloud):
    """A cloud of that make."""

    def listen(self, process: str, target: Target, *endpoints: Any) -> None:
        """Let a process serve a target, with the recorded cloud's drivers."""
        for endpoint in endpoints:
            if isinstance(endpoint, VolumeManager):
                vars(endpoint).update(target=FakeLoggingVolumeDriver(endpoint.target))
            if process.startswith("nova-compute"):
                for name in ("", "steps", "guests", "uploads"):
                    remake(getattr(endpoint, name, None) if name else endpoint)
        super().listen(process, target, *endpoints)

    def forget_backup(self) -> None:
        """Nobody ever started cinder-backup."""
        with cinder_db(self, "cinder-api").session() as session:
            session.execute(delete(Service).where(Service.binary == BACKUP))


def at_work(exchanges: Any) -> bool:
    """Whether a server was still being built when the recorded client looked."""
    return any('"BUILD"' in json.dumps(exchange.body) for exchange in exchanges)
