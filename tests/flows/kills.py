"""Every moment at which a kill makes a difference, without killing anybody.

A kill leaves what is on the disk. So a copy of the folder at that moment is what the next process would find: one is
taken before each commit that changes something and around each file that is written or removed. A cloud that starts on
such a copy has no memory of what was at work, as after `kill -9`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.core.oslo.db import Handle
from oslearn.course.reference import Lab
from oslearn.extensions.oslo.store import FilesystemStore
from oslearn.trace.probe import Probe

PASSWORDS = dict.fromkeys(("admin", "demo", "nova", "neutron", "cinder", "glance", "placement", "swift", "trove"), "x")


def cloud(folder: Path, seed: int, *probes: Probe) -> Cloud:
    """A cloud that keeps everything in the folder."""
    config = Config(
        hosts=2,
        password_hash_cost=16,
        database_dir=str(folder),
        image_dir=str(folder / "images"),
        object_dir=str(folder / "objects"),
    )
    return Cloud(config, seed=seed, trace=False, probes=probes, passwords=PASSWORDS, remembered=PASSWORDS)


class Camera(Probe):
    """Copies the folder before each commit that follows a change: the `first`, and after it one in `step`."""

    def __init__(self, folder: Path, copies: Path, first: int = 0, step: int = 1) -> None:
        self.folder, self.copies, self.taken = folder, copies, 0
        self.first, self.step = first, step
        self.last: tuple[tuple[Path, int, int], ...] = ()
        self.on = False

    def database(self, handle: Handle) -> Handle:
        event.listen(handle.engine, "commit", lambda _: self.take())
        return handle

    def take(self) -> None:
        """One more copy, if anything has changed since the last."""
        if not self.on:
            return
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file() and not path.name.endswith("-shm")]
        state = tuple((path, (stat := path.stat()).st_mtime_ns, stat.st_size) for path in files)
        if state == self.last:
            return
        self.last, self.taken = state, self.taken + 1
        if self.taken % self.step != (self.first + 1) % self.step:
            return
        for path in files:
            target = self.copies / f"{self.taken:03}" / path.relative_to(self.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        (self.copies / f"{self.taken:03}" / "objects").mkdir(exist_ok=True)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the files as well as the databases."""
        kept = FilesystemStore.put, FilesystemStore.delete

        def around(method: Callable[..., None]) -> Callable[..., None]:
            def call(*args: Any) -> None:
                self.take()
                method(*args)
                self.take()

            return call

        FilesystemStore.put, FilesystemStore.delete = (around(method) for method in kept)  # type: ignore[method-assign]
        self.on = True
        try:
            yield
        finally:
            self.on = False
            FilesystemStore.put, FilesystemStore.delete = kept  # type: ignore[method-assign]


def moments(
    folder: Path, prepare: Callable[[Any], Any], work: Callable[[Any, Any], None], first: int = 0, step: int = 1
) -> list[Path]:
    """A copy of the folder for each moment of `work`, on what `prepare` has made in a new cloud.

    With a `step` only for the moment `first`, counted from 0, and after it for one in so many.
    """
    camera = Camera(folder / "live", folder / "copies", first, step)
    camera.folder.mkdir(parents=True)
    camera.copies.mkdir()
    made = cloud(camera.folder, 1, camera)
    lab = Lab.prepare(made)
    ready = prepare(lab)
    with camera.watching():
        work(lab, ready)
    assert camera.taken, "nothing changed"
    return sorted((folder / "copies").iterdir())
