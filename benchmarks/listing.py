"""A list of 10,000 servers by pages of 1,000, as `openstack server list --limit -1` asks for it.

One server is booted; its row is copied in the cloud's file, since 10,000 boots would take minutes. A copy has no port.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
import uuid
from pathlib import Path

from benchmarks.over_http import Client, client, server_body, serving

SERVERS, PAGE = 10_000, 1_000


def measure() -> None:
    """Print the seconds of the whole list, with and without details."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keep = ("--data", str(folder / "data"))
        with serving(folder, *keep):
            demo = client(folder, "demo")
            demo.boot(server_body(demo))
        multiply(folder / "data")
        with serving(folder, *keep):
            demo = client(folder, "demo")
            for path in ("/servers", "/servers/detail"):
                times = [pages(demo, path) for _ in range(3)]
                print(f"{SERVERS} servers by {PAGE:<6}{statistics.median(times):9.3f} s    GET {path}")


def pages(user: Client, path: str) -> float:
    """Seconds until the last page."""
    start, found, marker = time.perf_counter(), 0, ""
    while page := user.request("GET", f"/compute/v2.1{path}?limit={PAGE}{marker}")["servers"]:
        found, marker = found + len(page), f"&marker={page[-1]['id']}"
    assert found == SERVERS, found
    return time.perf_counter() - start


def multiply(data: Path) -> None:
    """Copy the one server's rows."""
    ids = [str(uuid.UUID(int=number)) for number in range(1, SERVERS)]
    copy(data / "nova_cell1.sqlite", "instances", "uuid", ids)
    copy(data / "nova_api.sqlite", "instance_mappings", "instance_uuid", ids)


def copy(file: Path, table: str, key: str, ids: list[str]) -> None:
    """Copy the only row of a table, each time with another key."""
    with sqlite3.connect(file) as connection:
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] not in ("id", key)]
        columns = ", ".join(names)
        words = f"INSERT INTO {table} ({key}, {columns}) SELECT ?, {columns} FROM {table} LIMIT 1"
        connection.executemany(words, [(one,) for one in ids])
    connection.close()


if __name__ == "__main__":
    measure()
