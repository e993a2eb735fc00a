"""Where a running cloud's URL and passwords are kept for its owner: clouds.yaml, which the client reads.

Interface: `Settings`, what it holds; `write(path, settings)`, `writable(path)`, `read(path)`, `openrc(path, user)`.
Invariants: only the owner can read the file; a file that somebody else wrote stays as it is; a shell takes each value
as it is.
Upstream: openstacksdk's clouds.yaml. JSON is YAML.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

MARK = "# Written by `oslearn serve`, which overwrites it.\n"
PEOPLE = ("admin", "demo")
PANEL, KEY = "/oslearn", "X-Oslearn-Key"
"""Where the cloud answers its owner, and the header that holds the owner's key."""


class Auth(TypedDict):
    """What logs a user in, in keystoneauth1's words."""

    auth_url: str
    username: str
    password: str
    project_name: str
    user_domain_name: str
    project_domain_name: str


class UserSettings(TypedDict):
    """What the client needs to act as a user."""

    auth: Auth
    region_name: str
    identity_api_version: str


class ServedSettings(TypedDict):
    """Where a cloud is served, and its owner's key."""

    url: str
    owner_key: str


class Settings(TypedDict):
    """What clouds.yaml holds; the client leaves alone what is not `clouds`."""

    clouds: dict[str, UserSettings]
    oslearn: ServedSettings


def content(url: str, region: str, passwords: Mapping[str, str], key: str) -> Settings:
    """`oslearn-admin` and `oslearn-demo` for the client; for `oslearn` the cloud's URL and its owner's key."""
    clouds: dict[str, UserSettings] = {
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
    return {"clouds": clouds, "oslearn": {"url": url, "owner_key": key}}


def writable(path: Path) -> None:
    """Raises FileExistsError if somebody else wrote the file, OSError if it cannot be read."""
    if path.exists() and not path.read_bytes().startswith(MARK.encode()):
        raise FileExistsError(f"{path} is not oslearn's: name another with --clouds-yaml")


def write(path: Path, settings: Settings) -> None:
    """Write the file. Raises OSError."""
    writable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    private(new, MARK + json.dumps(settings, indent=2) + "\n")
    new.replace(path)


def private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def read(path: Path) -> Settings:
    """What the file holds. Raises FileNotFoundError; ValueError for a file that is not oslearn's, or not whole."""
    text = path.read_bytes()
    if not text.startswith(MARK.encode()):
        raise ValueError(f"{path} is not oslearn's")
    try:
        found: Settings = json.loads(text.removeprefix(MARK.encode()))
        for cloud in found["clouds"].values():
            texts = {**cloud["auth"], "region_name": cloud["region_name"]}.values()
            if not all(isinstance(value, str) for value in texts):
                raise TypeError(cloud)
        "".join([found["oslearn"]["url"], found["oslearn"]["owner_key"]])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(f"{path} is broken: start `oslearn serve` again, which writes it") from None
    return found


def openrc(path: Path, user: str) -> str:
    """The shell lines that log `user` in. Raises FileNotFoundError, LookupError, ValueError."""
    clouds = read(path)["clouds"]
    if f"oslearn-{user}" not in clouds:
        raise LookupError(f"{path} has no user {user}")
    cloud = clouds[f"oslearn-{user}"]
    values = {**cloud["auth"], "region_name": cloud["region_name"], "identity_api_version": "3"}
    return "\n".join(f"export OS_{name.upper()}={shlex.quote(str(value))}" for name, value in values.items())
