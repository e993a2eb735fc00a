"""The owner of a served cloud, from another process: a `Desk` behind the port.

Interface: `Owner(clouds_yaml)`: `events(of)`, `since(number)`, `forget()`; `processes()`, `stop(name)`, `start(name)`;
`aside()`, `back()`, `reset()`, `is_aside`.
Invariants: what clouds.yaml names is asked, and only if it is the cloud that wrote it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import requests

from oslearn.course.processes import Process
from oslearn.port import settings
from oslearn.trace.profiler import Event

TIMEOUT = 60
"""Seconds that a cloud may take to answer."""


class Unreachable(Exception):
    """No cloud answers its owner; the words say what to do."""


class Owner:
    """Asks the cloud that the file names. Each method raises Unreachable, FileNotFoundError if there is no file."""

    def __init__(self, clouds_yaml: Path) -> None:
        self.clouds_yaml = clouds_yaml

    @property
    def is_aside(self) -> bool:
        """Whether the learner's own cloud is laid aside."""
        return bool(self._ask("GET", "cloud")["aside"])

    def aside(self) -> None:
        """Lay the learner's cloud aside, and a new one in its place."""
        self._ask("PUT", "cloud", {"is": "aside"})

    def back(self) -> None:
        """Have the learner's own cloud again; the other one is gone."""
        self._ask("PUT", "cloud", {"is": "own"})

    def reset(self) -> None:
        """A new cloud in the place of the learner's own, which is gone."""
        self._ask("PUT", "cloud", {"is": "new"})

    def events(self, of: str) -> list[Event]:
        """What the trace has of `last`, a request or a server. Raises LookupError, which tells what it has."""
        return [Event.of(**fields) for fields in self._ask("GET", f"trace?of={quote(of, safe='')}")["events"]]

    def since(self, number: int) -> list[Event]:
        """The events with a higher number."""
        return [Event.of(**fields) for fields in self._ask("GET", f"trace?after={number}")["events"]]

    def forget(self) -> None:
        """Empty the trace."""
        self._ask("DELETE", "trace")

    def processes(self) -> list[Process]:
        """What runs, and what does not."""
        return [Process(**fields) for fields in self._ask("GET", "processes")["processes"]]

    def stop(self, name: str) -> None:
        """Stop one. Raises LookupError, which tells the nearest names."""
        self._ask("PUT", f"processes/{quote(name, safe='')}", {"up": False})

    def start(self, name: str) -> None:
        """Start one. Raises LookupError, which tells the nearest names."""
        self._ask("PUT", f"processes/{quote(name, safe='')}", {"up": True})

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        try:
            cloud = settings.read(self.clouds_yaml)["oslearn"]
        except ValueError as error:
            raise Unreachable(str(error)) from None
        try:
            reply = requests.request(
                method,
                f"{cloud['url']}{settings.PANEL}/{path}",
                json=body,
                headers={settings.KEY: cloud["owner_key"]},
                timeout=TIMEOUT,
            )
            said = reply.json()
        except (requests.RequestException, ValueError):
            said, reply = None, None
        if not isinstance(said, dict):
            raise Unreachable(f"no cloud answers that {self.clouds_yaml} names: start `oslearn serve`")
        assert reply is not None
        if reply.status_code == requests.codes.ok:
            return cast("dict[str, Any]", said)
        if reply.status_code == requests.codes.not_found and "message" in said:
            raise LookupError(said["message"])
        raise Unreachable(f"another cloud answers than {self.clouds_yaml} names: start `oslearn serve`")
