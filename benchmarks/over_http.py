"""What a client in another process waits for: `oslearn serve` over a real port.

Beside ours stands what a real cloud of the same services took on two cores: release 2026.2, MariaDB, RabbitMQ, fake
hypervisor, recorded on 2026-11-22.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from oslearn.port import settings

REAL = {"start": 41.0, "boot": 1.48, "sequential": 0.65, "concurrent": 1.0, "memory": 3900.0}
"""Seconds, seconds, boots a second, boots a second, MB."""
BOOTS = 50
SERVE = [sys.executable, "-m", "oslearn", "serve", "--port", "0", "--hosts", "10"]
NO_LIMITS = {"instances": -1, "cores": -1, "ram": -1}


class Client:
    """A user of a running cloud, over HTTP."""

    def __init__(self, url: str, auth: settings.Auth) -> None:
        self.url, self.http = url, requests.Session()
        domain = {"name": "Default"}
        user = {"name": auth["username"], "domain": domain, "password": auth["password"]}
        project = {"name": auth["project_name"], "domain": domain}
        identity = {"methods": ["password"], "password": {"user": user}}
        asked = {"auth": {"identity": identity, "scope": {"project": project}}}
        reply = self.http.post(f"{url}/identity/v3/auth/tokens", json=asked, timeout=60)
        reply.raise_for_status()
        self.http.headers["X-Auth-Token"] = reply.headers["X-Subject-Token"]
        self.project_id = reply.json()["token"]["project"]["id"]

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The reply's JSON. Raises requests.HTTPError."""
        reply = self.http.request(method, self.url + path, json=body, timeout=60)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def boot(self, body: dict[str, Any]) -> None:
        """Boot and wait until the server is ACTIVE."""
        server_id = self.request("POST", "/compute/v2.1/servers", body)["server"]["id"]
        while (status := self.request("GET", f"/compute/v2.1/servers/{server_id}")["server"]["status"]) != "ACTIVE":
            if status == "ERROR":
                raise RuntimeError("the server is in ERROR")


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[int]:
    """A cloud in a process of its own; yields the process's id."""
    with subprocess.Popen([*SERVE, *words], cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            process.terminate()


def client(folder: Path, user: str) -> Client:
    """A user of the cloud that was started in the folder."""
    known = settings.read(folder / "clouds.yaml")
    return Client(known["oslearn"]["url"], known["clouds"][f"oslearn-{user}"]["auth"])


def measure() -> None:
    """Print each figure beside the real cloud's."""
    with tempfile.TemporaryDirectory() as name:
        folder, begun = Path(name), time.perf_counter()
        with serving(folder) as pid:
            admin, demo = client(folder, "admin"), client(folder, "demo")
            line("serve to first token", time.perf_counter() - begun, REAL["start"], "s")
            boots(admin, demo)
            line("resident memory", resident(pid), REAL["memory"], "MB")


def boots(admin: Client, demo: Client) -> None:
    """One boot, boots one after the other, boots at the same time."""
    quotas = f"/compute/v2.1/os-quota-sets/{demo.project_id}"
    admin.request("PUT", quotas, {"quota_set": NO_LIMITS})
    body = server_body(demo)
    demo.boot(body)
    times = []
    for _ in range(BOOTS):
        start = time.perf_counter()
        demo.boot(body)
        times.append(time.perf_counter() - start)
    line("POST /servers to ACTIVE", statistics.median(times), REAL["boot"], "s")
    line(f"{BOOTS} boots in a row", BOOTS / sum(times), REAL["sequential"], "/s")
    start = time.perf_counter()
    with ThreadPoolExecutor(BOOTS) as pool:
        list(pool.map(lambda _: demo.boot(body), range(BOOTS)))
    line(f"{BOOTS} boots at once", BOOTS / (time.perf_counter() - start), REAL["concurrent"], "/s")


def server_body(demo: Client) -> dict[str, Any]:
    """What a boot asks for, on a new network."""
    network = demo.request("POST", "/networking/v2.0/networks", {"network": {"name": "bench"}})["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/16"}
    demo.request("POST", "/networking/v2.0/subnets", {"subnet": subnet})
    image = demo.request("GET", "/image/v2/images")["images"][0]["id"]
    return {"server": {"name": "bench", "imageRef": image, "flavorRef": "1", "networks": [{"uuid": network}]}}


def resident(pid: int) -> float:
    """Megabytes of memory that a process holds. Linux only."""
    status = Path(f"/proc/{pid}/status")
    found = [row for row in status.read_text().splitlines() if row.startswith("VmRSS")] if status.exists() else []
    return int(found[0].split()[1]) / 1000 if found else float("nan")


def line(what: str, ours: float, real: float, unit: str) -> None:
    """One figure and how many times better it is."""
    times = ours / real if unit == "/s" else real / ours
    print(f"{what:<24}{ours:9.3f} {unit:<3} real cloud {real:8.2f} {unit:<3} {times:6.0f} times better")
