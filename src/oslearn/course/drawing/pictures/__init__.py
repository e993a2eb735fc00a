"""The pictures of Days 1 to 3: what a cloud's state is at a moment of a lesson, to look at.

Interface: `PICTURES`, by name a function that looks at a cloud with `Eyes`, and the words after the picture's name.
Invariants: what a picture says was asked of the cloud, or happened in a run; nothing is typed in.
"""

from __future__ import annotations

from collections.abc import Callable

from oslearn.course.drawing.pictures.doors import doors
from oslearn.course.drawing.pictures.eyes import Eyes, Picture
from oslearn.course.drawing.pictures.servers import key
from oslearn.course.drawing.pictures.wires import wire
from oslearn.course.drawing.topology import topology

__all__ = ["PICTURES", "Eyes", "Picture"]

PICTURES: dict[str, Callable[..., Picture]] = {
    "wire": wire,
    "doors": doors,
    "key": key,
    "topology": lambda eyes: topology(eyes.demo),
}
