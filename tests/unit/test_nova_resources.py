"""Nova's resources beside servers: shapes by microversion, rules and refusals, as recorded and upstream."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.core.oslo.clock import Ids
from oslearn.extensions.nova import crypto

UNKNOWN = "3d1f2a5b-0000-4000-8000-000000000000"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdHdoAg4PTn3xWGbr0EDe4ck6Z8NLnnq+QWIRuwSDZo"


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    return Cloud(seed=31, trace=False, config=Config(password_hash_cost=16))


@pytest.fixture(scope="module")
def admin(cloud: Cloud) -> Connection:
    return cloud.connect("admin")


@pytest.fixture(scope="module")
def demo(cloud: Cloud) -> Connection:
    return cloud.connect("demo")


def ask(user: Connection, method: str, path: str, body: Any = None, version: str = "2.1") -> Any:
    headers = {"OpenStack-API-Version": f"compute {version}"}
    return user.compute.request(path, method, json=body, headers=headers, raise_exc=False)


def get(user: Connection, path: str, version: str = "2.1") -> Any:
    reply = ask(user, "GET", path, version=version)
    assert reply.status_code == 200, reply.text
    return reply.json()


def message(reply: Any) -> tuple[int, str]:
    """Status and message of an error in Nova's shape."""
    (body,) = reply.json().values()
    assert body["code"] == reply.status_code
    return reply.status_code, body["message"]


# --- versions -------------------------------------------------------------------------------------------------------


def test_versions_are_the_recorded_ones(admin: Connection) -> None:
    root = admin.compute.get("http://127.0.0.1/compute/").json()
    assert [(v["id"], v["version"], v["status"]) for v in root["versions"]] == [
        ("v2.0", "", "DEPRECATED"),
        ("v2.1", "2.104", "CURRENT"),
    ]
    for version in root["versions"]:
        document = admin.session.get(version["links"][0]["href"], authenticated=False).json()
        assert document["version"]["id"] == version["id"]


@pytest.mark.parametrize(
    ("version", "answer"),
    [
        ("latest", 200),
        ("2.104", 200),
        ("2.105", (406, "Version 2.105 is not supported by the API. Minimum is 2.1 and maximum is 2.104.")),
        ("two", (400, "API Version String two is of invalid format. Must be of format MajorNum.MinorNum.")),
    ],
)
def test_a_version_is_negotiated(admin: Connection, version: str, answer: Any) -> None:
    reply = ask(admin, "GET", "/flavors", version=version)
    assert (reply.status_code if reply.ok else message(reply)) == answer
    assert reply.headers["x-compute-request-id"] == reply.headers["x-openstack-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "version"),
    [
        ("DELETE", "/os-security-groups/", "2.1"),
        ("DELETE", "/flavors", "2.1"),
        ("GET", "/os-simple-tenant-usage/", "2.1"),
        ("GET", "/os-security-groups", "2.36"),
        ("GET", "/images", "2.36"),
        ("GET", "/os-hosts", "2.43"),
        ("GET", "/os-hypervisors/statistics", "2.88"),
        ("GET", "/os-hypervisors/compute1/search", "2.53"),
        ("PUT", "/flavors/1", "2.54"),
    ],
)
def test_what_a_version_does_not_have_is_not_found(admin: Connection, method: str, path: str, version: str) -> None:
    reply = ask(admin, method, path, {}, version)  # from Nova, or from WebOb, whose page has more in it
    assert (reply.status_code, "The resource could not be found." in reply.text) == (404, True)


def test_extensions_are_listed_and_shown(demo: Connection) -> None:
    listed = get(demo, "/extensions")["extensions"]
    assert len(listed) == 99
    assert get(demo, "/extensions/os-keypairs")["extension"] in listed
    assert ask(demo, "GET", "/extensions/none").status_code == 404


# --- flavors --------------------------------------------------------------------------------------------------------


def flavor(admin: Connection, name: str, **more: Any) -> dict[str, Any]:
    body = {"flavor": {"name": name, "ram": 64, "vcpus": 1, "disk": 1} | more}
    reply = ask(admin, "POST", "/flavors", body, "2.61")
    assert reply.status_code == 200, reply.text
    return dict(reply.json()["flavor"])


@pytest.mark.parametrize(("version", "swap", "keys"), [
    ("2.1", "", set()), ("2.55", "", {"description"}), ("2.61", "", {"description", "extra_specs"}),
    ("2.75", 0, {"description", "extra_specs"}),
])  # fmt: skip
def test_a_flavor_by_version(demo: Connection, version: str, swap: Any, keys: set[str]) -> None:
    shown = get(demo, "/flavors/1", version)["flavor"]
    assert set(shown) - set(get(demo, "/flavors/1")["flavor"]) == keys
    assert (shown["swap"], shown["rxtx_factor"], shown["OS-FLV-DISABLED:disabled"]) == (swap, 1.0, False)


@pytest.mark.parametrize(("query", "ids"), [
    ("?limit=2", ["0", "1"]), ("?limit=2&marker=1", ["2", "3"]), ("?minRam=4096", ["3", "4"]), ("?minDisk=80", ["4"]),
    ("?sort_key=memory_mb&sort_dir=desc&limit=1", ["4"]), ("?minRam=9999999", []), ("?limit=0", []),
])  # fmt: skip
def test_flavors_are_filtered_sorted_and_paged(demo: Connection, query: str, ids: list[str]) -> None:
    page = get(demo, f"/flavors{query}")
    assert [one["id"] for one in page["flavors"] if len(one["id"]) < 2] == ids
    full = query.startswith("?limit=2") or "sort" in query
    assert ("flavors_links" in page) == full


@pytest.mark.parametrize(("query", "text"), [
    ("?minRam=x", "Invalid minRam filter [x]"), ("?minDisk=x", "Invalid minDisk filter [x]"),
    ("?marker=x", "marker [x] not found"), ("?is_public=x", "Invalid is_public filter [x]"),
    ("?limit=-1", "Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'"),
    ("?sort_key=x", "Sort key supplied was not valid."),
])  # fmt: skip
def test_a_list_of_flavors_that_cannot_be(admin: Connection, query: str, text: str) -> None:
    assert message(ask(admin, "GET", f"/flavors{query}")) == (400, text)


def test_a_hidden_flavor_is_for_those_who_may(admin: Connection, demo: Connection) -> None:
    path = f"/flavors/{flavor(admin, 'hidden', **{'os-flavor-access:is_public': False})['id']}"
    tenant = {"tenant": demo.project_id}
    assert ask(demo, "GET", path).status_code == 404
    assert message(ask(admin, "POST", f"{path}/action", {"removeTenantAccess": tenant}))[0] == 404
    access = ask(admin, "POST", f"{path}/action", {"addTenantAccess": tenant}).json()["flavor_access"]
    assert [row["tenant_id"] for row in access] == [demo.project_id]
    assert message(ask(admin, "POST", f"{path}/action", {"addTenantAccess": tenant}))[0] == 409
    assert "hidden" in [f["name"] for f in get(demo, "/flavors")["flavors"]]
    assert ask(demo, "GET", f"{path}/os-flavor-access").status_code == 403
    assert ask(admin, "DELETE", path).status_code == 202
    assert message(ask(admin, "POST", "/flavors/1/action", {"addTenantAccess": tenant}, "2.7")) == (
        409,
        "Can not add access to a public flavor.",
    )
    unknown = {"addTenantAccess": {"tenant": UNKNOWN}}
    assert message(ask(admin, "POST", "/flavors/1/action", unknown)) == (
        400,
        f"Project ID {UNKNOWN} is not a valid project.",
    )


@pytest.mark.parametrize(("key", "value", "text"), [
    ("hw:cpu_policy", "none", "Validation failed; 'none' is not one of: dedicated, shared, mixed."),
    ("hw:numa_nodes", "0", "Validation failed; '0' is less than the min value of '1'."),
    ("hw:numa_nodes", "x", "Validation failed; 'x' is not a valid integer value."),
    ("hw:boot_menu", "x", "Validation failed; 'x' is not a valid boolean-like value."),
    ("hw:unknown", "x", "Validation failed; extra spec 'hw:unknown' does not appear to be a valid extra spec."),
    ("trait:HW_CPU_X86_AVX", "maybe", "Validation failed; 'maybe' is not one of: required, forbidden."),
])  # fmt: skip
def test_extra_specs_are_checked_since_2_86(admin: Connection, key: str, value: str, text: str) -> None:
    body = {"extra_specs": {key: value}}
    assert message(ask(admin, "POST", "/flavors/2/os-extra_specs", body, "2.86")) == (400, text)
    assert ask(admin, "POST", "/flavors/2/os-extra_specs", body, "2.85").status_code == 200
    assert ask(admin, "DELETE", f"/flavors/2/os-extra_specs/{key}").status_code == 200


def test_extra_specs_live_by_key(admin: Connection, demo: Connection) -> None:
    base = "/flavors/3/os-extra_specs"
    assert (
        ask(admin, "POST", base, {"extra_specs": {"a": "1", "mine:b": 2}}, "2.86").json()["extra_specs"]["mine:b"] == 2
    )
    assert ask(admin, "PUT", f"{base}/a", {"a": "3"}).json() == {"a": "3"}
    assert message(ask(admin, "PUT", f"{base}/a", {"b": "3"})) == (400, "Request body and URI mismatch")
    assert get(demo, base)["extra_specs"] == {"a": "3", "mine:b": "2"}
    assert ask(demo, "DELETE", f"{base}/a").status_code == 403
    assert ask(admin, "DELETE", f"{base}/a").status_code == 200
    assert message(ask(demo, "GET", f"{base}/a")) == (404, "Flavor 3 has no extra specs with key a.")


def test_a_flavor_is_made_changed_and_forgotten(admin: Connection) -> None:
    made = flavor(admin, "odd", id=77, rxtx_factor="2.5", ram="128")
    assert (made["id"], made["rxtx_factor"], made["ram"]) == ("77", 2.5, 128)
    assert message(
        ask(admin, "POST", "/flavors", {"flavor": {"name": "x", "id": 77, "ram": 1, "vcpus": 1, "disk": 0}})
    ) == (
        409,
        "Flavor with ID 77 already exists.",
    )
    changed = ask(admin, "PUT", "/flavors/77", {"flavor": {"description": "odd"}}, "2.55").json()["flavor"]
    assert changed["description"] == "odd"
    assert ask(admin, "DELETE", "/flavors/77").status_code == 202
    assert message(ask(admin, "DELETE", "/flavors/77")) == (404, "Flavor 77 could not be found.")


# --- key pairs ------------------------------------------------------------------------------------------------------


def test_a_key_pair_is_imported_in_the_recorded_shape(demo: Connection) -> None:
    made = ask(demo, "POST", "/os-keypairs", {"keypair": {"name": "mykey", "public_key": ED25519}}, "2.10")
    assert (made.status_code, made.json()["keypair"]["fingerprint"]) == (
        201,
        "cd:e4:0f:2b:fd:0a:c0:75:63:a4:42:1a:76:3d:ab:b3",
    )
    assert set(made.json()["keypair"]) == {"type", "name", "public_key", "fingerprint", "user_id"}
    again = ask(demo, "POST", "/os-keypairs", {"keypair": {"name": "mykey", "public_key": ED25519}}, "2.10")
    assert message(again) == (409, "Key pair 'mykey' already exists.")
    shown = get(demo, "/os-keypairs/mykey", "2.10")["keypair"]
    assert {k: shown[k] for k in ("deleted", "deleted_at", "updated_at")} == {
        "deleted": False, "deleted_at": None, "updated_at": None,
    }  # fmt: skip
    assert ask(demo, "DELETE", "/os-keypairs/mykey").status_code == 202
    assert message(ask(demo, "GET", "/os-keypairs/mykey"))[0] == 404


@pytest.mark.parametrize(("keypair", "version", "status", "text"), [
    ({"name": "a/b"}, "2.1", 400, "Keypair data is invalid: Keypair name contains unsafe characters"),
    ({"name": "k", "public_key": "ssh-rsa AAAA"}, "2.1", 400, "is invalid: failed to generate fingerprint"),
    ({"name": "k", "public_key": "JUNK nokey"}, "2.1", 400, "is invalid: failed to generate fingerprint"),
    ({"name": "k", "public_key": "JUNK", "type": "x509"}, "2.2", 400, "x509 is left out of this cloud"),
    ({"name": "k"}, "2.92", 400, "'public_key' is a required property"),
    ({"name": "k", "public_key": ED25519, "user_id": "else"}, "2.10", 403, "os_compute_api:os-keypairs:create"),
])  # fmt: skip
def test_a_key_pair_that_cannot_be(
    demo: Connection, keypair: dict[str, Any], version: str, status: int, text: str
) -> None:
    code, told = message(ask(demo, "POST", "/os-keypairs", {"keypair": keypair}, version))
    assert (code, text in told) == (status, True), told


def test_key_pairs_are_their_users_alone_and_are_paged(admin: Connection, demo: Connection) -> None:
    for name in "cab":
        ask(demo, "POST", "/os-keypairs", {"keypair": {"name": name, "public_key": ED25519}}, "2.10")
    page = get(demo, "/os-keypairs?limit=2&marker=a", "2.35")
    assert [row["keypair"]["name"] for row in page["keypairs"]] == ["b", "c"]
    assert "marker=c" in page["keypairs_links"][0]["href"]
    user_id = get(demo, "/os-keypairs/a", "2.10")["keypair"]["user_id"]
    assert get(admin, "/os-keypairs", "2.10")["keypairs"] == []
    assert len(get(admin, f"/os-keypairs?user_id={user_id}", "2.10")["keypairs"]) == 3
    assert ask(demo, "GET", "/os-keypairs?user_id=else", version="2.10").status_code == 403


def test_generated_keys_repeat_with_their_seed_and_are_keys() -> None:
    private, public = crypto.generate_key_pair(Ids(7).secret)
    assert (private, public) == crypto.generate_key_pair(Ids(7).secret)
    assert private.startswith("-----BEGIN RSA PRIVATE KEY-----\nMII")
    assert len(crypto.generate_fingerprint(public)) == 47
    wire = base64.b64decode(public.split()[1])
    modulus = int.from_bytes(wire[-256:], "big")
    assert (modulus.bit_length(), modulus % 2) == (2048, 1)


# --- quotas ---------------------------------------------------------------------------------------------------------


def test_quota_sets_by_version(demo: Connection) -> None:
    path = f"/os-quota-sets/{demo.project_id}"
    old, middle, new = (set(get(demo, path, v)["quota_set"]) for v in ("2.35", "2.36", "2.57"))
    assert old - middle == {"fixed_ips", "floating_ips", "security_groups", "security_group_rules"}
    assert {name.partition("_file")[0] for name in middle - new} == {"injected"}
    assert get(demo, f"{path}/detail", "2.57")["quota_set"]["cores"] == {"limit": 20, "in_use": 0, "reserved": 0}


def test_limits_win_over_one_another(admin: Connection) -> None:
    project, user = admin.project_id, "someone"
    path, classes = f"/os-quota-sets/{project}", "/os-quota-class-sets/default"
    everybody = ask(admin, "PUT", classes, {"quota_class_set": {"cores": 30, "key_pairs": 1}}).json()["quota_class_set"]
    assert (everybody["cores"], everybody["key_pairs"]) == (30, 1)
    assert get(admin, f"{path}/defaults")["quota_set"]["cores"] == 30
    assert ask(admin, "PUT", path, {"quota_set": {"cores": "40"}}).json()["quota_set"]["cores"] == 40
    assert message(ask(admin, "PUT", f"{path}?user_id={user}", {"quota_set": {"cores": 41}})) == (
        400,
        "Quota limit 41 for cores must be less than or equal to 40.",
    )
    assert ask(admin, "PUT", f"{path}?user_id={user}", {"quota_set": {"cores": 5}}).status_code == 200
    assert message(ask(admin, "PUT", path, {"quota_set": {"cores": 4}})) == (
        400,
        "Quota limit 4 for cores must be greater than or equal to already used and reserved 5.",
    )
    assert get(admin, f"{path}?user_id={user}")["quota_set"]["cores"] == 5
    assert ask(admin, "DELETE", path).status_code == 202
    assert get(admin, f"{path}?user_id={user}")["quota_set"]["cores"] == 30
    pair = {"keypair": {"name": "one", "public_key": ED25519}}
    assert ask(admin, "POST", "/os-keypairs", pair).status_code == 200
    pair["keypair"]["name"] = "two"
    assert message(ask(admin, "POST", "/os-keypairs", pair)) == (403, "Quota exceeded, too many key pairs.")
    ask(admin, "PUT", classes, {"quota_class_set": {"cores": 20, "key_pairs": 100}})


@pytest.mark.parametrize(("who", "project", "body", "answer"), [
    ("demo", "own", {"quota_set": {"cores": 1}}, 403),
    ("admin", UNKNOWN, {"quota_set": {"cores": 1}}, 400),
    ("admin", "own", {"quota_set": {"cores": -2}}, 400),
    ("admin", "own", {"quota_set": {"wheels": 1}}, 400),
    ("admin", "own", {"quota_set": {"cores": -1, "force": True}}, 200),
])  # fmt: skip
def test_who_may_set_which_quota(cloud: Cloud, who: str, project: str, body: dict[str, Any], answer: int) -> None:
    user = cloud.connect(who)
    project = user.project_id if project == "own" else project
    assert ask(user, "PUT", f"/os-quota-sets/{project}", body).status_code == answer


def test_limits_have_the_recorded_keys(demo: Connection) -> None:
    absolute = get(demo, "/limits?reserved=False")["limits"]["absolute"]
    assert list(absolute)[:3] == ["maxTotalCores", "maxPersonality", "maxPersonalitySize"]
    assert len(absolute) == 19
    assert len(get(demo, "/limits", "2.57")["limits"]["absolute"]) == 11
    assert ask(demo, "GET", f"/limits?tenant_id={UNKNOWN}").status_code == 403


# --- hosts, services, zones, aggregates -----------------------------------------------------------------------------


def test_hypervisors_by_version(admin: Connection) -> None:
    old, new = (get(admin, "/os-hypervisors/detail", v)["hypervisors"][0] for v in ("2.1", "2.88"))
    assert (type(old["id"]), type(new["id"]), type(old["service"]["id"])) == (int, str, int)
    assert set(new) == {
        "id", "hypervisor_hostname", "state", "status", "hypervisor_type", "hypervisor_version", "host_ip", "service",
        "uptime",
    }  # fmt: skip
    assert set(old) - set(new) >= {"vcpus", "memory_mb", "free_ram_mb", "local_gb", "running_vms", "cpu_info"}
    page = get(admin, f"/os-hypervisors?limit=1&marker={new['id']}", "2.53")
    assert [host["hypervisor_hostname"] for host in page["hypervisors"]] == ["compute2"]
    assert "hypervisors_links" in page
    named = get(admin, "/os-hypervisors?hypervisor_hostname_pattern=pute3&with_servers=true", "2.75")["hypervisors"]
    assert [(host["hypervisor_hostname"], host["servers"]) for host in named] == [("compute3", [])]
    assert get(admin, "/os-hypervisors/statistics")["hypervisor_statistics"]["count"] == 3


@pytest.mark.parametrize(("path", "version", "answer"), [
    ("/os-hypervisors/compute1", "2.88", (400, "Invalid uuid compute1")),
    ("/os-hypervisors/x", "2.1", (404, "Hypervisor with ID 'x' could not be found.")),
    (f"/os-hypervisors/{UNKNOWN}", "2.53", (404, f"Hypervisor with ID '{UNKNOWN}' could not be found.")),
    ("/os-hypervisors/x/search", "2.1", (404, "No hypervisor matching 'x' could be found.")),
    ("/os-hypervisors?marker=x", "2.33", (400, "marker [x] not found")),
    ("/os-hosts/x", "2.1", (404, "Compute host x could not be found.")),
    ("/os-aggregates/agg1", "2.81", (400, "Invalid input received: id must be an integer")),
    ("/os-aggregates/99", "2.1", (404, "Aggregate 99 could not be found.")),
    (f"/os-server-groups/{UNKNOWN}", "2.1", (404, f"Instance group {UNKNOWN} could not be found.")),
    ("/os-simple-tenant-usage?start=x", "2.1", (400, "Invalid datetime string: Datetime is in invalid format")),
    ("/os-migrations?limit=x", "2.59",
     (400, "Invalid input for query parameters limit. Value: x. 'x' does not match '^[0-9]*$'")),
])  # fmt: skip
def test_what_is_not_there(admin: Connection, path: str, version: str, answer: tuple[int, str]) -> None:
    assert message(ask(admin, "GET", path, version=version)) == answer


@pytest.mark.parametrize("path", [
    "/os-hypervisors", "/os-hypervisors/detail", "/os-hypervisors/statistics", "/os-services", "/os-hosts",
    "/os-aggregates", "/os-availability-zone/detail", "/os-simple-tenant-usage", "/os-migrations",
    "/os-quota-class-sets/default", "/os-server-groups?all_projects=1",
])  # fmt: skip
def test_operators_pages_are_not_for_others(demo: Connection, path: str) -> None:
    assert message(ask(demo, "GET", path))[0] == 403


def test_a_service_is_disabled_and_enabled_old_and_new(admin: Connection) -> None:
    service = get(admin, "/os-services?host=compute3&binary=nova-compute", "2.53")["services"][0]
    path = f"/os-services/{service['id']}"
    body = {"status": "disabled", "disabled_reason": "maintenance"}
    assert ask(admin, "PUT", path, body, "2.53").json()["service"] == service | body
    zone = get(admin, "/os-availability-zone/detail")["availabilityZoneInfo"][1]
    assert "compute3" not in zone["hosts"]
    old = {"host": "compute3", "binary": "nova-compute"}
    assert ask(admin, "PUT", "/os-services/enable", old).json() == {"service": old | {"status": "enabled"}}
    down = ask(admin, "PUT", path, {"forced_down": True}, "2.53").json()["service"]
    assert (down["forced_down"], down["state"], down["status"]) == (True, "down", "enabled")
    ask(admin, "PUT", "/os-services/force-down", old | {"forced_down": False}, "2.11")
    assert get(admin, "/os-services?host=compute3", "2.53")["services"] == [service]


@pytest.mark.parametrize(("path", "body", "version", "answer"), [
    (UNKNOWN, {"status": "enabled"}, "2.53", (404, f"Service {UNKNOWN} could not be found.")),
    ("1", {"status": "enabled"}, "2.53", (400, "Invalid uuid 1")),
    ("compute", {"status": "enabled", "disabled_reason": "x"}, "2.53",
     (400, "Specifying 'disabled_reason' with status 'enabled' is invalid.")),
    ("compute", {}, "2.53", (400, "No updates were requested. Fields 'status' or 'forced_down' should be specified.")),
    ("conductor", {"status": "disabled"}, "2.53",
     (400, "Updating a nova-conductor service is not supported. Only nova-compute services can be updated.")),
    ("jump", {"host": "compute1", "binary": "nova-compute"}, "2.1", (404, "Unknown action")),
    ("disable-log-reason", {"host": "compute1", "binary": "nova-compute"}, "2.1",
     (400, "Missing disabled reason field")),
    ("enable", {"host": "x", "binary": "nova-compute"}, "2.1", (404, "Could not find binary nova-compute on host x.")),
])  # fmt: skip
def test_a_service_that_cannot_be_changed(
    admin: Connection, path: str, body: dict[str, Any], version: str, answer: tuple[int, str]
) -> None:
    if path in ("compute", "conductor"):
        path = get(admin, f"/os-services?binary=nova-{path}", "2.53")["services"][0]["id"]
    assert message(ask(admin, "PUT", f"/os-services/{path}", body, version)) == answer


def test_an_aggregate_makes_a_zone(admin: Connection) -> None:
    body = {"aggregate": {"name": "agg1", "availability_zone": "az2"}}
    made = ask(admin, "POST", "/os-aggregates", body, "2.81").json()["aggregate"]
    assert set(made) == {"id", "uuid", "name", "created_at", "updated_at", "deleted_at", "deleted", "availability_zone"}
    act = f"/os-aggregates/{made['id']}/action"
    assert ask(admin, "POST", act, {"add_host": {"host": "compute2"}}).json()["aggregate"]["hosts"] == ["compute2"]
    assert message(ask(admin, "POST", act, {"add_host": {"host": "compute2"}}))[0] == 409
    assert message(ask(admin, "POST", act, {"add_host": {"host": "x"}})) == (404, "Compute host x could not be found.")
    changed = ask(admin, "POST", act, {"set_metadata": {"metadata": {"ssd": "true"}}}).json()["aggregate"]
    assert changed["metadata"] == {"availability_zone": "az2", "ssd": "true"}
    names = [zone["zoneName"] for zone in get(admin, "/os-availability-zone/detail")["availabilityZoneInfo"]]
    assert names == ["az2", "internal", "nova"]
    other = ask(admin, "POST", "/os-aggregates", {"aggregate": {"name": "agg2", "availability_zone": "az3"}}).json()
    conflict = ask(
        admin, "POST", f"/os-aggregates/{other['aggregate']['id']}/action", {"add_host": {"host": "compute2"}}
    )
    assert message(conflict) == (
        409,
        f"Cannot add host to aggregate {other['aggregate']['id']}. Reason: One or more hosts already in availability "
        "zone(s) ['az2'].",
    )
    assert message(ask(admin, "DELETE", f"/os-aggregates/{made['id']}"))[0] == 400
    assert ask(admin, "POST", act, {"remove_host": {"host": "compute2"}}).status_code == 200
    assert ask(admin, "DELETE", f"/os-aggregates/{made['id']}").status_code == 200
    assert message(ask(admin, "POST", "/os-aggregates", {"aggregate": {"name": "agg2"}})) == (
        409,
        "Aggregate agg2 already exists.",
    )


# --- server groups, usage, proxies ----------------------------------------------------------------------------------


def test_server_groups_by_version(admin: Connection, demo: Connection) -> None:
    body: dict[str, Any] = {"server_group": {"name": "apart", "policies": ["anti-affinity"]}}
    old = ask(demo, "POST", "/os-server-groups", body).json()["server_group"]
    assert old == {"id": old["id"], "name": "apart", "policies": ["anti-affinity"], "metadata": {}, "members": []}
    body["server_group"] = {"name": "few", "policy": "anti-affinity", "rules": {"max_server_per_host": "3"}}
    new = ask(demo, "POST", "/os-server-groups", body, "2.64").json()["server_group"]
    assert (new["policy"], new["rules"], new["project_id"]) == (
        "anti-affinity",
        {"max_server_per_host": 3},
        demo.project_id,
    )
    body["server_group"]["policy"] = "affinity"
    assert message(ask(demo, "POST", "/os-server-groups", body, "2.64")) == (
        400,
        "Only anti-affinity policy supports rules.",
    )
    assert [group["id"] for group in get(demo, "/os-server-groups?offset=1")["server_groups"]] == [new["id"]]
    assert get(admin, "/os-server-groups")["server_groups"] == []
    assert len(get(admin, "/os-server-groups?all_projects=1")["server_groups"]) == 2
    for group in (old, new):
        assert ask(demo, "DELETE", f"/os-server-groups/{group['id']}").status_code == 204


def test_security_groups_and_images_are_passed_on(demo: Connection) -> None:
    base = "/os-security-groups"
    made = ask(demo, "POST", base, {"security_group": {"name": "web", "description": "pages"}}).json()["security_group"]
    assert made == {"id": made["id"], "name": "web", "description": "pages", "tenant_id": demo.project_id, "rules": []}
    assert {group["name"] for group in get(demo, base)["security_groups"]} == {"default", "web"}
    renamed = {"security_group": {"name": "api", "description": ""}}
    assert ask(demo, "PUT", f"{base}/{made['id']}", renamed).json()["security_group"]["name"] == "api"
    assert ask(demo, "DELETE", f"{base}/{made['id']}").status_code == 202
    assert message(ask(demo, "DELETE", f"{base}/{made['id']}"))[0] == 404
    assert message(ask(demo, "GET", f"{base}/x")) == (400, "Security group id should be uuid")
    assert message(ask(demo, "POST", base, {"security_group": {"name": "x" * 256, "description": ""}}))[0] == 400
    image = {"name": "disk", "disk_format": "raw", "container_format": "bare", "os": "linux"}
    image_id = demo.image.post("/images", json=image).json()["id"]
    shown = get(demo, f"/images/{image_id}")["image"]
    assert (shown["status"], shown["metadata"]) == ("SAVING", {"os": "linux"})
    assert ask(demo, "DELETE", f"/images/{image_id}").status_code == 204
    assert message(ask(demo, "GET", f"/images/{image_id}")) == (404, "Image not found.")


def test_a_host_that_is_given_up_is_forgotten_everywhere() -> None:
    cloud = Cloud(Config(hosts=2, password_hash_cost=16, flow="current"), seed=32, trace=False)
    admin = cloud.connect("admin")
    ask(admin, "POST", "/os-aggregates", {"aggregate": {"name": "both"}})
    for host in ("compute1", "compute2"):
        ask(admin, "POST", "/os-aggregates/1/action", {"add_host": {"host": host}})
    (service,) = get(admin, "/os-services?host=compute2", "2.53")["services"]
    assert ask(admin, "DELETE", f"/os-services/{service['id']}", version="2.53").status_code == 204
    assert get(admin, "/os-aggregates/1")["aggregate"]["hosts"] == ["compute1"]
    assert [host["hypervisor_hostname"] for host in get(admin, "/os-hypervisors")["hypervisors"]] == ["compute1"]
    providers = admin.session.get("http://127.0.0.1/placement/resource_providers").json()
    assert [provider["name"] for provider in providers["resource_providers"]] == ["compute1"]


def test_old_clients_are_shown_networks_and_floating_addresses(
    cloud: Cloud, admin: Connection, demo: Connection
) -> None:
    network = demo.network.post("/networks", json={"network": {"name": "n"}}).json()["network"]["id"]
    shown = get(demo, f"/os-networks/{network}")["network"]
    assert (shown["id"], shown["label"], shown["cidr"], len(shown)) == (network, "n", None, 11)
    assert len(get(admin, f"/os-networks/{network}")["network"]) == 32
    assert network in {one["id"] for one in get(demo, "/os-networks")["networks"]}
    assert get(demo, f"/os-tenant-networks/{network}")["network"] == {"id": network, "label": "n", "cidr": "None"}
    assert message(ask(demo, "GET", f"/os-networks/{UNKNOWN}")) == (404, "Network not found")
    for method, path in (("POST", "/os-networks"), ("DELETE", f"/os-tenant-networks/{network}")):
        assert ask(demo, method, path, {}).status_code == 410
    outside = {"network": {"name": "outside", "router:external": True}}
    outer = admin.network.post("/networks", json=outside).json()["network"]["id"]
    subnet = {"network_id": outer, "ip_version": 4, "cidr": "203.0.113.0/24"}
    admin.network.post("/subnets", json={"subnet": subnet})
    assert get(demo, "/os-floating-ip-pools") == {"floating_ip_pools": [{"name": "outside"}]}
    made = ask(demo, "POST", "/os-floating-ips", {"pool": "outside"}).json()["floating_ip"]
    assert (made["pool"], made["fixed_ip"], made["instance_id"]) == ("outside", None, None)
    assert get(demo, f"/os-floating-ips/{made['id']}")["floating_ip"] == made
    assert get(demo, "/os-floating-ips")["floating_ips"] == [made]
    assert ask(demo, "POST", "/os-floating-ips", {"pool": "none"}).status_code == 404
    assert ask(demo, "DELETE", f"/os-floating-ips/{made['id']}").status_code == 202
    assert message(ask(demo, "DELETE", f"/os-floating-ips/{made['id']}"))[0] == 404
    assert ask(demo, "GET", "/os-networks", version="2.36").status_code == 404
