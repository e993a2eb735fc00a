"""HTTP over sockets: how a process reaches the APIs of others, and how its own is reached.

Interface: `Wire`, a transport of requests; `answered(url, seconds)`, whether an API is there by then.
Upstream: requests' own adapter below keystoneauth1.
"""

from __future__ import annotations

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from oslearn.apart import tracing
from oslearn.apart.tracing import PartTrace
from oslearn.core.oslo import context as oslo_context
from oslearn.trace import profiler

TIMEOUT = 60
"""Seconds that a service may take to answer another one (Nova's `[neutron] timeout` and its like)."""
CONNECTIONS = 32
POLL = 0.05
"""Seconds between two looks at a port."""


class Wire(HTTPAdapter):
    """Sends what `Http` has prepared, with its length, the request id of what is being served, and who caused it."""

    def __init__(self, trace: PartTrace, key: str) -> None:
        super().__init__(pool_maxsize=CONNECTIONS)
        self.trace, self.key = trace, key

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Raises requests.RequestException."""
        if isinstance(request.body, str):
            request.body = request.body.encode()
        if isinstance(request.body, bytes):
            request.headers["Content-Length"] = str(len(request.body))
        serving = oslo_context.current.get()
        if serving is not None:
            request.headers.setdefault("X-OpenStack-Request-ID", serving.request_id)
        if number := profiler.current.get():
            request.headers.update(tracing.signed(number, self.key))
        response = super().send(request, *args, **{"timeout": TIMEOUT} | options)
        self.trace.heard(tracing.read(response.headers, self.key))
        return response


def answered(url: str, seconds: float) -> bool:
    """Whether something listens at a URL's port, now or within so many seconds."""
    until, place = time.monotonic() + seconds, urlsplit(url)
    while True:
        try:
            socket.create_connection((place.hostname or "", place.port or 80), 5).close()
        except OSError:
            if time.monotonic() > until:
                return False
            time.sleep(POLL)
        else:
            return True
