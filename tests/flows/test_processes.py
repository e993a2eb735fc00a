"""`oslearn processes`, `stop` and `start`: each process of a cloud, without it and with it again."""

from __future__ import annotations

import gc
import logging
import os
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from keystoneauth1.exceptions import ConnectFailure

from oslearn import Cloud
from oslearn.cli import main
from oslearn.core.config import Config
from oslearn.course import control
from oslearn.course.desk import Desk, on_a_desk
from oslearn.course.reference import Lab
from oslearn.port import settings
from oslearn.port.clouds import folder_cloud
from oslearn.port.server import Server

NAMES = [process.name for process in control.processes(Cloud(Config(hosts=3), seed=7, trace=False))]
WITHOUT = {
    "keystone": 500, "glance-api": 500, "neutron-server": 500, "glance-db": 500, "neutron-db": 500, "queue": 500,
    "nova_api-db": 500, "nova_cell0-db": 500, "nova_cell1-db": 500, "nova-api": "refused", "placement": "ERROR",
    "placement-db": "ERROR", "neutron-rpc-server": "ERROR", "neutron-dhcp-agent": "ERROR", "nova-scheduler": "ERROR",
    "nova-conductor": "BUILD",
}  # fmt: skip
"""What a boot comes to without a process; without any other, it is ACTIVE."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What a cloud logs of a stopped process is not for who reads the tests."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def outcome(lab: Lab) -> tuple[object, str]:
    """What a user sees who boots, and the server's id if there is one."""
    user = lab.cloud.connect("demo")
    user.session.get_token()
    try:
        reply = user.compute.post("/servers", json=lab.request(block_device_mapping_v2=None), raise_exc=False)
    except ConnectFailure:
        return "refused", ""
    if reply.status_code != 202:
        return reply.status_code, ""
    id = reply.json()["server"]["id"]
    return user.compute.get(f"/servers/{id}").json()["server"]["status"], id


def told(desk: Desk, *words: str) -> Result:
    return CliRunner().invoke(main, words, obj=desk)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "keystone"])
def test_a_boot_without_a_process_and_with_it_again(name: str) -> None:
    lab = Lab.prepare(Cloud(seed=7))
    desk = on_a_desk(lab.cloud)
    before = outcome(lab)
    assert before[0] == "ACTIVE"
    demo = lab.cloud.connect("demo")
    demo.compute.delete(f"/servers/{before[1]}")
    assert told(desk, "processes", "--stopped").output == "Everything is up.\n"
    if name != "keystone-db":  # without it nobody logs in
        assert told(desk, "stop", name).exit_code == 0
        assert [line.split()[0] for line in told(desk, "processes", "--stopped").output.splitlines()[1:]] == [name]
        assert outcome(lab)[0] == WITHOUT.get(name, "ACTIVE")
        assert told(desk, "start", name).exit_code == 0
    lab.cloud.run_periodic_tasks()
    lab.cloud.tick()
    left = [server["status"] for server in demo.compute.get("/servers/detail").json()["servers"]]
    assert set(left) <= {"ACTIVE", "ERROR"}
    assert outcome(lab)[0] == "ACTIVE"


def test_a_message_waits_for_who_is_stopped() -> None:
    lab = Lab.prepare(Cloud(seed=7))
    desk = on_a_desk(lab.cloud)
    told(desk, "stop", "nova-conductor")
    status, id = outcome(lab)
    assert status == "BUILD"
    assert "nova-conductor" in told(desk, "processes", "--stopped").output
    assert "stopped, 1 message waiting" in told(desk, "processes").output
    told(desk, "start", "nova-conductor")
    assert lab.cloud.connect("demo").compute.get(f"/servers/{id}").json()["server"]["status"] == "ACTIVE"


@pytest.mark.parametrize(("word", "meant"), [
    ("nova-compute", "nova-compute@compute1, nova-compute@compute2, nova-compute@compute3"),
    ("nova-condutor", "nova-conductor"), ("glance", "glance-api, glance-db"), ("rabbit", "there are"),
])  # fmt: skip
def test_a_wrong_name_is_answered_with_the_nearest(word: str, meant: str) -> None:
    done = told(on_a_desk(Cloud(Config(hosts=3), seed=7, trace=False)), "stop", word)
    assert done.exit_code == 1
    assert meant in done.output
    assert done.output.count("\n") == 1


def test_a_stopped_database_keeps_its_rows_and_says_so_in_upstreams_words() -> None:
    cloud = Cloud(seed=7)
    control.stop(cloud, "nova_api-db")
    reply = cloud.connect("demo").compute.get("/flavors", raise_exc=False)
    assert reply.status_code == 500
    assert "<class 'oslo_db.exception.DBConnectionError'>" in reply.text
    control.start(cloud, "nova_api-db")
    assert len(cloud.connect("demo").compute.get("/flavors").json()["flavors"]) == 5


def test_what_was_stopped_is_stopped_after_a_restart(tmp_path: Path) -> None:
    first = Server(data=tmp_path / "data")
    first.desk.stop("nova-compute@compute2")
    first._panel.changed()
    first.close()
    first._clouds._folder.close()
    again = folder_cloud(tmp_path / "data", Config())
    assert [one.name for one in control.processes(again) if not one.up] == ["nova-compute@compute2"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(data=tmp_path / "data")
    threading.Thread(target=server.run, daemon=True).start()  # ends with the tests
    settings.write(tmp_path / "clouds.yaml", server.settings())
    yield server
    server.close()


def test_a_served_cloud_is_stopped_by_its_owner_only(server: Server, tmp_path: Path) -> None:
    place = ["--clouds-yaml", str(tmp_path / "clouds.yaml")]
    assert CliRunner().invoke(main, ["stop", "glance-api", *place]).exit_code == 0
    assert requests.get(f"{server.url}/image/", timeout=10).status_code == 503
    assert (
        "glance-api  API   controller  stopped" in CliRunner().invoke(main, ["processes", "--stopped", *place]).output
    )
    wrong = CliRunner().invoke(main, ["stop", "glanze", *place])
    assert (wrong.exit_code, wrong.output) == (
        1,
        "Error: nothing is named glanze; did you mean glance-db, glance-api?\n",
    )
    assert CliRunner().invoke(main, ["start", "glance-api", *place]).exit_code == 0
    for headers in ({}, {settings.KEY: "wrong"}):
        for method in ("GET", "PUT", "DELETE"):
            reply = requests.request(method, f"{server.url}/oslearn/processes/queue", headers=headers, timeout=10)
            assert reply.status_code == 401
    assert requests.get(f"{server.url}/image/", timeout=10).status_code == 300


@pytest.mark.parametrize(("method", "path", "body", "status"), [
    ("PUT", "processes/queue", '{"up": 1}', 400), ("PUT", "processes/queue", "[]", 400),
    ("PUT", "processes/queue", "{", 400), ("PUT", "processes/queue", "", 400), ("PUT", "cloud", '{"is": []}', 400),
    ("PUT", "processes/", '{"up": true}', 404), ("POST", "trace", "{}", 404), ("GET", "trace?after=x", "", 404),
    ("GET", "trace?of=x&of=nosuch&more=1", "", 404), ("GET", "", "", 404),
    ("PUT", "cloud", "[" * 9000, 400), ("GET", "processes/x/y", "", 404), ("GET", "cloud/x", "", 404),
    ("PUT", "processes/%ff", '{"up": true}', 404),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(server: Server, method: str, path: str, body: str, status: int) -> None:
    reply = requests.request(
        method, f"{server.url}/oslearn/{path}", data=body, headers={settings.KEY: server.key}, timeout=10
    )
    assert reply.status_code == status, reply.text
    assert reply.json()["message"]


def networks(cloud: Cloud) -> list[str]:
    return sorted(found["name"] for found in cloud.connect("demo").network.get("/networks").json()["networks"])


def test_a_cloud_may_be_laid_aside_and_come_back_or_be_made_anew(server: Server, tmp_path: Path) -> None:
    own = server.cloud
    demo = own.connect("demo")
    demo.network.post("/networks", json={"network": {"name": "mine"}})
    server.desk.aside()
    assert server.cloud is not own
    assert networks(server.cloud) == ["provider"]
    assert server.cloud.passwords["demo"] == own.passwords["demo"]
    assert requests.get(f"{server.url}/compute/v2.1/", timeout=10).status_code == 200
    server.desk.back()
    assert networks(server.cloud) == ["mine", "provider"]
    server.desk.stop("queue")
    server.desk.reset()
    assert networks(server.cloud) == ["provider"]
    assert server.cloud.passwords["demo"] == own.passwords["demo"]
    assert all(process.up for process in server.desk.processes())
    server._clouds._folder.close()
    assert networks(folder_cloud(tmp_path / "data", Config())) == ["provider"]


@pytest.mark.parametrize("removed", [0, 1, 2, 3, 5])
def test_a_reset_that_was_killed_is_finished_by_the_next_start(tmp_path: Path, removed: int) -> None:
    own = folder_cloud(tmp_path / "data", Config(hosts=1))
    own.connect("demo").network.post("/networks", json={"network": {"name": "mine"}})
    for database in own.databases.values():
        database.engine.dispose()
    folder, taken = Path(tmp_path / "data"), 0
    mark = folder / "oslearn.json"
    mark.write_text('{"format": 1, "databases": null, "clearing": true}')
    for found in sorted(folder.glob("*.sqlite*"))[:removed]:
        found.unlink()
        taken += 1
    assert taken == removed
    release(own)
    again = folder_cloud(folder, Config(hosts=1), own.passwords)
    assert networks(again) == ["provider"]
    assert again.passwords["demo"] == own.passwords["demo"]


def release(cloud: Cloud) -> None:
    """Give the lock back that a cloud's folder holds as long as its process lives."""
    for path in Path("/proc/self/fd").iterdir():
        try:
            held = path.resolve(strict=True)
        except OSError:
            continue
        if held.name == "lock" and str(held.parent) == cloud.config.database_dir:
            os.close(int(path.name))


def test_a_traced_cloud_that_nobody_has_any_more_is_gone() -> None:
    clouds = []
    for seed in range(3):
        cloud = Cloud(Config(hosts=1), seed=seed)
        cloud.connect("demo").compute.get("/servers")
        clouds.append(weakref.ref(cloud))
        del cloud
    gc.collect()
    assert [made() for made in clouds] == [None] * 3
