"""An error that nobody foresaw is a 500 in the service's own words, which tell nothing of the inside."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from oslearn import Cloud
from oslearn.core.oslo.db import Handle
from oslearn.trace.probe import Probe

WEBOB = "The server has either erred or is incapable of performing the requested operation."


class BrokenDatabase(Probe):
    """Once armed, every statement of one process breaks."""

    def __init__(self, process: str) -> None:
        self.process, self.armed = process, False

    def database(self, handle: Handle) -> Handle:
        def before(*_: Any) -> None:
            if self.armed and handle.process == self.process:
                raise RuntimeError("the inside, with a s3cret")

        event.listen(handle.engine, "before_cursor_execute", before)
        return handle


@pytest.mark.parametrize(
    ("process", "api", "path", "words"),
    [
        ("keystone", "identity", "/users", "An unexpected error prevented the server from fulfilling your request."),
        ("glance-api", "image", "/images", WEBOB),
        (
            "neutron-server",
            "network",
            "/networks",
            "Request Failed: internal server error while processing your request",
        ),
        ("cinder-api", "volume", "/{project}/volumes", WEBOB),
        (
            "nova-api",
            "compute",
            "/servers",
            "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/",
        ),
    ],
)
def test_a_500_speaks_with_the_services_voice(process: str, api: str, path: str, words: str) -> None:
    probe = BrokenDatabase(process)
    admin = Cloud(seed=7, trace=False, probes=[probe]).connect("admin")
    path = path.format(project=admin.project_id)
    probe.armed = True
    reply = getattr(admin, api).get(path, raise_exc=False)
    assert reply.status_code == 500
    assert words in reply.text
    assert "s3cret" not in reply.text
