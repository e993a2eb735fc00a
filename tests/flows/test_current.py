"""Today's flow: who asks whom for what; what the user sees on the way; what happens when no host can."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course.reference import SEED, Lab, compare_runs, current_run
from oslearn.trace.compare import compare, table
from oslearn.trace.lens import LensMismatch
from oslearn.trace.probe import Probe

CONFIG = Config(flow="current", password_hash_cost=16)
NEW = {"OpenStack-API-Version": "compute 2.100"}
NO_VOLUME: dict[str, Any] = {"block_device_mapping_v2": None}


@pytest.fixture(scope="module")
def lab() -> Lab:
    """The reference run, to be looked at only."""
    lab = Lab.prepare(Cloud(Config(flow="current"), seed=SEED))
    lab.boot()
    return lab


def test_each_kind_of_call_is_upstreams(lab: Lab) -> None:
    sent = {(e.source, e.phase, e.payload["topic"], e.operation) for e in lab.cloud.trace.filter(phase="call|cast")
            if e.kind == "rpc" and e.source.startswith("nova")}  # fmt: skip
    assert sent == {
        ("nova-api", "cast", "conductor", "schedule_and_build_instances"),
        ("nova-conductor", "call", "scheduler", "select_destinations"),
        ("nova-conductor", "cast", "compute.compute1", "build_and_run_instance"),
        ("nova-compute", "call", "conductor", "object_action"),
        ("nova-compute", "call", "conductor", "object_class_action_versions"),
        ("nova-compute", "cast", "scheduler", "update_instance_info"),
        ("nova-api", "cast", "compute-alt.compute1", "external_instance_event"),
    }


def test_placement_is_asked_what_the_real_scheduler_asks(lab: Lab) -> None:
    (asked,) = lab.cloud.trace.filter(operation="GET /allocation_candidates", phase="request")
    assert asked.payload["url"].partition("?")[2] == (
        "limit=1000&resources=DISK_GB%3A1%2CMEMORY_MB%3A512%2CVCPU%3A1&"
        "root_required=OWNER_NOVA%2C%21COMPUTE_STATUS_DISABLED"
    )
    claim = lab.cloud.trace.filter(operation="PUT /allocations/{id}", phase="request")[0].payload["body"]
    assert set(claim) == {"allocations", "mappings", "project_id", "user_id", "consumer_generation"}
    assert claim["consumer_generation"] is None


def test_the_two_flows_side_by_side() -> None:
    rows = compare_runs()
    assert [row.classic.source for row in rows[:3]] == ["nova-api", "nova-api", "nova-scheduler"]
    lines = table(rows).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(re.fullmatch(r"[a-z0-9_/]+\.py:[0-9]+", place) for row in rows for place in row.places)
    assert all(row.places for row in rows)
    with pytest.raises(LensMismatch, match="The first row"):
        compare(current_run(), current_run())


# --- what the user sees on the way ----------------------------------------------------------------------------------


def fresh(**settings: Any) -> Lab:
    return Lab.prepare(Cloud(Config(**{"flow": "current", "password_hash_cost": 16} | settings), seed=3, trace=False))


def show(user: Any, server_id: str) -> dict[str, Any]:
    found: dict[str, Any] = user.compute.get(f"/servers/{server_id}", headers=NEW).json()["server"]
    return found


def test_until_it_is_scheduled_a_server_is_its_build_request() -> None:
    lab = fresh()
    user, bus = lab.cloud.connect("demo"), lab.cloud.bus
    older = lab.boot(user, name="older", **NO_VOLUME)
    bus.stop()
    server = lab.boot(user, **NO_VOLUME)
    assert bus.pending() == ["conductor: schedule_and_build_instances"]
    shown = show(user, server)
    assert (shown["status"], shown["OS-EXT-STS:task_state"], shown["hostId"]) == ("BUILD", "scheduling", "")
    listed = user.compute.get("/servers?limit=1").json()
    assert [s["id"] for s in listed["servers"]] == [server]
    behind = user.session.get(listed["servers_links"][0]["href"]).json()["servers"]
    assert [s["id"] for s in behind] == [older]
    assert bus.step()
    assert bus.pending() == ["compute.compute2: build_and_run_instance"]
    assert show(user, server)["status"] == "BUILD"
    bus.start()
    assert show(user, server)["status"] == "ACTIVE"


@pytest.mark.parametrize("delivered", [0, 1])
def test_a_server_that_is_deleted_before_its_build_leaves_nothing(delivered: int) -> None:
    lab = fresh()
    user, bus = lab.cloud.connect("demo"), lab.cloud.bus
    bus.stop()
    server = lab.boot(user)
    assert [bus.step() for _ in range(delivered)] == [True] * delivered
    assert user.compute.delete(f"/servers/{server}").status_code == 204
    assert user.compute.get(f"/servers/{server}", raise_exc=False).status_code == 404
    bus.start()
    assert user.compute.get("/servers").json() == {"servers": []}
    volume = user.volume.get(f"/{user.project_id}/volumes/{lab.volume_id}").json()["volume"]
    assert volume["status"] == "available"
    assert claims(lab) == []
    assert not any(host.listAllDomains() for host in lab.cloud.hypervisors.values())


def claims(lab: Lab) -> list[str]:
    session, url = lab.cloud.connect("admin").session, "http://127.0.0.1/placement/resource_providers"
    providers = [provider["uuid"] for provider in session.get(url).json()["resource_providers"]]
    return [
        consumer for uuid in providers for consumer in session.get(f"{url}/{uuid}/allocations").json()["allocations"]
    ]


# --- when no host can -----------------------------------------------------------------------------------------------


def test_what_fits_nowhere_is_buried_in_cell_0() -> None:
    lab = fresh(host_memory_mb=1024)
    user = lab.cloud.connect("demo")
    first, second = lab.boot(user, name="a", **NO_VOLUME), lab.boot(user, name="b", flavorRef="2")
    buried = show(user, second)
    assert (buried["status"], buried["fault"]["code"]) == ("ERROR", 500)
    assert buried["fault"]["message"] == "No valid host was found. "
    assert [s["id"] for s in user.compute.get("/servers").json()["servers"]] == [second, first]
    assert [s["id"] for s in user.compute.get(f"/servers?marker={second}").json()["servers"]] == [first]
    action = user.compute.get(f"/servers/{second}/os-instance-actions").json()["instanceActions"][0]
    path = f"/servers/{second}/os-instance-actions/{action['request_id']}"
    events = user.compute.get(path, headers=NEW).json()["instanceAction"]["events"]
    assert [(e["event"], e["result"]) for e in events] == [("conductor_schedule_and_build_instances", "Error")]
    assert user.volume.get(f"/{user.project_id}/volumes/{lab.volume_id}").json()["volume"]["status"] == "available"
    assert user.compute.delete(f"/servers/{second}").status_code == 204
    assert [s["id"] for s in user.compute.get("/servers").json()["servers"]] == [first]


class BadHosts(Probe):
    """Hypervisors that start nothing."""

    def __init__(self, *hosts: str) -> None:
        self.hosts, self.tried = hosts, []

    def driver(self, process: str, host: str, inner: Any) -> Any:
        if host in self.hosts:
            inner.createXML = lambda xml, flags=0: self.fail(host)
        return inner

    def fail(self, host: str) -> str:
        self.tried.append(host)
        raise RuntimeError("internal error: qemu exited")


@pytest.mark.parametrize(
    ("bad", "status", "fault"),
    [
        (("compute1",), "ACTIVE", ""),
        (("compute1", "compute2"), "ACTIVE", ""),
        (("compute1", "compute2", "compute3"), "ERROR", "Exceeded max scheduling attempts 3 for instance {}. Last "
         "exception: RuntimeError: internal error: qemu exited"),
    ],
)  # fmt: skip
def test_a_build_that_fails_goes_to_the_alternates(bad: tuple[str, ...], status: str, fault: str) -> None:
    probe = BadHosts(*bad)
    lab = Lab.prepare(Cloud(CONFIG, seed=3, trace=False, probes=[probe]))
    user = lab.cloud.connect("demo")
    server = lab.boot(user)
    shown = show(user, server)
    assert (shown["status"], probe.tried) == (status, list(bad))
    expected = f"Exceeded maximum number of retries. {fault.format(server)}" if fault else ""
    assert shown.get("fault", {}).get("message", "") == expected
    assert claims(lab) == ([server] if status == "ACTIVE" else [])


def test_without_an_alternate_there_is_no_second_try() -> None:
    lab = Lab.prepare(Cloud(Config(flow="current", hosts=1), seed=3, trace=False, probes=[BadHosts("compute1")]))
    user = lab.cloud.connect("demo")
    server = lab.boot(user, **NO_VOLUME)
    message = f"Exhausted all hosts available for retrying build failures for instance {server}."
    assert show(user, server)["fault"]["message"] == f"Exceeded maximum number of retries. {message}"


def test_a_host_whose_network_agent_is_silent_builds_nothing() -> None:
    lab = fresh(hosts=1)
    user = lab.cloud.connect("demo")
    lab.cloud.stop("neutron-openvswitch-agent@compute1")
    server = lab.boot(user, **NO_VOLUME)
    assert show(user, server)["status"] == "ERROR"


# --- restart --------------------------------------------------------------------------------------------------------


def test_nova_starts_again_on_its_databases(tmp_path: Path) -> None:
    names = ("nova_api", "nova_cell0", "nova_cell1", "placement")
    databases = {name: f"sqlite:///{tmp_path}/{name}.sqlite" for name in names}
    config = Config(flow="current", password_hash_cost=16, databases=databases)
    lab = Lab.prepare(Cloud(config, seed=3, trace=False))
    user = lab.cloud.connect("demo")
    server = lab.boot(user, **NO_VOLUME)
    again = Cloud(config, seed=3, trace=False)
    user, admin = again.connect("demo"), again.connect("admin")
    assert show(user, server)["status"] == "ACTIVE"
    assert [host.listAllDomains() for host in again.hypervisors.values()] == [[server], [], []]
    assert len(user.compute.get("/flavors").json()["flavors"]) == 5
    assert len(admin.compute.get("/os-services").json()["services"]) == 5
    assert len(admin.compute.get("/os-hypervisors").json()["hypervisors"]) == 3
    assert claims(Lab(again, "", "", "")) == [server]
    assert user.compute.delete(f"/servers/{server}").status_code == 204
    assert user.compute.get("/servers").json() == {"servers": []}
    assert claims(Lab(again, "", "", "")) == []


def test_a_build_that_a_restart_interrupted_is_given_up(tmp_path: Path) -> None:
    databases = {name: f"sqlite:///{tmp_path}/{name}.sqlite" for name in ("nova_api", "nova_cell0", "nova_cell1")}
    config = Config(flow="current", password_hash_cost=16, databases=databases)
    lab = Lab.prepare(Cloud(config, seed=3, trace=False, probes=[Crash()]))
    user = lab.cloud.connect("demo")
    with pytest.raises(SystemExit):
        lab.boot(user, **NO_VOLUME)
    (server,) = [found["id"] for found in user.compute.get("/servers").json()["servers"]]
    assert show(user, server)["OS-EXT-STS:task_state"] == "spawning"
    shown = show(Cloud(config, seed=3, trace=False).connect("demo"), server)
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("ERROR", None)


class Crash(Probe):
    """Every nova-compute dies when it starts a domain."""

    def driver(self, process: str, host: str, inner: Any) -> Any:
        inner.createXML = self.die
        return inner

    def die(self, xml: str, flags: int = 0) -> str:
        raise SystemExit
