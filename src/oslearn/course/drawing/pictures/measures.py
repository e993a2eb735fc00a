"""What is measured: a project's quotas, and the sizes of images.

Interface: `quotas(eyes)`, `sizes(eyes)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oslearn.core.oslo.context import Body
from oslearn.course.drawing.canvas import text_width
from oslearn.course.drawing.pictures.eyes import Eyes
from oslearn.course.drawing.pictures.sheet import SIZE, Sheet
from oslearn.course.drawing.sequence import Look

SERVICES = {"nova": ("instances", "cores", "ram"), "cinder": ("volumes", "snapshots", "gigabytes"),
            "neutron": ("network", "port", "floatingip")}  # fmt: skip
BAR = 18


@dataclass(frozen=True)
class Quota:
    """A resource: how much is used, how much is kept for what is being made, and how much may be."""

    service: str
    resource: str
    used: int
    reserved: int
    limit: int

    @property
    def says(self) -> str:
        """The numbers in words."""
        more = f", {self.reserved} reserved" if self.reserved else ""
        said = f"{self.used} of {self.limit}{more}" if self.limit >= 0 else f"{self.used}, no limit"
        return f"✗ {said}: full" if self.full else said

    @property
    def full(self) -> bool:
        """Whether nothing more is allowed."""
        return 0 <= self.limit <= self.used + self.reserved


@dataclass(frozen=True)
class Quotas:
    """What a project uses, and may use."""

    title: ClassVar[str] = "A project's quotas, and what it uses"
    quotas: tuple[Quota, ...]

    def words(self) -> str:
        """The picture in words."""
        told = (f"{q.resource} {q.says}" for q in self.quotas)
        return f"Used, of what is allowed: {'; '.join(told)}."

    def dot(self, look: Look) -> str:
        """A bar for each resource, by service."""
        sheet = Sheet("quotas", look)
        names = 84.0 if sheet.short else 110.0
        numbers = 20 + max(text_width(quota.says, SIZE, bold=True) for quota in self.quotas)
        whole = sheet.width - names - numbers
        for service in SERVICES:
            y = sheet.words(service.capitalize(), 3, sheet.low + (10 if sheet.low else 0), bold=True, tone=service) + 3
            for quota in (q for q in self.quotas if q.service == service):
                sheet.words(quota.resource, 3, y + 2)
                sheet.frame(names, y, whole, BAR, service)
                taken = quota.used + quota.reserved
                share = min(1.0, taken / quota.limit) if quota.limit > 0 else float(quota.limit == 0)
                if taken:
                    sheet.bar(names, y, max(8.0, share * whole), BAR, service)
                tone = "bad" if quota.full else "ink"
                sheet.words(quota.says, names + whole + 10, y + 2, bold=quota.full, tone=tone)
                y += BAR + 8
            sheet.low = y
        return sheet.source()


def quotas(eyes: Eyes) -> Quotas:
    """What the user's project uses, and may use, as three services tell it."""
    project = eyes.demo.project_id
    said: dict[str, Body] = {
        "nova": eyes.demo.compute.get(f"/os-quota-sets/{project}/detail").json()["quota_set"],
        "cinder": eyes.demo.volume.get(f"/os-quota-sets/{project}", params={"usage": True}).json()["quota_set"],
        "neutron": eyes.demo.network.get(f"/quotas/{project}/details").json()["quota"],
    }
    return Quotas(tuple(
        Quota(service, resource, found.get("in_use", found.get("used")), found["reserved"], found["limit"])
        for service, resources in SERVICES.items()
        for resource in resources
        for found in [said[service][resource]]
    ))  # fmt: skip


@dataclass(frozen=True)
class Image:
    """An image: its format, the bytes of its file, and of the disk in it."""

    name: str
    format: str
    size: int
    disk: int


@dataclass(frozen=True)
class Sizes:
    """How large images are, as files and as disks."""

    title: ClassVar[str] = "An image: the disk, and the file that holds it"
    images: tuple[Image, ...]

    def words(self) -> str:
        """The picture in words."""
        told = (f"{i.name} ({i.format}) is a disk of {human(i.disk)} in a file of {human(i.size)}" for i in self.images)
        return f"{'; '.join(told)}."

    def dot(self, look: Look) -> str:
        """A bar for each disk, and one for its file, to one scale."""
        sheet = Sheet("sizes", look)
        names, numbers = 44.0, 76.0
        scale = (sheet.width - names - numbers) / max(max(i.disk, i.size) for i in self.images)
        for image in self.images:
            top = sheet.low + (10 if sheet.low else 0)
            y = sheet.words(f"{image.name}, {image.format}", 3, top, bold=True, tone="glance") + 3
            for what, size in (("disk", image.disk), ("file", image.size)):
                sheet.words(what, 3, y + 2)
                width = max(2.0, size * scale)
                if what == "disk":
                    sheet.frame(names, y, width, BAR, "glance")
                else:
                    sheet.bar(names, y, width, BAR, "glance")
                sheet.words(human(size), names + width + 8, y + 2)
                y += BAR + 8
            sheet.low = y
        return sheet.source()


def human(size: int) -> str:
    """A number of bytes as people say it."""
    amount, units = float(size), ["bytes", "KiB", "MiB", "GiB"]
    while amount >= 1024 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    return f"{amount:.0f} {units[0]}"


def sizes(eyes: Eyes) -> Sizes:
    """The sizes of the images that the user sees."""
    listed = eyes.demo.image.get("/images").json()["images"]
    return Sizes(
        tuple(Image(i["name"], i["disk_format"], i["size"], i["virtual_size"]) for i in listed if i["virtual_size"])
    )
