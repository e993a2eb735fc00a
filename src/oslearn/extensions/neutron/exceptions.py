"""The errors of Neutron's extensions: a class for each line of errors.toml beside this, and those of the core.

Interface: each error as a name of this module, such as RouterNotFound(id=...).
Upstream: neutron_lib/exceptions/l3.py, neutron/extensions/securitygroup.py.
"""

from __future__ import annotations

from pathlib import Path

from oslearn.core.neutron import exceptions as core
from oslearn.core.oslo.exception import OpenStackError


class PreconditionFailed(OpenStackError):
    """412: what the client saw last is not there any more."""

    code, title = 412, "Precondition Failed"


CLASSES = core.CLASSES | core.classes(Path(__file__).parent / "errors.toml", __name__, {"412": PreconditionFailed})


def __getattr__(name: str) -> type[OpenStackError]:
    return core.attribute(CLASSES, name)
