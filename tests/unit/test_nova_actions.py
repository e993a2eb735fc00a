"""What can be done with a server: states on the way and after, who may, what is refused, and what is left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.core.oslo.context import RequestContext
from oslearn.course.reference import Lab
from oslearn.extensions.nova.api.actions import ACTIONS
from oslearn.extensions.nova.compute.manager_moves import Moves
from oslearn.extensions.nova.compute.manager_start import Domains

NEWEST = {"OpenStack-API-Version": "compute 2.104"}
PLACEMENT = {"OpenStack-API-Version": "placement 1.28"}


@dataclass
class Desk:
    """A cloud, its users, and a server to try things on."""

    lab: Lab
    demo: Connection
    admin: Connection
    server: str = ""

    def act(self, body: dict[str, Any], user: Connection | None = None, version: str = "2.104") -> Any:
        """The reply to an action."""
        headers = {"OpenStack-API-Version": f"compute {version}"}
        path = f"/servers/{self.server}/action"
        return (user or self.demo).compute.post(path, json=body, headers=headers, raise_exc=False)

    def show(self, user: Connection | None = None) -> dict[str, Any]:
        """The server, as an admin sees it."""
        return (user or self.admin).compute.get(f"/servers/{self.server}", headers=NEWEST).json()["server"]

    def state(self) -> tuple[str, Any, int]:
        shown = self.show()
        return shown["status"], shown["OS-EXT-STS:task_state"], shown["OS-EXT-STS:power_state"]

    def use(self) -> dict[str, int]:
        """Memory that Placement counts, by host."""
        rows = self.admin.compute.get("/os-hypervisors/detail", headers=NEWEST).json()["hypervisors"]
        found = {}
        for row in rows:
            path = f"/resource_providers/{row['id']}/usages"
            usage = self.admin.session.get(f"http://127.0.0.1/placement{path}", headers=PLACEMENT).json()["usages"]
            found[row["hypervisor_hostname"]] = usage["MEMORY_MB"]
        return found


def refused(reply: Any, code: int) -> str:
    """The message of an error in Nova's shape."""
    assert reply.status_code == code, reply.text
    ((body),) = reply.json().values()
    return str(body["message"])


@pytest.fixture(scope="module")
def cloud() -> Desk:
    config = Config(hosts=2, flow="current", password_hash_cost=16)
    lab = Lab.prepare(Cloud(config, seed=31, trace=False))
    return Desk(lab, lab.cloud.connect("demo"), lab.cloud.connect("admin"))


@pytest.fixture
def desk(cloud: Desk) -> Any:
    """The cloud with one running server."""
    cloud.server = cloud.lab.boot(cloud.demo, block_device_mapping_v2=None)
    yield cloud
    cloud.admin.compute.delete(f"/servers/{cloud.server}")  # locked or not
    assert set(cloud.use().values()) == {0}


ACTIVE, OFF = ("ACTIVE", None, 1), ("SHUTOFF", None, 4)
REBUILD = {"rebuild": {"imageRef": "image"}}
RESIZE, SMALL = {"resize": {"flavorRef": "2"}}, {"resize": {"flavorRef": "0"}}


@pytest.mark.parametrize(
    "steps",
    [
        [({"os-stop": None}, OFF), ({"os-start": None}, ACTIVE)],
        [({"pause": None}, ("PAUSED", None, 3)), ({"unpause": None}, ACTIVE)],
        [({"suspend": None}, ("SUSPENDED", None, 4)), ({"resume": None}, ACTIVE)],
        [({"reboot": {"type": "SOFT"}}, ACTIVE), ({"reboot": {"type": "HARD"}}, ACTIVE)],
        [({"os-stop": None}, OFF), ({"reboot": {"type": "HARD"}}, ACTIVE)],
        [({"shelve": None}, ("SHELVED_OFFLOADED", None, 0)), ({"unshelve": None}, ACTIVE)],
        [({"rescue": None}, ("RESCUE", None, 1)), ({"unrescue": None}, ACTIVE)],
        [(RESIZE, ("VERIFY_RESIZE", None, 1)), ({"confirmResize": None}, ACTIVE)],
        [(RESIZE, ("VERIFY_RESIZE", None, 1)), ({"revertResize": None}, ACTIVE)],
        [({"os-stop": None}, OFF), (SMALL, ("VERIFY_RESIZE", None, 4)), ({"confirmResize": None}, OFF)],
        [(REBUILD, ACTIVE), ({"os-stop": None}, OFF), (REBUILD, OFF)],
        [({"createImage": {"name": "snap"}}, ACTIVE), ({"changePassword": {"adminPass": "x"}}, ACTIVE)],
        [({"trigger_crash_dump": None}, ACTIVE), ({"lock": {"locked_reason": "why"}}, ACTIVE)],
    ],
    ids=lambda steps: "+".join(next(iter(body)) for body, _ in steps),
)
def test_each_action_leads_to_its_state(desk: Desk, steps: list[Any]) -> None:
    for body, after in steps:
        body = {"rebuild": {"imageRef": desk.lab.image_id}} if body is REBUILD else body
        assert desk.act(body).status_code in (200, 202, 204)
        assert desk.state() == after
    asked = desk.demo.compute.get(f"/servers/{desk.server}/os-instance-actions", headers=NEWEST)
    done = {"os-start": "start", "os-stop": "stop"}
    names = [done.get(name, name) for body, _ in reversed(steps) for name in body]
    assert [action["action"] for action in asked.json()["instanceActions"]] == [*names, "create"]
    for action in asked.json()["instanceActions"]:
        path = f"/servers/{desk.server}/os-instance-actions/{action['request_id']}"
        events = desk.demo.compute.get(path, headers=NEWEST).json()["instanceAction"]["events"]
        assert {event["result"] for event in events} == {"Success"}, action


@pytest.mark.parametrize(
    ("before", "body", "word", "attr"),
    [
        ("os-stop", {"os-stop": None}, "stop", "vm_state stopped"),
        ("os-stop", {"pause": None}, "pause", "vm_state stopped"),
        ("os-stop", {"reboot": {"type": "SOFT"}}, "reboot", "vm_state stopped"),
        (None, {"os-start": None}, "start", "vm_state active"),
        (None, {"unshelve": None}, "unshelve", "vm_state active"),
        (None, {"confirmResize": None}, "confirmResize", "vm_state active"),
        (None, {"restore": None}, "restore", "vm_state active"),
        ("shelve", {"createImage": {"name": "x"}}, "createImage", "vm_state shelved_offloaded"),
        ("rescue", REBUILD, "rebuild", "vm_state rescued"),
    ],
)
def test_a_state_in_which_it_cannot_be_done(desk: Desk, before: str | None, body: Any, word: str, attr: str) -> None:
    if before:
        desk.act({before: None})
    body = {"rebuild": {"imageRef": desk.lab.image_id}} if body is REBUILD else body
    message = f"Cannot '{word}' instance {desk.server} while it is in {attr}"
    assert refused(desk.act(body), 409) == message


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"nosuch": None}, 400, "There is no such action: nosuch"),
    ({"pause": None, "unpause": None}, 400, "Malformed request body"),
    ({"reboot": {"type": "EASY"}}, 400, "'EASY' is not one of"),
    ({"reboot": None}, 400, "None is not of type 'object'"),
    ({"resize": {"flavorRef": "1"}}, 400, "When resizing, instances must change flavor!"),
    ({"resize": {"flavorRef": "nosuch"}}, 400, "Flavor nosuch could not be found."),
    ({"createImage": {"name": ""}}, 400, "'' should be non-empty"),
    ({"createBackup": {"name": "b", "backup_type": "daily", "rotation": "-1"}}, 400, "does not match"),
    ({"rebuild": {"imageRef": "3d1f2a5b-0000-4000-8000-000000000000"}}, 400, "Cannot find image for rebuild"),
    ({"addSecurityGroup": {"name": "nosuch"}}, 404, "Security group nosuch is not found for project"),
    ({"os-getConsoleOutput": {"length": "x"}}, 400, "does not match"),
    ({"os-getVNCConsole": {"type": "novnc"}}, 404, "The resource could not be found."),
    ({"migrate": None}, 403, "os_compute_api:os-migrate-server:migrate to be performed"),
    ({"os-resetState": {"state": "error"}}, 403, "os_compute_api:os-admin-actions:reset_state"),
    ({"evacuate": {}}, 403, "os_compute_api:os-evacuate"),
]


def test_what_is_refused(desk: Desk) -> None:
    for body, code, message in REFUSED:
        assert message in refused(desk.act(body), code)
        assert desk.state() == ACTIVE


def test_a_resized_server_is_deleted_on_both_hosts(desk: Desk) -> None:
    assert desk.act(RESIZE).status_code == 202
    desk.demo.compute.delete(f"/servers/{desk.server}")
    assert set(desk.use().values()) == {0}
    assert not any(hypervisor.domains for hypervisor in desk.lab.cloud.hypervisors.values())
    desk.server = desk.lab.boot(desk.demo, block_device_mapping_v2=None)


def test_only_an_admin_moves_a_locked_server(desk: Desk) -> None:
    assert desk.act({"lock": {"locked_reason": "why"}}).status_code == 202
    assert (desk.show()["locked"], desk.show()["locked_reason"]) == (True, "why")
    assert refused(desk.act({"os-stop": None}), 409) == f"Instance {desk.server} is locked"
    assert desk.demo.compute.delete(f"/servers/{desk.server}", raise_exc=False).status_code == 409
    assert desk.act({"migrate": None}, desk.admin).status_code == 202
    assert desk.act({"confirmResize": None}, desk.admin).status_code == 204
    desk.act({"unlock": None})
    desk.act({"lock": None}, desk.admin)
    assert "unlock_override" in refused(desk.act({"unlock": None}), 403)
    desk.act({"unlock": None}, desk.admin)
    assert desk.show()["locked_reason"] is None


def test_a_resize_holds_both_hosts_until_it_is_confirmed(desk: Desk) -> None:
    first = desk.show()["OS-EXT-SRV-ATTR:host"]
    desk.act(RESIZE)
    second = desk.show()["OS-EXT-SRV-ATTR:host"]
    assert desk.use() == {first: 512, second: 2048}
    assert list(desk.lab.cloud.hypervisors[first].domains) == [desk.server]
    desk.act({"confirmResize": None})
    assert desk.use() == {first: 0, second: 2048}
    assert desk.lab.cloud.hypervisors[first].domains == {}
    desk.act({"resize": {"flavorRef": "1"}})
    desk.act({"revertResize": None})
    assert (desk.use(), desk.show()["flavor"]["original_name"]) == ({first: 0, second: 2048}, "m1.small")
    (migration, *_) = desk.admin.compute.get("/os-migrations", headers=NEWEST).json()["migrations"]
    assert (migration["status"], migration["migration_type"]) == ("reverted", "resize")


def test_no_host_for_a_move_leaves_everything_as_it_was(desk: Desk) -> None:
    host = desk.show()["OS-EXT-SRV-ATTR:host"]
    (other,) = set(desk.lab.cloud.hypervisors) - {host}
    desk.lab.cloud.stop(f"nova-compute@{other}")
    assert desk.act(RESIZE).status_code == 202
    assert (desk.state(), desk.show()["OS-EXT-SRV-ATTR:host"], desk.use()[host]) == (ACTIVE, host, 512)
    desk.lab.cloud.start(f"nova-compute@{other}")


def test_an_evacuation_needs_that_the_host_is_down(desk: Desk) -> None:
    host = desk.show()["OS-EXT-SRV-ATTR:host"]
    (other,) = set(desk.lab.cloud.hypervisors) - {host}
    assert refused(desk.act({"evacuate": {}}, desk.admin), 400) == f"Compute service of {host} is still in use."
    desk.lab.cloud.stop(f"nova-compute@{host}")
    assert desk.act({"evacuate": {"host": "nosuch"}}, desk.admin).status_code == 404
    assert desk.act({"evacuate": {}}, desk.admin).status_code == 200
    assert (desk.show()["OS-EXT-SRV-ATTR:host"], desk.use()) == (other, {other: 512, host: 0})
    assert desk.server in desk.lab.cloud.hypervisors[host].domains  # it does not know yet
    desk.lab.cloud.start(f"nova-compute@{host}")
    served = desk.lab.cloud.served[f"nova-compute@{host}"].values()
    moves = next(endpoint for endpoints in served for endpoint in endpoints if isinstance(endpoint, Moves))
    Domains(moves, moves.virt).init_host(RequestContext("req-start", roles=["admin"]))
    assert desk.server not in desk.lab.cloud.hypervisors[host].domains


def test_a_live_migration_keeps_the_server_running(desk: Desk) -> None:
    before = desk.show()["OS-EXT-SRV-ATTR:host"]
    body = {"os-migrateLive": {"host": None, "block_migration": "auto"}}
    assert desk.act(body, desk.admin).status_code == 202
    assert (desk.state(), desk.show()["OS-EXT-SRV-ATTR:host"] == before) == (ACTIVE, False)
    port = desk.demo.network.get(f"/ports?device_id={desk.server}").json()["ports"][0]["id"]
    assert desk.admin.network.get(f"/ports/{port}").json()["port"]["binding:host_id"] != before


def test_backups_rotate(desk: Desk) -> None:
    for name in ("one", "two", "three"):
        body = {"createBackup": {"name": name, "backup_type": "daily", "rotation": 2}}
        assert set(desk.act(body).json()) == {"image_id"}
    images = desk.demo.image.get("/images?image_type=backup").json()["images"]
    assert sorted(image["name"] for image in images) == ["three", "two"]
    assert {image["status"] for image in images} == {"active"}
    old = desk.act({"createImage": {"name": "old"}}, version="2.1")
    assert (old.content, "/v2/images/" in old.headers["Location"]) == (b"", True)


@pytest.mark.parametrize("protected", [False, True])
def test_the_image_of_a_shelved_server_goes_with_it_unless_somebody_protects_it(desk: Desk, protected: bool) -> None:
    name = f"/images?name={desk.show()['name']}-shelved"
    desk.act({"shelve": None})
    (image,) = desk.demo.image.get(name).json()["images"]
    patch = {"Content-Type": "application/openstack-images-v2.1-json-patch"}

    def protect(value: bool) -> None:
        change = [{"op": "replace", "path": "/protected", "value": value}]
        desk.demo.image.patch(f"/images/{image['id']}", data=json.dumps(change), headers=patch)

    protect(protected)
    assert desk.demo.compute.delete(f"/servers/{desk.server}").status_code == 204
    left = [found["id"] for found in desk.demo.image.get(name).json()["images"]]
    assert left == ([image["id"]] if protected else [])
    if protected:
        protect(False)
        desk.demo.image.delete(f"/images/{image['id']}")
    desk.server = desk.lab.boot(desk.demo, block_device_mapping_v2=None)


def test_a_volume_comes_and_goes(desk: Desk) -> None:
    path, volume = f"/servers/{desk.server}/os-volume_attachments", desk.lab.volume_id
    at = f"/{desk.demo.project_id}/volumes/{volume}"
    made = desk.demo.compute.post(path, json={"volumeAttachment": {"volumeId": volume}}, headers=NEWEST)
    assert made.status_code == 202  # since 2.101 nobody waits for the device's name
    (listed,) = desk.demo.compute.get(path).json()["volumeAttachments"]
    assert listed == {"id": volume, "volumeId": volume, "serverId": desk.server, "device": "/dev/vdb"}
    assert desk.demo.volume.get(at).json()["volume"]["status"] == "in-use"
    domains = desk.lab.cloud.hypervisors[desk.show()["OS-EXT-SRV-ATTR:host"]].domains
    assert volume in domains[desk.server]
    desk.act({"shelve": None})
    desk.act({"unshelve": None})
    again = desk.demo.compute.post(path, json={"volumeAttachment": {"volumeId": volume}}, raise_exc=False)
    assert "is already attached to instances" in refused(again, 400)
    assert desk.demo.compute.delete(f"{path}/{volume}").status_code == 202
    assert desk.demo.volume.get(at).json()["volume"]["status"] == "available"
    assert volume not in str(desk.lab.cloud.hypervisors[desk.show()["OS-EXT-SRV-ATTR:host"]].domains)
    missing = desk.demo.compute.delete(f"{path}/{volume}", raise_exc=False)
    assert refused(missing, 404) == f"Instance {desk.server} is not attached to volume {volume}"


def test_a_reboot_forgets_what_only_nova_or_only_cinder_attaches(desk: Desk) -> None:
    path, volume, old = f"/servers/{desk.server}/os-volume_attachments", desk.lab.volume_id, "volume 3.44"
    desk.demo.compute.post(path, json={"volumeAttachment": {"volumeId": volume}}, headers=NEWEST)
    assert desk.act({"reboot": {"type": "SOFT"}}).status_code == 202
    (kept,) = desk.demo.compute.get(path, headers=NEWEST).json()["volumeAttachments"]
    base, headers = f"/{desk.demo.project_id}/attachments", {"OpenStack-API-Version": old}
    service = {"X-Service-Token": desk.lab.cloud.session("client", "nova").get_token()}
    desk.demo.volume.delete(f"{base}/{kept['attachment_id']}", headers=headers | service)
    body = {"attachment": {"volume_uuid": volume, "instance_uuid": desk.server}}
    made = desk.demo.volume.post(base, json=body, headers=headers).json()["attachment"]
    assert made["id"] != kept["attachment_id"]
    assert desk.act({"reboot": {"type": "SOFT"}}).status_code == 202
    assert desk.demo.compute.get(path, headers=NEWEST).json()["volumeAttachments"] == []
    assert desk.demo.volume.get(base, headers=headers).json()["attachments"] == []


def test_a_port_comes_and_goes(desk: Desk) -> None:
    path = f"/servers/{desk.server}/os-interface"
    body = {"interfaceAttachment": {"net_id": desk.lab.network_id}}
    made = desk.demo.compute.post(path, json=body, headers=NEWEST).json()["interfaceAttachment"]
    assert len(desk.demo.compute.get(path).json()["interfaceAttachments"]) == 2
    assert len(desk.show()["addresses"]["selfservice"]) == 2
    other = {"interfaceAttachment": {"port_id": made["port_id"]}}
    assert refused(desk.demo.compute.post(path, json=other, raise_exc=False), 409).endswith("is still in use.")
    assert desk.demo.compute.delete(f"{path}/{made['port_id']}").status_code == 202
    assert [a["addr"] for a in desk.show()["addresses"]["selfservice"]] != []
    assert desk.demo.network.get(f"/ports/{made['port_id']}", raise_exc=False).status_code == 404


def test_metadata_and_tags(desk: Desk) -> None:
    path, user = f"/servers/{desk.server}", desk.demo.compute
    assert user.post(f"{path}/metadata", json={"metadata": {"a": "1"}}).json() == {"metadata": {"a": "1"}}
    assert user.put(f"{path}/metadata/b", json={"meta": {"b": "2"}}).json() == {"meta": {"b": "2"}}
    assert user.get(f"{path}/metadata").json() == {"metadata": {"a": "1", "b": "2"}}
    assert refused(user.put(f"{path}/metadata/c", json={"meta": {"b": "2"}}, raise_exc=False), 400).endswith("mismatch")
    assert user.delete(f"{path}/metadata/a").status_code == 204
    many = {"metadata": {str(n): "x" for n in range(129)}}
    assert "metadata items exceeds 128" in refused(user.put(f"{path}/metadata", json=many, raise_exc=False), 403)
    assert user.put(f"{path}/tags/red", headers=NEWEST).status_code == 201
    assert user.put(f"{path}/tags/red", headers=NEWEST).status_code == 204
    assert user.put(f"{path}/tags", json={"tags": ["b", "a", "b"]}, headers=NEWEST).json() == {"tags": ["a", "b"]}
    for query, found in (
        ("tags=a,b", 1),
        ("tags=a,c", 0),
        ("not-tags=a", 0),
        ("tags-any=a,c", 1),
        ("not-tags-any=c", 1),
    ):
        assert len(user.get(f"/servers?{query}", headers=NEWEST).json()["servers"]) == found, query
    assert user.get(f"{path}/tags/c", headers=NEWEST, raise_exc=False).status_code == 404
    assert user.get(f"{path}/tags", raise_exc=False).status_code == 404  # 2.1 has no tags


@pytest.mark.parametrize("name", ACTIONS)
def test_another_project_finds_no_server(cloud: Desk, name: str) -> None:
    version = "2.1" if name.startswith("os-get") else "2.104"
    cloud.server = "3d1f2a5b-0000-4000-8000-000000000000"
    message = refused(cloud.act({name: REQUIRED.get(name)}, version=version), 404)
    assert message == "Instance 3d1f2a5b-0000-4000-8000-000000000000 could not be found."


IMAGE = "3d1f2a5b-0000-4000-8000-000000000001"
REQUIRED: dict[str, Any] = {
    "reboot": {"type": "SOFT"}, "rebuild": {"imageRef": IMAGE}, "resize": {"flavorRef": "2"},
    "os-migrateLive": {"host": None, "block_migration": "auto"}, "evacuate": {}, "createImage": {"name": "x"},
    "createBackup": {"name": "b", "backup_type": "daily", "rotation": 1}, "changePassword": {"adminPass": "x"},
    "os-resetState": {"state": "error"}, "os-getConsoleOutput": {}, "os-getVNCConsole": {"type": "novnc"},
    "os-getSPICEConsole": {"type": "spice-html5"}, "os-getSerialConsole": {"type": "serial"},
    "addSecurityGroup": {"name": "x"}, "removeSecurityGroup": {"name": "x"},
}  # fmt: skip


def test_servers_move_in_the_flow_of_2013_too() -> None:
    lab = Lab.prepare(Cloud(Config(hosts=2, flow="classic", password_hash_cost=16), seed=31, trace=False))
    desk = Desk(lab, lab.cloud.connect("demo"), lab.cloud.connect("admin"), lab.boot())
    moves = [{"resize": {"flavorRef": "2"}}, {"confirmResize": None}, {"migrate": None}, {"revertResize": None}]
    moves += [{"os-migrateLive": {"host": None, "block_migration": "auto"}}, {"shelve": None}, {"unshelve": None}]
    hosts, used = [], []
    for body in moves:
        assert desk.act(body, desk.admin).status_code in (202, 204)
        hosts.append(desk.show()["OS-EXT-SRV-ATTR:host"])
        rows = desk.admin.compute.get("/os-hypervisors/detail").json()["hypervisors"]
        used.append(sorted(row["memory_mb_used"] for row in rows))
    assert hosts == ["compute2", "compute2", "compute1", "compute2", "compute1", None, "compute1"]
    assert desk.state() == ("ACTIVE", None, 1)
    assert used[1:3] == [[512, 2560], [2560, 2560]], "a resize holds both hosts until it is confirmed"
    assert used[-2:] == [[512, 512], [512, 2560]]


@pytest.mark.parametrize("flow", ["current", "classic"])
def test_a_host_that_is_forced_down_gets_no_server_and_is_left(flow: str) -> None:
    lab = Lab.prepare(Cloud(Config(hosts=2, flow=flow, password_hash_cost=16), seed=31, trace=False))
    desk = Desk(lab, lab.cloud.connect("demo"), lab.cloud.connect("admin"), lab.boot())
    service = "/os-services?binary=nova-compute&host=compute1"
    (row,) = desk.admin.compute.get(service, headers=NEWEST).json()["services"]
    assert refused(desk.act({"evacuate": {}}, desk.admin), 400) == "Compute service of compute1 is still in use."
    desk.admin.compute.put(f"/os-services/{row['id']}", json={"forced_down": True}, headers=NEWEST)
    (row,) = desk.admin.compute.get(service, headers=NEWEST).json()["services"]
    assert (row["state"], row["status"]) == ("down", "enabled")
    assert desk.show()["host_status"] == "DOWN"
    more = [lab.boot(name=f"vm{n}", block_device_mapping_v2=None) for n in range(2)]
    shown = [desk.admin.compute.get(f"/servers/{id}").json()["server"]["OS-EXT-SRV-ATTR:host"] for id in more]
    assert shown == ["compute2", "compute2"]
    assert refused(desk.act({"resize": {"flavorRef": "2"}}), 409) == "Service is unavailable at this time."
    assert desk.act({"evacuate": {}}, desk.admin).status_code == 200
    assert desk.show()["OS-EXT-SRV-ATTR:host"] == "compute2"
