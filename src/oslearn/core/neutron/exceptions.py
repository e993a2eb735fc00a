"""Neutron's errors: a class for each line of errors.toml, whose name is the body's `type` unless the section names it.

Interface: `exceptions.NetworkNotFound(id=...)`.
Upstream: neutron_lib/exceptions, neutron/extensions/securitygroup.py, neutron/ipam/exceptions.py; its `InUse` is a
conflict, its `InvalidInput` a bad request.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from oslearn.core.oslo import exception as base


class PreconditionFailed(base.OpenStackError):
    """412."""

    code, title = 412, "Precondition Failed"


PARENTS: dict[str, type[base.OpenStackError]] = {"400": base.BadRequest, "404": base.NotFound, "409": base.Conflict,
                                                 "412": PreconditionFailed, "503": base.ServiceUnavailable}  # fmt: skip
SECTIONS = tomllib.loads((Path(__file__).parent / "errors.toml").read_text("utf-8"))
CLASSES: dict[str, type[base.OpenStackError]] = {
    name: type(
        name,
        (PARENTS[section[:3]],),
        {"__module__": __name__, "__doc__": f"{section[:3]}.", "message": message, "type": section[4:] or name},
    )
    for section, messages in SECTIONS.items()
    for name, message in messages.items()
}


def __getattr__(name: str) -> type[base.OpenStackError]:
    """The class of an error's name."""
    try:
        return CLASSES[name]
    except KeyError:
        raise AttributeError(name) from None
