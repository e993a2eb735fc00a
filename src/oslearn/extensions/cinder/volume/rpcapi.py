"""The stub for what else is asked of cinder-volume.

Interface: `TaskAPI`.
Upstream: cinder/volume/rpcapi.py, which has a method for each message.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.cinder.volume.rpcapi import VolumeRef, target
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient


class TaskAPI:
    """Messages about a volume, as `ref` makes it, to the process that serves its host."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def cast(self, context: RequestContext, volume: VolumeRef, method: str, **args: object) -> None:
        """Send and go on."""
        self.client.cast(context, target(volume["host"]), method, volume=volume, **args)

    def call(self, context: RequestContext, volume: VolumeRef, method: str, **args: object) -> Any:
        """Send and wait. Raises MessagingTimeout, or what cinder-volume raised."""
        return self.client.call(context, target(volume["host"]), method, volume=volume, **args)
