"""The rules around ports: which sender each security group lets in, and which ports have the group.

Interface: `groups(eyes, *names)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oslearn.core.oslo.context import Body
from oslearn.course.drawing.pictures.eyes import Eyes, one
from oslearn.course.drawing.pictures.sheet import Card, Sheet
from oslearn.course.drawing.pictures.wires import owner_of
from oslearn.course.drawing.sequence import Look

ANYWHERE = "anywhere"


@dataclass(frozen=True)
class Sender:
    """Who may send: anybody, a range, or a group with its members; and what."""

    name: str
    what: tuple[str, ...]
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """A security group: who may come in, whether everything may go out, the ports that have it."""

    name: str
    senders: tuple[Sender, ...]
    out: str
    ports: tuple[str, ...]


@dataclass(frozen=True)
class Groups:
    """The rules of some groups, and where they hold."""

    title: ClassVar[str] = "Security groups, their rules and their ports"
    groups: tuple[Group, ...]

    def words(self) -> str:
        """The picture in words."""
        told = list[str]()
        for group in self.groups:
            senders = "; ".join(f"from {s.name} ({', '.join(s.members)}): {', '.join(s.what)}" if s.members
                                else f"from {s.name}: {', '.join(s.what)}" for s in group.senders)  # fmt: skip
            ports = ", ".join(group.ports) or "no port"
            told.append(f"Group {group.name}, on {ports}, lets in {senders or 'nothing'}; lets out {group.out}.")
        return " ".join(told)

    def dot(self, look: Look) -> str:
        """The senders, and an arrow to the group around its ports."""
        sheet = Sheet("groups", look)
        for group in self.groups:
            top = sheet.low + (22 if sheet.low else 0)
            senders = [
                Card(s.name, [*s.members, *(f"✓ {what}" for what in s.what)], "neutron" if s.members else "client")
                for s in group.senders
            ] or [Card(ANYWHERE, ["✗ nothing comes in"], dashed=True)]
            ports = [Card(name, service="nova") for name in group.ports] or [Card("no port has it", dashed=True)]
            (self.tall if sheet.short else self.wide)(sheet, top, group, senders, ports)
        return sheet.source()

    def wide(self, sheet: Sheet, top: float, group: Group, senders: list[Card], ports: list[Card]) -> None:
        """The group at the right of its senders."""
        boxes = sheet.column(senders, top, 0, 290)
        left = 380.0
        with sheet.place(left, top, sheet.width - left, f"group {group.name}", least=boxes[-1].bottom - top) as y:
            inside = sheet.column(ports, y, left + 10, sheet.width - left - 20)
            sheet.words(f"out: {group.out}", left + 10, inside[-1].bottom + 6)
        for card, box in zip(senders, boxes, strict=True):
            sheet.arrow([(box.right, box.y), (left, box.y)], dashed=card.dashed)

    def tall(self, sheet: Sheet, top: float, group: Group, senders: list[Card], ports: list[Card]) -> None:
        """The group below its senders."""
        boxes = sheet.column(senders, top, 0, sheet.width - 40)
        low = boxes[-1].bottom + 28
        with sheet.place(0, low, sheet.width, f"group {group.name}") as y:
            inside = sheet.column(ports, y, 10, sheet.width - 20)
            sheet.words(f"out: {group.out}", 10, inside[-1].bottom + 6)
        for n, (card, box) in enumerate(zip(senders, boxes, strict=True)):
            x = sheet.width - 8 - 14 * (len(boxes) - 1 - n)
            sheet.arrow([(box.right, box.y), (x, box.y), (x, low)], dashed=card.dashed)


def groups(eyes: Eyes, *names: str) -> Groups:
    """The state of security groups. Raises LookupError."""
    listed = eyes.network("security-groups")
    servers = eyes.demo.compute.get("/servers/detail").json()["servers"]
    called = {server["id"]: server["name"] for server in servers}
    ports = [(port["security_groups"], label(port, called)) for port in eyes.network("ports")]
    by_id = {group["id"]: group["name"] for group in listed}
    members = {id: tuple(sorted(text for ids, text in ports if id in ids)) for id in by_id}
    made = list[Group]()
    for name in names:
        found = one(listed, name)
        senders = dict[str, Sender]()
        for rule in sorted(found["security_group_rules"], key=what_of):
            if rule["direction"] == "ingress":
                remote = rule["remote_group_id"]
                sender = f"members of {by_id[remote]}" if remote else prefix(rule)
                known = senders.get(sender, Sender(sender, (), members[remote] if remote else ()))
                what = dict.fromkeys((*known.what, what_of(rule)))
                senders[sender] = Sender(sender, tuple(what), known.members)
        going = dict.fromkeys(what_of(rule) for rule in found["security_group_rules"] if rule["direction"] == "egress")
        made.append(Group(name, tuple(senders.values()), ", ".join(going) or "nothing", members[found["id"]]))
    return Groups(tuple(made))


def label(port: Body, called: dict[str, str]) -> str:
    """A port by its server's name, or its own, and its address."""
    address = port["fixed_ips"][0]["ip_address"] if port["fixed_ips"] else "no address"
    return f"{called.get(port['device_id'], port['name'] or owner_of(port['device_owner']))}, {address}"


def prefix(rule: Body) -> str:
    """The range that a rule names."""
    return ANYWHERE if rule["remote_ip_prefix"] in (None, "0.0.0.0/0", "::/0") else str(rule["remote_ip_prefix"])


def what_of(rule: Body) -> str:
    """What a rule is about: a protocol and its ports."""
    low, high = rule["port_range_min"], rule["port_range_max"]
    ports = "" if low is None else f" {low}" if low == high else f" {low} to {high}"
    return f"{rule['protocol'] or 'everything'}{ports}"
