"""A folder that holds a whole cloud: databases, image data, objects and what only its owner may know.

Interface: `Folder(path)`: `config(...)`, `passwords`, `filled`.
Invariants: one process at a time works on a folder; a cloud that was killed finds all that it had answered.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from oslearn.config import Config
from oslearn.settings import private

KEPT_HASH_COST = 2**15
"""scrypt's N for passwords that lie on a disk."""


class Folder:
    """The folder at `path`, made if it is missing. Raises BlockingIOError if another process works on it."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hold()
        self._secrets = self.path / "passwords.json"

    @property
    def passwords(self) -> dict[str, str]:
        """The passwords that the cloud generated, by user; empty in a new folder."""
        return dict(json.loads(self._secrets.read_text("utf-8"))) if self._secrets.exists() else {}

    def keep(self, passwords: dict[str, str]) -> None:
        """Write the passwords, for the owner only; either all are there or the old ones."""
        new = self._secrets.with_suffix(".new")
        new.unlink(missing_ok=True)
        private(new, json.dumps(passwords))
        new.replace(self._secrets)

    def config(self, config: Config) -> Config:
        """The settings of a cloud that keeps everything here."""
        path = str(self.path)
        config = replace(config, database_dir=path, image_dir=f"{path}/images", object_dir=f"{path}/objects")
        return replace(config, password_hash_cost=KEPT_HASH_COST)

    def _hold(self) -> None:
        """Keep the folder for this process until it ends, however it ends."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(f"another `oslearn serve` works on {self.path}") from None
