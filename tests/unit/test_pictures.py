"""The pictures of Days 1 to 3 say what the state says, and no text in them leaves its place or covers another."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from dot_text import Statement, boxes, statements

import formats
import states
from oslearn.cloud import Cloud
from oslearn.course.drawing.canvas import BOLD, text_width
from oslearn.course.drawing.palette import COLOURS
from oslearn.course.drawing.pictures import PICTURES, Eyes, Picture
from oslearn.course.drawing.pictures.doors import Door, Doors
from oslearn.course.drawing.pictures.groups import Group, Groups, Sender
from oslearn.course.drawing.pictures.measures import Image, Quota, Quotas, Sizes, human
from oslearn.course.drawing.pictures.rights import Assignments, Rights
from oslearn.course.drawing.pictures.servers import Key, Made
from oslearn.course.drawing.pictures.sheet import Card, wrap
from oslearn.course.drawing.pictures.storage import Attached, Copy, Kind, Kinds, Lineage
from oslearn.course.drawing.pictures.store import Store, Thing
from oslearn.course.drawing.pictures.wires import Floating, Plug, Wire
from oslearn.course.drawing.sequence import NARROW, WIDE, Look
from oslearn.course.drawing.topology import Device, Network, Topology
from oslearn.course.reference import Lab

WIRE = Wire(
    "selfservice", 1450, "192.168.1.0/24", "192.168.1.1", (("192.168.1.10", "192.168.1.254"),), ("8.8.4.4", "8.8.8.8"),
    (Plug("the DHCP agent's", "192.168.1.10", "fa:16:3e:00:00:01"),),
)  # fmt: skip
DOORS = Doors(
    "vm1", "A packet from 198.51.100.1 to 203.0.113.103, TCP port 22",
    (
        Door("The address", ("203.0.113.103", "yours, ACTIVE"), True),
        Door("The port", ("192.168.1.3 of vm1",), True),
        Door("The router's gateway", ("router1: none",), False),
        Door("The subnet", ("not reached",), None),
        Door("The security group", ("not reached",), None),
    ),
)  # fmt: skip
KEY = Key("mykey.pem", "-rw-------", "mykey", "ssh-ed25519", ":".join(["b8"] * 16), True, ())
FLOATING = Floating("203.0.113.103", "ACTIVE", "router1", "192.168.1.3", "fa:16:3e:00:00:03", "vm1")
GROUPS = Groups((
    Group("webservers", (), "everything", ()),
    Group("dbservers", (Sender("members of webservers", ("tcp 5432",), ("front1, 192.168.1.4",)),
                        Sender("anywhere", ("icmp", "tcp 22"))), "nothing", ("back1, 192.168.1.5", "db, 192.168.1.6")),
))  # fmt: skip
MADE = Made("vm1", "ACTIVE", "compute1", (
    (Card("m1.tiny", ["a flavor"], "nova"), Card("1 CPU, 512 MiB of memory", ["as the flavor says"], "nova")),
    (Card("nothing", ["about a security group"], dashed=True), Card("group default", ["around the port"], "neutron")),
))  # fmt: skip
KINDS = Kinds((
    Kind("root disk", "nova", ("1 GiB on host compute1",), (("a stop", True), ("a delete", False))),
    Kind("volume", "cinder", ("1 GiB on controller@lvm#lvm",), (("a stop", True), ("a delete", True))),
    Kind("object", "swift", ("beach.txt in container photos",), (("a stop", True), ("a delete", True))),
))  # fmt: skip
ATTACHED = Attached((
    ("volume vol1", "cinder", ("1 GiB, in-use", "on controller@lvm#lvm")),
    ("attachment", "cinder", ("status attached", "for server vm1", "on host compute1")),
    ("iscsi target", "cinder", ("127.0.0.1:3260", "iqn.2010-10.org.openstack:volume-e…", "LUN 1")),
    ("/dev/vdb", "nova", ("in vm1",)),
))  # fmt: skip
LINEAGE = Lineage(
    Copy("data", "volume", 2, "available"),
    (Copy("monday", "snapshot", 2, "available", "data"), Copy("tuesday", "snapshot", 2, "available", "data"),
     Copy("restored", "volume", 3, "available", "monday"), Copy("small", "volume", 2, "available", "monday"),
     Copy("sunday", "backup", 2, "available", "data")),
    "controller@lvm#lvm", "volumebackups",
)  # fmt: skip
RIGHTS = Rights(("no role", "reader", "member", "manager", "admin"), (
    ("server list", "nova", (401, 200, 200, 200, 200)), ("network create", "neutron", (401, 403, 201, 201, 201)),
))  # fmt: skip
ASSIGNMENTS = Assignments("Default", "demo", (("mia", "manager", ("manager", "member", "reader")),
                                              ("group staff", "reader", ("reader",))), ("tom",))  # fmt: skip
QUOTAS = Quotas((Quota("nova", "instances", 2, 0, 10), Quota("cinder", "gigabytes", 900, 50, 1000),
                 Quota("neutron", "floatingip", 50, 0, 50), Quota("neutron", "port", 4, 0, -1)))  # fmt: skip
SIZES = Sizes((Image("cirros", "qcow2", 196616, 117440512), Image("plain", "raw", 2097152, 2097152)))
STORE = Store("AUTH_ae3a2b7f…", (
    Thing("photos", ("Owner: me",), (Thing("2026/june/boat.txt", ("19 bytes, text/plain",)),
                                     Thing("a-name-that-is-far-too-long-for-one-line-of-a-phone.txt", ("1 bytes",)),
                                     Thing("beach.txt", ("19 bytes", "Year: 2026")), Thing("2026/moon.txt", ()))),
    Thing("empty", ()),
))  # fmt: skip
ALONE, OPEN = (Network("a", "provider", ("203.0.113.0/24",), True), Network("b", "mine", ("192.168.1.0/24",), False)), {
    "a": "203.0.113.102", "b": "192.168.1.1"}  # fmt: skip
TOPOLOGY = Topology([*ALONE], [Device("server", "vm1", "ACTIVE", {"b": "192.168.1.3"})])
TRANSLATED = replace(TOPOLOGY, devices=[Device("router", "r", "", OPEN, ("203.0.113.103 for vm1",)), *TOPOLOGY.devices])
EXAMPLES: list[Picture] = [
    WIRE,
    replace(WIRE, ports=(*WIRE.ports, Plug("the router's", "192.168.1.1", "fa:16:3e:00:00:02")), servers=()),
    DOORS,
    replace(DOORS, doors=tuple(replace(door, passes=True) for door in DOORS.doors)),
    KEY,
    replace(KEY, fits=False, servers=("vm1",)),
    FLOATING, replace(FLOATING, fixed="", status="DOWN"), GROUPS, MADE, KINDS, ATTACHED, LINEAGE,
    replace(LINEAGE, copies=()), RIGHTS, ASSIGNMENTS, QUOTAS, SIZES, STORE, replace(STORE, containers=()), TOPOLOGY,
    replace(TOPOLOGY, devices=[Device("router", "r", "", OPEN)]), TRANSLATED,
    replace(TOPOLOGY, devices=[Device("router", "r", "", OPEN, ("203.0.113.103 for vm1", "203.0.113.104 for vm2"))]),
]  # fmt: skip


class Older(NamedTuple):
    """A drawing of the same days that has a directive of its own."""

    draw: Callable[[Look], str]

    def dot(self, look: Look) -> str:
        """The drawing."""
        return self.draw(look)


OLDER = [Older(formats.drawing), Older(lambda look: states.drawing(look, states.life()))]
DRAWN = [pytest.param(picture, look, id=f"{type(picture).__name__}-{n}-{look.name}")
         for n, picture in enumerate([*EXAMPLES, *OLDER]) for look in (WIDE, NARROW)]  # fmt: skip


def texts(picture: Picture, look: Look = WIDE) -> str:
    """All text in the picture, in its order."""
    return " ".join(box.words.removesuffix("\n") for box in boxes(picture.dot(look)) if box.words)


def spans(box: Statement) -> tuple[float, float, float, float]:
    """The left, right, upper and lower edge of a box's text, y downwards."""
    x, y, width, height = box.place()
    needs = text_width(box.words, float(box.attrs["fontsize"]), box.attrs.get("fontname") == BOLD)
    left = x - width / 2 + 3 if box.attrs["label"].endswith(r"\l") else x - needs / 2
    return left, left + needs, -y - height / 2 + 1, -y + height / 2 - 1


@pytest.mark.parametrize(("picture", "look"), DRAWN)
def test_all_is_on_the_sheet_and_every_text_is_large_enough(picture: Picture, look: Look) -> None:
    (sheet, *others) = boxes(picture.dot(look))
    _, _, right, bottom = sheet.place()
    assert right <= look.width
    for box in others:
        x, y, width, height = box.place()
        assert x - width / 2 >= -0.1, (box.name, box.words)
        assert x + width / 2 <= right + 0.1, (box.name, box.words)
        assert -y - height / 2 >= -0.1, box.name
        assert -y + height / 2 <= bottom + 0.1, box.name
        if box.words:
            assert spans(box)[1] <= right, box.words
            assert float(box.attrs["fontsize"]) >= 12, box.words


@pytest.mark.parametrize(("picture", "look"), DRAWN)
def test_no_text_covers_another(picture: Picture, look: Look) -> None:
    written = [box for box in boxes(picture.dot(look)) if box.words]
    assert written
    for n, one in enumerate(written):
        for other in written[n + 1 :]:
            (left, right, top, low), (left2, right2, top2, low2) = spans(one), spans(other)
            apart = right <= left2 or right2 <= left or low <= top2 or low2 <= top
            assert apart, (one.words, other.words)


@pytest.mark.parametrize(("picture", "look"), DRAWN)
def test_no_text_leaves_its_card(picture: Picture, look: Look) -> None:
    drawn = boxes(picture.dot(look))
    frames = [box.place() for box in drawn if box.name.startswith(("card-", "bar-", "band-"))]
    for box in (box for box in drawn if box.words):
        left, right, top, low = spans(box)
        for x, y, width, height in frames:
            inside = (
                x - width / 2 <= left and -y - height / 2 <= top and low <= -y + height / 2 and left <= x + width / 2
            )
            assert not inside or right <= x + width / 2, box.words


def test_a_wire_says_its_range_and_who_has_which_address() -> None:
    assert ("192.168.1.2", "192.168.1.9", "not handed out") in WIRE.segments()
    assert WIRE.segments()[-1] == ("192.168.1.255", "192.168.1.255", "broadcast")
    assert "no port has it yet" in texts(WIRE)
    joined = replace(WIRE, ports=(*WIRE.ports, Plug("the router's", "192.168.1.1", "fa:16:3e:00:00:02")))
    assert "no port has it yet" not in texts(joined)
    assert "the router's port" in texts(joined)
    assert ".10 – .254" in texts(joined)


def test_the_doors_show_which_is_shut_and_where_the_packet_never_came() -> None:
    signs = [box.words for box in boxes(DOORS.dot(WIDE)) if box.words in ("✓", "✗")]
    assert signs == ["✓", "✓", "✗"]
    assert "does not arrive" in DOORS.words()
    assert "does not arrive" in texts(DOORS)
    opened = replace(DOORS, doors=tuple(replace(door, passes=True) for door in DOORS.doors))
    assert "The packet arrives." in texts(opened)


def test_a_key_that_does_not_fit_is_told() -> None:
    assert "✓ The halves belong together." in texts(KEY)
    assert "✗ The halves do not fit." in texts(replace(KEY, fits=False))
    assert "no server yet" in texts(KEY)
    assert "vm1" in texts(replace(KEY, servers=("vm1",)))


def signs(picture: Picture, look: Look = WIDE) -> list[str]:
    """The signs in the picture."""
    return [box.words for box in boxes(picture.dot(look)) if box.words in ("✓", "✗")]


@pytest.mark.parametrize("look", [WIDE, NARROW])
def test_each_kind_of_picture_is_swept_above(look: Look) -> None:
    assert len({type(picture) for picture in EXAMPLES}) == len(PICTURES)
    assert len({type(picture).title for picture in EXAMPLES}) == len(PICTURES)
    for picture in EXAMPLES:
        assert picture.dot(look) == picture.dot(look)
        assert picture.words().endswith(".")


@pytest.mark.parametrize(("picture", "look"), DRAWN)
def test_a_colour_is_a_services_or_good_or_bad_with_a_sign(picture: Picture, look: Look) -> None:
    for found in statements(picture.dot(look)):
        tones = found.attrs.get("class", "").split()[1:]
        assert set(tones) <= {*COLOURS, "ink", "muted", "good", "bad"}, tones
        if set(tones) & {"good", "bad"} and "label" in found.attrs:
            assert found.words[0] in "✓✗", found.words


def test_a_word_that_is_too_long_is_cut() -> None:
    assert wrap("a bb", 1000, 12) == ["a bb"]
    parts = wrap("x" * 50, 60, 12)
    assert "".join(parts) == "x" * 50
    assert all(text_width(part, 12) <= 60 for part in parts)


def test_no_router_is_a_dashed_line_and_the_outside_has_no_services_colour() -> None:
    gap = "no router: nothing passes"
    assert gap in texts(TOPOLOGY)
    assert gap in TOPOLOGY.words()
    dashed = [a for a in statements(TOPOLOGY.dot(WIDE)) if a.head and a.attrs.get("style") == "dashed"]
    assert len(dashed) == 1
    joined = replace(TOPOLOGY, devices=[Device("router", "r", "", OPEN)])
    assert gap not in texts(joined) + joined.words()
    bars = {b.name: b.attrs["class"] for b in boxes(TOPOLOGY.dot(WIDE)) if b.name.startswith("bar-")}
    assert bars == {"bar-a": "service client", "bar-b": "service neutron"}


def test_a_router_shows_the_floating_address_that_it_translates() -> None:
    words = "203.0.113.103 for vm1"
    assert words in texts(TRANSLATED)
    assert words in texts(TRANSLATED, NARROW)
    assert f"router r translates {words}" in TRANSLATED.words()
    two = replace(TOPOLOGY, devices=[Device("router", "r", "", OPEN, (words, "203.0.113.104 for vm2"))])
    assert f"{words}, 1 more" in texts(two)
    assert "203.0.113.104 for vm2" in two.words()


def test_the_others_say_what_their_state_says() -> None:
    assert "leads to no port" in texts(replace(FLOATING, fixed="", status="DOWN"))
    assert "192.168.1.3" in texts(FLOATING)
    assert "✗ nothing comes in" in texts(GROUPS)
    assert "✓ tcp 5432" in texts(GROUPS)
    assert "front1, 192.168.1.4" in GROUPS.words()
    assert signs(KINDS) == ["✓", "✗", "✓", "✓", "✓", "✓"]
    assert signs(RIGHTS) == ["✗", *"✓✓✓✓", "✗", "✗", *"✓✓✓"]
    assert "403" in texts(RIGHTS)
    assert "✗ no role" in texts(ASSIGNMENTS)
    assert "✗ no role" not in texts(replace(ASSIGNMENTS, without=()))
    assert "✗ 50 of 50: full" in texts(QUOTAS)
    assert "900 of 1000, 50 reserved" in texts(QUOTAS)
    assert "4, no limit" in texts(QUOTAS)
    assert [human(n) for n in (19, 196616, 117440512, 5 * 2**40)] == ["19 bytes", "192 KiB", "112 MiB", "5120 GiB"]
    assert "Year: 2026" in texts(STORE)


def test_a_bar_is_as_long_as_what_is_used() -> None:
    def share(quota: Quota) -> float:
        drawn = boxes(Quotas((quota,)).dot(WIDE))
        (bar,), (frame,) = ([b.place()[2] for b in drawn if b.name.startswith(kind)] for kind in ("bar-", "card-"))
        return bar / (frame + 1.4)

    assert share(Quota("nova", "cores", 5, 0, 10)) == pytest.approx(0.5, abs=0.001)
    assert share(Quota("nova", "cores", 2, 3, 10)) == pytest.approx(0.5, abs=0.001)
    assert share(Quota("nova", "cores", 5, 0, 0)) == pytest.approx(1, abs=0.001)
    assert 0 < share(Quota("nova", "ram", 1, 0, 51200)) < 0.02


def test_of_a_volumes_copies_only_the_snapshots_are_bound_to_it() -> None:
    arrows = [a.attrs["style"] for a in statements(LINEAGE.dot(WIDE)) if a.head and a.attrs["arrowhead"] == "normal"]
    assert sorted(arrows) == ["dashed"] * 3 + ["solid"] * 2
    assert "sunday" not in texts(replace(LINEAGE, copies=LINEAGE.copies[:1]))


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Eyes:
    """A cloud with a server on a network, a volume in it, and an object."""
    cloud = Cloud(seed=7)
    Lab.prepare(cloud).boot()
    demo = cloud.connect("demo")
    demo.object_store.put(f"/AUTH_{demo.project_id}/photos")
    return Eyes(demo, cloud.connect("admin"), tmp_path_factory.mktemp("folder"))


def test_what_a_cloud_has_is_in_the_picture(eyes: Eyes) -> None:
    assert "192.168.1.0/24" in PICTURES["wire"](eyes, "selfservice").words()
    server = PICTURES["server"](eyes, "vm1")
    assert "compute1" in server.words()
    assert "cirros" in server.words()
    assert "/dev/vdb: in vm1" in PICTURES["attached"](eyes, "data").words()
    assert "container photos" in PICTURES["store"](eyes).words()
    assert "instances 1 of 10" in PICTURES["quotas"](eyes).words()
    assert "64 MiB" in PICTURES["sizes"](eyes).words()
    assert "demo is member" in PICTURES["assignments"](eyes, "demo").words()
    assert "vm1, 192.168.1." in PICTURES["groups"](eyes, "default").words()
    assert "no copies" in PICTURES["lineage"](eyes, "data").words()
    eyes.demo.volume.post("/snapshots", json={"snapshot": {
        "name": "monday", "volume_id": eyes.demo.volume.get("/volumes").json()["volumes"][0]["id"], "force": True}},
        )  # fmt: skip
    assert "snapshot monday" in PICTURES["lineage"](eyes, "data").words()


def test_a_picture_asks_the_cloud_and_takes_nothing_for_granted(eyes: Eyes) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    data = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    (eyes.folder / "mine.pem").write_bytes(data)
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    other = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    for name, text in (("fits", public), ("other", other.decode())):
        eyes.demo.compute.post("/os-keypairs", json={"keypair": {"name": name, "public_key": text}})
        key = PICTURES["key"](eyes, "mine.pem", name)
        assert isinstance(key, Key)
        assert (key.fits, key.servers) == (name == "fits", ())
    roles = PICTURES["assignments"](eyes, "demo")
    assert isinstance(roles, Assignments)
    assert ("demo", "member", ("member", "reader")) in roles.given
    (group,) = PICTURES["groups"](eyes, "default").groups  # type: ignore[attr-defined]
    assert [sender.name for sender in group.senders] == ["members of default"]
    assert Quota("nova", "cores", 8, 2, 10).full
    assert "server stop: member, manager, admin" in PICTURES["rights"](eyes).words()


def test_what_is_not_there_is_named(eyes: Eyes) -> None:
    for name, words in (("server", "vm9"), ("wire", "nowhere"), ("groups", "none"), ("floating", "vm1")):
        with pytest.raises(LookupError, match=words):
            PICTURES[name](eyes, words)


def test_a_run_tells_what_survives_and_who_may_what(eyes: Eyes) -> None:
    lives = {kind.name: dict(kind.survives)["a delete"] for kind in PICTURES["kinds"](eyes).kinds}
    assert lives == {"root disk": False, "volume": True, "object": True}
    may = {operation: statuses for operation, _, statuses in PICTURES["rights"](eyes).rows}
    assert may["server list"][:2] == (401, 200)
    assert [status < 400 for status in may["server stop"]] == [False, False, True, True, True]
    assert [status < 400 for status in may["server migrate"]] == [False, False, False, True, True]
    assert [status < 400 for status in may["quota set"]] == [False, False, False, False, True]


def test_days_1_to_3_have_at_least_twelve_kinds_of_pictures_and_each_says_what_to_see() -> None:
    docs = Path(__file__).parents[2] / "docs"
    found = [
        (page.name, match[1], match[2])
        for day in ("day1", "day2", "day3")
        for page in sorted((docs / day).glob("*.rst"))
        for match in re.finditer(r"^\.\. picture:: (\w+).*\n\n   (\S.*)", page.read_text("utf-8"), re.MULTILINE)
    ]
    assert {kind for _, kind, _ in found} == set(PICTURES)
    assert len(found) >= 15
    assert all(caption.endswith(".") for _, _, caption in found)
