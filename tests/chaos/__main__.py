"""Kill the server again and again while clients work, and judge what the next start makes of it.

    python -m tests.chaos KILLS SEED

Several clients work on a cloud in a folder, each with a ledger of what it was answered. At a random moment the server
is killed with SIGKILL and started again. Then, from outside: nothing that was answered is lost, and nothing is half
done. The moments and the clients' choices come from the seed; what a kill meets depends on the machine.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from keystoneauth1.adapter import Adapter
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session
from tests.chaos.clients import Client
from tests.chaos.judge import half_done

from oslearn.port import settings

CLIENTS = 4
LONGEST = 2.0
"""Seconds of work before a kill, at most."""
PATHS = {"compute": "compute/v2.1", "image": "image/v2", "network": "networking/v2.0", "volume": "volume/v3",
         "object_store": "object-store/v1", "placement": "placement", "identity": "identity/v3"}  # fmt: skip


class User:
    """A client's connection to the served cloud."""

    def __init__(self, clouds: settings.Settings, name: str) -> None:
        auth, url = clouds["clouds"][f"oslearn-{name}"]["auth"], clouds["oslearn"]["url"]
        self.session = Session(Password(**auth))
        self.project_id = str(self.session.get_project_id())
        for kind, path in PATHS.items():
            setattr(self, kind, Adapter(self.session, kind, endpoint_override=f"{url}/{path}"))


class Server:
    """A serving process on a folder."""

    def __init__(self, folder: Path, port: str = "0") -> None:
        words = [sys.executable, "-m", "oslearn", "serve", "--port", port, "--hosts", "2", "--data", "data"]
        log = (folder / "log").open("a")
        self.process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if "answers at" not in line:
            raise SystemExit(f"the server does not start: {line}{(folder / 'log').read_text()}")
        self.clouds = settings.read(folder / "clouds.yaml")
        self.port = self.clouds["oslearn"]["url"].rpartition(":")[2]

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def prepare(admin: Any, demo: Any) -> tuple[str, str]:
    """Room for all, and what the clients share: the image and a network."""
    limits = {"instances": -1, "cores": -1, "ram": -1, "key_pairs": -1}
    admin.compute.put(f"/os-quota-sets/{demo.project_id}", json={"quota_set": limits})
    roomy = {"volumes": -1, "gigabytes": -1, "snapshots": -1}
    admin.volume.put(f"/{admin.project_id}/os-quota-sets/{demo.project_id}", json={"quota_set": roomy})
    admin.network.put(f"/quotas/{demo.project_id}", json={"quota": {"port": -1, "network": -1, "subnet": -1}})
    demo.object_store.put(f"/AUTH_{demo.project_id}/chaos")
    network = demo.network.post("/networks", json={"network": {"name": "common"}}).json()["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.251.0.0/16"}
    demo.network.post("/subnets", json={"subnet": subnet})
    return demo.image.get("/images").json()["images"][0]["id"], network


def judged(folder: Path, admin: Any, clients: list[Client]) -> list[str]:
    """What is lost and what is half done."""
    lost = [line for client in clients for line in client.ledger.broken(client.user)]
    return lost + half_done(admin, folder / "data")


def main(kills: int, seed: str) -> int:
    """The number of kills that left something."""
    rng, bad, begun = random.Random(seed), Counter[str](), time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        server = Server(folder)
        admin, demo = User(server.clouds, "admin"), User(server.clouds, "demo")
        shared = prepare(admin, demo)
        clients = [Client(f"c{n}", demo, f"{seed}.{n}", *shared) for n in range(CLIENTS)]
        for number in range(1, kills + 1):
            threads = [threading.Thread(target=client.work) for client in clients]
            for thread in threads:
                thread.start()
            time.sleep(rng.uniform(0.02, LONGEST))
            server.kill()
            for thread in threads:
                thread.join()
            server = Server(folder, server.port)
            if found := judged(folder, admin, clients):
                bad["kills"] += 1
                print(f"kill {number} (seed {seed}):", *found, sep="\n  ", flush=True)
        answers, rows = sum(client.ledger.answers for client in clients), sum(len(c.ledger.held) for c in clients)
        server.kill()
    seconds = time.monotonic() - begun
    print(f"{kills} kills, {answers} answered changes, {rows} things held at the end, {seconds:.0f} s: "
          f"{bad['kills']} kills left something.")  # fmt: skip
    return bad["kills"]


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, sys.argv[2] if len(sys.argv) > 2 else "1")))
