"""Where a user or an operator wants a server: each flow puts it there, or says that it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course.reference import Lab

FLOWS = ("classic", "current")


@pytest.fixture(scope="module", params=FLOWS)
def lab(request: pytest.FixtureRequest) -> Lab:
    """A cloud of three hosts with what a boot needs, and an aggregate with a zone."""
    lab = Lab.prepare(Cloud(Config(flow=request.param), trace=False))
    nova = lab.cloud.connect("admin").compute
    made = nova.post("/os-aggregates", json={"aggregate": {"name": "west", "availability_zone": "west"}}).json()
    nova.post(f"/os-aggregates/{made['aggregate']['id']}/action", json={"add_host": {"host": "compute3"}})
    return lab


def boot(lab: Lab, hints: dict[str, Any] | None = None, **place: str) -> tuple[int, str | None, str]:
    """The answer's status, the server's host, and its status or the error."""
    nova = lab.cloud.connect("admin").compute
    body = lab.request(block_device_mapping_v2=None, **place) | ({"os:scheduler_hints": hints} if hints else {})
    version = {"OpenStack-API-Version": "compute 2.74"}
    reply = nova.post("/servers", json=body, headers=version, raise_exc=False)
    if reply.status_code != 202:
        return reply.status_code, None, str(reply.json()["badRequest"]["message"])
    shown = nova.get(f"/servers/{reply.json()['server']['id']}").json()["server"]
    return 202, shown["OS-EXT-SRV-ATTR:host"], shown["status"]


@pytest.mark.parametrize(
    "place", [{"availability_zone": "nova:compute2"}, {"host": "compute2"}, {"availability_zone": "west"}]
)
def test_a_host_or_a_zone_is_heeded_or_refused(lab: Lab, place: dict[str, str]) -> None:
    status, host, said = boot(lab, **place)
    if lab.cloud.config.flow == "classic":
        assert (status, said.partition(":")[0]) == (400, "In this flow a server goes where there is room")
    else:
        wanted = "compute3" if "west" in place.values() else "compute2"
        assert (status, host, said) == (202, wanted, "ACTIVE")


def test_a_hint_is_heeded_or_refused(lab: Lab) -> None:
    nova = lab.cloud.connect("admin").compute
    assert boot(lab)[2] == "ACTIVE"
    known = nova.get("/servers/detail").json()["servers"]
    away = [server["id"] for server in known if server["OS-EXT-SRV-ATTR:host"] == "compute1"]
    status, host, said = boot(lab, {"different_host": away})
    if lab.cloud.config.flow == "classic":
        assert (status, said.partition(":")[0]) == (400, "In this flow a server goes where there is room")
    else:
        assert (status, said) == (202, "ACTIVE")
        assert away
        assert host != "compute1"


def test_the_zone_of_all_hosts_can_always_be_asked_for(lab: Lab) -> None:
    assert boot(lab, availability_zone="nova")[2] == "ACTIVE"
