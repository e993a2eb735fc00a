"""The stub through which cinder-api reaches cinder-scheduler. Upstream: cinder/scheduler/rpcapi.py."""

from __future__ import annotations

from typing import Any

from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient, Target

TARGET = Target("cinder-scheduler")


class SchedulerAPI:
    """Messages to the scheduler."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def cast(self, context: RequestContext, method: str, **args: object) -> None:
        """Send and go on."""
        self.client.cast(context, TARGET, method, **args)

    def call(self, context: RequestContext, method: str, **args: object) -> Any:
        """Send and wait. Raises MessagingTimeout."""
        return self.client.call(context, TARGET, method, **args)
