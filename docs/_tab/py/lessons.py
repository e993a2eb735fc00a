"""The clouds that lessons begin with, as folders in the page.

Interface: `place()` is where they lie; `kept_for(lab)` names the one that a lab begins with; `make_kept()` makes all of
them, `pack_kept(name, archive)` writes one into an archive: the build does so.
"""

from __future__ import annotations

import json
import shutil


def place() -> str:
    """The folder below which the states lie that lessons begin with."""
    from console import KEPT
    from oslearn.port.prepared import Prepared

    return str(Prepared(KEPT).place)


def kept_for(lab: str) -> str:
    """The name of the state that a lab begins with."""
    from oslearn.course import labs

    before = [lesson for lesson in labs.before(labs.find(lab)) if lesson.leaves] if lab else []
    return before[-1].id if before else "empty"


def make_kept() -> str:
    """Make the states of all lessons, one from the other; which lab has which."""
    from console import KEPT
    from oslearn.course import labs
    from oslearn.port.prepared import Prepared

    prepared = Prepared(KEPT)
    for lesson in labs.lessons():
        prepared.kept(labs.before(lesson))
    return json.dumps({lesson.id: kept_for(lesson.id) for lesson in labs.lessons()})


def pack_kept(name: str, archive: str) -> None:
    """Write a state into an archive."""
    shutil.make_archive(archive.removesuffix(".zip"), "zip", f"{place()}/{name}")
