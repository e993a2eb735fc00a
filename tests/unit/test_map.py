"""The map of a cloud says what there is, what is new, who is stopped and who tells nothing; nothing in it overlaps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dot_text import boxes
from test_pictures import spans

from oslearn.cloud import Cloud
from oslearn.course import control
from oslearn.course.drawing.map import Map, look
from oslearn.course.drawing.sequence import NARROW, WIDE, Look
from oslearn.course.drawing.things import Thing
from oslearn.course.processes import Process
from oslearn.course.reference import Lab

UP = [Process("keystone", "API", "controller", True), Process("queue", "queue", "controller", True)]
UP += [Process(f"nova-compute@compute{n}", "RPC server", f"compute{n}", True) for n in (1, 2, 3, 4)]
EMPTY = Map((), tuple(UP))
LONG = "a-name-that-is-as-long-as-somebody-who-tries-it-may-make-it-and-a-little-longer-than-that"
FULL = Map(
    (
        Thing("network", "p", "provider", ("203.0.113.0/24", "external"), external=True),
        Thing("network", "n", LONG, ("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24")),
        Thing("network", "l", "lonely", ("no subnet",)),
        *(Thing("router", f"r{n}", f"router{n}", ("router", f"10.0.0.{n} on {LONG}"), ("p", "n")) for n in range(3)),
        *(Thing("server", f"s{n}", f"{LONG}-{n}", ("ACTIVE", f"10.0.0.{n}"), ("n",), "compute1") for n in range(9)),
        Thing("server", "alone", "alone", ("ERROR",)),
        Thing("volume", "v", "data", ("1 GiB, in-use", f"in {LONG} as /dev/vdb")),
    ),
    (*UP, Process("nova-scheduler", "RPC server", "controller", False, 2)),
    ("neutron-server",),
)
MANY = Map(tuple(Thing("router", f"r{n}", f"router{n}", ("router",), ("p",)) for n in range(9)), tuple(UP))
DRAWN = [pytest.param(drawn, before, look, id=f"{name}-{look.name}")
         for name, drawn, before in (("empty", EMPTY, None), ("full", FULL, None), ("new", FULL, EMPTY),
                                     ("many", MANY, FULL))
         for look in (WIDE, NARROW)]  # fmt: skip


def texts(drawn: Map, before: Map | None = None, kind: Look = WIDE) -> list[str]:
    """What is written in the map."""
    return [box.words.removesuffix("\n") for box in boxes(drawn.dot(kind, before)) if box.words]


@pytest.mark.parametrize(("drawn", "before", "kind"), DRAWN)
def test_all_is_on_the_sheet_and_no_text_covers_another(drawn: Map, before: Map | None, kind: Look) -> None:
    (sheet, *others) = boxes(drawn.dot(kind, before))
    _, _, width, height = sheet.place()
    assert width == pytest.approx(kind.width, abs=0.01)
    written = [box for box in others if box.words]
    for box in others:
        x, y, wide, high = box.place()
        assert x - wide / 2 >= -0.1, box.words
        assert x + wide / 2 <= width + 0.1, box.words
        assert -y + high / 2 <= height + 0.1, box.words
    for n, one in enumerate(written):
        for other in written[n + 1 :]:
            (left, right, top, low), (left2, right2, top2, low2) = spans(one), spans(other)
            assert right <= left2 or right2 <= left or low <= top2 or low2 <= top, (one.words, other.words)


@pytest.mark.parametrize("kind", [WIDE, NARROW])
def test_what_is_new_or_changed_has_an_outline_and_the_word(kind: Look) -> None:
    vm = Thing("server", "1", "vm1", ("BUILD",))
    first, second = replace(EMPTY, things=(vm,)), replace(EMPTY, things=(replace(vm, lines=("ACTIVE",)),))

    def outlined(drawn: Map, before: Map | None) -> int:
        return sum(box.name.startswith("outline-") for box in boxes(drawn.dot(kind, before)))

    assert (outlined(first, None), outlined(first, first)) == (0, 0)
    assert (outlined(first, EMPTY), outlined(second, first)) == (1, 1)
    assert "new: vm1" in texts(first, EMPTY, kind)
    assert "changed: vm1" in texts(second, first, kind)
    assert "new: server vm1, BUILD" in first.words(EMPTY)
    assert "gone: server vm1" in EMPTY.words(first)
    assert "vm1" in first.words()


def test_what_is_stopped_is_dashed_grey_and_called_stopped() -> None:
    stopped = replace(EMPTY, processes=(*UP[1:], replace(UP[0], up=False, waiting=2)))
    (card,) = [box for box in boxes(stopped.dot(WIDE)) if "dashed" in box.attrs.get("style", "")]
    assert card.attrs["class"] == "card muted"
    assert "keystone: stopped, 2 messages waiting" in texts(stopped)
    assert "changed: keystone: stopped, 2 messages waiting" in texts(stopped, EMPTY)
    assert "keystone (stopped)" in stopped.words()


def test_more_routers_than_lanes_have_no_lines() -> None:
    assert " -> " in FULL.dot(WIDE)
    assert " -> " not in MANY.dot(WIDE)


@pytest.fixture
def cloud() -> Cloud:
    """A cloud with a network, a flavor and a volume."""
    return Cloud(seed=7)


def seen(cloud: Cloud, last: Map | None = None) -> Map:
    """The cloud as it is."""
    return look(cloud, control.processes(cloud), last)


def test_the_cloud_is_asked_and_keeps_no_mark_of_it(cloud: Cloud) -> None:
    lab = Lab.prepare(cloud)
    before, events = seen(cloud), len(cloud.trace)
    lab.boot()
    boot = len(cloud.trace) - events
    now = seen(cloud, before)
    assert len(cloud.trace) == events + boot
    assert now.words(before).count("new: ") == 1
    assert "new: server vm1, ACTIVE, 192.168.1.3, on compute1" in now.words(before)
    assert "changed: volume data, 1 GiB, in-use, in vm1 as /dev/vdb" in now.words(before)
    assert "network selfservice, 192.168.1.0/24, no router: nothing passes" in now.words()
    assert "Host compute1, 1 server" in texts(now)


def test_a_server_on_two_networks_hangs_on_the_first(cloud: Cloud) -> None:
    Lab.prepare(cloud)
    demo = cloud.connect("demo")
    other = demo.network.post("/networks", json={"network": {"name": "zebra"}}).json()["network"]
    demo.network.post("/subnets", json={"subnet": {"network_id": other["id"], "cidr": "10.9.0.0/24", "ip_version": 4}})
    router = demo.network.post("/routers", json={"router": {"name": "r"}}).json()["router"]
    subnets = demo.network.get("/subnets").json()["subnets"]
    for subnet in (one for one in subnets if one["cidr"].startswith(("10.", "192."))):
        demo.network.put(f"/routers/{router['id']}/add_router_interface", json={"subnet_id": subnet["id"]})
    said = seen(cloud).words()
    assert "router r, router, " in said
    assert "10.9.0.1 on zebra" in said
    assert "nothing passes" not in said


@pytest.mark.parametrize(("stopped", "silent"), [
    ("neutron-server", ("neutron-server",)), ("cinder-api", ("cinder-api",)),
    ("nova-api", ("nova-api",)), ("keystone", ("neutron-server", "nova-api", "cinder-api")),
])  # fmt: skip
def test_who_tells_nothing_is_named_and_its_part_stays(cloud: Cloud, stopped: str, silent: tuple[str, ...]) -> None:
    Lab.prepare(cloud).boot()
    before = seen(cloud)
    control.stop(cloud, stopped)
    now = seen(cloud, before)
    assert now.silent == silent
    assert {thing.id for thing in now.things} == {thing.id for thing in before.things}
    assert f"✗ {silent[0]} tells nothing: its part is as it was last seen" in " ".join(texts(now))
    assert f"{silent[0]} tells nothing" in now.words()
    assert f"{stopped}: stopped" in texts(now)
    assert seen(cloud).silent == silent
