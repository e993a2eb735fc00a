"""The databases of Nova that a process may reach.

Interface: `Databases`: the API database's handle, and those of the cells by name; `CELL0`, `CELL1`; `first`.
Invariants: an instance is in one cell; with one database for everything, as in 2013, there is nothing to look up.
Upstream: nova/context.py, `target_cell`; nova/objects/instance_mapping.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Executable, bindparam, select

from oslearn.core.config import Config
from oslearn.core.nova.db.models import CellMapping, InstanceMapping, as_dict
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle

CELL0, CELL1 = "cell0", "cell1"
CELL_OF_INSTANCE = (
    select(CellMapping.name).join(InstanceMapping).where(InstanceMapping.instance_uuid == bindparam("uuid"))
)


@dataclass(frozen=True)
class Databases:
    """`cell` is the one that is read and written unless the instance says which; cell 0 has no host."""

    api: Handle
    cell: Handle
    cells: Mapping[str, Handle]
    ids: Ids
    clock: Clock
    config: Config

    def target_cell(self, name: str) -> Databases:
        """The same with another cell."""
        return replace(self, cell=self.cells[name])

    @property
    def several(self) -> bool:
        """Whether there are cells to look an instance up in."""
        return len(self.cells) > 1

    def name_of(self, uuid: str) -> str | None:
        """The name of the instance's cell, if a cell has it."""
        found = self.api.rows(CELL_OF_INSTANCE, {"uuid": uuid})
        return found[0][0] if found else None


def first(handle: Handle, query: Executable, **values: object) -> dict[str, Any] | None:
    """The first row that a prepared query finds."""
    found = handle.rows(query, values)
    return as_dict(found[0]) if found else None
