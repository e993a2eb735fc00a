"""Placement: what providers have, who uses it, and who could give what is asked for; shapes by microversion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, make_url, select
from sqlalchemy.orm.exc import StaleDataError

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.core.oslo.db import Handle
from oslearn.core.placement import api, models
from oslearn.core.placement.allocations import RETRIES, replace_all
from oslearn.core.placement.exception import CapacityExceeded, ConcurrentUpdate
from oslearn.core.placement.models import Allocation, Inventory, ResourceProvider
from oslearn.extensions.oslo.database import KeptDatabase
from oslearn.extensions.placement import routes
from oslearn.extensions.placement.inventories import Inventories

UNKNOWN = "3d1f2a5b-0000-4000-8000-000000000000"
CONSUMER = "3d1f2a5b-0000-4000-8000-000000000001"
AGGREGATE = "3d1f2a5b-0000-4000-8000-000000000002"
OWNER = {"project_id": "p", "user_id": "u"}
FLAVOR: dict[str, Any] = {"VCPU": 1, "MEMORY_MB": 512}
MEMORY = {"total": 2048, "reserved": 512}
CAPACITY: dict[str, Any] = {"VCPU": {"total": 2, "allocation_ratio": 2.0}, "MEMORY_MB": MEMORY}


class Desk:
    """Somebody who asks Placement, in one microversion unless another is named."""

    def __init__(self, user: Connection) -> None:
        self.session, self.url = user.session, "http://127.0.0.1/placement"

    def ask(self, method: str, path: str, body: Any = None, version: str = "1.39") -> Any:
        headers = {"OpenStack-API-Version": f"placement {version}", "Accept": "application/json"}
        return self.session.request(self.url + path, method, json=body, headers=headers, raise_exc=False,
                                    authenticated=True)  # fmt: skip

    def get(self, path: str, version: str = "1.39") -> Any:
        reply = self.ask("GET", path, version=version)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def provider(self, name: str, inventories: Any = None, **more: Any) -> str:
        made = self.ask("POST", "/resource_providers", {"name": name, **more})
        assert made.status_code == 200, made.text
        uuid = made.json()["uuid"]
        if inventories:
            body = {"resource_provider_generation": 0, "inventories": inventories}
            assert self.ask("PUT", f"/resource_providers/{uuid}/inventories", body).status_code == 200
        return str(uuid)

    def claim(self, consumer: str, allocations: dict[str, Any], generation: int | None = None) -> Any:
        body = {"allocations": {uuid: {"resources": resources} for uuid, resources in allocations.items()}}
        own = {**OWNER, "consumer_generation": generation, "consumer_type": "INSTANCE"}
        return self.ask("PUT", f"/allocations/{consumer}", body | own)


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    return Cloud(Config(hosts=0, password_hash_cost=16), seed=7, trace=False)


@pytest.fixture(scope="module")
def shared(cloud: Cloud) -> Desk:
    """For tests that leave nothing behind."""
    return Desk(cloud.connect("admin"))


@pytest.fixture
def desk(shared: Desk) -> Iterator[Desk]:
    """For the others: their providers are taken away."""
    yield shared
    for provider in reversed(shared.get("/resource_providers")["resource_providers"]):
        path = f"/resource_providers/{provider['uuid']}"
        for consumer in shared.get(f"{path}/allocations")["allocations"]:
            shared.ask("DELETE", f"/allocations/{consumer}")
        assert shared.ask("DELETE", path).status_code == 204


def refusal(reply: Any) -> tuple[int, str, str]:
    """Status, code and the last sentence of an error in Placement's shape."""
    (error,) = reply.json()["errors"]
    assert error["status"] == reply.status_code
    assert error["request_id"] == reply.headers["x-openstack-request-id"]
    return reply.status_code, error["code"], error["detail"].split("\n\n ")[-1].strip()


def test_every_handler_has_a_microversion_and_a_rule() -> None:
    table = api.ROUTES + routes.ROUTES
    assert (
        (api.RULES | routes.RULES).keys()
        == {route.policy for route in table}
        == {route.handler.partition(".")[2] for route in table}
    )


# --- providers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "status", "links"),
    [
        ("1.0", 201, ["self", "inventories", "usages"]),
        ("1.1", 201, ["self", "inventories", "usages", "aggregates"]),
        ("1.6", 201, ["self", "inventories", "usages", "aggregates", "traits"]),
        ("1.20", 200, ["self", "inventories", "usages", "aggregates", "traits", "allocations"]),
    ],
)
def test_a_provider_is_shown_in_the_shape_of_its_microversion(
    desk: Desk, version: str, status: int, links: list[str]
) -> None:
    reply = desk.ask("POST", "/resource_providers", {"name": "one"}, version)
    assert reply.status_code == status
    assert bool(reply.content) == (status == 200)
    (shown,) = desk.get("/resource_providers", version)["resource_providers"]
    assert reply.headers["Location"] == f"/placement/resource_providers/{shown['uuid']}"
    assert [link["rel"] for link in shown["links"]] == links
    assert ("root_provider_uuid" in shown) == (version == "1.20")


def test_a_tree_of_providers(desk: Desk) -> None:
    root = desk.provider("root")
    leaf = desk.provider("leaf", parent_provider_uuid=root)
    assert desk.get(f"/resource_providers/{leaf}")["root_provider_uuid"] == root
    tree = desk.get(f"/resource_providers?in_tree={leaf}")["resource_providers"]
    assert [one["name"] for one in tree] == ["root", "leaf"]
    status, code, _ = refusal(desk.ask("DELETE", f"/resource_providers/{root}"))
    assert (status, code) == (409, "placement.resource_provider.cannot_delete_parent")
    assert desk.ask("DELETE", f"/resource_providers/{leaf}").status_code == 204
    assert desk.ask("DELETE", f"/resource_providers/{root}").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/resource_providers", {"name": "here"},
         (409, "placement.duplicate_name", "Conflicting resource provider name: here already exists.")),
        ("POST", "/resource_providers", {}, (400, "placement.undefined_code", "JSON does not validate: 'name' is a")),
        ("POST", "/resource_providers", {"name": "x", "parent_provider_uuid": UNKNOWN}, (400, "", "")),
        ("GET", f"/resource_providers/{UNKNOWN}", None,
         (404, "placement.undefined_code", f"No resource provider with uuid {UNKNOWN} found")),
        ("GET", "/resource_providers?resources=VCPU", None,
         (400, "", "Badly formed resources parameter. Expected resources query string parameter in form:")),
        ("GET", "/resource_providers?resources=NOSUCH:1", None,
         (400, "", "Invalid resource class in resources parameter: No such resource class NOSUCH.")),
        ("GET", "/resource_providers?required=CUSTOM_NOSUCH", None, (400, "", "No such trait(s): CUSTOM_NOSUCH.")),
        ("GET", "/resource_providers?nosuch=1", None, (400, "", "Invalid query string parameters: Additional prop")),
        ("GET", "/resource_providers?member_of=1", None, (400, "placement.query.bad_value", "")),
        ("PUT", "/resource_classes/MINE", None, (400, "", "JSON does not validate: 'MINE' does not match")),
        ("DELETE", "/resource_classes/VCPU", None,
         (400, "", "Error in delete resource class: Cannot delete standard resource class VCPU.")),
        ("PUT", "/traits/HW_MINE", None, (400, "", "The trait is invalid. A valid trait must be")),
        ("DELETE", "/traits/HW_CPU_X86_AVX", None, (400, "", "Cannot delete standard trait HW_CPU_X86_AVX.")),
        ("GET", "/traits/CUSTOM_NOSUCH", None, (404, "", "No such trait(s): CUSTOM_NOSUCH.")),
        ("GET", "/usages", None, (400, "", "Invalid query string parameters: 'project_id' is a required property")),
        ("GET", "/allocation_candidates", None, (400, "", "")),
        ("GET", "/allocation_candidates?resources=VCPU:0", None,
         (400, "", "Requested resource VCPU requires amount >= 1. Got: 0.")),
        ("GET", "/allocation_candidates?resources=VCPU:1&resources1=VCPU:1&group_policy=x", None,
         (400, "placement.query.bad_value", "")),
        ("GET", "/allocation_candidates?resources=VCPU:1&limit=0", None, (400, "placement.query.bad_value", "")),
        ("GET", "/allocation_candidates?resources1=VCPU:1&resources2=VCPU:1", None,
         (400, "", 'The "group_policy" parameter is required when specifying more than one "resources{N}" param')),
        ("DELETE", f"/allocations/{UNKNOWN}", None, (404, "", f"No allocations for consumer '{UNKNOWN}'")),
        ("PUT", "/allocations/nosuch", {}, (400, "", "Malformed consumer_uuid: nosuch")),
        ("GET", "/nosuch", None, (404, "", "")),
        ("PATCH", "/resource_providers", None, (405, "", "")),
    ],
)  # fmt: skip
def test_what_is_refused(desk: Desk, method: str, path: str, body: Any, expected: tuple[int, str, str]) -> None:
    desk.provider("here")
    status, code, detail = refusal(desk.ask(method, path, body))
    assert status == expected[0]
    assert code == (expected[1] or code)
    assert detail.startswith(expected[2]), detail


@pytest.mark.parametrize("version", ["1.40", "x"])
def test_a_microversion_that_is_none(shared: Desk, version: str) -> None:
    reply = shared.ask("GET", "/traits", version=version)
    assert reply.status_code == (400 if version == "x" else 406)


def test_what_came_later_is_not_there_before(shared: Desk) -> None:
    assert shared.ask("GET", "/traits", version="1.5").status_code == 404
    assert shared.ask("GET", "/allocation_candidates?resources=VCPU:1", version="1.9").status_code == 404


def test_only_an_admin_may_look(cloud: Cloud) -> None:
    demo = Desk(cloud.connect("demo"))
    assert demo.ask("GET", "/resource_providers").status_code == 403
    assert demo.ask("GET", "/usages?project_id=another").status_code == 403


# --- generations ----------------------------------------------------------------------------------------------------


def test_who_names_an_old_generation_changes_nothing(desk: Desk) -> None:
    uuid = desk.provider("one", CAPACITY)
    path, old = f"/resource_providers/{uuid}", {"resource_provider_generation": 0}
    attempts: dict[str, dict[str, Any]] = {
        "inventories": {"inventories": {}},
        "traits": {"traits": []},
        "aggregates": {"aggregates": []},
        "inventories/VCPU": {"total": 1},
    }
    for part, body in attempts.items():
        status, code, _ = refusal(desk.ask("PUT", f"{path}/{part}", old | body))
        assert (status, code) == (409, "placement.concurrent_update"), part
    assert desk.get(path)["generation"] == 1


def test_every_change_adds_one_to_the_generation(desk: Desk) -> None:
    uuid = desk.provider("one", CAPACITY)
    path = f"/resource_providers/{uuid}"
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("PUT", "traits", {"traits": ["HW_CPU_X86_AVX"]}),
        ("PUT", "aggregates", {"aggregates": [AGGREGATE]}),
        ("POST", "inventories", {"resource_class": "DISK_GB", "total": 10}),
        ("PUT", "inventories/DISK_GB", {"total": 20}),
        ("DELETE", "inventories/DISK_GB", {}),
    ]
    for generation, (method, part, body) in enumerate(changes, start=1):
        assert desk.get(path)["generation"] == generation
        reply = desk.ask(method, f"{path}/{part}", body | {"resource_provider_generation": generation})
        assert reply.status_code < 300, reply.text
    assert desk.claim(CONSUMER, {uuid: FLAVOR}).status_code == 204
    assert desk.get(path)["generation"] == 7


def test_a_consumer_has_a_generation_too(desk: Desk) -> None:
    uuid = desk.provider("one", CAPACITY)
    assert refusal(desk.claim(CONSUMER, {uuid: FLAVOR}, 1))[2].endswith("expected null but got 1")
    assert desk.claim(CONSUMER, {uuid: FLAVOR}).status_code == 204
    status, code, detail = refusal(desk.claim(CONSUMER, {uuid: FLAVOR}))
    assert (status, code) == (409, "placement.concurrent_update")
    assert detail == "consumer generation conflict - expected 1 but got None"
    assert desk.claim(CONSUMER, {uuid: {"VCPU": 2}}, 1).status_code == 204
    assert desk.get(f"/allocations/{CONSUMER}")["allocations"][uuid]["resources"] == {"VCPU": 2}
    assert desk.claim(CONSUMER, {}, 2).status_code == 204
    assert desk.get(f"/allocations/{CONSUMER}") == {"allocations": {}}


# --- claims ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ({"VCPU": 5}, "Unable to create allocation for 'VCPU' on resource provider '%s'. The requested amount would "
                      "exceed the capacity."),
        ({"MEMORY_MB": 1537}, "Unable to create allocation for 'MEMORY_MB' on resource provider '%s'. The requested "
                              "amount would exceed the capacity."),
        ({"DISK_GB": 7}, "Unable to create allocation for 'DISK_GB' on resource provider '%s'. The requested amount "
                         "would violate inventory constraints."),
        ({"PCI_DEVICE": 1}, "Inventory for 'PCI_DEVICE' on resource provider '%s' invalid."),
    ],
)  # fmt: skip
def test_what_a_provider_cannot_give(desk: Desk, resources: dict[str, int], why: str) -> None:
    uuid = desk.provider("one", CAPACITY | {"DISK_GB": {"total": 100, "step_size": 5}})
    status, _, detail = refusal(desk.claim(CONSUMER, {uuid: FLAVOR | resources}))
    assert (status, detail) == (409, f"Unable to allocate inventory: {why % uuid}")
    assert desk.get(f"/allocations/{CONSUMER}") == {"allocations": {}}


def test_what_is_used_stays(desk: Desk) -> None:
    uuid = desk.provider("one", CAPACITY)
    desk.claim(CONSUMER, {uuid: FLAVOR})
    path = f"/resource_providers/{uuid}"
    assert refusal(desk.ask("DELETE", path))[1] == "placement.resource_provider.inuse"
    assert refusal(desk.ask("DELETE", f"{path}/inventories"))[1] == "placement.inventory.inuse"
    assert refusal(desk.ask("DELETE", f"{path}/inventories/VCPU"))[2].endswith("in use.")
    assert desk.get(f"{path}/usages")["usages"] == {"MEMORY_MB": 512, "VCPU": 1}
    assert desk.get("/usages?project_id=p", "1.37") == {"usages": {"MEMORY_MB": 512, "VCPU": 1}}
    assert desk.get("/usages?project_id=p") == {"usages": {"INSTANCE": FLAVOR | {"consumer_count": 1}}}
    assert desk.ask("DELETE", f"/allocations/{CONSUMER}").status_code == 204
    assert desk.ask("DELETE", path).status_code == 204


def test_several_consumers_at_once_or_none(desk: Desk) -> None:
    uuid = desk.provider("one", CAPACITY)

    def body(*amounts: int) -> dict[str, Any]:
        return {
            f"3d1f2a5b-0000-4000-8000-00000000010{n}": {
                "allocations": {uuid: {"resources": {"VCPU": amount}}}, **OWNER, "consumer_generation": None,
                "consumer_type": "INSTANCE",
            }
            for n, amount in enumerate(amounts)
        }  # fmt: skip

    assert desk.ask("POST", "/allocations", body(3, 2)).status_code == 409
    assert desk.get(f"/resource_providers/{uuid}/allocations")["allocations"] == {}
    assert desk.ask("POST", "/allocations", body(2, 2)).status_code == 204
    assert desk.get(f"/resource_providers/{uuid}/usages")["usages"]["VCPU"] == 4


# --- candidates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.10", "1.12", "1.17", "1.27", "1.29", "1.34", "1.39"])
def test_a_candidate_can_be_put_as_it_is(desk: Desk, version: str) -> None:
    uuid = desk.provider("one", CAPACITY)
    found = desk.get("/allocation_candidates?resources=VCPU:1", version)
    (request,), summary = found["allocation_requests"], found["provider_summaries"][uuid]
    number = tuple(int(part) for part in version.split("."))
    assert ("mappings" in request) == (number >= (1, 34))
    assert ("traits" in summary) == (number >= (1, 17))
    assert ("root_provider_uuid" in summary) == (number >= (1, 29))
    assert summary["resources"].get("MEMORY_MB") == ({"capacity": 1536, "used": 0} if number >= (1, 27) else None)
    own: dict[str, Any] = dict(OWNER) if number >= (1, 8) else {}
    own = own | ({"consumer_generation": None} if number >= (1, 28) else {})
    own = own | ({"consumer_type": "INSTANCE"} if number >= (1, 38) else {})
    assert desk.ask("PUT", f"/allocations/{CONSUMER}", request | own, version).status_code == 204


def test_traits_aggregates_and_trees_choose(desk: Desk) -> None:
    fast, slow = (desk.provider(name, CAPACITY) for name in ("fast", "slow"))
    for uuid, traits in ((fast, ["HW_CPU_X86_AVX", "HW_CPU_X86_AVX2"]), (slow, ["HW_CPU_X86_AVX"])):
        body = {"resource_provider_generation": 1, "traits": traits}
        assert desk.ask("PUT", f"/resource_providers/{uuid}/traits", body).status_code == 200
    body = {"resource_provider_generation": 2, "aggregates": [AGGREGATE]}
    assert desk.ask("PUT", f"/resource_providers/{slow}/aggregates", body).status_code == 200
    questions = {
        "": [fast, slow],
        "required=HW_CPU_X86_AVX2": [fast],
        "required=HW_CPU_X86_AVX,!HW_CPU_X86_AVX2": [slow],
        "required=in:HW_CPU_X86_AVX2,HW_CPU_X86_SSE": [fast],
        "root_required=HW_CPU_X86_AVX2": [fast],
        f"member_of={AGGREGATE}": [slow],
        f"member_of=!{AGGREGATE}": [fast],
        f"member_of=in:{AGGREGATE},{UNKNOWN}": [slow],
        f"in_tree={fast}": [fast],
        "limit=1": [fast],
        "resources1=MEMORY_MB:1536&group_policy=none": [fast, slow],
        "resources1=MEMORY_MB:1537": [],
    }
    for question, expected in questions.items():
        found = desk.get(f"/allocation_candidates?resources=VCPU:1&{question}")
        assert [next(iter(one["allocations"])) for one in found["allocation_requests"]] == expected, question
        assert list(found["provider_summaries"]) == expected


INVENTORY = st.fixed_dictionaries(
    {"total": st.integers(1, 8), "reserved": st.integers(0, 1), "max_unit": st.integers(1, 8),
     "allocation_ratio": st.sampled_from([1.0, 1.5, 4.0]), "step_size": st.integers(1, 2)}
)  # fmt: skip
STEP = st.tuples(st.integers(0, 3), st.integers(1, 9), st.booleans())


@settings(max_examples=15, deadline=None, derandomize=True)
@given(inventories=st.lists(INVENTORY, min_size=2, max_size=4), steps=st.lists(STEP, max_size=12))
def test_candidates_are_those_that_can_give_and_no_provider_gives_too_much(
    shared: Desk, inventories: list[dict[str, Any]], steps: list[tuple[int, int, bool]]
) -> None:
    here = [shared.provider(f"p{n}", {"SRIOV_NET_VF": one}) for n, one in enumerate(inventories)]
    used, mine = [0] * len(here), dict[str, tuple[int, int]]()

    def fits(n: int, amount: int) -> bool:
        have = inventories[n]
        room = (have["total"] - have["reserved"]) * have["allocation_ratio"] - used[n]
        return amount <= have["max_unit"] and amount % have["step_size"] == 0 and amount <= room

    for number, (wish, amount, gives_back) in enumerate(steps):
        if gives_back and mine:
            consumer, (n, taken) = mine.popitem()
            assert shared.ask("DELETE", f"/allocations/{consumer}").status_code == 204
            used[n] -= taken
        found = shared.get(f"/allocation_candidates?resources=SRIOV_NET_VF:{amount}")
        assert list(found["provider_summaries"]) == [uuid for n, uuid in enumerate(here) if fits(n, amount)]
        n, consumer = wish % len(here), f"3d1f2a5b-0000-4000-8000-0000000002{number:02}"
        reply = shared.claim(consumer, {here[n]: {"SRIOV_NET_VF": amount}})
        assert reply.status_code == (204 if fits(n, amount) else 409)
        if reply.status_code == 204:
            used[n], mine[consumer] = used[n] + amount, (n, amount)
        assert shared.get(f"/resource_providers/{here[n]}/usages")["usages"] == {"SRIOV_NET_VF": used[n]}
    for consumer in mine:
        shared.ask("DELETE", f"/allocations/{consumer}")
    for uuid in here:
        assert shared.ask("DELETE", f"/resource_providers/{uuid}").status_code == 204


def test_a_number_longer_than_any_there_is_finds_nobody_and_limits_nothing() -> None:
    desk = Desk(Cloud(seed=4, trace=False, config=Config(password_hash_cost=16)).connect("admin"))
    few = desk.get("/allocation_candidates?resources=VCPU:1")
    for digits in (19, 30, 5000):
        many = desk.get(f"/allocation_candidates?resources=VCPU:{'9' * digits}&resources1=VCPU:{'9' * digits}")
        assert many["allocation_requests"] == []
        assert desk.get(f"/allocation_candidates?resources=VCPU:1&limit={'9' * digits}") == few


# --- two at once ------------------------------------------------------------------------------------------------------


def one_host(file: Path) -> tuple[Handle, Handle]:
    """Two processes' handles of one database, in which a host has two VCPUs."""
    ours, theirs = (
        KeptDatabase("placement-db", make_url(f"sqlite:///{file}")).create(models.Base).handle("placement")
        for _ in range(2)
    )
    with ours.session() as session:
        row = {"resource_provider_id": 1, "resource_class": "VCPU", "total": 2}
        session.add(ResourceProvider(id=1, uuid=UNKNOWN, name="host", generation=0, root_provider_uuid=UNKNOWN))
        session.flush()
        session.add(Inventory(**row, reserved=0, min_unit=1, max_unit=2, step_size=1, allocation_ratio=1.0))
    return ours, theirs


def claim(handle: Handle, consumer: str, vcpus: int, generation: int | None = None) -> None:
    wanted: Any = {"allocations": {UNKNOWN: {"resources": {"VCPU": vcpus}}}, "consumer_generation": generation}
    replace_all(handle, {consumer: wanted | OWNER})


def meanwhile(handle: Handle, statement: str, *acts: Callable[[], None]) -> None:
    """Do something after a transaction has looked: each time before the first of its statements that begins so."""
    waiting = list(acts)

    def before(connection: Any, cursor: Any, sql: str, values: Any, execution: Any, many: bool) -> None:
        if sql.startswith(statement) and waiting:
            waiting.pop(0)()

    event.listen(handle.engine, "before_cursor_execute", before)


def used(handle: Handle) -> int:
    with handle.session() as session:
        return session.scalar(select(func.coalesce(func.sum(Allocation.used), 0))) or 0


def test_two_claims_at_once_do_not_both_get_what_one_can_have(tmp_path: Path) -> None:
    ours, theirs = one_host(tmp_path / "placement.db")
    meanwhile(ours, "INSERT INTO consumers", lambda: claim(theirs, AGGREGATE, 2))
    with pytest.raises(CapacityExceeded):
        claim(ours, CONSUMER, 2)
    assert used(ours) == 2


def test_who_is_overtaken_looks_again_and_gets_what_is_left(tmp_path: Path) -> None:
    ours, theirs = one_host(tmp_path / "placement.db")
    meanwhile(ours, "INSERT INTO consumers", lambda: claim(theirs, AGGREGATE, 1))
    claim(ours, CONSUMER, 1)
    assert used(ours) == 2


def test_who_is_always_overtaken_gives_up(tmp_path: Path) -> None:
    ours, theirs = one_host(tmp_path / "placement.db")
    claim(theirs, AGGREGATE, 1)
    again = [partial(claim, theirs, AGGREGATE, 1, generation) for generation in range(1, RETRIES + 1)]
    meanwhile(ours, "INSERT INTO consumers", *again)
    with pytest.raises(ConcurrentUpdate, match="changed while attempting to allocate: "):
        claim(ours, CONSUMER, 1)
    assert used(ours) == 1


def test_a_consumer_that_two_make_at_once_is_the_first_ones(tmp_path: Path) -> None:
    ours, theirs = one_host(tmp_path / "placement.db")
    meanwhile(ours, "INSERT INTO consumers", lambda: claim(theirs, CONSUMER, 1))
    with pytest.raises(ConcurrentUpdate, match="expected 1 but got None"):
        claim(ours, CONSUMER, 2)
    assert used(ours) == 1


def test_an_inventory_that_two_change_at_once_is_the_first_ones(tmp_path: Path) -> None:
    ours, theirs = one_host(tmp_path / "placement.db")
    asked: Any = None  # the handler asks it for its microversion only where there are amounts
    wanted: Any = {"resource_provider_generation": 0, "inventories": {}}
    meanwhile(ours, "DELETE FROM inventories", lambda: claim(theirs, CONSUMER, 2))
    with pytest.raises(StaleDataError):
        Inventories(ours).set_inventories(asked, UNKNOWN, wanted)
    assert used(ours) == 2
