"""What the page's cloud holds, for who decides which cloud to keep.

Interface: a call of page.py: `holds(page)` counts, without a trace of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from page import Page


def holds(page: Page) -> object:
    """How many servers, networks and volumes of all projects there are, and how many bytes all of it has."""
    from kept import HERE
    from oslearn.trace.views import unseen

    cloud = page.shell.cloud
    with unseen(cloud):
        admin = cloud.connect("admin")
        servers = admin.compute.get("/servers?all_tenants=1").json()["servers"]
        networks = admin.network.get("/networks").json()["networks"]
        volumes = admin.volume.get(f"/{admin.project_id}/volumes?all_tenants=1").json()["volumes"]
    files = [path for folder in HERE for path in Path("/", folder).rglob("*") if path.is_file()]
    return {"servers": len(servers), "networks": len(networks), "volumes": len(volumes),
            "bytes": sum(path.stat().st_size for path in files)}  # fmt: skip
