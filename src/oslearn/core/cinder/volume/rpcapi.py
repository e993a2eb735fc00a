"""The stub through which the other processes reach cinder-volume.

Invariants: a backend has a topic of its own, so that a message for `controller@lvm` cannot reach another backend.
Upstream: cinder/volume/rpcapi.py.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.cinder.models import Volume
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient, Target


def target(host: str) -> Target:
    """Where the messages of a backend go.

    >>> str(target("controller@lvm#lvm"))
    'cinder-volume.controller@lvm.controller'
    """
    backend = host.partition("#")[0]
    return Target(f"cinder-volume.{backend}", backend.partition("@")[0])


def ref(volume: Volume) -> dict[str, Any]:
    """A volume as a message carries it."""
    names = ("id", "name", "size", "host", "availability_zone", "volume_type_id", "project_id")
    return {name: getattr(volume, name) for name in names}


class VolumeAPI:
    """Messages about a volume, as `ref` makes it, to the process that serves its host."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def cast(self, context: RequestContext, volume: dict[str, Any], method: str, **args: Any) -> None:
        """Send and go on."""
        self.client.cast(context, target(volume["host"]), method, volume=volume, **args)

    def call(self, context: RequestContext, volume: dict[str, Any], method: str, **args: Any) -> Any:
        """Send and wait. Raises MessagingTimeout, or what cinder-volume raised."""
        return self.client.call(context, target(volume["host"]), method, volume=volume, **args)
