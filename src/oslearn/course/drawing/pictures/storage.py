"""Where data are and how long: the three kinds of storage, a volume's way to its server, its snapshots and backups.

Interface: `kinds(eyes)`, a run of its own; `attached(eyes, volume)`, `lineage(eyes, volume)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from oslearn.cloud import Cloud, Connection
from oslearn.core.oslo.context import Body
from oslearn.course.drawing.canvas import Box
from oslearn.course.drawing.pictures.eyes import Eyes, one
from oslearn.course.drawing.pictures.sheet import Card, Sheet
from oslearn.course.drawing.sequence import Look
from oslearn.course.reference import Lab

EVENTS = {"a stop": {"os-stop": None}, "a start": {"os-start": None}, "a reboot": {"reboot": {"type": "HARD"}},
          "a delete": None}  # fmt: skip
"""What is done with the server, in this order."""


@dataclass(frozen=True)
class Kind:
    """A kind of storage: what and where it is, and whether it is there after each event."""

    name: str
    service: str
    lines: tuple[str, ...]
    survives: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Kinds:
    """What is left of each kind of storage."""

    title: ClassVar[str] = "Three kinds of storage, and what survives the server"
    kinds: tuple[Kind, ...]

    def words(self) -> str:
        """The picture in words."""
        told = (f"{k.name}, {', '.join(k.lines)}: "
                + ", ".join(f"{'there' if stays else 'gone'} after {event}" for event, stays in k.survives)
                for k in self.kinds)  # fmt: skip
        return f"{'; '.join(told)}."

    def dot(self, look: Look) -> str:
        """The kinds beside each other, or on a phone below each other."""
        sheet = Sheet("kinds", look)
        each = sheet.width if sheet.short else (sheet.width - 24) / 3
        high = max(sheet.height(Card(kind.name, kind.lines), each) for kind in self.kinds)
        for n, kind in enumerate(self.kinds):
            left, top = (0, sheet.low + (18 if n else 0)) if sheet.short else (n * (each + 12), 0)
            box = sheet.card(Card(kind.name, kind.lines, kind.service), left, top, each, 0 if sheet.short else high)
            for row, (event, stays) in enumerate(kind.survives):
                column, line = (row % 2, row // 2) if sheet.short else (0, row)
                y = box.bottom + 10 + 24 * line
                sheet.signed(f"after {event}: {'there' if stays else 'gone'}", stays, left + 8 + column * each / 2, y)
        return sheet.source()


@cache
def survival() -> Kinds:
    """A server with a volume lives and ends; what is left is asked of Placement, Cinder and Swift."""
    cloud = Cloud(seed=7)
    lab = Lab.prepare(cloud)
    demo, admin, server = cloud.connect("demo"), cloud.connect("admin"), lab.boot()
    container = f"/AUTH_{demo.project_id}/photos"
    demo.object_store.put(container)
    demo.object_store.put(f"{container}/beach.txt", data=b"a day at the sea\n")
    found = admin.compute.get(f"/servers/{server}").json()["server"]
    volume = admin.volume.get(f"/volumes/{lab.volume_id}").json()["volume"]
    disk = held(admin, server)
    there = list[tuple[str, bool, bool, bool]]()
    for event, action in EVENTS.items():
        if action is None:
            demo.compute.delete(f"/servers/{server}")
        else:
            demo.compute.post(f"/servers/{server}/action", json=action)
        kept = demo.volume.get(f"/volumes/{lab.volume_id}", raise_exc=False).status_code == 200
        stored = demo.object_store.head(f"{container}/beach.txt", raise_exc=False).status_code == 200
        there.append((event, held(admin, server) > 0, kept, stored))
    host, backend = found["OS-EXT-SRV-ATTR:host"], volume["os-vol-host-attr:host"]
    return Kinds((
        Kind("root disk", "nova", ("ephemeral: made with the server", f"{disk} GiB on host {host}"),
             tuple((event, stays) for event, stays, _, _ in there)),
        Kind("volume", "cinder", ("made when you ask for it", f"{volume['size']} GiB on {backend}"),
             tuple((event, stays) for event, _, stays, _ in there)),
        Kind("object", "swift", ("made when you ask for it", "beach.txt in container photos"),
             tuple((event, stays) for event, _, _, stays in there)),
    ))  # fmt: skip


def held(admin: Connection, server: str) -> int:
    """The gibibytes of disk that Placement holds for a server."""
    allocations = admin.placement.get(f"/allocations/{server}").json()["allocations"]
    return sum(given["resources"].get("DISK_GB", 0) for given in allocations.values())


def kinds(_eyes: Eyes) -> Kinds:
    """What survives a server."""
    return survival()


@dataclass(frozen=True)
class Attached:
    """A volume's way to the server that has it: what each knows of it."""

    title: ClassVar[str] = "A volume's way to the server"
    stations: tuple[tuple[str, str, tuple[str, ...]], ...]

    def words(self) -> str:
        """The picture in words."""
        return "; ".join(f"{name}: {', '.join(lines)}" for name, _, lines in self.stations) + "."

    def dot(self, look: Look) -> str:
        """A chain of what each knows."""
        sheet = Sheet("attached", look)
        cards = [Card(name, lines, service) for name, service, lines in self.stations]
        sheet.chain(cards, [""] * (len(cards) - 1))
        return sheet.source()


def attached(eyes: Eyes, volume: str) -> Attached:
    """The state of an attached volume. Raises LookupError."""
    listed = eyes.admin.volume.get("/volumes/detail", params={"all_tenants": 1}).json()["volumes"]
    found = one(listed, volume)
    if not found["attachments"]:
        raise LookupError(f"{volume} is attached to nothing")
    where = found["attachments"][0]
    newer = {"OpenStack-API-Version": "volume 3.27"}
    record = eyes.demo.volume.get(f"/attachments/{where['attachment_id']}", headers=newer).json()["attachment"]
    way = record["connection_info"]
    servers = eyes.demo.compute.get("/servers/detail").json()["servers"]
    server = next(one for one in servers if one["id"] == where["server_id"])
    given = eyes.demo.compute.get(f"/servers/{server['id']}/os-volume_attachments").json()["volumeAttachments"]
    device = next(one["device"] for one in given if one["volumeId"] == found["id"])
    disk = f"{found['size']} GiB, {found['status']}", f"on {found['os-vol-host-attr:host']}"
    to = f"status {record['status']}", f"for server {server['name']}", f"on host {where['host_name']}"
    target = way["target_portal"], f"{way['target_iqn'][:34]}…", f"LUN {way['target_lun']}"
    return Attached((
        (f"volume {volume}", "cinder", disk), ("attachment", "cinder", to),
        (f"{way['driver_volume_type']} target", "cinder", target),
        (device, "nova", (f"in {server['name']}", "Nova tells this name; the guest may choose another")),
    ))  # fmt: skip


@dataclass(frozen=True)
class Copy:
    """A volume, a snapshot or a backup; `of` is the name of what it was made from."""

    name: str
    kind: str
    size: int
    status: str
    of: str = ""


@dataclass(frozen=True)
class Lineage:
    """A volume, its snapshots and backups, and the volumes that were made from those."""

    title: ClassVar[str] = "A volume, its snapshot, its backup, and their copies"
    volume: Copy
    copies: tuple[Copy, ...]
    backend: str
    container: str

    def words(self) -> str:
        """The picture in words."""
        told = "; ".join(f"{c.kind} {c.name}, {c.size} GiB, of {c.of}" for c in self.copies) or "no copies"
        return (f"Volume {self.volume.name}, {self.volume.size} GiB, is on {self.backend}: {told}. Backups are in "
                f"Swift, in {self.container or 'no container'}. A snapshot needs its volume; what was made from a "
                "snapshot, and a backup, stand alone.")  # fmt: skip

    def dot(self, look: Look) -> str:
        """From left to right what came from what; the backups below, in another storage."""
        sheet = Sheet("lineage", look)
        gap = 16.0 if sheet.short else 84.0
        each = (sheet.width - 20 - 2 * gap) / 3
        boxes = dict[str, Box]()
        with sheet.place(0, 0, sheet.width, f"Cinder's storage: {self.backend}") as y:
            boxes[self.volume.name] = sheet.card(card(self.volume), 10, y, each)
            for column, kind in enumerate(("snapshot", "volume"), 1):
                down, left = y, 10 + column * (each + gap)
                for copy in (c for c in self.copies if c.kind == kind):
                    boxes[copy.name] = sheet.card(card(copy), left, down, each)
                    down = boxes[copy.name].bottom + 8
        if backups := [c for c in self.copies if c.kind == "backup"]:
            with sheet.place(0, sheet.low + 34, sheet.width, f"Swift, another storage: {self.container}") as y:
                for n, copy in enumerate(backups):
                    boxes[copy.name] = sheet.card(card(copy), 10 + n * (each + gap), y, each)
        for copy in (c for c in self.copies if c.of in boxes):
            here, there, alone = boxes[copy.of], boxes[copy.name], copy.kind != "snapshot"
            y, bend = there.top + 22, (here.right + there.left) / 2
            if copy.kind == "backup":
                way = [(here.x, here.bottom), (here.x, there.top - 28)]
            elif here.top < y < here.bottom:
                way = [(here.right, y), (there.left, y)]
            else:
                way = [(here.right, here.top + 22), (bend, here.top + 22), (bend, y), (there.left, y)]
            sheet.arrow(way, "cinder", dashed=alone)
        y = sheet.words("Full line: the snapshot needs its volume.", 0, sheet.low + 8, sheet.width)
        sheet.words("Dashed line: a copy that stands alone.", 0, y, sheet.width)
        return sheet.source()


def card(copy: Copy) -> Card:
    """A copy as a card."""
    of = {"snapshot": "snapshot of", "backup": "backup of", "volume": "volume from"}[copy.kind] if copy.of else "volume"
    return Card(copy.name, [f"{of} {copy.of}".strip(), f"{copy.size} GiB, {copy.status}"],
                "swift" if copy.kind == "backup" else "cinder")  # fmt: skip


def lineage(eyes: Eyes, volume: str) -> Lineage:
    """The state of a volume and all that came of it. Raises LookupError."""
    listed = eyes.admin.volume.get("/volumes/detail", params={"all_tenants": 1}).json()["volumes"]
    found = one(listed, volume)

    def of(path: str, kind: str) -> list[Body]:
        bodies: list[Body] = eyes.demo.volume.get(f"{path}/detail").json()[kind]
        return [body for body in bodies if body["volume_id"] == found["id"]]

    snapshots, backups = of("/snapshots", "snapshots"), of("/backups", "backups")
    names = {snapshot["id"]: snapshot["name"] for snapshot in snapshots}
    copies = [Copy(s["name"], "snapshot", s["size"], s["status"], volume) for s in snapshots]
    copies += [Copy(v["name"], "volume", v["size"], v["status"], names[v["snapshot_id"]])
               for v in reversed(listed) if v["snapshot_id"] in names]  # fmt: skip
    copies += [Copy(b["name"], "backup", b["size"], b["status"], volume) for b in backups]
    container = backups[0]["container"] if backups else ""
    return Lineage(Copy(volume, "volume", found["size"], found["status"]), tuple(copies),
                   found["os-vol-host-attr:host"], container)  # fmt: skip
