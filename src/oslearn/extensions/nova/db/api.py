"""What the operations beyond a boot ask of Nova's databases.

Interface: `ExtendedDB`: what `NovaDB` has, of which some parts can do more, and others beside them.
Upstream: nova/db/main/api.py, nova/db/api/api.py.
"""

from __future__ import annotations

from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.db.cells import Databases
from oslearn.extensions.nova.db.flavors import FlavorAdministration
from oslearn.extensions.nova.db.groups import Groups, KeyPairs
from oslearn.extensions.nova.db.hosts import Aggregates, HostRegistry, Hypervisors, Services
from oslearn.extensions.nova.db.instances import ActionLists, CellRegistry, InstanceExtras, SavedSpecs, VolumeDevices
from oslearn.extensions.nova.db.lists import ServerLists
from oslearn.extensions.nova.db.migrations import Migrations, Remains
from oslearn.extensions.nova.db.quotas import QuotaAdministration


class ExtendedDB(NovaDB):
    """Queries over one process's databases, by what they are about."""

    cells: CellRegistry
    specs: SavedSpecs
    instances: InstanceExtras
    devices: VolumeDevices
    actions: ActionLists
    hosts: HostRegistry
    flavors: FlavorAdministration
    quotas: QuotaAdministration

    def __init__(self, databases: Databases) -> None:
        super().__init__(databases)
        self.cells = CellRegistry(databases)
        self.specs = SavedSpecs(databases)
        self.instances = InstanceExtras(databases, self.requests)
        self.devices = VolumeDevices(databases)
        self.actions = ActionLists(databases)
        self.flavors = FlavorAdministration(databases)
        self.key_pairs = KeyPairs(databases)
        self.groups = Groups(databases)
        self.quotas = QuotaAdministration(databases)
        self.services = Services(databases)
        self.hosts = HostRegistry(databases)
        self.hypervisors = Hypervisors(databases)
        self.aggregates = Aggregates(databases)
        self.migrations = Migrations(databases)
        self.lists = ServerLists(databases)
        self.remains = Remains(databases)
