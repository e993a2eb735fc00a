"""Each quota of each service, exactly full: by ones, by many, by threads at the same moment, after a delete, after a
failed boot. What is full is not too full, and what is refused leaves nothing.

A row of `QUOTAS` says how a limit is set, how one more is asked for, and what the refusal is. A limit that a service
counts and that has no row here fails `test_no_quota_is_missing`.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import requests
from keystoneauth1 import session as ks_session
from keystoneauth1.identity import v3

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.course.reference import Lab
from oslearn.extensions.cinder.quota import OVER
from oslearn.extensions.neutron.quotas import COUNTED
from oslearn.extensions.nova.api.quotas import NETWORK
from oslearn.extensions.nova.db.quotas import RESOURCES
from oslearn.extensions.trove.quota import RESOURCES as TROVE
from oslearn.port.server import Server

LIMIT, CROWD = 3, 32
NUMBERS = count(1)
SSH = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdHdoAg4PTn3xWGbr0EDe4ck6Z8NLnnq+QWIRuwSDZo"
SHARDS = 2
"""VCPUs of the flavor that the cores are counted with."""


class World:
    """A cloud with an image, a network, a project's member and the admin."""

    def __init__(
        self, cloud: Cloud, connect: Callable[[str], Connection] | None = None, lab: Lab | None = None
    ) -> None:
        self.lab = lab or Lab.prepare(cloud)
        self.cloud, self.config = cloud, cloud.config
        self.connect = connect or cloud.connect
        self.demo, self.admin = self.connect("demo"), self.connect("admin")
        self.project = self.demo.project_id
        self.ids: dict[str, str] = {}

    def ask(self, user: Connection, where: str, body: Any = None, **options: Any) -> Any:
        """`POST compute/v2.1/servers`."""
        method, path = where.split()
        headers = options.pop("headers", {}) | {"OpenStack-API-Version": "compute 2.55, volume 3.71"}
        url = f"{self.config.base_url}/{path}"
        return user.session.request(url, method, json=body, raise_exc=False, headers=headers, **options)

    def ok(self, user: Connection, where: str, body: Any = None) -> Any:
        reply = self.ask(user, where, body)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else None


Step = Callable[[World], Any]


@dataclass(frozen=True)
class Quota:
    """One limit. `each` is how much one takes of it; `first` makes what the others need."""

    name: str
    set_limit: Callable[[World, int], None]
    make: Step
    refusal: tuple[int, str]
    used: Callable[[World], int]
    each: int = 1
    first: Step = lambda world: None
    delete: Callable[[World, Any], Any] | None = None
    many: Callable[[World, int], Any] | None = None


# --- Nova ---


def nova_limit(name: str) -> Callable[[World, int], None]:
    def set_limit(world: World, limit: int) -> None:
        path = f"PUT compute/v2.1/os-quota-sets/{world.project}"
        world.ok(world.admin, path, {"quota_set": {name: limit, "force": True}})

    return set_limit


def nova_used(name: str) -> Callable[[World], int]:
    def used(world: World) -> int:
        found = world.ok(world.demo, f"GET compute/v2.1/os-quota-sets/{world.project}/detail")
        return int(found["quota_set"][name]["in_use"])

    return used


def boot(flavor: str, **more: Any) -> Step:
    def make(world: World) -> Any:
        server = {"name": "vm", "imageRef": world.lab.image_id, "flavorRef": flavor, "networks": "none"} | more
        hints = {"os:scheduler_hints": {"group": world.ids["group"]}} if "group" in world.ids else {}
        return world.ask(world.demo, "POST compute/v2.1/servers", {"server": server} | hints)

    return make


def boots(flavor: str) -> Callable[[World, int], Any]:
    return lambda world, number: boot(flavor, min_count=number, max_count=number)(world)


def delete_server(world: World, reply: Any) -> Any:
    return world.ask(world.demo, f"DELETE compute/v2.1/servers/{reply.json()['server']['id']}")


def make_key(world: World) -> Any:
    body = {"keypair": {"name": f"k{next(NUMBERS)}", "public_key": SSH}}
    return world.ask(world.demo, "POST compute/v2.1/os-keypairs", body)


def keys(world: World) -> int:
    return len(world.ok(world.demo, "GET compute/v2.1/os-keypairs")["keypairs"])


def make_group(world: World) -> Any:
    body = {"server_group": {"name": "g", "policies": ["soft-affinity"]}}
    return world.ask(world.demo, "POST compute/v2.1/os-server-groups", body)


def first_group(world: World) -> None:
    world.ids["group"] = make_group(world).json()["server_group"]["id"]


def members(world: World) -> int:
    found = world.ok(world.demo, f"GET compute/v2.1/os-server-groups/{world.ids['group']}")
    return len(found["server_group"]["members"])


def remove(kind: str, path: str, key: str = "id") -> Callable[[World, Any], Any]:
    return lambda world, reply: world.ask(world.demo, f"DELETE {path}/{reply.json()[kind][key]}")


INSTANCES = r"Quota exceeded for {0}: Requested {1}, but already used {2} of {2} {0}"
NOVA = [
    Quota("instances", nova_limit("instances"), boot("1"), (403, INSTANCES.format("instances", 1, 3)),
          nova_used("instances"), delete=delete_server, many=boots("1")),
    Quota("cores", nova_limit("cores"), boot("3"), (403, INSTANCES.format("cores", SHARDS, 6)), nova_used("cores"),
          each=SHARDS, delete=delete_server, many=boots("3")),
    Quota("ram", nova_limit("ram"), boot("1"), (403, INSTANCES.format("ram", 512, 1536)), nova_used("ram"), each=512,
          delete=delete_server, many=boots("1")),
    Quota("key_pairs", nova_limit("key_pairs"), make_key, (403, "Quota exceeded, too many key pairs."), keys,
          delete=remove("keypair", "compute/v2.1/os-keypairs", "name")),
    Quota("server_groups", nova_limit("server_groups"), make_group, (403, "Quota exceeded, too many server groups."),
          nova_used("server_groups"), delete=remove("server_group", "compute/v2.1/os-server-groups")),
    Quota("server_group_members", nova_limit("server_group_members"), boot("1"),
          (403, "Quota exceeded, too many servers in group"), members, first=first_group, delete=delete_server,
          many=boots("1")),
]  # fmt: skip


def personality(number: int, path: int, content: int) -> list[dict[str, str]]:
    data = base64.b64encode(b"x" * content).decode()
    return [{"path": "/" + "p" * (path - 1), "contents": data} for _ in range(number)]


SIZES = {
    "metadata_items": ({"metadata": {f"k{n}": "v" for n in range(LIMIT)}},
                       {"metadata": {f"k{n}": "v" for n in range(LIMIT + 1)}},
                       "Maximum number of metadata items exceeds 3"),
    "injected_files": ({"personality": personality(LIMIT, 2, 1)}, {"personality": personality(LIMIT + 1, 2, 1)},
                       "Personality file limit exceeded"),
    "injected_file_path_bytes": ({"personality": personality(1, LIMIT, 1)},
                                 {"personality": personality(1, LIMIT + 1, 1)},
                                 "Personality file path exceeds maximum 3"),
    "injected_file_content_bytes": ({"personality": personality(1, 2, LIMIT)},
                                    {"personality": personality(1, 2, LIMIT + 1)},
                                    "Personality file content exceeds maximum 3"),
}  # fmt: skip
"""What one server may bring: what is just allowed, what is one too much, and the refusal."""


# --- Neutron ---


def neutron_limit(name: str) -> Callable[[World, int], None]:
    def set_limit(world: World, limit: int) -> None:
        body = {"quota": {name: limit, "force": True}}
        world.ok(world.admin, f"PUT networking/v2.0/quotas/{world.project}", body)

    return set_limit


def neutron_used(name: str) -> Callable[[World], int]:
    def used(world: World) -> int:
        found = world.ok(world.demo, f"GET networking/v2.0/quotas/{world.project}/details")
        return int(found["quota"][name]["used"])

    return used


def neutron_body(name: str, world: World) -> dict[str, Any]:
    n = next(NUMBERS)
    wanted: dict[str, dict[str, Any]] = {
        "subnet": {"network_id": world.lab.network_id, "ip_version": 4, "cidr": f"10.{n % 250}.{n // 250}.0/24"},
        "subnetpool": {"name": "p", "prefixes": [f"172.{16 + n % 16}.{n % 250}.0/24"]},
        "port": {"network_id": world.lab.network_id},
        "floatingip": {"floating_network_id": world.ids.get("outside")},
        "security_group_rule": {"security_group_id": world.ids.get("rules"), "direction": "ingress",
                                "protocol": "tcp", "port_range_min": n, "port_range_max": n},
    }  # fmt: skip
    return wanted.get(name, {"name": "x"})


def neutron_make(name: str) -> Step:
    path = f"POST networking/v2.0/{name.replace('_', '-')}s"
    return lambda world: world.ask(world.demo, path, {name: neutron_body(name, world)})


def neutron_many(name: str) -> Callable[[World, int], Any]:
    path = f"POST networking/v2.0/{name.replace('_', '-')}s"

    def many(world: World, number: int) -> Any:
        return world.ask(world.demo, path, {f"{name}s": [neutron_body(name, world) for _ in range(number)]})

    return many


def neutron_first(world: World) -> None:
    outside = {"network": {"name": "outside", "router:external": True}}
    world.ids["outside"] = world.ok(world.admin, "POST networking/v2.0/networks", outside)["network"]["id"]
    subnet = {"network_id": world.ids["outside"], "ip_version": 4, "cidr": "203.0.113.0/24"}
    world.ok(world.admin, "POST networking/v2.0/subnets", {"subnet": subnet})
    body = {"security_group": {"name": "rules"}}
    world.ids["rules"] = world.ok(world.demo, "POST networking/v2.0/security-groups", body)["security_group"]["id"]


NEUTRON = [
    Quota(name, neutron_limit(name), neutron_make(name), (409, f"Quota exceeded for resources: ['{name}']."),
          neutron_used(name), first=neutron_first, many=neutron_many(name),
          delete=remove(name, f"networking/v2.0/{name.replace('_', '-')}s"))
    for name in COUNTED
]  # fmt: skip


# --- Cinder ---


def cinder_limit(name: str) -> Callable[[World, int], None]:
    def set_limit(world: World, limit: int) -> None:
        path = f"PUT volume/v3/{world.admin.project_id}/os-quota-sets/{world.project}"
        world.ok(world.admin, path, {"quota_set": {name: limit}})

    return set_limit


def cinder_used(name: str) -> Callable[[World], int]:
    def used(world: World) -> int:
        path = f"GET volume/v3/{world.project}/os-quota-sets/{world.project}?usage=true"
        return int(world.ok(world.demo, path)["quota_set"][name]["in_use"])

    return used


def make_volume(world: World) -> Any:
    return world.ask(world.demo, f"POST volume/v3/{world.project}/volumes", {"volume": {"size": 2}})


def make_snapshot(world: World) -> Any:
    body = {"snapshot": {"volume_id": world.ids["volume"], "force": True}}
    return world.ask(world.demo, f"POST volume/v3/{world.project}/snapshots", body)


def first_volume(world: World) -> None:
    world.ids["volume"] = make_volume(world).json()["volume"]["id"]


def delete_volume(kind: str) -> Callable[[World, Any], Any]:
    return lambda world, reply: world.ask(
        world.demo, f"DELETE volume/v3/{world.project}/{kind}s/{reply.json()[kind]['id']}"
    )


def make_volume_backup(world: World) -> Any:
    body = {"backup": {"volume_id": world.ids["volume"]}}
    made = world.ask(world.demo, f"POST volume/v3/{world.project}/backups", body)
    world.ok(world.demo, f"GET volume/v3/{world.project}/backups")  # its work is done before the next is asked for
    return made


def delete_volume_backup(world: World, reply: Any) -> Any:
    done = delete_volume("backup")(world, reply)
    world.ok(world.demo, f"GET volume/v3/{world.project}/backups")
    return done


BACKUP_SPACE = "Requested backup exceeds allowed Backup gigabytes quota. Requested 2G, quota is"
SPACE = r"Requested volume or snapshot exceeds allowed {} quota. Requested 2G, quota is"
CINDER = [
    Quota("volumes", cinder_limit("volumes"), make_volume, (413, "Maximum number of volumes allowed ("),
          cinder_used("volumes"), delete=delete_volume("volume")),
    Quota("volumes___DEFAULT__", cinder_limit("volumes___DEFAULT__"), make_volume,
          (413, "exceeded for quota 'volumes___DEFAULT__'."), cinder_used("volumes___DEFAULT__"),
          delete=delete_volume("volume")),
    Quota("gigabytes", cinder_limit("gigabytes"), make_volume, (413, SPACE.format("gigabytes")),
          cinder_used("gigabytes"), each=2, delete=delete_volume("volume")),
    Quota("gigabytes of snapshots", cinder_limit("gigabytes"), make_snapshot, (413, SPACE.format("gigabytes")),
          cinder_used("gigabytes"), each=2, first=first_volume, delete=delete_volume("snapshot")),
    Quota("snapshots", cinder_limit("snapshots"), make_snapshot, (413, "Maximum number of snapshots allowed ("),
          cinder_used("snapshots"), first=first_volume, delete=delete_volume("snapshot")),
    Quota("backups", cinder_limit("backups"), make_volume_backup, (413, "Maximum number of backups allowed ("),
          cinder_used("backups"), first=first_volume, delete=delete_volume_backup),
    Quota("backup_gigabytes", cinder_limit("backup_gigabytes"), make_volume_backup, (413, BACKUP_SPACE),
          cinder_used("backup_gigabytes"), each=2, first=first_volume, delete=delete_volume_backup),
]  # fmt: skip


# --- Trove ---


def trove_limit(name: str) -> Callable[[World, int], None]:
    def set_limit(world: World, limit: int) -> None:
        path = f"PUT database/v1.0/{world.admin.project_id}/mgmt/quotas/{world.project}"
        world.ok(world.admin, path, {"quotas": {name: limit}})

    return set_limit


def trove_used(name: str) -> Callable[[World], int]:
    def used(world: World) -> int:
        found = world.ok(world.demo, f"GET database/v1.0/{world.project}/mgmt/quotas/{world.project}")["quotas"]
        return next(int(row["in_use"]) for row in found if row["resource"] == name)

    return used


def make_database(world: World) -> Any:
    wanted = {"name": "db", "flavorRef": "1", "volume": {"size": 2}, "nics": [{"network_id": world.lab.network_id}]}
    return world.ask(world.demo, f"POST database/v1.0/{world.project}/instances", {"instance": wanted})


def delete_database(world: World, reply: Any) -> Any:
    id = reply.json()["instance"]["id"]
    done = world.ask(world.demo, f"DELETE database/v1.0/{world.project}/instances/{id}")
    for _ in range(5):  # the taskmanager looks again with each request
        world.ask(world.demo, f"GET database/v1.0/{world.project}/instances")
    return done


def first_database(world: World) -> None:
    world.ids["database"] = make_database(world).json()["instance"]["id"]
    for _ in range(5):
        world.ok(world.demo, f"GET database/v1.0/{world.project}/instances")


def make_backup(world: World) -> Any:
    backup = {"name": "b", "instance": world.ids["database"]}
    made = world.ask(world.demo, f"POST database/v1.0/{world.project}/backups", {"backup": backup})
    world.ok(world.demo, f"GET database/v1.0/{world.project}/backups")
    return made


def delete_backup(world: World, reply: Any) -> Any:
    return world.ask(world.demo, f"DELETE database/v1.0/{world.project}/backups/{reply.json()['backup']['id']}")


DATABASES = [
    Quota(name, trove_limit(name), make_database, (413, f"Quota exceeded for resources: ['{name}']."),
          trove_used(name), each=each, delete=delete_database)
    for name, each in (("instances", 1), ("ram", 512), ("volumes", 2))
] + [Quota("backups", trove_limit("backups"), make_backup, (413, "Quota exceeded for resources: ['backups']."),
           trove_used("backups"), first=first_database, delete=delete_backup)]  # fmt: skip


# --- Swift ---


def swift_limit(header: str) -> Callable[[World, int], None]:
    def set_limit(world: World, limit: int) -> None:
        user, path = (reseller(world), "") if "Account" in header else (world.demo, "/c")
        url = f"{world.config.base_url}/object-store/v1/AUTH_{world.project}{path}"
        reply = user.session.post(url, headers={header: str(limit)}, raise_exc=False)
        assert reply.status_code < 300, reply.text

    return set_limit


def reseller(world: World) -> Connection:
    """The admin, who may set the quota of an account."""
    role = world.ok(world.admin, "POST identity/v3/roles", {"role": {"name": "ResellerAdmin"}})["role"]["id"]
    (me,) = world.ok(world.admin, "GET identity/v3/users?name=admin")["users"]
    path = f"PUT identity/v3/projects/{world.admin.project_id}/users/{me['id']}/roles/{role}"
    world.ok(world.admin, path)
    return world.connect("admin")


def swift_used(header: str) -> Callable[[World], int]:
    def used(world: World) -> int:
        url = f"{world.config.base_url}/object-store/v1/AUTH_{world.project}/c"  # the account's own sum lags
        return int(world.demo.session.head(url).headers[header])

    return used


def first_container(world: World) -> None:
    world.demo.object_store.put(f"/AUTH_{world.project}/c")


def make_object(world: World) -> Any:
    url = f"{world.config.base_url}/object-store/v1/AUTH_{world.project}/c/{next(NUMBERS)}"
    return world.demo.session.put(url, data=b"abcd", raise_exc=False)


def delete_object(world: World, reply: Any) -> Any:
    return world.demo.session.delete(reply.request.url)


SWIFT = [
    Quota(limit, swift_limit(limit), make_object, (413, "Upload exceeds quota."), swift_used(used), each=each,
          first=first_container, delete=delete_object)
    for limit, used, each in (
        ("X-Container-Meta-Quota-Count", "X-Container-Object-Count", 1),
        ("X-Container-Meta-Quota-Bytes", "X-Container-Bytes-Used", 4),
        ("X-Account-Meta-Quota-Bytes", "X-Container-Bytes-Used", 4),
    )
]  # fmt: skip


# --- Glance: limits of one image, in the settings ---


def no_limit(world: World, limit: int) -> None:
    """It stands in the settings."""
    assert limit == LIMIT


def image(world: World) -> Any:
    return world.ok(world.demo, f"GET image/v2/images/{world.lab.image_id}")


def patch_image(world: World, *changes: dict[str, Any]) -> Any:
    kind = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    url = f"{world.config.base_url}/image/v2/images/{world.lab.image_id}"
    return world.demo.session.patch(url, json=list(changes), headers=kind, raise_exc=False)


def add_property(world: World) -> Any:
    return patch_image(world, {"op": "add", "path": f"/p{next(NUMBERS)}", "value": "x"})


def properties(world: World) -> int:
    return sum(1 for name in image(world) if name.startswith("p") and name[1:].isdigit())


def add_member(world: World) -> Any:
    path = f"POST image/v2/images/{world.lab.image_id}/members"
    return world.ask(world.demo, path, {"member": f"project{next(NUMBERS)}"})


def members_of_image(world: World) -> int:
    return len(world.ok(world.demo, f"GET image/v2/images/{world.lab.image_id}/members")["members"])


def delete_member(world: World, reply: Any) -> Any:
    path = f"image/v2/images/{world.lab.image_id}/members/{reply.json()['member_id']}"
    return world.ask(world.demo, f"DELETE {path}")


def add_tag(world: World) -> Any:
    return world.ask(world.demo, f"PUT image/v2/images/{world.lab.image_id}/tags/t{next(NUMBERS)}")


def delete_tag(world: World, reply: Any) -> Any:
    return world.demo.session.delete(reply.request.url)


GLANCE = [
    Quota("image_property_quota", no_limit, add_property, (413, "image properties. Attempted: 4, Maximum: 3"),
          properties),
    Quota("image_member_quota", no_limit, add_member, (413, "members for this image. Attempted: 4, Maximum: 3"),
          members_of_image, delete=delete_member),
    Quota("image_tag_quota", no_limit, add_tag, (413, "image tags. Attempted: 4, Maximum: 3"),
          lambda world: len(image(world)["tags"]), delete=delete_tag),
]  # fmt: skip

QUOTAS = {"nova": NOVA, "neutron": NEUTRON, "cinder": CINDER, "trove": DATABASES, "swift": SWIFT, "glance": GLANCE}
ALL = [pytest.param(quota, id=f"{service}-{quota.name}") for service, rows in QUOTAS.items() for quota in rows]
SETTINGS = Config(password_hash_cost=16, image_member_quota=LIMIT, image_property_quota=LIMIT, image_tag_quota=LIMIT)


def full(world: World, quota: Quota) -> int:
    """Leave room for exactly LIMIT more; returns what is used when they are made."""
    quota.first(world)
    most = quota.used(world) + LIMIT * quota.each
    quota.set_limit(world, most)
    return most


@pytest.fixture
def world() -> World:
    return World(Cloud(SETTINGS, seed=5, trace=False))


@pytest.mark.parametrize("quota", ALL)
def test_by_ones_and_after_a_delete(world: World, quota: Quota) -> None:
    most = full(world, quota)
    code, text = quota.refusal
    made = [quota.make(world) for _ in range(LIMIT)]
    assert [reply.status_code for reply in made if reply.status_code >= 300] == []
    assert quota.used(world) == most
    for _ in range(2):
        refused = quota.make(world)
        assert (refused.status_code, text in refused.text) == (code, True), refused.text
        assert quota.used(world) == most
        if quota.delete is None:
            return
        assert quota.delete(world, made.pop()).status_code < 300
        assert quota.used(world) == most - quota.each
        made.append(quota.make(world))
        assert (made[-1].status_code < 300, quota.used(world)) == (True, most), made[-1].text


MANY = [param for param in ALL if param.values[0].many]  # type: ignore[attr-defined]


@pytest.mark.parametrize("quota", MANY)
def test_by_many(world: World, quota: Quota) -> None:
    most = full(world, quota)
    assert quota.many is not None
    refused = quota.many(world, LIMIT + 1)
    assert (refused.status_code, quota.used(world)) == (quota.refusal[0], most - LIMIT * quota.each), refused.text
    made = quota.many(world, LIMIT)
    assert (made.status_code < 300, quota.used(world)) == (True, most), made.text
    assert quota.make(world).status_code == quota.refusal[0]


def over_sockets(server: Server) -> Callable[[str], Connection]:
    """What `Cloud.connect` does, for a client in another process."""

    def connect(user: str) -> Connection:
        names = {"user_domain_name": "Default", "project_domain_name": "Default"}
        url, password = server.cloud.config.endpoint("identity/v3"), server.cloud.passwords[user]
        auth = v3.Password(url, username=user, password=password, project_name=user, **names)
        session = requests.Session()
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=CROWD))
        return Connection(ks_session.Session(auth=auth, session=session), server.cloud.config)

    return connect


@pytest.mark.parametrize("quota", ALL)
def test_by_a_crowd_at_the_same_moment(quota: Quota) -> None:
    server = Server(config=SETTINGS, empty=True, trace=False)
    thread = threading.Thread(target=server.run, daemon=True)
    prepared = Lab.prepare(server.cloud)
    thread.start()
    world = World(server.cloud, over_sockets(server), prepared)
    most, gate = full(world, quota), threading.Barrier(CROWD)

    def one(_: int) -> int:
        gate.wait()
        return int(quota.make(world).status_code)

    with ThreadPoolExecutor(CROWD) as crowd:
        answers = list(crowd.map(one, range(CROWD)))
    assert (sum(1 for code in answers if code < 300), {code for code in answers if code >= 300}) == (
        LIMIT,
        {quota.refusal[0]},
    )
    assert quota.used(world) == most
    server.close()


@pytest.mark.parametrize("name", SIZES)
def test_what_one_server_may_bring(world: World, name: str) -> None:
    fits, too_much, text = SIZES[name]
    nova_limit(name)(world, LIMIT)
    assert boot("1", **fits)(world).status_code == 202
    refused = boot("1", **too_much)(world)
    assert (refused.status_code, text in refused.text, nova_used("instances")(world)) == (403, True, 1), refused.text


def test_a_failed_boot_counts_until_it_is_deleted(world: World) -> None:
    nova_limit("instances")(world, LIMIT)
    path = "POST compute/v2.1/flavors"
    flavor = {"id": "99", "name": "too.large", "ram": 10, "vcpus": 10_000, "disk": 1}
    world.ok(world.admin, path, {"flavor": flavor})
    nova_limit("cores")(world, -1)
    failed = boot("99")(world)
    id = failed.json()["server"]["id"]
    assert world.ok(world.demo, f"GET compute/v2.1/servers/{id}")["server"]["status"] == "ERROR"
    made = [boot("1")(world) for _ in range(LIMIT)]
    assert [reply.status_code for reply in made] == [202, 202, 403]
    assert delete_server(world, failed).status_code == 204
    assert [boot("1")(world).status_code for _ in range(2)] == [202, 403]
    statuses = {server["status"] for server in world.ok(world.demo, "GET compute/v2.1/servers/detail")["servers"]}
    assert statuses == {"ACTIVE"}


@pytest.mark.parametrize("name", ["instances", "cores", "ram"])
def test_a_user_with_limits_of_their_own_is_counted_alone(world: World, name: str) -> None:
    each = {"instances": 1, "cores": 1, "ram": 512}[name]
    user = {"name": "second", "password": "secret"}
    second = world.ok(world.admin, "POST identity/v3/users", {"user": user})["user"]["id"]
    (role,) = world.ok(world.admin, "GET identity/v3/roles?name=member")["roles"]
    world.ok(world.admin, f"PUT identity/v3/projects/{world.project}/users/{second}/roles/{role['id']}")
    path = f"PUT compute/v2.1/os-quota-sets/{world.project}?user_id={second}"
    world.ok(world.admin, path, {"quota_set": {name: 2 * each}})
    nova_limit(name)(world, 4 * each)
    assert [boot("1")(world).status_code for _ in range(2)] == [202, 202]  # the project's first user
    first, world.demo = world.demo, world.cloud.connect("second", "secret", "demo")
    assert [boot("1")(world).status_code for _ in range(3)] == [202, 202, 403]  # the second user's own limit
    statuses = {server["status"] for server in world.ok(first, "GET compute/v2.1/servers/detail")["servers"]}
    assert statuses == {"ACTIVE"}
    world.demo = first
    assert boot("1")(world).status_code == 403  # all of the project's


def test_growing_fills_a_quota_exactly(world: World) -> None:
    server = boot("1")(world).json()["server"]["id"]
    nova_limit("cores")(world, 2)
    nova_limit("ram")(world, 4096)
    resize = {"resize": {"flavorRef": "4"}}
    refused = world.ask(world.demo, f"POST compute/v2.1/servers/{server}/action", resize)
    assert (
        refused.status_code,
        INSTANCES.format("cores, ram", "3, 7680", "X").partition(", but")[0] in refused.text,
    ) == (
        403,
        True,
    )
    assert world.ask(world.demo, f"POST compute/v2.1/servers/{server}/action", {"resize": {"flavorRef": "3"}}).ok
    volume = make_volume(world).json()["volume"]["id"]
    cinder_limit("gigabytes")(world, cinder_used("gigabytes")(world) + 2)
    path = f"POST volume/v3/{world.project}/volumes/{volume}/action"
    assert world.ask(world.demo, path, {"os-extend": {"new_size": 5}}).status_code == 413
    assert world.ask(world.demo, path, {"os-extend": {"new_size": 4}}).status_code == 202
    assert make_volume(world).status_code == 413


def test_a_limit_on_one_volume(world: World) -> None:
    cinder_limit("per_volume_gigabytes")(world, 2)
    assert make_volume(world).status_code == 202
    body = {"volume": {"size": 3}}
    refused = world.ask(world.demo, f"POST volume/v3/{world.project}/volumes", body)
    assert (refused.status_code, "is larger than maximum allowed limit 2G" in refused.text) == (413, True)


def test_no_quota_is_missing() -> None:
    known = {service: {quota.name for quota in rows} for service, rows in QUOTAS.items()}
    assert known["nova"] | set(SIZES) == set(RESOURCES) - set(NETWORK)
    assert known["neutron"] == set(COUNTED)
    assert known["cinder"] >= set(OVER)
    assert known["trove"] == set(TROVE)
    limits = {name for name in Config.__dataclass_fields__ if name.startswith("image_") and name.endswith("_quota")}
    assert known["glance"] == limits
