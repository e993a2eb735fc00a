"""The stub through which cinder-api reaches cinder-volume.

Interface: `HOST`; `target(host)`; `VolumeRef`, a volume as messages carry it, which `ref(volume)` makes;
`placed(volume)`; `VolumeAPI`.
Invariants: a backend has a topic of its own, so that a message for `controller@lvm` cannot reach another backend.
Upstream: cinder/volume/rpcapi.py.
"""

from __future__ import annotations

from typing import TypedDict, cast

from oslearn.core.cinder import exceptions as e
from oslearn.core.cinder.models import Volume
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.messaging import RPCClient, Target

HOST = "controller@lvm"
"""Where the volumes are: a host, and its backend."""


class VolumeRef(TypedDict):
    """A volume as a message carries it: what it was when the message was sent."""

    id: str
    name: str | None
    size: int
    host: str | None
    availability_zone: str
    volume_type_id: str
    project_id: str


def target(host: str | None) -> Target:
    """Where the messages of a backend go.

    >>> str(target("controller@lvm#lvm"))
    'cinder-volume.controller@lvm.controller'
    """
    backend = str(host).partition("#")[0]
    return Target(f"cinder-volume.{backend}", backend.partition("@")[0])


def ref(volume: Volume) -> VolumeRef:
    return cast(VolumeRef, {name: getattr(volume, name) for name in VolumeRef.__annotations__})


def placed(volume: Volume) -> VolumeRef:
    """The same of a volume that must be on a host. Raises InvalidVolume."""
    if not volume.host:
        raise e.InvalidVolume(reason="The volume has not been scheduled to any host.")
    return ref(volume)


class VolumeAPI:
    """Messages about a volume to the process that serves its host."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def attachment_update(
        self, context: RequestContext, volume: VolumeRef, connector: Body, attachment_id: str
    ) -> Body:
        """Let the host that the connector names reach the volume; returns how. Raises MessagingTimeout."""
        args = {"volume": volume, "connector": connector, "attachment_id": attachment_id}
        return dict(self.client.call(context, target(volume["host"]), "attachment_update", **args))

    def attachment_delete(self, context: RequestContext, volume: VolumeRef, attachment_id: str) -> None:
        """Shut the host off. Raises MessagingTimeout."""
        args = {"volume": volume, "attachment_id": attachment_id}
        self.client.call(context, target(volume["host"]), "attachment_delete", **args)
