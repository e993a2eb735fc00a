"""What an answer looks like where it was once written from memory: each of these is upstream's, or a recording's."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.course.fill import fill
from oslearn.extensions.oslo.timeutils import compare


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    made = Cloud(Config(password_hash_cost=16), seed=23)
    fill(made)
    return made


@pytest.fixture(scope="module")
def demo(cloud: Cloud) -> Connection:
    return cloud.connect("demo")


@pytest.fixture(scope="module")
def admin(cloud: Cloud) -> Connection:
    return cloud.connect("admin")


def network(user: Connection, cidr: str, **values: Any) -> dict[str, Any]:
    made: dict[str, Any] = user.network.post("/networks", json={"network": {"name": "n"}}).json()["network"]
    body = {"network_id": made["id"], "cidr": cidr, "ip_version": 6 if ":" in cidr else 4} | values
    reply = user.network.post("/subnets", json={"subnet": body}, raise_exc=False)
    return made | {"subnet": reply.json().get("subnet"), "reply": reply}


def boot(user: Connection, version: str = "2.1", **values: Any) -> Any:
    image = user.image.get("/images").json()["images"][0]["id"]
    body = {"name": "vm", "flavorRef": "1", "imageRef": image} | values
    headers = {"OpenStack-API-Version": f"compute {version}"}
    body = {name: value for name, value in body.items() if value is not None}
    return user.compute.post("/servers", json={"server": body}, headers=headers, raise_exc=False)


@pytest.fixture(scope="module")
def server(demo: Connection) -> dict[str, Any]:
    made = network(demo, "10.5.0.0/24")
    uuid = boot(demo, networks=[{"uuid": made["id"]}]).json()["server"]["id"]
    return dict(demo.compute.get(f"/servers/{uuid}").json()["server"])


# --- Neutron


@pytest.mark.parametrize(("given", "kept"), [
    ("10.5.5.5/24", "10.5.5.0/24"),
    ("10.5.6.1/32", "10.5.6.1/32"),
    ("2001:DB8:0:0::9/64", "2001:db8::/64"),
])  # fmt: skip
def test_a_subnet_is_the_network_of_the_address_that_is_given(demo: Connection, given: str, kept: str) -> None:
    made = network(demo, given, enable_dhcp=False, gateway_ip=None)
    assert made["subnet"]["cidr"] == kept


@pytest.mark.parametrize("given", ["10.5.5.5", "10.5.5.0/255.255.255.0", "10.5.5.0/33", " 10.5.5.0/24", "fe80::1%a/64"])
def test_what_is_no_network_is_refused(demo: Connection, given: str) -> None:
    reply = network(demo, given)["reply"]
    assert (reply.status_code, reply.json()["NeutronError"]["message"]) == (
        400, f"Invalid input for cidr. Reason: '{given}' is not a valid IP subnet.")  # fmt: skip


@pytest.mark.parametrize("mac", ["FA:16:3E:00:00:aA", "fa-16-3e-00-00-ab", "fa16.3e00.00ac", "fa163e0000ad"])
def test_a_mac_address_is_kept_in_one_spelling(admin: Connection, mac: str) -> None:
    made = network(admin, "10.6.0.0/24")
    port = {"network_id": made["id"], "mac_address": mac}
    kept = admin.network.post("/ports", json={"port": port}).json()["port"]["mac_address"]
    assert re.fullmatch("fa:16:3e:00:00:a[abcd]", kept)


@pytest.mark.parametrize("mac", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "fa:16:3e:00:00", "fa:16-3e:00:00:01", 5])
def test_what_is_no_mac_address_is_refused(admin: Connection, mac: Any) -> None:
    port = {"network_id": network(admin, "10.6.1.0/24")["id"], "mac_address": mac}
    reply = admin.network.post("/ports", json={"port": port}, raise_exc=False)
    assert f"'{mac}' is not a valid MAC address" in reply.json()["NeutronError"]["message"]


def test_addresses_of_ipv6_are_kept_short(demo: Connection) -> None:
    pool = {"start": "2001:DB8:1::000A", "end": "2001:DB8:1::00fd"}
    made = network(demo, "2001:DB8:1::/64", gateway_ip="2001:0DB8:1:0::00FE", allocation_pools=[pool])["subnet"]
    assert made["gateway_ip"] == "2001:db8:1::fe"
    assert made["allocation_pools"] == [{"start": "2001:db8:1::a", "end": "2001:db8:1::fd"}]
    rule = {"remote_ip_prefix": "2001:DB8:0::1/64", "ethertype": "ipv6", "direction": "ingress"}
    group = demo.network.get("/security-groups").json()["security_groups"][0]["id"]
    reply = demo.network.post(
        "/security-group-rules", json={"security_group_rule": rule | {"security_group_id": group}}
    )
    assert reply.json()["security_group_rule"]["remote_ip_prefix"] == "2001:db8::1/64"


def test_tags_are_kept_in_order_and_answered_as_sent(demo: Connection) -> None:
    path = f"/networks/{network(demo, '10.7.0.0/24')['id']}"
    tags = f"{path}/tags"
    assert demo.network.put(tags, json={"tags": ["c", "a"]}).json() == {"tags": ["c", "a"]}
    reply = demo.network.post(tags, json={"tags": ["b"]})
    assert (reply.status_code, reply.json()) == (201, {"tags": ["b"]}), "what was sent, not what there is"
    reply = demo.network.put(f"{tags}/aa")
    assert (reply.status_code, reply.text, reply.headers["Content-Type"]) == (201, "null", "application/json")
    assert demo.network.get(tags).json() == {"tags": ["a", "aa", "b", "c"]}
    assert demo.network.get(path).json()["network"]["tags"] == ["a", "aa", "b", "c"]


@pytest.mark.parametrize(("tags", "message"), [
    ("a", "'a' is not a list"),
    (["a", 5], "'5' is not a valid string"),
    (["a", "b", "a"], "Duplicate items in the list: 'a, b, a'"),
    (["x" * 256], f"'{'x' * 256}' exceeds maximum length of 255"),
    ([str(number) for number in range(51)], "The number of tags exceed the per-resource limit of 50"),
])  # fmt: skip
def test_bad_tags(demo: Connection, tags: Any, message: str) -> None:
    path = f"/networks/{network(demo, '10.7.1.0/24')['id']}/tags"
    reply = demo.network.post(path, json={"tags": tags}, raise_exc=False)
    assert reply.status_code == 400
    assert message in reply.json()["NeutronError"]["message"]


def test_an_agent_that_serves_something_more_answers_null(admin: Connection) -> None:
    (agent,) = admin.network.get("/agents?agent_type=L3 agent").json()["agents"]
    router = admin.network.post("/routers", json={"router": {}}).json()["router"]["id"]
    path = f"/agents/{agent['id']}/l3-routers"
    reply = admin.network.post(path, json={"router_id": router}, raise_exc=False)
    if reply.status_code == 409:  # it was given an agent when it was made
        admin.network.delete(f"{path}/{router}")
        reply = admin.network.post(path, json={"router_id": router})
    assert (reply.status_code, reply.json()) == (201, None)


def test_a_group_needs_port_security(admin: Connection) -> None:
    made, group = (
        network(admin, "10.8.0.0/24"),
        admin.network.get("/security-groups").json()["security_groups"][0]["id"],
    )
    port = {"network_id": made["id"], "port_security_enabled": False}
    reply = admin.network.post("/ports", json={"port": port | {"security_groups": [group]}}, raise_exc=False)
    words = "Port security must be enabled and port must have an IP address in order to use security groups."
    wanted = ("PortSecurityAndIPRequiredForSecurityGroups", words)
    error = reply.json()["NeutronError"]
    assert (reply.status_code, error["type"], error["message"]) == (400, *wanted)
    bare = admin.network.post("/ports", json={"port": port}).json()["port"]["id"]
    reply = admin.network.put(f"/ports/{bare}", json={"port": {"security_groups": [group]}}, raise_exc=False)
    assert (reply.status_code, reply.json()["NeutronError"]["type"]) == (400, wanted[0])
    safe = admin.network.post("/ports", json={"port": {"network_id": made["id"]}}).json()["port"]["id"]
    reply = admin.network.put(f"/ports/{safe}", json={"port": {"port_security_enabled": False}}, raise_exc=False)
    assert (reply.status_code, reply.json()["NeutronError"]["type"]) == (409, "PortSecurityPortHasSecurityGroup")


# --- times


@pytest.mark.parametrize(("operator", "kept"), [
    ("ge", [False, True, True]), ("gt", [False, False, True]), ("le", [True, True, False]),
    ("lt", [True, False, False]), ("eq", [False, True, False]), ("ne", [True, False, True]),
])  # fmt: skip
def test_what_is_behind_a_second_does_not_count(operator: str, kept: list[bool]) -> None:
    from sqlalchemy import DateTime, column, create_engine, literal, select

    this = datetime(2026, 1, 1, 0, 0, 5)  # noqa: DTZ001 - as the databases keep it
    found = []
    with create_engine("sqlite://").connect() as connection:
        for moment in (this - timedelta(microseconds=1), this + timedelta(microseconds=7), this + timedelta(seconds=1)):
            row = select(literal(moment, DateTime).label("at")).subquery()
            where = compare(row.c.at, operator, this)
            found.append(bool(connection.execute(select(column("at")).select_from(row).where(where)).all()))
    assert found == kept


def test_changes_are_found_by_the_second_that_is_shown(
    admin: Connection, demo: Connection, server: dict[str, Any]
) -> None:
    for path, key in (("/servers", "servers"), (f"/servers/{server['id']}/os-instance-actions", "instanceActions")):
        for word in ("changes-since", "changes-before"):
            query = f"{path}?{word}={server['updated']}"
            headers = {"OpenStack-API-Version": "compute 2.66"}
            assert demo.compute.get(query, headers=headers).json()[key], query
    made = demo.network.get("/networks").json()["networks"][0]
    assert demo.network.get(f"/networks?changed_since={made['updated_at']}").json()["networks"]
    assert not demo.network.get("/networks?changed_since=2030-01-01T00:00:00Z").json()["networks"]
    reply = demo.network.get("/networks?changed_since=x", raise_exc=False)
    assert (reply.status_code, reply.json()["NeutronError"]["type"]) == (400, "InvalidInput")
    image = demo.image.get("/images").json()["images"][0]
    for operator in ("gte", "lte", "eq"):
        assert demo.image.get(f"/images?updated_at={operator}:{image['updated_at']}").json()["images"], operator


def test_usage_without_dates_is_that_of_this_moment(demo: Connection, server: dict[str, Any]) -> None:
    reply = demo.compute.get(f"/os-simple-tenant-usage/{demo.project_id}")
    assert reply.json()["tenant_usage"]["server_usages"][0]["name"] == server["name"]
    late = demo.compute.get(f"/os-simple-tenant-usage/{demo.project_id}?start=2040-01-01T00:00:00", raise_exc=False)
    assert late.status_code == 400


# --- Nova


def test_a_shared_external_network_is_a_possible_one(demo: Connection, server: dict[str, Any]) -> None:
    reply = boot(demo)
    message = "Multiple possible networks found, use a Network ID to be more specific."
    assert (reply.status_code, reply.json()) == (409, {"conflictingRequest": {"code": 409, "message": message}})


@pytest.mark.parametrize("asked", ["compute 2.1, compute 2.37", "COMPUTE 2.37", "volume 3.1,compute   2.37"])
def test_the_last_version_counts_in_any_letters(demo: Connection, asked: str) -> None:
    reply = demo.compute.get("/servers", headers={"OpenStack-API-Version": asked})
    assert reply.headers["OpenStack-API-Version"] == "compute 2.37"


def test_the_last_version_of_the_older_header_counts(demo: Connection) -> None:
    reply = demo.compute.get("/servers", headers={"X-OpenStack-Nova-API-Version": "2.1,2.37"})
    assert reply.headers["X-OpenStack-Nova-API-Version"] == "2.37"


@pytest.mark.parametrize(("asked", "seen"), [
    ("volumev3 3.27", "3.27"), ("volume 3.27", "3.27"), ("compute 2.1, volumev3 3.27", "3.27"),
    ("volume 3.27, volume 3.59", "3.27"), ("block-storage-volume 3.27", "3.27"), ("volumev3 latest", "3.71"),
])  # fmt: skip
def test_cinder_heeds_what_has_the_word_volume_in_it(demo: Connection, asked: str, seen: str) -> None:
    reply = demo.volume.get("/volumes", headers={"OpenStack-API-Version": asked})
    assert reply.headers["OpenStack-API-Version"] == f"volume {seen}"


def test_cinder_refuses_a_header_without_it(demo: Connection) -> None:
    reply = demo.volume.get("/volumes", headers={"OpenStack-API-Version": "compute 2.1"}, raise_exc=False)
    assert (reply.status_code, [*reply.json()]) == (400, ["badRequest"])


def test_a_blank_root_volume_boots_nothing_and_is_active(demo: Connection, server: dict[str, Any]) -> None:
    (own,) = [n for n in demo.network.get("/networks").json()["networks"] if n["name"] == "n" and n["subnets"]][:1]
    device = {"boot_index": 0, "source_type": "blank", "destination_type": "volume", "volume_size": 1}
    made = boot(demo, imageRef=None, block_device_mapping_v2=[device], networks=[{"uuid": own["id"]}]).json()["server"]
    shown = demo.compute.get(f"/servers/{made['id']}").json()["server"]
    assert (shown["status"], shown["image"]) == ("ACTIVE", "")
    for action in ({"reboot": {"type": "HARD"}}, {"os-stop": None}, {"os-start": None}):
        assert demo.compute.post(f"/servers/{made['id']}/action", json=action).status_code == 202
        assert demo.compute.get(f"/servers/{made['id']}").json()["server"]["status"] in ("ACTIVE", "SHUTOFF")
    assert demo.compute.delete(f"/servers/{made['id']}").status_code == 204


def test_a_console_log_is_that_of_this_server(demo: Connection, server: dict[str, Any]) -> None:
    def log(**asked: Any) -> list[str]:
        path = f"/servers/{server['id']}/action"
        return str(demo.compute.post(path, json={"os-getConsoleOutput": asked}).json()["output"]).split("\n")

    whole, ((address,),) = log(), server["addresses"].values()
    assert 36 <= len(whole) <= 90
    assert whole == log(), "the same each time"
    assert whole[-1] == f"{server['name']} login: "
    assert log(length=2) == whole[-2:]
    assert [line for line in whole if address["OS-EXT-IPS-MAC:mac_addr"] in line]
    assert f"eth0: leased {address['addr']} for 86400 seconds" in whole
    assert f"hostname: {server['name']}" in whole
    assert [line for line in whole if line.startswith("checking http://169.254.169.254/")]


def test_a_host_says_how_long_it_runs(cloud: Cloud, admin: Connection) -> None:
    pattern = re.compile(
        r"\s*(.+)\sup\s+(.+),\s+(.+)\susers?,\s+load average:\s(.+)"
    )  # as python-openstackclient reads it
    old = admin.compute.get("/os-hypervisors/1/uptime").json()["hypervisor"]
    new = admin.compute.get("/os-hypervisors/detail", headers={"OpenStack-API-Version": "compute 2.88"})
    for uptime in (old["uptime"], new.json()["hypervisors"][0]["uptime"]):
        assert pattern.match(uptime)
    cloud.stop("nova-compute@compute1")
    try:
        reply = admin.compute.get("/os-hypervisors/1/uptime", raise_exc=False)
        shown = admin.compute.get("/os-hypervisors/detail", headers={"OpenStack-API-Version": "compute 2.88"})
    finally:
        cloud.start("nova-compute@compute1")
    message = "Compute service of compute1 is unavailable at this time."
    assert (reply.status_code, reply.json()) == (400, {"badRequest": {"code": 400, "message": message}})
    assert shown.json()["hypervisors"][0]["uptime"] is None


# --- Keystone


@pytest.mark.parametrize("names", [
    {"user_domain": "default", "project_domain": "DEFAULT"}, {"user": "DEMO"}, {"project": "Demo"},
], ids=str)  # fmt: skip
def test_names_are_found_in_any_letters(cloud: Cloud, demo: Connection, names: dict[str, str]) -> None:
    given = {"user": "demo", "project": "demo", "user_domain": "Default", "project_domain": "Default"} | names
    who = {"name": given["user"], "domain": {"name": given["user_domain"]}, "password": cloud.passwords["demo"]}
    body = {"identity": {"methods": ["password"], "password": {"user": who}},
            "scope": {"project": {"name": given["project"], "domain": {"name": given["project_domain"]}}}}  # fmt: skip
    reply = demo.identity.post("/auth/tokens", json={"auth": body}, authenticated=False)
    token = reply.json()["token"]
    assert (token["user"]["name"], token["project"]["name"]) == ("demo", "demo"), "as they were given first"


@pytest.mark.parametrize("kind", ["project", "user", "group", "role", "domain"])
def test_a_name_is_taken_in_any_letters(admin: Connection, kind: str) -> None:
    made = admin.identity.post(f"/{kind}s", json={kind: {"name": "Twice"}}).json()[kind]
    reply = admin.identity.post(f"/{kind}s", json={kind: {"name": "tWICE"}}, raise_exc=False)
    assert reply.status_code == 409
    assert [row["id"] for row in admin.identity.get(f"/{kind}s?name=TWICE").json()[f"{kind}s"]] == [made["id"]]
