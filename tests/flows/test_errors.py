"""What goes wrong goes wrong as in OpenStack: before a boot is accepted, while it runs, and when a server goes."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.course.reference import Lab

V344 = {"OpenStack-API-Version": "volume 3.44"}
LATEST = {"OpenStack-API-Version": "compute 2.100"}
NO_VOLUME: dict[str, Any] = {"block_device_mapping_v2": None}


def make(**config: Any) -> tuple[Lab, Connection, Connection]:
    """A cloud with what a boot needs, its user and its admin."""
    lab = Lab.prepare(Cloud(seed=31, trace=False, config=Config(password_hash_cost=16, **config)))
    return lab, lab.cloud.connect("demo"), lab.cloud.connect("admin")


def show(user: Connection, server_id: str) -> dict[str, Any]:
    return dict(user.compute.get(f"/servers/{server_id}").json()["server"])


def ask(lab: Lab, user: Connection, **changes: Any) -> Any:
    return user.compute.post("/servers", json=lab.request(**(NO_VOLUME | changes)), raise_exc=False)


def refused(reply: Any, code: int) -> str:
    """The message of Nova's error."""
    (error,) = reply.json().values()
    assert (reply.status_code, error["code"]) == (code, code), reply.text
    return str(error["message"])


def held(lab: Lab) -> dict[str, Any]:
    """What servers hold, by kind; empty when nothing is left."""
    admin, demo = lab.cloud.connect("admin"), lab.cloud.connect("demo")
    ports = admin.network.get("/ports").json()["ports"]
    volume = demo.volume.get(f"/{demo.project_id}/volumes/{lab.volume_id}").json()["volume"]
    hosts = admin.compute.get("/os-hypervisors/detail").json()["hypervisors"]
    kinds = {
        "ports": [p["id"] for p in ports if p["device_owner"].startswith("compute")],
        "attachments": demo.volume.get(f"/{demo.project_id}/attachments", headers=V344).json()["attachments"],
        "volume": [] if volume["status"] == "available" else [volume["status"]],
        "domains": [uuid for h in lab.cloud.hypervisors.values() for uuid in h.listAllDomains()],
        "hosts": [h["hypervisor_hostname"] for h in hosts if h["vcpus_used"] or h["local_gb_used"] or h["running_vms"]],
        "memory": [
            h["memory_mb_used"] for h in hosts if h["memory_mb_used"] != lab.cloud.config.reserved_host_memory_mb
        ],
    }
    return {kind: what for kind, what in kinds.items() if what}


def network(user: Connection, cidr: str | None = None, **subnet: Any) -> str:
    """A new network, with a subnet if a range is given."""
    network_id = str(user.network.post("/networks", json={"network": {"name": "n"}}).json()["network"]["id"])
    if cidr:
        body = {"network_id": network_id, "ip_version": 4, "cidr": cidr} | subnet
        user.network.post("/subnets", json={"subnet": body})
    return network_id


def image(user: Connection, data: bytes | None = b"\0" * 512, **fields: Any) -> str:
    """A new image; queued if it has no data."""
    body = {"name": "i", "disk_format": "raw", "container_format": "bare"} | fields
    image_id = str(user.image.post("/images", json=body).json()["id"])
    if data is not None:
        headers = {"Content-Type": "application/octet-stream"}
        user.image.put(f"/images/{image_id}/file", data=data, headers=headers)
    return image_id


# --- refused before anything was made -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared() -> tuple[Lab, Connection, Connection]:
    """A cloud in which tests leave no server."""
    return make()


def test_an_image_without_data_cannot_be_booted(shared: Any) -> None:
    lab, demo, _ = shared
    queued = image(demo, None)
    assert refused(ask(lab, demo, imageRef=queued), 400) == f"Image {queued} is not active."


def test_a_deleted_image_cannot_be_booted(shared: Any) -> None:
    lab, demo, _ = shared
    gone = image(demo)
    demo.image.delete(f"/images/{gone}")
    assert refused(ask(lab, demo, imageRef=gone), 400) == "Can not find requested image"


def test_a_flavor_without_a_disk_is_for_volumes(shared: Any) -> None:
    lab, demo, admin = shared
    flavor = {"name": "diskless", "ram": 64, "vcpus": 1, "disk": 0, "id": "diskless"}
    admin.compute.post("/flavors", json={"flavor": flavor})
    words = "Only volume-backed servers are allowed for flavors with zero disk."
    own, odd = image(demo), image(demo, img_config_drive="maybe")
    assert refused(ask(lab, demo, imageRef=own, flavorRef="diskless"), 403) == words
    message = refused(ask(lab, demo, imageRef=odd, flavorRef="diskless"), 400)
    assert message == "Image's config drive option 'maybe' is invalid"
    root = {"boot_index": 0, "uuid": own, "source_type": "image", "destination_type": "local"}
    reply = ask(lab, demo, imageRef=own, flavorRef="diskless", block_device_mapping_v2=[root])
    assert refused(reply, 403) == words
    root |= {"destination_type": "volume", "volume_size": 1, "delete_on_termination": True}
    made = [
        (demo, ask(lab, demo, imageRef="", flavorRef="diskless", block_device_mapping_v2=[root])),
        (admin, ask(lab, admin, imageRef=lab.image_id, flavorRef="diskless", networks=[])),
    ]
    for user, reply in made:
        assert reply.status_code == 202, reply.text
        user.compute.delete(f"/servers/{reply.json()['server']['id']}")
    small = root | {"uuid": image(demo, min_disk=20)}
    message = refused(ask(lab, demo, imageRef="", flavorRef="diskless", block_device_mapping_v2=[small]), 400)
    assert message.startswith("Volume is smaller than the minimum size specified in image metadata.")
    assert held(lab) == {}


def test_a_flavor_must_be_large_enough_for_its_image(shared: Any) -> None:
    lab, demo, _ = shared
    large, hungry = image(demo, min_disk=20), image(demo, min_ram=2048)
    message = refused(ask(lab, demo, imageRef=large), 400)
    assert message == (
        "Flavor's disk is smaller than the minimum size specified in image metadata. "
        "Flavor disk is 1073741824 bytes, minimum size is 21474836480 bytes."
    )
    message = refused(ask(lab, demo, imageRef=hungry), 400)
    assert message == "Flavor's memory is too small for requested image."
    for image_id in (large, hungry):
        reply = ask(lab, demo, imageRef=image_id, flavorRef="2")
        assert reply.status_code == 202
        demo.compute.delete(f"/servers/{reply.json()['server']['id']}")
    assert held(lab) == {}


def test_a_network_must_be_named_if_there_are_several_and_have_a_subnet() -> None:
    lab, demo, _ = make()
    bare = network(demo)
    message = refused(ask(lab, demo, networks=None), 409)
    assert message == "Multiple possible networks found, use a Network ID to be more specific."
    message = refused(ask(lab, demo, networks=[{"uuid": bare}]), 400)
    assert message == f"Network {bare} requires a subnet in order to boot instances on."
    assert demo.compute.get("/servers").json()["servers"] == []


def test_one_network_need_not_be_named() -> None:
    lab, demo, _ = make()
    for asked, version, found in (
        (None, "2.1", ["selfservice"]),
        ("auto", "2.37", ["selfservice"]),
        ("none", "2.37", []),
    ):
        body, headers = lab.request(networks=asked, **NO_VOLUME), {"OpenStack-API-Version": f"compute {version}"}
        server = demo.compute.post("/servers", json=body, headers=headers).json()["server"]
        assert list(show(demo, server["id"])["addresses"]) == found


def test_quotas_have_the_recorded_words() -> None:
    lab, demo, _ = make(quota_instances=1, quota_cores=3)
    lab.boot(demo, **NO_VOLUME)
    message = refused(ask(lab, demo), 403)
    assert message == "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances"
    message = refused(ask(lab, demo, flavorRef="4"), 403)
    assert message == (
        "Quota exceeded for cores, instances: Requested 4, 1, but already used 1, 1 of 3, 1 cores, instances"
    )


def test_the_quota_for_memory() -> None:
    lab, demo, _ = make(quota_ram=1000)
    lab.boot(demo, **NO_VOLUME)
    message = refused(ask(lab, demo), 403)
    assert message == "Quota exceeded for ram: Requested 512, but already used 512 of 1000 ram"
    (server,) = demo.compute.get("/servers").json()["servers"]
    demo.compute.delete(f"/servers/{server['id']}")
    assert ask(lab, demo).status_code == 202


def test_a_volume_serves_one_server() -> None:
    lab, demo, _ = make()
    lab.boot(demo)
    reply = demo.compute.post("/servers", json=lab.request(), raise_exc=False)
    assert refused(reply, 400) == (
        f"Invalid volume: volume '{lab.volume_id}' status must be 'available'. Currently in 'in-use'"
    )
    assert len(demo.compute.get("/servers").json()["servers"]) == 1


def test_an_unknown_volume_is_refused_before_anything_is_made(shared: Any) -> None:
    lab, demo, _ = shared
    unknown = "3d1f2a5b-0000-4000-8000-000000000000"
    device = {"uuid": unknown, "source_type": "volume", "destination_type": "volume", "boot_index": -1}
    reply = ask(lab, demo, block_device_mapping_v2=[device])
    assert refused(reply, 400) == f"Block Device Mapping is Invalid: failed to get volume {unknown}."
    assert demo.compute.get("/servers").json()["servers"] == []


# --- accepted, then ERROR -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", ["classic", "current"])
def test_no_host_fits(flow: str) -> None:
    lab, demo, admin = make(flow=flow, quota_ram=10**9, quota_cores=10**6)
    huge = {"id": "huge", "name": "huge.ram", "ram": 4194304, "vcpus": 1, "disk": 1}
    admin.compute.post("/flavors", json={"flavor": huge})
    server_id = lab.boot(demo, flavorRef="huge")
    seen, whole = show(demo, server_id), show(admin, server_id)
    assert (seen["status"], seen["OS-EXT-STS:vm_state"], seen["OS-EXT-STS:power_state"]) == ("ERROR", "error", 0)
    assert {k: seen["fault"][k] for k in ("code", "message")} == {
        "code": 500,
        "message": "No valid host was found. ",
    }
    assert set(seen["fault"]) == {"code", "created", "message"}
    assert set(whole["fault"]) == {"code", "created", "message", "details"}
    for host in ("compute1", "compute2", "compute3") if flow == "classic" else ():  # today Placement names none
        assert f"{host}: RamFilter: 4194304 MiB asked" in whole["fault"]["details"]
    assert (seen["hostId"], seen["addresses"]) == ("", {})
    assert not {"progress", "security_groups"} & set(seen)
    assert held(lab) == {}
    assert demo.compute.delete(f"/servers/{server_id}").status_code == 204


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("ComputeFilter: nova-compute is down", {}),
        ("ImagePropertiesFilter: cannot run an image for", {"imageRef": {"hw_architecture": "s390x"}}),
    ],
)
def test_why_no_host_was_valid(why: str, changes: dict[str, Any]) -> None:
    lab, demo, admin = make(hosts=2)
    if not changes:
        for host in ("compute1", "compute2"):
            lab.cloud.stop(f"nova-compute@{host}")
    if "imageRef" in changes:
        changes = {"imageRef": image(demo, **changes["imageRef"])}
    fault = show(admin, lab.boot(demo, **changes))["fault"]
    assert fault["message"] == "No valid host was found. There are not enough hosts available."
    assert [line.partition(" ")[0] for line in fault["details"].splitlines()] == ["compute1:", "compute2:"]
    assert fault["details"].count(why) == 2
    assert held(lab) == {}


def test_a_disabled_host_gets_no_server() -> None:
    lab, demo, admin = make(hosts=2)
    services = admin.compute.get("/os-services?host=compute1", headers=LATEST).json()["services"]
    path, reason = f"/os-services/{services[0]['id']}", {"disabled_reason": "maintenance"}
    admin.compute.put(path, json={"status": "disabled"} | reason, headers=LATEST)
    for _ in range(2):
        assert show(admin, lab.boot(demo, **NO_VOLUME))["OS-EXT-SRV-ATTR:host"] == "compute2"
    (host, _) = admin.compute.get("/os-hypervisors/detail").json()["hypervisors"]
    assert (host["status"], host["service"]["disabled_reason"]) == ("disabled", "maintenance")
    admin.compute.put(path, json={"status": "enabled"}, headers=LATEST)
    assert show(admin, lab.boot(demo, **NO_VOLUME))["OS-EXT-SRV-ATTR:host"] == "compute1"


def test_no_address_is_left() -> None:
    lab, demo, admin = make()
    small = network(demo, "10.0.0.0/30", enable_dhcp=False)  # two addresses; the router's is one of them
    first = lab.boot(demo, networks=[{"uuid": small}], **NO_VOLUME)
    assert show(demo, first)["status"] == "ACTIVE"
    second = lab.boot(demo, networks=[{"uuid": small}])
    seen = show(demo, second)
    assert (seen["status"], seen["fault"]["code"], seen["addresses"]) == ("ERROR", 500, {})
    assert "details" not in seen["fault"]
    assert seen["fault"]["message"] == (
        f"Build of instance {second} aborted: Failed to allocate the network(s) with error No fixed IP addresses "
        f"available for network: {small}, not rescheduling."
    )
    assert show(admin, second)["fault"]["details"].startswith("BuildAbortException: ")
    assert demo.compute.delete(f"/servers/{first}").status_code == 204
    assert held(lab) == {}
    assert show(demo, lab.boot(demo, networks=[{"uuid": small}]))["status"] == "ACTIVE"


def test_an_address_of_another_range() -> None:
    lab, demo, _ = make()
    seen = show(demo, lab.boot(demo, networks=[{"uuid": lab.network_id, "fixed_ip": "10.9.9.9"}]))
    assert seen["status"] == "ERROR"
    assert held(lab) == {}
    seen = show(demo, lab.boot(demo, networks=[{"uuid": lab.network_id, "fixed_ip": "192.168.1.77"}]))
    assert [a["addr"] for a in seen["addresses"]["selfservice"]] == ["192.168.1.77"]


def test_of_two_networks_one_without_addresses_ends_the_build() -> None:
    lab, demo, _ = make()
    pool = [{"start": "10.0.0.5", "end": "10.0.0.5"}]
    small = network(demo, "10.0.0.0/24", allocation_pools=pool, enable_dhcp=False)
    both = [{"uuid": lab.network_id}, {"uuid": small}]
    assert show(demo, lab.boot(demo, networks=both, **NO_VOLUME))["status"] == "ACTIVE"
    before = held(lab)
    assert show(demo, lab.boot(demo, networks=both))["status"] == "ERROR"
    assert held(lab) == before


# --- gone -----------------------------------------------------------------------------------------------------------


def test_a_delete_frees_what_the_server_held() -> None:
    lab, demo, _ = make()
    server_id = lab.boot(demo)
    assert {kind: len(what) for kind, what in held(lab).items()} == {
        "ports": 1, "attachments": 1, "volume": 1, "domains": 1, "hosts": 1, "memory": 1,
    }  # fmt: skip
    assert demo.compute.delete(f"/servers/{server_id}").status_code == 204
    assert held(lab) == {}
    for method in ("GET", "DELETE"):
        reply = demo.compute.request(f"/servers/{server_id}", method, raise_exc=False)
        assert refused(reply, 404) == f"Instance {server_id} could not be found."
    assert demo.compute.get("/servers").json()["servers"] == []
    assert show(demo, lab.boot(demo))["status"] == "ACTIVE"


def test_a_delete_works_while_the_host_is_down() -> None:
    lab, demo, admin = make()
    server_id = lab.boot(demo)
    host = show(admin, server_id)["OS-EXT-SRV-ATTR:host"]
    lab.cloud.stop(f"nova-compute@{host}")
    assert demo.compute.delete(f"/servers/{server_id}").status_code == 204
    assert demo.compute.get(f"/servers/{server_id}", raise_exc=False).status_code == 404
    assert set(held(lab)) <= {"domains"}  # upstream's periodic task takes the domain once the host is back


@pytest.mark.parametrize("down", [False, True], ids=["host up", "host down"])
def test_a_delete_of_a_server_that_waits_to_be_built(down: bool) -> None:
    lab, demo, _ = make(hosts=1)
    lab.cloud.bus.stop()  # the build waits in the queue
    server_id = ask(lab, demo, block_device_mapping_v2=lab.request()["server"]["block_device_mapping_v2"]).json()
    path = f"/servers/{server_id['server']['id']}"
    assert demo.compute.get(path).json()["server"]["status"] == "BUILD"
    if down:
        lab.cloud.stop("nova-compute@compute1")
    assert demo.compute.delete(path).status_code == 204
    if down:
        lab.cloud.start("nova-compute@compute1")
    lab.cloud.bus.start()
    assert demo.compute.get(path, raise_exc=False).status_code == 404
    assert held(lab) == {}


def test_a_server_that_is_being_built_has_the_recorded_keys() -> None:
    lab, demo, _ = make()
    lab.cloud.bus.stop()
    server_id = ask(lab, demo).json()["server"]["id"]
    seen = demo.compute.get(f"/servers/{server_id}", headers=LATEST).json()["server"]
    assert (seen["status"], seen["progress"], seen["OS-EXT-STS:power_state"]) == ("BUILD", 0, 0)
    assert "security_groups" not in seen  # day 1, number 190: there is no port yet
    assert (seen["addresses"], seen["OS-SRV-USG:launched_at"]) == ({}, None)
    lab.cloud.bus.start()
    seen = demo.compute.get(f"/servers/{server_id}", headers=LATEST).json()["server"]
    assert (seen["status"], seen["security_groups"]) == ("ACTIVE", [{"name": "default"}])


# --- whatever is sent, nothing breaks -------------------------------------------------------------------------------

WORDS = st.text(max_size=8) | st.sampled_from(
    ["", "auto", "none", "\x00", "\ud800", "3d1f2a5b-0000-4000-8000-0000000000ff"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


OPTIONAL = {
    "server": "security_groups metadata min_count max_count availability_zone description adminPass key_name "
    "block_device_mapping_v2 shoe_size",
    "auth": "shoe_size",
    "user": "id domain shoe_size",
    "port": "name fixed_ips mac_address device_id device_owner admin_state_up security_groups project_id shoe_size",
    "volume": "name description imageRef metadata availability_zone volume_type snapshot_id source_volid shoe_size",
    "image": "min_disk min_ram tags visibility protected id shoe_size",
}
"""Fields that a good body need not have."""


def bodies(key: str, good: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Anything at all, or a good body in which some fields are anything."""
    names = [*good, *OPTIONAL[key].split()]
    changed = st.dictionaries(st.sampled_from(names), JSON, max_size=2).map(lambda d: good | d)
    return JSON | changed.map(lambda fields: fields if key == "image" else {key: fields})


def targets(lab: Lab) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """URL, key and a good body by API."""
    demo = lab.cloud.connect("demo")
    user = {"name": "demo", "password": lab.cloud.passwords["demo"], "domain": {"name": "Default"}}
    scope = {"project": {"name": "demo", "domain": {"name": "Default"}}}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
    return {
        "servers": ("compute/v2.1/servers", "server", lab.request(**NO_VOLUME)["server"]),
        "tokens": ("identity/v3/auth/tokens", "auth", auth),
        "login": ("identity/v3/auth/tokens", "user", user),
        "ports": ("networking/v2.0/ports", "port", {"network_id": lab.network_id}),
        "volumes": (f"volume/v3/{demo.project_id}/volumes", "volume", {"size": 1}),
        "images": ("image/v2/images", "image", {"name": "i", "disk_format": "raw", "container_format": "bare"}),
    }


FUZZ = settings(
    max_examples=120,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.fixture(scope="module")
def fuzzed() -> Lab:
    quotas = {f"quota_{kind}": 10**9 for kind in ("instances", "cores", "ram", "ports", "volumes", "gigabytes")}
    return make(**quotas)[0]


@pytest.mark.parametrize("name", ["servers", "tokens", "login", "ports", "volumes", "images"])
def test_no_body_breaks_a_service(fuzzed: Lab, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    path, key, good = targets(fuzzed)[name]
    user = fuzzed.cloud.connect("demo")
    url = fuzzed.cloud.config.endpoint(path)

    def wrap(body: Any) -> Any:
        if name == "login" and isinstance(body, dict):
            return {"auth": {"identity": {"methods": ["password"], "password": body}}}
        return body

    @FUZZ
    @given(bodies(key, good))
    def send(body: Any) -> None:
        reply = user.session.post(
            url, data=json.dumps(wrap(body)), raise_exc=False, headers={"Content-Type": "application/json"}
        )
        assert reply.status_code < 500, reply.text

    send()


def test_a_number_too_large_for_a_column_is_refused() -> None:
    _, demo, _ = make()
    image = {"name": "x", "disk_format": "raw", "container_format": "bare", "min_disk": 2**63}
    assert demo.image.post("/images", json=image, raise_exc=False).status_code == 400
    for mtu in (2**63, 1e308, "9" * 400):
        body = {"network": {"name": "x", "mtu": mtu}}
        assert demo.network.post("/networks", json=body, raise_exc=False).status_code == 400


def test_a_hidden_flavor_is_not_there_for_a_user() -> None:
    lab, demo, admin = make()
    hidden = {"name": "hidden", "id": "77", "ram": 64, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": False}
    admin.compute.post("/flavors", json={"flavor": hidden})
    reply = demo.compute.post("/servers", json=lab.request(flavorRef="77", **NO_VOLUME), raise_exc=False)
    assert (reply.status_code, reply.json()["badRequest"]["message"]) == (400, "Flavor 77 could not be found.")


def test_a_refused_body_tells_no_password() -> None:
    lab, demo, _ = make()
    for changes in ({"adminPass": "s3cret", "strange": 1}, {"adminPass": ["s3cret"]}):
        reply = demo.compute.post("/servers", json=lab.request(**changes), raise_exc=False)
        assert reply.status_code == 400
        assert "s3cret" not in reply.text
