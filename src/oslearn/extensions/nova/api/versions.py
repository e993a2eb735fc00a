"""nova-api: what it says below a version that is not there. Upstream: nova/api/openstack/compute/versions.py."""

from __future__ import annotations

from oslearn.core.nova.api.versions import VERSIONS, whole
from oslearn.core.oslo.http import Reply, Request


def choices(req: Request) -> Reply:
    """Where a path of a version that is not there may be meant. 300."""
    found = []
    for name, shown in ((name, whole(req, name)["version"]) for name in sorted(VERSIONS)):
        href = f"{req.prefix}/{'v2' if name == 'v2.0' else name}{req.path}"
        kept = {key: shown[key] for key in ("id", "status", "media-types")}
        found.append(kept | {"links": [{"rel": "self", "href": href}]})
    return Reply(300, {"choices": found})
