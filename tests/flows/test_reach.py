"""`oslearn reach`: who does what it says gets there; another project learns nothing."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oslearn import Cloud
from oslearn.cli import main
from oslearn.core.config import Config
from oslearn.course import client
from oslearn.course.desk import on_a_desk
from oslearn.course.fill import fill

PREPARE = """\
network create private
subnet create --network private --subnet-range 192.168.1.0/24 private
router create router1
server create --image cirros --flavor m1.tiny --network private --wait vm1"""
BLOCKED = ["subnet", "router", "network", "security group"]
"""What stands in the way, one after the other."""


class Desk:
    """A cloud and its user demo, with the real client and our command."""

    def __init__(self) -> None:
        self.cloud = Cloud(Config(hosts=1), seed=7)
        fill(self.cloud)
        self.words = {"NETWORK": "provider", "SERVER": "vm1", "ROUTER": "router1"}

    def openstack(self, words: str) -> str:
        done = client.capture(shlex.split(words), self.cloud, client.credentials(self.cloud, "demo"))
        assert done.status == 0, done.stderr
        return done.stdout.strip()

    def reach(self, *words: str, user: str = "demo") -> tuple[int, str]:
        done = CliRunner().invoke(
            main, ["reach", *words], obj=on_a_desk(self.cloud), env={"OS_CLOUD": f"oslearn-{user}"}
        )
        return done.exit_code, done.output

    def repair(self, told: str) -> None:
        """Do what stands there."""
        for command in told.split(", then: "):
            words = [self.words.get(word, word) for word in shlex.split(command)]
            done = self.openstack(shlex.join(words[1:]))
            if "floating ip create" in command:
                self.words["ADDRESS"] = next(row for row in done.split("\n") if "floating_ip_address" in row).split()[3]


@pytest.fixture(scope="module")
def desk() -> Desk:
    desk = Desk()
    for line in PREPARE.splitlines():
        desk.openstack(line)
    return desk


def test_who_repairs_what_it_names_arrives(desk: Desk) -> None:
    blocked = []
    while True:
        status, told = desk.reach("vm1")
        if status == 0 or len(blocked) > len(BLOCKED):
            break
        blocked += [line[7:21].strip() for line in told.split("\n") if line.startswith("  NO")]
        desk.repair(told.split("To repair it:\n")[1].strip())
    assert (status, blocked) == (0, BLOCKED), told
    address = desk.words["ADDRESS"]
    assert told.startswith(f"tcp 22 from 198.51.100.1 to {address}\n  yes  floating ip     {address}: router router1 ")
    assert told.endswith("It arrives.\n")
    assert desk.reach("vm1", "--port", "80")[0] == 1
    assert desk.reach("192.0.2.7", "--from", "vm1", "--protocol", "icmp")[0] == 0


def test_another_project_learns_nothing(desk: Desk) -> None:
    stranger: Any = desk.cloud.connect("admin")
    project = stranger.identity.post("/projects", json={"project": {"name": "other"}}).json()["project"]["id"]
    body = {"user": {"name": "other", "password": "secret-Pass1", "default_project_id": project}}
    user = stranger.identity.post("/users", json=body).json()["user"]["id"]
    roles = {role["name"]: role["id"] for role in stranger.identity.get("/roles").json()["roles"]}
    stranger.identity.put(f"/projects/{project}/users/{user}/roles/{roles['member']}")
    other = desk.cloud.connect("other", "secret-Pass1", "other")
    private = desk.openstack("server show vm1 -f value -c addresses").split("'")[3]
    asked = {"source": "198.51.100.1", "destination": private, "port": "22"}
    way = other.network.get("/reachability", params=asked).json()["reachability"]
    assert [hop["kind"] for hop in way["hops"]] == ["outside"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["nobody"], "no server is called nobody"),
        (["vm1", "--protocol", "pigeon"], "pigeon"),
        (["vm1", "--port", "0"], "0 is not in the range"),
    ],
)
def test_what_it_cannot_answer(desk: Desk, words: list[str], error: str) -> None:
    status, told = desk.reach(*words)
    assert status != 0
    assert error in told


def test_it_needs_a_running_cloud(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["reach", "vm1", "--clouds-yaml", str(tmp_path / "clouds.yaml")])
    assert (done.exit_code, "start `oslearn serve` first" in done.output) == (1, True)
