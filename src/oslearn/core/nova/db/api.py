"""What Nova's processes do with its databases. nova-compute has none of this: it asks the conductor.

Interface: `NovaDB`, whose parts are named for what they are about, such as `NovaDB.instances`. Rows leave it as they
travel in messages (`oslearn.core.nova.objects`).
Upstream: nova/objects, nova/db/main/api.py and nova/db/api/api.py. Left out: soft delete but for instances, quota
reservations (usage is counted).
"""

from __future__ import annotations

from typing import Self

from oslearn.core.nova.db.cells import BuildRequests, Cells, Databases, RequestSpecs
from oslearn.core.nova.db.flavors import Flavors
from oslearn.core.nova.db.hosts import Hosts
from oslearn.core.nova.db.instances import Actions, BlockDevices, Instances
from oslearn.core.nova.db.quotas import Quotas


class NovaDB:
    """Queries over one process's databases, by what they are about."""

    def __init__(self, databases: Databases) -> None:
        self.databases = databases
        self.cells = Cells(databases)
        self.requests = BuildRequests(databases)
        self.specs = RequestSpecs(databases)
        self.instances = Instances(databases, self.requests)
        self.devices = BlockDevices(databases)
        self.actions = Actions(databases)
        self.hosts = Hosts(databases)
        self.flavors = Flavors(databases)
        self.quotas = Quotas(databases)

    def target_cell(self, name: str) -> Self:
        """The same queries over another cell."""
        return type(self)(self.databases.target_cell(name))
