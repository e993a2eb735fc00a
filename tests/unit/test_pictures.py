"""The pictures of Days 1 to 3 say what the state says, and no text in them leaves its place or covers another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dot_text import Statement, boxes

from oslearn.course.drawing.canvas import BOLD, text_width
from oslearn.course.drawing.pictures.doors import Door, Doors
from oslearn.course.drawing.pictures.eyes import Picture
from oslearn.course.drawing.pictures.servers import Key
from oslearn.course.drawing.pictures.wires import Plug, Wire
from oslearn.course.drawing.sequence import NARROW, WIDE, Look

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
EXAMPLES: list[Picture] = [
    WIRE,
    replace(WIRE, ports=(*WIRE.ports, Plug("the router's", "192.168.1.1", "fa:16:3e:00:00:02")), servers=()),
    DOORS,
    replace(DOORS, doors=tuple(replace(door, passes=True) for door in DOORS.doors)),
    KEY,
    replace(KEY, fits=False, servers=("vm1",)),
]
DRAWN = [pytest.param(picture, look, id=f"{type(picture).__name__}-{n}-{look.name}")
         for n, picture in enumerate(EXAMPLES) for look in (WIDE, NARROW)]  # fmt: skip


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
    assert len(written) > 3
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
