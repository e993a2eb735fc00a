"""Boot servers in a cloud apart while its processes are killed one after the other, and judge what is there at the end.

    python -m tests.apart [--boots 60] [--every 3] [--database postgresql] [--seed 1] [--kill NAME ...] [--keep]

First the commands of *Three nodes* are typed, and one boot is set beside today's flow. Then clients boot servers and
delete them, and every few seconds a process is killed with SIGKILL and started again. At the end, from outside: every
server that was accepted is ACTIVE, ERROR with a fault, or deleted; Nova, Placement, Neutron and Cinder say the same;
nothing is there twice, and nothing is half done.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from keystoneauth1.exceptions import ClientException, HttpError, NotFound
from tests.apart.broker import goes_on
from tests.apart.cloud import Apart, User
from tests.apart.flow import boot, steps
from tests.apart.judge import judged
from tests.apart.page import differences, shown

V = {"OpenStack-API-Version": "compute 2.79"}
CLIENTS = 4
SETTLE = 150
"""Seconds after the last kill within which everything is done: a call may wait 60 for one that died."""
MOST = 12
"""Servers that a client lets live."""


def prepare(cloud: Apart) -> tuple[str, str]:
    """Room for all, an image and a network."""
    admin, demo = cloud.admin, cloud.demo
    limits = {"instances": -1, "cores": -1, "ram": -1}
    admin.compute.put(f"/os-quota-sets/{demo.project_id}", json={"quota_set": limits})
    admin.network.put(f"/quotas/{demo.project_id}", json={"quota": {"port": -1}})
    about = {"name": "image", "disk_format": "raw", "container_format": "bare", "visibility": "public"}
    image = admin.image.post("/images", json=about).json()["id"]
    binary = {"Content-Type": "application/octet-stream"}
    admin.image.put(f"/images/{image}/file", data=b"data", headers=binary)
    network = demo.network.post("/networks", json={"network": {"name": "common"}}).json()["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.251.0.0/16"}
    demo.network.post("/subnets", json={"subnet": subnet})
    return image, network


class Client(threading.Thread):
    """Boots its share, and deletes what is too much. What it was answered is in `accepted`, `deleted` and `unsure`."""

    def __init__(self, user: User, boots: int, seed: str, image: str, network: str) -> None:
        super().__init__(daemon=True)
        self.user, self.boots, self.rng = user, boots, random.Random(seed)
        self.image, self.network = image, network
        self.accepted: list[str] = []
        self.deleted: list[str] = []
        self.unsure: set[str] = set()
        self.refused = Counter[str]()

    def run(self) -> None:
        """Until all its servers were accepted."""
        while len(self.accepted) < self.boots:
            alive = [uuid for uuid in self.accepted if uuid not in self.deleted]
            if len(alive) >= MOST or (alive and self.rng.random() < 0.2):
                self.delete(self.rng.choice(alive))
            else:
                self.boot()

    def boot(self) -> None:
        body = {"name": f"s{len(self.accepted)}", "imageRef": self.image, "flavorRef": "0",
                "networks": [{"uuid": self.network}]}  # fmt: skip
        reply = self.ask("POST", "/servers", json={"server": body}, headers=V)
        if reply is not None:
            self.accepted.append(reply.json()["server"]["id"])

    def delete(self, uuid: str) -> None:
        self.unsure.add(uuid)  # a request that nobody answered may have been done
        if self.ask("DELETE", f"/servers/{uuid}") is not None:
            self.deleted.append(uuid)

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """The reply; None if it was refused, or nobody answered."""
        try:
            return self.user.compute.request(path, method, **options)
        except NotFound as error:
            if method == "DELETE":
                return error  # an answer before was lost
            self.refused[f"{method} 404"] += 1
        except HttpError as error:
            self.refused[f"{method} {error.http_status}"] += 1
        except ClientException as error:
            self.refused[f"{method} {type(error).__name__}"] += 1
        time.sleep(0.3)
        return None


def main(chosen: argparse.Namespace) -> int:
    """The number of things that are not as they should be."""
    rng, folder = random.Random(chosen.seed), Path(tempfile.mkdtemp(prefix="oslearn-apart-"))
    folder.chmod(0o711)
    cloud = Apart(folder, chosen.database)
    print(cloud.ready.splitlines()[-5], flush=True)
    unlike = [*differences(cloud)]
    print(*unlike, f"{len(shown())} commands of Three nodes, {len(unlike)} differ", sep="\n", flush=True)
    unlike += goes_on(cloud.bus)
    for name in ("nova-compute@compute1", "neutron-openvswitch-agent@compute1"):  # the page has stopped them
        cloud.start(name)
    boot(cloud)  # each service has its tokens now, as after a reference run's preparation
    print(f"{len(steps(cloud))} steps of a boot, each once", flush=True)
    shared, kills = prepare(cloud), Counter[str]()
    clients = [Client(cloud.demo, chosen.boots // CLIENTS, f"{chosen.seed}.{n}", *shared) for n in range(CLIENTS)]
    began = time.monotonic()
    for client in clients:
        client.start()
    names = chosen.kill or [name for name in cloud.names() if not name.startswith("trove")]
    while any(client.is_alive() for client in clients):
        time.sleep(chosen.every * rng.uniform(0.7, 1.3) if chosen.every else 0.2)
        if chosen.every and any(client.is_alive() for client in clients):
            name = rng.choice(names)
            cloud.kill(name)
            kills[name] += 1
            cloud.start(name)
    worked = time.monotonic() - began
    found = unlike + settled(cloud, clients)
    ended = time.monotonic() - began
    accepted, deleted = (sum(len(getattr(c, what)) for c in clients) for what in ("accepted", "deleted"))
    states = Counter(server["status"] for server in servers(cloud))
    print(
        f"{accepted} boots accepted, {deleted} deleted, in {worked:.0f} s; settled after {ended:.0f} s; {dict(states)}"
    )
    print(f"{kills.total()} kills: {dict(kills)}; refused: {dict(sum((c.refused for c in clients), Counter()))}")
    print(*found, f"{len(found)} things are not as they should be", sep="\n")
    cloud.close()
    if chosen.keep or found:
        print(f"kept: {folder}")
    else:
        shutil.rmtree(folder)
    return len(found)


def servers(cloud: Apart) -> list[Any]:
    """All that there are."""
    return list(cloud.admin.compute.get("/servers/detail?all_tenants=1&limit=1000", headers=V).json()["servers"])


def settled(cloud: Apart, clients: list[Client]) -> list[str]:
    """What is wrong when nothing changes any more, or after the time that it may take."""
    until = time.monotonic() + SETTLE
    while True:
        try:
            found = judged(cloud, clients)
        except ClientException as error:
            found = [str(error)]
        if not found or time.monotonic() > until:
            return found
        time.sleep(2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.apart")
    parser.add_argument("--boots", type=int, default=60)
    parser.add_argument("--every", type=float, default=3, help="seconds between two kills; 0 for none")
    parser.add_argument("--database", default="postgresql")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--kill", nargs="*", metavar="NAME", help="only these are killed")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    sys.exit(bool(main(parser.parse_args())))
