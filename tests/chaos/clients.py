"""Clients that work until the server is gone, and keep a ledger of what they were answered.

Interface: `Client(name, user, seed).work()`, in a thread of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, cast

from keystoneauth1.exceptions import ClientException, ConnectFailure, ConnectionError, HttpError
from requests import Response
from tests.chaos.ledger import Ledger

V = {"OpenStack-API-Version": "compute 2.79"}
ACTIONS: tuple[dict[str, Any], ...] = (
    {"reboot": {"type": "SOFT"}}, {"reboot": {"type": "HARD"}}, {"os-stop": None}, {"os-start": None}, {"pause": None},
    {"unpause": None}, {"suspend": None}, {"resume": None}, {"resize": {"flavorRef": "1"}},
    {"resize": {"flavorRef": "0"}}, {"confirmResize": None}, {"confirmResize": None}, {"revertResize": None},
    {"shelve": None}, {"unshelve": None}, {"createImage": {"name": "snapshot"}}, {"rescue": {}}, {"unrescue": None},
    {"lock": None}, {"unlock": None},
)  # fmt: skip
MOST = {"server": 3, "volume": 3, "network": 2, "port": 3, "image": 2, "object": 4, "keypair": 2}


class Client:
    """One of several; it touches only what it made."""

    def __init__(self, name: str, user: Any, seed: str, image: str, network: str) -> None:
        self.name, self.user, self.rng, self.ledger = name, user, random.Random(seed), Ledger()
        self.count, self.image, self.network = 0, image, network

    def work(self) -> None:
        """Until the server does not answer."""
        try:
            while True:
                self.step()
        except (ConnectFailure, ConnectionError):
            return

    def step(self) -> None:
        """Make something, change it or delete it. What the cloud refuses is no change."""
        kind = self.rng.choice([*MOST, "server", "server", "volume"])
        known = self.ledger.ids(kind)
        change = getattr(self, f"change_{kind}", None)
        try:
            if not known or (len(known) < MOST[kind] and self.rng.random() < 0.4):
                self.count += 1
                getattr(self, f"create_{kind}")(f"{self.name}-{self.count}")
            elif change and self.rng.random() < 0.75:
                change(self.rng.choice(known))
            else:
                self.delete(kind, self.rng.choice(known))
        except HttpError:
            return

    def _sure(self, kind: str, id: str, fields: dict[str, Any], ask: Callable[[], Any]) -> Any:
        """Change these fields: unsure while it is asked, sure when it is answered."""
        before = dict(self.ledger.held.get((kind, id), {}))
        self.ledger.unsure(kind, id, *fields)
        try:
            reply = ask()
        except (HttpError, ClientException) as error:
            if isinstance(error, HttpError) and error.http_status < 500:
                self.ledger.there(kind, id, **{k: v for k, v in before.items() if k in fields})
            raise
        self.ledger.there(kind, id, **fields)
        return reply

    def delete(self, kind: str, id: str) -> None:
        """Whatever it is."""
        from tests.chaos.ledger import PATHS

        api, path = PATHS[kind]
        before = dict(self.ledger.held[kind, id])
        self.ledger.unsure(kind, id)
        try:
            getattr(self.user, api).delete(path.format(id, project=self.user.project_id))
        except HttpError as error:
            if error.http_status < 500:
                self.ledger.there(kind, id, **before)
            raise
        self.ledger.gone(kind, id)

    def create_server(self, name: str) -> None:
        """From an image, on a network or a port that is there."""
        ports, networks = self.ledger.ids("port"), self.ledger.ids("network")
        where = {"uuid": self.rng.choice([self.network, *networks])}
        if ports and self.rng.random() < 0.2:
            where = {"port": self.rng.choice(ports)}
        body = {"name": name, "imageRef": self.image, "flavorRef": "0", "networks": [where]}
        disks = self.ledger.ids("volume")
        if disks and self.rng.random() < 0.3:
            disk = {"uuid": self.rng.choice(disks), "source_type": "volume", "destination_type": "volume"}
            body["block_device_mapping_v2"] = [disk | {"boot_index": -1}]
        made = self.user.compute.post("/servers", json={"server": body}, headers=V).json()["server"]
        self.ledger.there("server", made["id"], name=name)

    def change_server(self, id: str) -> None:
        """Its name, its metadata, its state, its volumes or its ports."""
        compute, choice, disks = self.user.compute, self.rng.random(), self.ledger.ids("volume")
        if choice < 0.15:
            fields: dict[str, Any] = {"name": f"{self.name}-{self.count}-{self.rng.random():.6f}"}
            self._sure("server", id, fields, lambda: compute.put(f"/servers/{id}", json={"server": fields}))
        elif choice < 0.3:
            fields = {"metadata": {"value": f"{self.rng.random():.6f}"}}
            self._sure("server", id, fields, lambda: compute.put(f"/servers/{id}/metadata", json=fields))
        elif choice < 0.5 and disks:
            disk = self.rng.choice(disks)
            if self.rng.random() < 0.5:
                body = {"volumeAttachment": {"volumeId": disk}}
                compute.post(f"/servers/{id}/os-volume_attachments", json=body)
            else:
                compute.delete(f"/servers/{id}/os-volume_attachments/{disk}")
        elif choice < 0.6:
            compute.post(f"/servers/{id}/os-interface", json={"interfaceAttachment": {"net_id": self.network}})
        elif choice < 0.65:
            ports = compute.get(f"/servers/{id}/os-interface").json()["interfaceAttachments"]
            if len(ports) > 1:
                compute.delete(f"/servers/{id}/os-interface/{ports[-1]['port_id']}")
        else:
            compute.post(f"/servers/{id}/action", json=self.rng.choice(ACTIONS), headers=V)

    def create_volume(self, name: str) -> None:
        """Empty."""
        path, body = f"/{self.user.project_id}/volumes", {"volume": {"size": 1, "name": name}}
        made = self.user.volume.post(path, json=body).json()["volume"]
        self.ledger.there("volume", made["id"], name=name)

    def change_volume(self, id: str) -> None:
        """Its name, its size, a snapshot of it."""
        path, volume, choice = f"/{self.user.project_id}/volumes/{id}", self.user.volume, self.rng.random()
        if choice < 0.3:
            fields: dict[str, Any] = {"name": f"{self.name}-{self.rng.random():.6f}"}
            self._sure("volume", id, fields, lambda: volume.put(path, json={"volume": fields}))
        elif choice < 0.7:
            size = volume.get(path).json()["volume"]["size"]
            volume.post(f"{path}/action", json={"os-extend": {"new_size": size + 1}})
        else:
            base = f"/{self.user.project_id}/snapshots"
            made = volume.post(base, json={"snapshot": {"volume_id": id}}).json()["snapshot"]["id"]
            volume.delete(f"{base}/{made}")

    def create_network(self, name: str) -> None:
        """With a subnet."""
        made = self.user.network.post("/networks", json={"network": {"name": name}}).json()["network"]["id"]
        self.ledger.there("network", made, name=name)
        subnet = {"network_id": made, "ip_version": 4, "cidr": f"10.{self.rng.randrange(1, 250)}.0.0/24"}
        self.user.network.post("/subnets", json={"subnet": subnet})

    def create_port(self, name: str) -> None:
        """On the common network."""
        body = {"port": {"network_id": self.network, "name": name}}
        made = self.user.network.post("/ports", json=body).json()["port"]
        self.ledger.there("port", made["id"], name=name)

    def create_image(self, name: str) -> None:
        """With data."""
        about = {"name": name, "disk_format": "raw", "container_format": "bare"}
        made = self.user.image.post("/images", json=about).json()["id"]
        self.ledger.there("image", made, name=name)
        data, binary = self.rng.randbytes(2000), {"Content-Type": "application/octet-stream"}
        upload = {"status": "active", "data": data}
        self._sure(
            "image", made, upload, lambda: self.user.image.put(f"/images/{made}/file", data=data, headers=binary)
        )

    def create_object(self, name: str) -> None:
        """In the common container."""
        self._put(name)

    def change_object(self, id: str) -> None:
        """Other data."""
        self._put(id)

    def _put(self, name: str) -> None:
        data, path = self.rng.randbytes(1000), f"/AUTH_{self.user.project_id}/chaos/{name}"
        fresh = ("object", name) not in self.ledger.held

        def ask() -> Response:
            return cast(Response, self.user.object_store.put(path, data=data))

        if fresh:
            ask()
            self.ledger.there("object", name, data=data)
        else:
            self._sure("object", name, {"data": data}, ask)

    def create_keypair(self, name: str) -> None:
        """Nova makes none any more: the public half is given."""
        key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3Rz2oYkq0Kz8gXkYQ0mW3bTgkXW5b0mQ5hJq3Zk0xY chaos"
        self.user.compute.post("/os-keypairs", json={"keypair": {"name": name, "public_key": key}})
        self.ledger.there("keypair", name)
