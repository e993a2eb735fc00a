"""Neutron with its agents, and nobody else: a fake stands at the seam of keystonemiddleware."""

from __future__ import annotations

from typing import Any

from fake_auth import DEMO, Client, FakeAuth

from oslearn.core.config import Config
from oslearn.core.neutron.models import Base
from oslearn.deploy import neutron
from oslearn.deploy.base import Deployment


class Lone(Deployment):
    """A deployment whose APIs believe a test's headers."""

    def auth(self, process: str, open_paths: tuple[str, ...] = ("/",)) -> Any:
        return FakeAuth()


class Neutron(Client):
    """A client; after each request the casts that it caused are delivered. `cloud` is the deployment."""

    def __init__(self, cloud: Deployment) -> None:
        super().__init__(cloud.router.apps()["networking"], cloud.database("neutron", Base, "test"))
        self.cloud = cloud

    def call(self, *args: Any, **options: Any) -> Any:
        reply = super().call(*args, **options)
        self.cloud.bus.drain()
        return reply


def make(extensions: bool = True, **settings: Any) -> Neutron:
    cloud = Lone(Config(**settings), seed=7, extensions=extensions)
    neutron.start(cloud)
    cloud.trace.clear()
    return Neutron(cloud)


def network(neutron: Client, who: Any = DEMO, cidr: str | None = None, **values: Any) -> dict[str, Any]:
    made: dict[str, Any] = neutron.ok("POST", "/v2.0/networks", {"network": {"name": "selfservice"} | values}, who)[
        "network"
    ]
    if cidr:
        subnet(neutron, made["id"], cidr, who)
    return made


def subnet(neutron: Client, network_id: str, cidr: str, who: Any = DEMO, **values: Any) -> dict[str, Any]:
    """Without DHCP, whose port would take an address, unless a test asks for it."""
    body = {"network_id": network_id, "cidr": cidr, "ip_version": 6 if ":" in cidr else 4, "enable_dhcp": False}
    return dict(neutron.ok("POST", "/v2.0/subnets", {"subnet": body | values}, who)["subnet"])


def port(neutron: Client, network_id: str, who: Any = DEMO, **values: Any) -> dict[str, Any]:
    return dict(neutron.ok("POST", "/v2.0/ports", {"port": {"network_id": network_id} | values}, who)["port"])


def router(neutron: Client, who: Any = DEMO, **values: Any) -> dict[str, Any]:
    return dict(neutron.ok("POST", "/v2.0/routers", {"router": values}, who)["router"])


def refused(reply: Any, code: int, kind: str, message: str | None = None) -> None:
    assert reply.status_code == code, reply.text
    error = reply.json["NeutronError"]
    assert error.keys() == {"type", "message", "detail"}
    assert error["type"] == kind
    assert message is None or error["message"] == message


def address(made: dict[str, Any]) -> str:
    return str(made["fixed_ips"][0]["ip_address"])
