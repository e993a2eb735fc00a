"""Two clients ask for the same at the same moment: one gets it, the other is told so in the service's words.

Each request is overtaken by the same one, just before it writes. Each table with a key that somebody may choose is
written to in this way, or stands here with what else decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import UniqueConstraint, event

from oslearn import Cloud
from oslearn.apart.sync import TABLES
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.extensions.oslo.database import FRESH

WRITE = re.compile(r"""(?:INSERT (?:OR IGNORE |IGNORE )?INTO|UPDATE|DELETE FROM) ["`]?(\w+)""")
UUID, OTHER, THIRD = (f"3d1f2a5b-0000-4000-8000-00000000000{digit}" for digit in "abc")
MAC = "fa:16:3e:00:00:0a"
DEFAULT = {"domain_id": "default"}


@dataclass
class Race:
    """What is asked for, of whom, the table that it is written to, and the answer to who comes second; `need` are
    requests before."""

    api: str
    table: str
    method: str
    path: str
    body: Any = None
    second: int = 409
    need: tuple[tuple[str, str, Any], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def provider(uuid: str) -> tuple[str, str, Any]:
    return "POST", "/resource_providers", {"name": uuid, "uuid": uuid}


NETWORK = ("POST", "/networks", {"network": {"name": "n"}})
FLAVOR: dict[str, Any] = {"name": "f", "id": "f", "ram": 1, "vcpus": 1, "disk": 0}
IMAGE = ("POST", "/images", {"id": UUID, "name": "i", "visibility": "shared"})
AGGREGATE = ("POST", "/os-aggregates", {"aggregate": {"name": "a"}})
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGQxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx demo"
GROUP = ("POST", "/groups", {"group": {"name": "crew", **DEFAULT}})
V = {"OpenStack-API-Version": "placement 1.39"}
RACES = [
    Race("identity", "project", "POST", "/projects", {"project": {"name": "p", **DEFAULT}}),
    Race("identity", "project", "POST", "/domains", {"domain": {"name": "d"}}),
    Race("identity", "user", "POST", "/users", {"user": {"name": "u", **DEFAULT}}),
    Race("identity", "group", "POST", "/groups", {"group": {"name": "g", **DEFAULT}}),
    Race("identity", "role", "POST", "/roles", {"role": {"name": "r"}}),
    Race("identity", "region", "POST", "/regions", {"region": {"id": "r"}}),
    Race("identity", "user_group_membership", "PUT", "/groups/{group}/users/{me}", None, 204, (GROUP,)),
    Race("identity", "implied_role", "PUT", "/roles/{reader}/implies/{manager}"),
    Race("identity", "application_credential", "POST", "/users/{me}/application_credentials",
         {"application_credential": {"name": "c"}}),
    Race("identity", "access_rule", "POST", "/users/{me}/application_credentials", {"application_credential": {
        "name": "d", "access_rules": [{"service": "compute", "path": "/x", "method": "GET"}]}}),
    Race("image", "images", *IMAGE),
    Race("image", "image_members", "POST", f"/images/{UUID}/members", {"member": "m"}, 409, (IMAGE,)),
    Race("placement", "resource_providers", *provider("3d1f2a5b-0000-4000-8000-00000000000d")),
    Race("placement", "resource_classes", "POST", "/resource_classes", {"name": "CUSTOM_A"}),
    Race("placement", "resource_classes", "PUT", "/resource_classes/CUSTOM_B", None, 204),
    Race("placement", "traits", "PUT", "/traits/CUSTOM_A", None, 204),
    Race("placement", "inventories", "PUT", f"/resource_providers/{UUID}/inventories",
         {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 4}}}, 409, (provider(UUID),)),
    Race("placement", "resource_provider_traits", "PUT", f"/resource_providers/{OTHER}/traits",
         {"resource_provider_generation": 0, "traits": ["HW_CPU_X86_SSE"]}, 409, (provider(OTHER),)),
    Race("placement", "resource_provider_aggregates", "PUT", f"/resource_providers/{THIRD}/aggregates",
         {"resource_provider_generation": 0, "aggregates": [OTHER]}, 409, (provider(THIRD),)),
    Race("network", "networks", "POST", "/networks", {"network": {"name": "m"}}, 201),
    Race("network", "ports", "POST", "/ports", {"port": {"network_id": "{network}", "mac_address": MAC}}, 409,
         (NETWORK,)),
    Race("network", "securitygroups", "POST", "/security-groups",
         {"security_group": {"name": "s", "project_id": UUID}}, 201),
    Race("network", "quotas", "PUT", f"/quotas/{UUID}", {"quota": {"port": 5}}, 200),
    Race("volume", "volume_types", "POST", "/{project}/types", {"volume_type": {"name": "t"}}),
    Race("volume", "quotas", "PUT", f"/{{project}}/os-quota-sets/{UUID}", {"quota_set": {"volumes": 5}}, 200),
    Race("volume", "quota_classes", "PUT", "/{project}/os-quota-class-sets/default",
         {"quota_class_set": {"volumes": 5}}, 200),
    Race("volume", "default_volume_types", "PUT", f"/default-types/{UUID}",
         {"default_type": {"volume_type": "__DEFAULT__"}}, 200, (), {"OpenStack-API-Version": "volume 3.62"}),
    Race("volume", "volume_type_projects", "POST", "/{project}/types/{volume_type}/action",
         {"addProjectAccess": {"project": UUID}}, 409,
         (("POST", "/{project}/types", {"volume_type": {"name": "p", "os-volume-type-access:is_public": False}}),)),
    Race("object_store", "accounts", "POST", "/AUTH_{project}", None, 204),
    Race("object_store", "containers", "PUT", "/AUTH_{project}/c", None, 202),
    Race("object_store", "objects", "PUT", "/AUTH_{project}/c/o", "x", 201, (("PUT", "/AUTH_{project}/c", None),)),
    Race("database", "quotas", "PUT", f"/{{project}}/mgmt/quotas/{UUID}", {"quotas": {"instances": 5}}, 200),
    Race("compute", "aggregates", "POST", "/os-aggregates", {"aggregate": {"name": "b"}}),
    Race("compute", "aggregate_hosts", "POST", "/os-aggregates/{aggregate}/action",
         {"add_host": {"host": "compute1"}}, 409, (AGGREGATE,)),
    Race("compute", "aggregate_metadata", "POST", "/os-aggregates/{aggregate}/action",
         {"set_metadata": {"metadata": {"k": "v"}}}, 200, (AGGREGATE,)),
    Race("compute", "flavors", "POST", "/flavors", {"flavor": FLAVOR}),
    Race("compute", "flavor_extra_specs", "POST", "/flavors/f/os-extra_specs", {"extra_specs": {"hw:a": "b"}},
         200, (("POST", "/flavors", {"flavor": FLAVOR}),)),
    Race("compute", "flavor_projects", "POST", "/flavors/f/action", {"addTenantAccess": {"tenant": "{project}"}},
         409, (("POST", "/flavors", {"flavor": FLAVOR | {"os-flavor-access:is_public": False}}),)),
    Race("compute", "key_pairs", "POST", "/os-keypairs", {"keypair": {"name": "k", "public_key": KEY}}),
    Race("compute", "quotas", "PUT", "/os-quota-sets/{project}", {"quota_set": {"cores": 5}}, 200),
    Race("compute", "quota_classes", "PUT", "/os-quota-class-sets/default", {"quota_class_set": {"cores": 5}}, 200),
]  # fmt: skip
DATABASES = {"compute": ("nova_api", "nova_cell1"), "identity": ("keystone",), "image": ("glance",),
             "network": ("neutron",), "volume": ("cinder",), "object_store": ("swift",), "database": ("trove",),
             "placement": ("placement",)}  # fmt: skip


ELSE = {
    "neutron": {
        "agents": "an agent makes itself known by one process of its own",
        "ipallocations": "the pool's rows decide: tests/unit/test_neutron.py",
        "ipamavailabilityranges": "a range begins at an address that one transaction took or gave back",
        "securitygrouprules": "keys that the service draws",
    },
    "placement": {"consumers": "tests/unit/test_placement.py, as for the next", "allocations": "generations decide"},
    "nova": {
        "build_requests": "keys that the service draws, as for the next ones", "cell_mappings": "", "instances": "",
        "instance_groups": "", "migrations": "", "services": "", "request_specs": "", "instance_mappings": "",
        "compute_nodes": "the conductor makes a host's row by one message, as for the next", "host_mappings": "",
        "virtual_interfaces": "a port that is known already is no error", "tags": "below: two who name the same tag",
    },
}  # fmt: skip
BOUND = {"networkdhcpagentbindings", "routerl3agentbindings", "provisioningblocks", "securitygroupportbindings"}
"""What stands between two rows that one transaction holds."""


def test_each_key_that_somebody_may_choose_is_raced_for() -> None:
    raced: dict[str, set[str]] = {}
    for race in RACES:
        raced.setdefault(DATABASES[race.api][0].partition("_")[0], set()).add(race.table)
    missing = []
    for name, bases in TABLES.items():
        service = name.partition("_")[0]
        known = raced[service] | ELSE.get(service, {}).keys() | BOUND
        for table in (table for base in bases for table in base.metadata.sorted_tables if table.name not in known):
            unique = [key for key in table.constraints if isinstance(key, UniqueConstraint)]
            if unique or [column.name for column in table.primary_key] != ["id"]:
                missing.append((service, table.name))
    assert missing == []


class World:
    """A cloud whose databases may be used by two at once: files, or a server's."""

    def __init__(self, folder: Path) -> None:
        kept = {} if len(FRESH) > 1 else {"database_dir": str(folder)}
        self.cloud = Cloud(Config(hosts=1, password_hash_cost=16, **kept), seed=17, trace=False)  # type: ignore[arg-type]
        self.admin: Connection = self.cloud.connect("admin")
        self.names = {"project": self.admin.project_id, "me": str(self.admin.session.get_user_id())}
        roles = self.admin.identity.get("/roles").json()["roles"]
        self.names |= {role["name"]: role["id"] for role in roles}

    def ask(self, api: str, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        adapter = getattr(self.admin, api)
        data = {"data": body} if isinstance(body, str) else {"json": self.filled(body)} if body is not None else {}
        return adapter.request(path.format(**self.names), method, raise_exc=False, headers=headers, **data)

    def filled(self, body: Any) -> Any:
        match body:
            case dict():
                return {key: self.filled(value) for key, value in body.items()}
            case str():
                return body.format(**self.names) if body.startswith("{") else body
        return body

    def learn(self, reply: Any) -> None:
        """Remember the ids of what a reply shows."""
        if reply.headers.get("Content-Type", "").startswith("application/json"):
            for name, made in reply.json().items():
                if isinstance(made, dict) and "id" in made:
                    self.names[name] = made["id"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("cloud"))


@pytest.mark.parametrize("race", RACES, ids=lambda race: f"{race.api}-{race.method}-{race.path.partition('/')[2]}")
def test_who_comes_second_is_told_so(world: World, race: Race) -> None:
    headers = race.headers or (V if race.api == "placement" else {})
    for before in race.need:
        reply = world.ask(race.api, *before, headers)
        assert reply.status_code < 300 or reply.status_code == 409, reply.text
        world.learn(reply)
    overtaking: list[Any] = []
    written: set[str] = set()

    def before_it(connection: Any, cursor: Any, sql: str, values: Any, execution: Any, many: bool) -> None:
        if found := WRITE.match(sql):
            written.add(found[1])
            if len(written) == 1 and not overtaking:
                overtaking.append(None)
                overtaking[0] = world.ask(race.api, race.method, race.path, race.body, headers)

    for name in DATABASES[race.api]:
        event.listen(world.cloud.databases[name].engine, "before_cursor_execute", before_it)
    reply = world.ask(race.api, race.method, race.path, race.body, headers)
    for name in DATABASES[race.api]:
        event.remove(world.cloud.databases[name].engine, "before_cursor_execute", before_it)
    assert [one.status_code < 300 for one in overtaking] == [True], (overtaking and overtaking[0].text, reply.text)
    assert (reply.status_code, race.table in written) == (race.second, True), reply.text


GIVE_UP = {
    "postgresql": "DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$",
    "mysql": "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'deadlock'",
}
"""What has a server do as if two transactions stood in each other's way."""
ASKED = [
    Race("identity", "user", "POST", "/users", {"user": {"name": "given-up", **DEFAULT}}),
    Race("image", "images", "POST", "/images", {"name": "given-up"}),
    Race("placement", "resource_providers", "POST", "/resource_providers", {"name": "given-up"}),
    Race("network", "networks", "POST", "/networks", {"network": {"name": "given-up"}}),
    Race("volume", "volume_types", "POST", "/{project}/types", {"volume_type": {"name": "given-up"}}),
    Race("object_store", "containers", "PUT", "/AUTH_{project}/given-up"),
    Race("database", "quotas", "PUT", f"/{{project}}/mgmt/quotas/{OTHER}", {"quotas": {"instances": 5}}),
    Race("compute", "aggregates", "POST", "/os-aggregates", {"aggregate": {"name": "given-up"}}),
]


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.api)
def test_a_request_whose_transaction_is_given_up_is_done_again(world: World, asked: Race) -> None:
    engines = [world.cloud.databases[name].engine for name in DATABASES[asked.api]]
    if engines[0].dialect.name not in GIVE_UP:
        pytest.skip("SQLite has one writer at a time")
    times: list[str] = []

    def before_it(connection: Any, cursor: Any, sql: str, values: Any, execution: Any, many: bool) -> None:
        if WRITE.match(sql):
            times.append(sql)
            if len(times) < 3:
                connection.exec_driver_sql(GIVE_UP[connection.dialect.name])

    for engine in engines:
        event.listen(engine, "before_cursor_execute", before_it)
    reply = world.ask(asked.api, asked.method, asked.path, asked.body, V if asked.api == "placement" else {})
    for engine in engines:
        event.remove(engine, "before_cursor_execute", before_it)
    assert (reply.status_code < 300, len(times) >= 3) == (True, True), reply.text
