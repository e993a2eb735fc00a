"""The pictures of Days 1 to 3: what a cloud's state is at a moment of a lesson, to look at.

Interface: `PICTURES`, by name a function that looks at a cloud with `Eyes`, and the words after the picture's name.
Invariants: what a picture says was asked of the cloud, or happened in a run; nothing is typed in.
"""

from __future__ import annotations

from collections.abc import Callable

from oslearn.course.drawing.pictures.doors import doors
from oslearn.course.drawing.pictures.eyes import Eyes, Picture
from oslearn.course.drawing.pictures.groups import groups
from oslearn.course.drawing.pictures.measures import quotas, sizes
from oslearn.course.drawing.pictures.rights import assignments, rights
from oslearn.course.drawing.pictures.servers import key, made
from oslearn.course.drawing.pictures.storage import attached, kinds, lineage
from oslearn.course.drawing.pictures.store import store
from oslearn.course.drawing.pictures.wires import floating, wire
from oslearn.course.drawing.topology import topology

__all__ = ["PICTURES", "Eyes", "Picture"]

PICTURES: dict[str, Callable[..., Picture]] = {
    "wire": wire, "topology": lambda eyes: topology(eyes.demo), "floating": floating, "doors": doors, "groups": groups,
    "key": key, "server": made, "kinds": kinds, "attached": attached, "lineage": lineage, "assignments": assignments,
    "rights": rights, "quotas": quotas, "store": store, "sizes": sizes,
}  # fmt: skip
