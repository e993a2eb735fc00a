"""While the cloud runs: what a clean-up could not do is done later, and what nobody works on comes to rest."""

from __future__ import annotations

from typing import Any

import pytest

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course.reference import Lab

V = {"OpenStack-API-Version": "compute 2.79"}
V344 = {"OpenStack-API-Version": "volume 3.44"}


class Room:
    """A cloud with a server on its one host."""

    def __init__(self, **settings: Any) -> None:
        config = Config(hosts=1, password_hash_cost=16, **settings)
        self.lab = Lab.prepare(Cloud(config, seed=1, trace=False))
        self.cloud = self.lab.cloud
        self.admin, self.demo = self.cloud.connect("admin"), self.cloud.connect("demo")

    def later(self, seconds: float = 61) -> None:
        """Time passes, and somebody asks for something."""
        self.cloud.clock.sleep(seconds)
        self.demo.identity.get("/auth/projects")

    def server(self, uuid: str) -> tuple[str, str]:
        shown = self.admin.compute.get(f"/servers/{uuid}", headers=V).json()["server"]
        return shown["status"], shown.get("fault", {}).get("message", "")

    def held(self) -> dict[str, int]:
        """How much is held for instances."""
        (provider,) = self.admin.placement.get("/resource_providers").json()["resource_providers"]
        allocations = self.admin.placement.get(f"/resource_providers/{provider['uuid']}/allocations").json()
        ports = self.admin.network.get("/ports").json()["ports"]
        path = f"/{self.demo.project_id}/attachments"
        return {
            "allocations": len(allocations["allocations"]),
            "ports": sum(port["device_owner"].startswith("compute:") for port in ports),
            "attachments": len(self.demo.volume.get(path, headers=V344).json()["attachments"]),
        }


ONE, NONE = (dict.fromkeys(("allocations", "ports", "attachments"), n) for n in (1, 0))


@pytest.mark.parametrize(
    ("down", "kept"), [("placement", "allocations"), ("neutron-server", "ports"), ("cinder-api", "attachments")]
)
def test_what_could_not_be_given_back_is_given_back_later(down: str, kept: str) -> None:
    room = Room()
    uuid = room.lab.boot(room.demo)
    assert room.demo.compute.get("/servers").json()["servers"]
    assert room.held() == ONE
    room.cloud.stop("nova-compute@compute1")
    room.cloud.stop(down)
    assert room.demo.compute.delete(f"/servers/{uuid}").status_code == 204
    room.later()
    room.cloud.start(down)
    assert room.held() == NONE | {kept: 1}
    room.later()
    assert room.held() == NONE


def test_what_works_is_left_alone() -> None:
    room = Room()
    uuid = room.lab.boot(room.demo)
    port = {"port": {"network_id": room.lab.network_id, "device_id": "somebody"}}
    room.demo.network.post("/ports", json=port)
    before = room.held(), room.admin.network.get("/ports").json()
    room.later()
    assert (room.held(), room.admin.network.get("/ports").json()) == before
    assert room.server(uuid) == ("ACTIVE", "")


def test_a_build_whose_message_waits_is_at_work_until_the_build_timeout() -> None:
    room = Room(instance_build_timeout=200)
    room.cloud.stop("nova-conductor")
    early = room.lab.boot(room.demo)
    room.later(100)
    assert room.server(early)[0] == "BUILD"
    room.cloud.start("nova-conductor")
    room.later(0)
    assert room.server(early)[0] == "ACTIVE"
    room.cloud.bus.stop()
    late = room.lab.boot(room.demo, block_device_mapping_v2=None)
    assert room.cloud.bus.step()  # the conductor has it scheduled
    room.cloud.stop("nova-compute@compute1")
    room.cloud.bus.start()
    room.later(100)
    assert room.server(late)[0] == "BUILD"
    room.later(200)
    assert room.server(late) == ("ERROR", f"Build of instance {late} aborted: Instance build timed out.")
    room.cloud.start("nova-compute@compute1")
    room.later(0)
    assert room.server(late)[0] == "ERROR"
    assert room.held() == ONE


def test_a_project_may_be_as_full_after_a_lost_build_as_before() -> None:
    room = Room(quota_instances=1)
    room.cloud.bus.stop()
    lost = room.lab.boot(room.demo)
    room.cloud.bus.purge()
    room.cloud.bus.start()
    room.later()
    assert room.server(lost) == ("ERROR", f"Build of instance {lost} aborted: Nobody is building it any more.")
    assert room.held() == NONE
    room.demo.compute.delete(f"/servers/{lost}")
    assert room.server(room.lab.boot(room.demo))[0] == "ACTIVE"
