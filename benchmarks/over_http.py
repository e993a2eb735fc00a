"""What a client in another process waits for: `oslearn serve` over a real port."""

from __future__ import annotations

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from benchmarks.in_process import resident
from oslearn.port import settings

BOOTS = 50
SERVE = [sys.executable, "-m", "oslearn", "serve", "--port", "0", "--hosts", "10"]
NO_LIMITS = {"instances": -1, "cores": -1, "ram": -1}
CLIENTS, REQUESTS, ALL = 8, 960, 10_000
SERVERS, PAGE = 10_000, 1_000
KEY = f"ssh-ed25519 {b64encode(bytes([0, 0, 0, 11]) + b'ssh-ed25519' + bytes([0, 0, 0, 32]) + bytes(32)).decode()}"
"""What users bring. To make one takes the cloud, which has no library for it, half a second."""
LISTS = ("/compute/v2.1/servers/detail", "/compute/v2.1/flavors/detail", "/image/v2/images",
         "/networking/v2.0/networks", "/networking/v2.0/ports", "/networking/v2.0/security-groups",
         "/identity/v3/auth/catalog")  # fmt: skip


class Client:
    """A user of a running cloud, over HTTP."""

    def __init__(self, folder: Path, user: str) -> None:
        known = settings.read(folder / "clouds.yaml")
        self.url, self.http, auth = (
            known["oslearn"]["url"],
            requests.Session(),
            known["clouds"][f"oslearn-{user}"]["auth"],
        )
        domain = {"name": "Default"}
        named = {"name": auth["username"], "domain": domain, "password": auth["password"]}
        project = {"name": auth["project_name"], "domain": domain}
        identity = {"methods": ["password"], "password": {"user": named}}
        asked = {"auth": {"identity": identity, "scope": {"project": project}}}
        reply = self.http.post(f"{self.url}/identity/v3/auth/tokens", json=asked, timeout=60)
        reply.raise_for_status()
        self.http.headers["X-Auth-Token"] = reply.headers["X-Subject-Token"]
        self.project_id = reply.json()["token"]["project"]["id"]

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The reply's JSON. Raises requests.HTTPError."""
        reply = self.http.request(method, self.url + path, json=body, timeout=60)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def boot(self, body: dict[str, Any]) -> float:
        """Boot and wait until the server is ACTIVE; the seconds of it."""
        start = time.perf_counter()
        server_id = self.request("POST", "/compute/v2.1/servers", body)["server"]["id"]
        while (status := self.request("GET", f"/compute/v2.1/servers/{server_id}")["server"]["status"]) != "ACTIVE":
            if status == "ERROR":
                raise RuntimeError("the server is in ERROR")
        return time.perf_counter() - start

    def server(self) -> dict[str, Any]:
        """What a boot asks for, on a new network."""
        network = self.request("POST", "/networking/v2.0/networks", {"network": {"name": "bench"}})["network"]["id"]
        subnet = {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/16"}
        self.request("POST", "/networking/v2.0/subnets", {"subnet": subnet})
        image = self.request("GET", "/image/v2/images")["images"][0]["id"]
        return {"server": {"name": "bench", "imageRef": image, "flavorRef": "1", "networks": [{"uuid": network}]}}


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


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for a while."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def served() -> dict[str, float]:
    """From the start to one boot, boots one after the other, and boots at the same time."""
    with scratch() as folder:
        begun = time.perf_counter()
        with serving(folder) as pid:
            demo = Client(folder, "demo")
            found = {"start": time.perf_counter() - begun}
            quotas = f"/compute/v2.1/os-quota-sets/{demo.project_id}"
            Client(folder, "admin").request("PUT", quotas, {"quota_set": NO_LIMITS})
            body = demo.server()
            demo.boot(body)
            times = [demo.boot(body) for _ in range(BOOTS)]
            found |= {"active": statistics.median(times) * 1000, "row": BOOTS / sum(times)}
            start = time.perf_counter()
            with ThreadPoolExecutor(BOOTS) as pool:
                list(pool.map(lambda _: demo.boot(body), range(BOOTS)))
            return found | {"once": BOOTS / (time.perf_counter() - start), "resident": resident(pid)}


def crowd() -> dict[str, float]:
    """How long one of 8 clients waits, and what the cloud holds in the end; the trace is full long before."""
    with scratch() as folder, serving(folder) as pid:
        demo = Client(folder, "demo")
        demo.boot(demo.server())
        everybody(folder, ALL - REQUESTS)
        parts = statistics.quantiles(everybody(folder, REQUESTS), n=100)
        return {"p50": parts[49] * 1000, "p99": parts[98] * 1000, "crowd": resident(pid)}


def everybody(folder: Path, requests: int) -> list[float]:
    """The seconds of each request, sent by all clients at the same time."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        parts = pool.map(lambda number: send(folder, number, requests // CLIENTS), range(CLIENTS))
        return [seconds for part in parts for seconds in part]


def send(folder: Path, number: int, requests: int) -> list[float]:
    """The seconds of each request of one client, which leaves nothing behind."""
    user, times = Client(folder, "demo"), []
    asks = round_of(user, f"bench{number}")
    for n in range(requests - requests % len(asks)):
        start = time.perf_counter()
        asks[n % len(asks)]()
        times.append(time.perf_counter() - start)
    return times


def round_of(user: Client, name: str) -> list[Callable[[], object]]:
    """What clients ask most: lists, one thing, changes that are taken back."""
    volumes = f"/volume/v3/{user.project_id}/volumes/detail"
    box, key = f"/object-store/v1/AUTH_{user.project_id}/{name}", f"/compute/v2.1/os-keypairs/{name}"
    reads = [lambda path=path: user.request("GET", path) for path in (*LISTS, volumes)]
    return [
        *reads,
        lambda: user.request("POST", "/compute/v2.1/os-keypairs", {"keypair": {"name": name, "public_key": KEY}}),
        lambda: user.request("GET", key),
        lambda: user.request("DELETE", key),
        lambda: user.request("PUT", box),
        lambda: user.http.put(f"{user.url}{box}/object", data=b"x" * 10_000, timeout=60).raise_for_status(),
        lambda: user.http.get(f"{user.url}{box}/object", timeout=60).raise_for_status(),
        lambda: user.request("DELETE", f"{box}/object"),
        lambda: user.request("DELETE", box),
    ]


def listing() -> dict[str, float]:
    """10,000 servers by pages of 1,000, as `openstack server list --limit -1` asks for them.

    One is booted, and its row is copied in the cloud's file: 10,000 boots would take minutes. A copy has no port.
    """
    with scratch() as folder:
        keep = ("--data", str(folder / "data"))
        with serving(folder, *keep):
            demo = Client(folder, "demo")
            demo.boot(demo.server())
        ids = [str(uuid.UUID(int=number)) for number in range(1, SERVERS)]
        copy(folder / "data" / "nova_cell1.sqlite", "instances", "uuid", ids)
        copy(folder / "data" / "nova_api.sqlite", "instance_mappings", "instance_uuid", ids)
        with serving(folder, *keep):
            demo = Client(folder, "demo")
            return {"list": statistics.median(pages(demo) for _ in range(3))}


def pages(user: Client) -> float:
    """Seconds until the last page."""
    start, found, marker = time.perf_counter(), 0, ""
    while page := user.request("GET", f"/compute/v2.1/servers/detail?limit={PAGE}{marker}")["servers"]:
        found, marker = found + len(page), f"&marker={page[-1]['id']}"
    assert found == SERVERS, found
    return time.perf_counter() - start


def copy(file: Path, table: str, key: str, ids: list[str]) -> None:
    """Copy the only row of a table, each time with another key."""
    with sqlite3.connect(file) as connection:
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] not in ("id", key)]
        columns = ", ".join(names)
        words = f"INSERT INTO {table} ({key}, {columns}) SELECT ?, {columns} FROM {table} LIMIT 1"
        connection.executemany(words, [(one,) for one in ids])
    connection.close()
