"""Where a running cloud's URL and passwords are kept for its owner: clouds.yaml, which the client reads.

Interface: `write(path, ...)`, `read(path)`, `openrc(path, user)`.
Invariants: only the owner can read the file; a file that somebody else wrote stays as it is.
Upstream: openstacksdk's clouds.yaml. JSON is YAML.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MARK = "# Written by `oslearn serve`, which overwrites it.\n"
PEOPLE = ("admin", "demo")


def content(url: str, region: str, passwords: Mapping[str, str], trace_key: str) -> dict[str, Any]:
    """`oslearn-admin` and `oslearn-demo` for the client; for `oslearn trace` the cloud's URL and the trace's key."""
    clouds = {
        f"oslearn-{user}": {
            "auth": {
                "auth_url": f"{url}/identity/v3",
                "username": user,
                "password": passwords[user],
                "project_name": user,
                "user_domain_name": "Default",
                "project_domain_name": "Default",
            },
            "region_name": region,
            "identity_api_version": "3",
        }
        for user in PEOPLE
    }
    return {"clouds": clouds, "oslearn": {"url": url, "trace_key": trace_key}}


def write(path: Path, settings: dict[str, Any]) -> None:
    """Write the file. Raises FileExistsError if somebody else wrote it."""
    if path.exists() and not path.read_text("utf-8").startswith(MARK):
        raise FileExistsError(f"{path} is not oslearn's: name another with --clouds-yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    private(path, MARK + json.dumps(settings, indent=2) + "\n")


def private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def read(path: Path) -> dict[str, Any]:
    """What the file holds. Raises FileNotFoundError; ValueError for a file that is not oslearn's."""
    text = path.read_text("utf-8")
    if not text.startswith(MARK):
        raise ValueError(f"{path} is not oslearn's")
    return dict(json.loads(text.removeprefix(MARK)))


def openrc(path: Path, user: str) -> str:
    """The shell lines that log `user` in. Raises FileNotFoundError, KeyError, ValueError."""
    cloud = read(path)["clouds"][f"oslearn-{user}"]
    values = {**cloud["auth"], "region_name": cloud["region_name"], "identity_api_version": 3}
    return "\n".join(f"export OS_{name.upper()}={value}" for name, value in values.items())
