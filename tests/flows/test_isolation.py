"""Two projects in one cloud: what one has, the other neither sees nor changes; and which role may do what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.core.nova.api.app import RULES as CORE_RULES
from oslearn.course.reference import IMAGE, Lab
from oslearn.extensions.nova.routes import RULES as MORE_RULES

V344 = {"OpenStack-API-Version": "volume 3.44"}


@dataclass
class Two:
    """A cloud in which project demo has one of everything, and project other has a member and a reader."""

    lab: Lab
    ids: dict[str, str]

    def connect(self, user: str) -> Connection:
        """A user's connection; `other` and `watcher` are in the second project, `reader` is in the first."""
        project = {"admin": "admin", "other": "other", "watcher": "other"}.get(user, "demo")
        password = None if user in ("admin", "demo") else f"secret of {user}"
        return self.lab.cloud.connect(user, password, project)


def add_user(admin: Connection, name: str, project_id: str, role: str) -> None:
    """Make a user with a role through the API."""
    body = {"user": {"name": name, "password": f"secret of {name}"}}
    user_id = admin.identity.post("/users", json=body).json()["user"]["id"]
    (found,) = admin.identity.get(f"/roles?name={role}").json()["roles"]
    admin.identity.put(f"/projects/{project_id}/users/{user_id}/roles/{found['id']}")


@pytest.fixture(scope="module")
def two() -> Two:
    config = Config(password_hash_cost=16)
    lab = Lab.prepare(Cloud(seed=41, trace=False, config=config))
    admin, demo = lab.cloud.connect("admin"), lab.cloud.connect("demo")
    other = admin.identity.post("/projects", json={"project": {"name": "other"}}).json()["project"]["id"]
    for name, project, role in (
        ("other", other, "member"),
        ("watcher", other, "reader"),
        ("reader", demo.project_id, "reader"),
        ("manager", demo.project_id, "manager"),
        ("robot", demo.project_id, "service"),
    ):
        add_user(admin, name, project, role)
    server = lab.boot(demo)
    body = {"security_group": {"name": "web"}}
    group = demo.network.post("/security-groups", json=body).json()["security_group"]["id"]
    attachments = demo.volume.get(f"/{demo.project_id}/attachments", headers=V344).json()["attachments"]
    ports = demo.network.get(f"/ports?device_id={server}").json()["ports"]
    subnets = demo.network.get("/subnets").json()["subnets"]
    ids = {
        "server": server,
        "image": lab.image_id,
        "network": lab.network_id,
        "subnet": subnets[0]["id"],
        "port": ports[0]["id"],
        "security_group": group,
        "volume": lab.volume_id,
        "attachment": attachments[0]["id"],
    }
    return Two(lab, ids)


LISTS = {
    "server": ("compute", "/servers", "servers"),
    "image": ("image", "/images", "images"),
    "network": ("network", "/networks", "networks"),
    "subnet": ("network", "/subnets", "subnets"),
    "port": ("network", "/ports", "ports"),
    "security_group": ("network", "/security-groups", "security_groups"),
    "volume": ("volume", "/{project}/volumes", "volumes"),
    "attachment": ("volume", "/{project}/attachments", "attachments"),
}


def call(user: Connection, kind: str, method: str, id: str | None = None, **options: Any) -> Any:
    """A request for a list, or for one of it."""
    service, path, _ = LISTS[kind]
    path = path.format(project=user.project_id) + (f"/{id}" if id else "")
    headers = V344 if service == "volume" else {}
    return getattr(user, service).request(path, method, raise_exc=False, headers=headers, **options)


def listed(user: Connection, kind: str, query: str = "") -> set[str]:
    """The ids in a list."""
    service, path, key = LISTS[kind]
    path = path.format(project=user.project_id) + query
    headers = V344 if service == "volume" else {}
    return {row["id"] for row in getattr(user, service).get(path, headers=headers).json()[key]}


CHANGES: dict[str, dict[str, Any]] = {
    "image": {
        "data": '[{"op": "replace", "path": "/name", "value": "mine"}]',
        "method": "PATCH",
        "type": "application/openstack-images-v2.1-json-patch",
    },
    "network": {"json": {"network": {"name": "mine"}}},
    "subnet": {"json": {"subnet": {"name": "mine"}}},
    "port": {"json": {"port": {"name": "mine"}}},
    "security_group": {"json": {"security_group": {"name": "mine"}}},
    "volume": {"json": {"volume": {"name": "mine"}}},
}


@pytest.mark.parametrize("kind", LISTS)
def test_another_projects_things_are_not_found(two: Two, kind: str) -> None:
    owner, id = two.connect("demo"), two.ids[kind]
    assert id in listed(owner, kind)
    for name in ("other", "watcher"):
        stranger = two.connect(name)
        if (name, kind) == ("watcher", "attachment"):
            continue  # a reader may not look at attachments at all
        assert id not in listed(stranger, kind)
        unknown = call(stranger, kind, "GET", "3d1f2a5b-0000-4000-8000-000000000000")
        reply = call(stranger, kind, "GET", id)
        assert (reply.status_code, unknown.status_code) == (404, 404)
        hidden = unknown.text.replace("3d1f2a5b-0000-4000-8000-000000000000", id)
        assert reply.text == hidden, "the reply tells that there is something"
    assert call(two.connect("other"), kind, "DELETE", id).status_code == 404
    assert call(owner, kind, "GET", id).status_code == 200


@pytest.mark.parametrize("kind", CHANGES)
def test_another_projects_things_are_not_changed(two: Two, kind: str) -> None:
    options = dict(CHANGES[kind])
    method, content_type = options.pop("method", "PUT"), options.pop("type", None)
    owner, stranger, id = two.connect("demo"), two.connect("other"), two.ids[kind]
    before = call(owner, kind, "GET", id).json()
    service, path, _ = LISTS[kind]
    path = f"{path.format(project=stranger.project_id)}/{id}"
    headers = {"Content-Type": content_type} if content_type else {}
    reply = getattr(stranger, service).request(path, method, raise_exc=False, headers=headers, **options)
    assert reply.status_code == 404
    assert call(owner, kind, "GET", id).json() == before


@pytest.mark.parametrize("query", ["?name=vm1", "?limit=1000", "?status=ACTIVE", "/detail", "/detail?all_tenants=0"])
def test_no_query_brings_another_projects_server_into_the_list(two: Two, query: str) -> None:
    stranger = two.connect("other")
    assert stranger.compute.get(f"/servers{query}").json()["servers"] == []


def test_another_projects_server_is_no_place_in_a_list(two: Two) -> None:
    reply = two.connect("other").compute.get(f"/servers?marker={two.ids['server']}", raise_exc=False)
    assert (reply.status_code, reply.json()["badRequest"]["message"]) == (
        400,
        f"marker [{two.ids['server']}] not found",
    )


@pytest.mark.parametrize("query", ["?project_id={0}", "?tenant_id={0}", "?all_tenants=1"])
def test_a_filter_by_project_opens_no_other_project(two: Two, query: str) -> None:
    stranger, demo = two.connect("other"), two.connect("demo")
    query = query.format(demo.project_id)
    for kind in ("network", "subnet", "port", "security_group") if "all_tenants" not in query else ():
        assert two.ids[kind] not in listed(stranger, kind, query)
    # Version 3.0 drops a filter that is not for everybody; since 3.31 it is refused.
    shown = stranger.volume.get(f"/{stranger.project_id}/volumes{query}").json()["volumes"]
    assert two.ids["volume"] not in {volume["id"] for volume in shown}


def test_another_projects_path_in_cinder_opens_nothing(two: Two) -> None:
    stranger, demo = two.connect("other"), two.connect("demo")
    for path in ("volumes", f"volumes/{two.ids['volume']}", "attachments"):
        reply = stranger.volume.get(f"/{demo.project_id}/{path}", raise_exc=False, headers=V344)
        assert reply.status_code in (400, 403, 404)


def test_another_projects_image_data_stays_closed(two: Two) -> None:
    path = f"/images/{two.ids['image']}/file"
    assert two.connect("other").image.get(path, raise_exc=False).status_code == 404
    assert two.connect("demo").image.get(path).content == IMAGE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"imageRef": "image"}, "Can not find requested image"),
        ({"networks": "network"}, "Network {} could not be found."),
        ({"security_groups": "security_group"}, "Security group {} is not found for project"),
        ({"block_device_mapping_v2": "volume"}, "Block Device Mapping is Invalid: failed to get volume {}."),
    ],
)
def test_a_boot_cannot_use_another_projects_things(two: Two, changes: dict[str, str], message: str) -> None:
    stranger = two.connect("other")
    (field, kind) = next(iter(changes.items()))
    id = two.ids[kind]
    image = {"name": "own", "disk_format": "qcow2", "container_format": "bare"}
    own = stranger.image.post("/images", json=image).json()["id"]
    stranger.image.put(f"/images/{own}/file", data=IMAGE, headers={"Content-Type": "application/octet-stream"})
    value: Any = {
        "imageRef": id,
        "networks": [{"uuid": id}],
        "security_groups": [{"name": id}],
        "block_device_mapping_v2": [{"uuid": id, "source_type": "volume", "destination_type": "volume"}],
    }[field]
    server = {"name": "s", "imageRef": own, "flavorRef": "1", "networks": "none"} | {field: value}
    headers = {"OpenStack-API-Version": "compute 2.37"}  # the first that knows the network "none"
    reply = stranger.compute.post("/servers", json={"server": server}, headers=headers, raise_exc=False)
    assert (reply.status_code, list(reply.json())) == (400, ["badRequest"])
    assert message.format(id) in reply.json()["badRequest"]["message"]
    assert listed(stranger, "server") == set()


def test_a_port_cannot_be_put_on_another_projects_network(two: Two) -> None:
    body = {"port": {"network_id": two.ids["network"]}}
    reply = two.connect("other").network.post("/ports", json=body, raise_exc=False)
    assert (reply.status_code, reply.json()["NeutronError"]["type"]) == (404, "NetworkNotFound")


def test_another_projects_volume_cannot_be_attached(two: Two) -> None:
    stranger = two.connect("other")
    body = {"attachment": {"volume_uuid": two.ids["volume"], "instance_uuid": two.ids["server"]}}
    path = f"/{stranger.project_id}/attachments"
    assert stranger.volume.post(path, json=body, headers=V344, raise_exc=False).status_code == 404


def test_a_project_name_in_a_body_changes_no_owner(two: Two) -> None:
    stranger, demo = two.connect("other"), two.connect("demo")
    body = {"network": {"name": "n", "project_id": demo.project_id}}
    assert stranger.network.post("/networks", json=body, raise_exc=False).status_code in (400, 403)
    for path, body in (
        ("/servers", {"server": {"name": "s", "imageRef": two.ids["image"], "flavorRef": "1", "project_id": "x"}}),
        ("/servers", {"server": {"name": "s", "imageRef": two.ids["image"], "flavorRef": "1", "tenant_id": "x"}}),
    ):
        assert stranger.compute.post(path, json=body, raise_exc=False).status_code == 400


@pytest.mark.parametrize("kind", LISTS)
def test_an_admin_sees_everything(two: Two, kind: str) -> None:
    admin, id = two.connect("admin"), two.ids[kind]
    query = "?all_tenants=1" if LISTS[kind][0] in ("compute", "volume") else ""
    assert id in listed(admin, kind, query)
    assert call(admin, kind, "GET", id).status_code == 200


@pytest.mark.parametrize("kind", sorted(LISTS.keys() - {"attachment"}))  # Cinder's rule for those is the members'
def test_a_reader_reads(two: Two, kind: str) -> None:
    reader, id = two.connect("reader"), two.ids[kind]
    assert id in listed(reader, kind)
    assert call(reader, kind, "GET", id).status_code == 200
    assert call(reader, kind, "DELETE", id).status_code == 403
    assert call(two.connect("demo"), kind, "GET", id).status_code == 200


BODIES: dict[str, dict[str, Any]] = {
    "server": {"server": {"name": "s", "imageRef": "3d1f2a5b-0000-4000-8000-000000000000", "flavorRef": "1"}},
    "image": {"name": "i", "disk_format": "raw", "container_format": "bare"},
    "network": {"network": {"name": "n"}},
    "security_group": {"security_group": {"name": "g"}},
    "volume": {"volume": {"size": 1}},
    "port": {"port": {"network_id": "network"}},
    "subnet": {"subnet": {"network_id": "network", "ip_version": 4, "cidr": "10.7.0.0/24"}},
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_reader_makes_nothing(two: Two, kind: str) -> None:
    reader, body = two.connect("reader"), BODIES[kind]
    if "network_id" in body.get(kind, {}):
        body = {kind: body[kind] | {"network_id": two.ids["network"]}}
    before = listed(reader, kind)
    assert call(reader, kind, "POST", json=body).status_code == 403
    assert listed(reader, kind) == before


# --- role x operation -----------------------------------------------------------------------------------------------

MEMBERS = {"demo", "manager", "robot", "admin"}
READERS = MEMBERS | {"reader"}
NO_SERVICE = {"host": "nosuch", "binary": "nova-compute"}
OPERATIONS: dict[str, tuple[str, str, Any, set[str], int]] = {
    "os_compute_api:servers:create": ("POST", "/servers", BODIES["server"], MEMBERS, 400),
    "os_compute_api:servers:delete": ("DELETE", "/servers/{doomed}", None, MEMBERS, 204),
    "os_compute_api:servers:show": ("GET", "/servers/{server}", None, READERS, 200),
    "os_compute_api:servers:index": ("GET", "/servers/detail", None, READERS, 200),
    "os_compute_api:servers:index:get_all_tenants": ("GET", "/servers?all_tenants=1", None, {"admin"}, 200),
    "os_compute_api:os-flavor-manage:create": ("POST", "/flavors", {"flavor": {}}, {"admin"}, 400),
    "os_compute_api:os-flavor-manage:delete": ("DELETE", "/flavors/nosuch", None, {"admin"}, 404),
    "os_compute_api:os-hypervisors:list": ("GET", "/os-hypervisors", None, {"admin"}, 200),
    "os_compute_api:os-services:list": ("GET", "/os-services", None, {"admin"}, 200),
    "os_compute_api:os-services:update": ("PUT", "/os-services/enable", NO_SERVICE, {"admin"}, 404),
}
"""Method, path, body, who may, and what they are answered; the body is one that changes nothing."""


def test_the_table_has_only_rules() -> None:
    assert set(OPERATIONS) <= {*CORE_RULES, *MORE_RULES}


@pytest.mark.parametrize("role", ["admin", "manager", "demo", "reader", "robot", "other", "watcher"])
@pytest.mark.parametrize("action", OPERATIONS)
def test_who_may_do_what(two: Two, action: str, role: str) -> None:
    method, path, body, allowed, code = OPERATIONS[action]
    doomed = two.lab.boot(two.connect("demo"), block_device_mapping_v2=None) if "doomed" in path else ""
    path = path.format(server=two.ids["server"], doomed=doomed)
    reply = two.connect(role).compute.request(path, method, json=body, raise_exc=False)
    if role in ("other", "watcher"):
        allowed = {"other", "watcher"} if action.endswith(":index") else set()
        allowed |= {"other"} if action.endswith("servers:create") else set()
        hidden = "{" in OPERATIONS[action][1]
    else:
        hidden = False
    expected = code if role in allowed else 404 if hidden else 403
    assert reply.status_code == expected, reply.text
    if expected == 403:
        message = f"Policy doesn't allow {action} to be performed."
        assert reply.json() == {"forbidden": {"code": 403, "message": message}}
    if doomed and expected != 204:
        two.connect("demo").compute.delete(f"/servers/{doomed}")
