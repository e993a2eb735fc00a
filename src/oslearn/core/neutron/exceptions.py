"""Neutron's errors: a class for each line of errors.toml, whose name is the body's `type` unless the section names it.

Interface: each error as a name of this module, such as NetworkNotFound(id=...).
Upstream: neutron_lib/exceptions, neutron/extensions/securitygroup.py, neutron/ipam/exceptions.py; its `InUse` is a
conflict, its `InvalidInput` a bad request.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from oslearn.core.oslo import exception as base

Classes = dict[str, type[base.OpenStackError]]
PARENTS: Classes = {
    "400": base.BadRequest,
    "404": base.NotFound,
    "409": base.Conflict,
    "503": base.ServiceUnavailable,
}


def classes(path: Path, module: str, more: Classes | None = None) -> Classes:
    """A class for each line of a table of errors, which may have parents of its own."""
    parents = PARENTS | (more or {})
    return {
        name: type(
            name,
            (parents[section[:3]],),
            {"__module__": module, "__doc__": f"{section[:3]}.", "message": message, "type": section[4:] or name},
        )
        for section, messages in tomllib.loads(path.read_text("utf-8")).items()
        for name, message in messages.items()
    }


CLASSES = classes(Path(__file__).parent / "errors.toml", __name__)


def attribute(known: Classes, name: str) -> type[base.OpenStackError]:
    """An error as a name of its module. Raises AttributeError."""
    if name not in known:
        raise AttributeError(name)
    return known[name]


def __getattr__(name: str) -> type[base.OpenStackError]:
    return attribute(CLASSES, name)
