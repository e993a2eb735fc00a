"""How long a request takes over HTTP with 1, 8 and 32 clients, and what memory the cloud holds after 10,000 of them.

The requests are what clients ask most: lists, one thing, a login, and changes that are taken back, so that only the
trace grows. It is full long before the end: from then on memory is to be flat. Alone: `python -m benchmarks.latency`.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.over_http import Client, client, resident, server_body, serving

CLIENTS = (1, 8, 32)
REQUESTS = 960
"""So many at each number of clients."""
STEP, STEPS = 2_500, 4
CROWD = 8
"""So many clients send what memory is measured by."""
KEY = f"ssh-ed25519 {b64encode(bytes([0, 0, 0, 11]) + b'ssh-ed25519' + bytes([0, 0, 0, 32]) + bytes(32)).decode()}"
"""What users bring. To make one takes the cloud, which has no library for it, half a second."""
AIM = 180
"""Megabytes that the cloud may hold in the end."""
LISTS = ("/compute/v2.1/servers/detail", "/compute/v2.1/flavors/detail", "/image/v2/images",
         "/networking/v2.0/networks", "/networking/v2.0/ports", "/networking/v2.0/security-groups",
         "/identity/v3/auth/catalog")  # fmt: skip


def round_of(user: Client, name: str) -> list[Callable[[], object]]:
    """A round of ordinary requests."""
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


def send(folder: Path, number: int, requests: int) -> list[float]:
    """The seconds of each request of one client."""
    user, times = client(folder, "demo"), []
    asks = round_of(user, f"bench{number}")
    for n in range(requests):
        start = time.perf_counter()
        asks[n % len(asks)]()
        times.append(time.perf_counter() - start)
    for ask in asks[requests % len(asks) :] if requests % len(asks) else []:
        ask()  # what the round has made is taken back
    return times


def crowd(folder: Path, clients: int, requests: int) -> list[float]:
    """The seconds of each request, sent by so many clients at the same time."""
    with ThreadPoolExecutor(clients) as pool:
        parts = pool.map(lambda number: send(folder, number, requests // clients), range(clients))
        return [seconds for part in parts for seconds in part]


def measure() -> None:
    """Print the memory of many requests, and then the latencies."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder) as pid:
            demo = client(folder, "demo")
            demo.boot(server_body(demo))
            for step in range(1, STEPS + 1):
                crowd(folder, CROWD, STEP)
                print(f"memory after {step * STEP:>6} requests{resident(pid):9.1f} MB   aim below {AIM} MB, flat")
            for clients in CLIENTS:
                latency(folder, clients)
            print(f"memory after {CLIENTS[-1]} clients at once{resident(pid):9.1f} MB")


def latency(folder: Path, clients: int) -> None:
    """Print the middle one and the slowest of a hundred."""
    begun = time.perf_counter()
    times = crowd(folder, clients, REQUESTS)
    took = time.perf_counter() - begun
    parts = statistics.quantiles(times, n=100)
    print(f"{clients:>2} clients{parts[49] * 1000:15.1f} ms   p50, p99 {parts[98] * 1000:7.1f} ms,"
          f" {len(times) / took:6.0f} requests a second")  # fmt: skip


if __name__ == "__main__":
    measure()
