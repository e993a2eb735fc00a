"""The cloud behind one loopback port, with DevStack's paths, for clients in other processes.

Interface: `Server(port, config)`: `server.url`, `server.cloud`, `server.run()`; `clouds_yaml(server)`, `openrc(...)`.
Invariants: one request at a time, and the casts that it caused are delivered before the next, so the cloud needs no
locks of its own; only this machine can reach it.
Upstream: DevStack's Apache with one path an API. Left out: the trace, which would grow without end.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from waitress.server import create_server  # type: ignore[import-untyped]

from oslearn.cloud import Cloud
from oslearn.config import Config

HOST = "127.0.0.1"
MARK = "# Written by `oslearn serve`, which overwrites it.\n"
PROVIDER = {"network": {"name": "provider", "router:external": True, "shared": True}}
POOL = {"start": "203.0.113.100", "end": "203.0.113.200"}


class Server:
    """A cloud and its port. Port 0 takes a free one."""

    def __init__(self, port: int = 0, config: Config | None = None, *, empty: bool = False, **options: Any) -> None:
        """`empty` leaves out the image and the external network; `options` go to the cloud."""
        self._lock = threading.Lock()
        self._server = create_server(self._answer, host=HOST, port=port, threads=4, ident=None)
        self.url = f"http://{HOST}:{self._server.effective_port}"
        self.cloud = Cloud(replace(config or Config(), base_url=self.url), trace=False, **options)
        if not empty:
            fill(self.cloud)

    def run(self) -> None:
        """Answer until interrupted."""
        self._server.run()

    def close(self) -> None:
        """Give the port back."""
        self._server.close()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        with self._lock:
            body = b"".join(self.cloud.router(environ, start_response))
            self.cloud.bus.drain()
        return [body]


def fill(cloud: Cloud) -> None:
    """What a course begins with: a public image and the external network `provider`."""
    admin = cloud.connect("admin")
    image = {"name": "cirros", "disk_format": "raw", "container_format": "bare", "visibility": "public"}
    image_id = admin.image.post("/images", json=image).json()["id"]
    admin.image.put(f"/images/{image_id}/file", data=b"\0" * 512, headers={"Content-Type": "application/octet-stream"})
    network_id = admin.network.post("/networks", json=PROVIDER).json()["network"]["id"]
    subnet = {
        "network_id": network_id,
        "name": "provider",
        "ip_version": 4,
        "cidr": "203.0.113.0/24",
        "allocation_pools": [POOL],
        "enable_dhcp": False,
    }
    admin.network.post("/subnets", json={"subnet": subnet})
    cloud.trace.clear()


def clouds(server: Server) -> dict[str, Any]:
    """The content of clouds.yaml: `oslearn-admin` and `oslearn-demo`."""
    return {
        f"oslearn-{user}": {
            "auth": {
                "auth_url": f"{server.url}/identity/v3",
                "username": user,
                "password": server.cloud.passwords[user],
                "project_name": user,
                "user_domain_name": "Default",
                "project_domain_name": "Default",
            },
            "region_name": server.cloud.config.region,
            "identity_api_version": "3",
        }
        for user in ("admin", "demo")
    }


def write_clouds(server: Server, path: Path) -> None:
    """Write clouds.yaml, for its owner only; JSON is YAML. Raises FileExistsError if somebody else wrote the file."""
    if path.exists() and not path.read_text("utf-8").startswith(MARK):
        raise FileExistsError(f"{path} is not oslearn's: name another with --clouds-yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(MARK + json.dumps({"clouds": clouds(server)}, indent=2) + "\n")


def openrc(path: Path, user: str) -> str:
    """The shell lines that log `user` in. Raises FileNotFoundError, KeyError."""
    text = path.read_text("utf-8").removeprefix(MARK)
    auth = json.loads(text)["clouds"][f"oslearn-{user}"]["auth"]
    return "\n".join(f"export OS_{name.upper()}={value}" for name, value in {**auth, "identity_api_version": 3}.items())
