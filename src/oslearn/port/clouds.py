"""Where a port's clouds come from: a folder that keeps everything, or this process's memory.

Interface: `Clouds(data, config, passwords)`: `own(anew)`, the cloud that people work on; `other()`, one beside it that
nothing keeps; `note(cloud)`, that what is stopped has changed; `folder_cloud`, the cloud of a folder.
Invariants: each has the same people with the same passwords; what was stopped is stopped after a start, too.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from oslearn.cloud import Cloud
from oslearn.core.config import Config
from oslearn.core.oslo import wsgi
from oslearn.course import control
from oslearn.course.fill import fill
from oslearn.extensions.oslo.database import OtherVersionError
from oslearn.port.folder import Folder, FolderError, no_room
from oslearn.port.settings import PEOPLE


class Clouds:
    """`data` is the folder that keeps the cloud, or nothing is kept; `empty` leaves out image and external network."""

    def __init__(
        self,
        data: Path | None,
        config: Config,
        passwords: Mapping[str, str] | None = None,
        *,
        empty: bool = False,
        **options: Any,
    ) -> None:
        """`options` go to each cloud. Raises FolderError, OSError."""
        self._config, self._passwords, self._empty, self._options = config, dict(passwords or {}), empty, options
        self._folder = None if data is None else Folder(data)
        logging.getLogger(wsgi.__name__).addFilter(no_room)

    def own(self, anew: bool = False) -> Cloud:
        """The cloud of the folder, or a new one; `anew` empties the folder before. Raises FolderError, OSError."""
        if self._folder is None:
            return self.other()
        if anew:
            self._folder.clear()
        try:
            cloud = self._cloud(self._folder.config(self._config), remembered=self._folder.passwords)
        except OtherVersionError as error:
            raise FolderError(str(error)) from None
        self._folder.keep(cloud.passwords)
        control.stop_again(cloud, self._folder.stopped)
        return cloud

    def other(self) -> Cloud:
        """A new cloud in memory."""
        return self._cloud(replace(self._config, database_dir=None, image_dir=None, object_dir=None))

    def note(self, cloud: Cloud) -> None:
        """Keep the names of what is stopped in the folder's own cloud. Raises OSError."""
        if self._folder is not None:
            self._folder.note(control.stopped(cloud))

    def _cloud(self, config: Config, **options: Any) -> Cloud:
        cloud = Cloud(config, passwords=self._passwords, **options, **self._options)
        if not self._empty:
            fill(cloud)
        self._passwords = {user: cloud.passwords[user] for user in PEOPLE}
        return cloud


def folder_cloud(
    path: Path, config: Config, passwords: Mapping[str, str] | None = None, *, empty: bool = False, **options: Any
) -> Cloud:
    """The cloud that a folder keeps; in a new folder a new one. Raises FolderError, OSError."""
    return Clouds(path, config, passwords, empty=empty, **options).own()
