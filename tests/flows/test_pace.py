"""`oslearn serve --pace`: work takes its time, by the clock, so that what is usually over at once can be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from oslearn import Cloud, cli
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.course.reference import Lab

PACE = 5.0


class Slow:
    """A cloud whose work takes five seconds, with a server and a volume."""

    def __init__(self) -> None:
        self.cloud = Cloud(Config(pace=PACE, password_hash_cost=16), seed=1, trace=False)
        self.lab = Lab.prepare(self.cloud)
        self.demo: Connection = self.cloud.connect("demo")
        self.later()

    def later(self, seconds: float = PACE) -> None:
        self.cloud.clock.sleep(seconds)

    def server(self, uuid: str) -> dict[str, Any]:
        return dict(self.demo.compute.get(f"/servers/{uuid}").json()["server"])

    def volume(self) -> str:
        path = f"/{self.demo.project_id}/volumes/{self.lab.volume_id}"
        return str(self.demo.volume.get(path).json()["volume"]["status"])


@pytest.fixture(scope="module")
def slow() -> Slow:
    return Slow()


def seen(look: Callable[[], Any], slow: Slow) -> list[Any]:
    """What is there at once, a little before the time and at the time."""
    found = [look()]
    for seconds in (PACE - 0.5, 0.5):
        slow.later(seconds)
        found.append(look())
    return found


def test_a_server_is_seen_in_each_state_of_its_life(slow: Slow) -> None:
    uuid = slow.lab.boot(slow.demo)

    def status() -> tuple[str, str | None]:
        shown = slow.server(uuid)
        return shown["status"], shown["OS-EXT-STS:task_state"]

    def act(body: dict[str, Any]) -> list[tuple[str, str | None]]:
        assert slow.demo.compute.post(f"/servers/{uuid}/action", json=body).status_code == 202
        return seen(status, slow)

    active, off = ("ACTIVE", None), ("SHUTOFF", None)
    assert seen(status, slow) == [("BUILD", "scheduling")] * 2 + [active]
    assert act({"reboot": {"type": "SOFT"}}) == [("REBOOT", "rebooting")] * 2 + [active]
    assert act({"os-stop": None}) == [("ACTIVE", "powering-off")] * 2 + [off]
    assert act({"os-start": None}) == [("SHUTOFF", "powering-on")] * 2 + [active]
    assert act({"resize": {"flavorRef": "2"}}) == [("RESIZE", "resize_prep")] * 2 + [("VERIFY_RESIZE", None)]
    assert act({"revertResize": None}) == [("REVERT_RESIZE", "resize_reverting")] * 2 + [active]
    assert slow.volume() == "in-use"
    assert slow.demo.compute.delete(f"/servers/{uuid}").status_code == 204
    assert status() == ("ACTIVE", "deleting")
    slow.later()
    assert slow.demo.compute.get("/servers").json()["servers"] == []
    assert slow.volume() == "available"


def test_an_image_of_a_server_is_queued_before_it_is_active(slow: Slow) -> None:
    uuid = slow.lab.boot(slow.demo, block_device_mapping_v2=None)
    slow.later()
    slow.demo.compute.get("/servers")
    body, version = {"createImage": {"name": "snapshot"}}, {"OpenStack-API-Version": "compute 2.45"}
    made = slow.demo.compute.post(f"/servers/{uuid}/action", json=body, headers=version).json()
    look = f"/images/{made['image_id']}"
    assert seen(lambda: slow.demo.image.get(look).json()["status"], slow) == ["queued", "queued", "active"]


def test_a_volume_is_being_made_and_attached(slow: Slow) -> None:
    slow.lab.volume_id = slow.lab.new_volume(slow.demo)
    assert seen(slow.volume, slow) == ["creating", "creating", "available"]
    uuid = slow.lab.boot(slow.demo, block_device_mapping_v2=None)
    slow.later()
    slow.demo.compute.get("/servers")
    body = {"volumeAttachment": {"volumeId": slow.lab.volume_id}}
    slow.demo.compute.post(f"/servers/{uuid}/os-volume_attachments", json=body)
    assert seen(slow.volume, slow) == ["reserved", "reserved", "in-use"]
    slow.demo.compute.delete(f"/servers/{uuid}/os-volume_attachments/{slow.lab.volume_id}")
    assert seen(slow.volume, slow) == ["detaching", "detaching", "available"]


def test_a_port_of_a_network_waits_for_the_agent(slow: Slow) -> None:
    network = slow.demo.network.post("/networks", json={"network": {"name": "n"}}).json()["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.9.0.0/24"}
    slow.demo.network.post("/subnets", json={"subnet": subnet})
    ports = lambda: len(slow.demo.network.get("/ports", params={"network_id": network}).json()["ports"])  # noqa: E731
    assert seen(ports, slow) == [0, 0, 1]


def test_a_boot_on_a_port_that_was_made_a_moment_ago(slow: Slow) -> None:
    body = {"port": {"network_id": slow.lab.network_id}}
    port = slow.demo.network.post("/ports", json=body).json()["port"]["id"]
    uuid = slow.lab.boot(slow.demo, block_device_mapping_v2=None, networks=[{"port": port}])
    slow.later()
    assert slow.server(uuid)["status"] == "ACTIVE"


@pytest.mark.parametrize("given", ["-1", "soon", "nan"])
def test_a_pace_that_is_no_time_is_refused(given: str) -> None:
    done = CliRunner().invoke(cli.main, ["serve", "--pace", given])
    assert done.exit_code == 2
    assert "--pace" in done.output
