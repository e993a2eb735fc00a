"""cinder-scheduler: chooses the pool of a new volume, and hands on what needs room on a backend.

Interface: the RPC methods of `SchedulerManager`, topic `cinder-scheduler`.
Invariants: a volume that no pool can hold is in error; a pool is chosen only if its service is up, enabled and not
frozen.
Upstream: cinder/scheduler/manager.py, filter_scheduler.py, filters/. Left out: weighers beyond the number of volumes,
retries on another backend, user messages, migration.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume
from oslearn.core.cinder.volume.rpcapi import VolumeRef
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.extensions.cinder.backup import rpcapi as backup_rpc
from oslearn.extensions.cinder.models import Backup, Service, Snapshot
from oslearn.extensions.cinder.volume.rpcapi import TaskAPI

Pool = Body


def capable(pool: Pool, extra_specs: dict[str, str]) -> bool:
    """CapabilitiesFilter: whether the pool is what the type's extra specs ask for.

    >>> capable({"capabilities": {"vendor_name": "Open Source"}}, {"vendor_name": "Open Source"})
    True
    >>> capable({"capabilities": {"multiattach": False}}, {"multiattach": "<is> True"})
    False
    """
    asked = {key.rpartition(":"): value for key, value in extra_specs.items()}
    return all(
        str(pool["capabilities"].get(name)).lower() == value.removeprefix("<is> ").lower()
        for (scope, _, name), value in asked.items()
        if scope in ("", "capabilities")
    )


def roomy(pool: Pool, size: int) -> bool:
    """CapacityFilter: whether the pool has room."""
    free = pool["capabilities"]["free_capacity_gb"]
    return free == "infinite" or int(free) >= size


class SchedulerManager:
    """The RPC methods."""

    def __init__(
        self,
        db: CinderDB,
        volume_rpcapi: TaskAPI,
        backup_rpcapi: backup_rpc.BackupAPI,
        is_up: Callable[[str, str], bool],
    ) -> None:
        self.db, self.volume_rpcapi, self.backup_rpcapi, self._is_up = db, volume_rpcapi, backup_rpcapi, is_up
        self.pools: dict[str, Pool] = {}

    def update_service_capabilities(self, context: RequestContext, host: str, capabilities: Body) -> None:
        """A backend says what it offers."""
        name = f"{host}#{capabilities['pool_name']}"
        self.pools[name] = {"name": name, "capabilities": capabilities}

    def get_pools(self, context: RequestContext, filters: Body) -> list[Pool]:
        """What the backends offer."""
        return [pool for name, pool in sorted(self.pools.items()) if filters.get("name", name) == name]

    def create_volume(
        self, context: RequestContext, volume: VolumeRef, request_spec: Body, filter_properties: Body, **_: object
    ) -> None:
        """Choose a pool, write it down and tell the backend."""
        host = self._schedule(volume, request_spec)
        with self.db.session() as session:
            row = self.db.get(session, Volume, volume["id"])
            self.db.save(row, host=host, status=row.status if host else "error")
        if host:
            sent: VolumeRef = {**volume, "host": host}
            passed = {"request_spec": request_spec, "filter_properties": filter_properties}
            self.volume_rpcapi.cast(context, sent, "create_volume", allow_reschedule=True, **passed)

    def create_snapshot(self, context: RequestContext, volume: VolumeRef, **args: object) -> None:
        """Tell the backend."""
        self.volume_rpcapi.cast(context, volume, "create_snapshot", **args)

    def create_backup(self, context: RequestContext, backup: Body) -> None:
        """Choose a cinder-backup of the volume's zone, or the one asked for, and tell it; without one it fails."""
        with self.db.session() as session:
            row, volume = self.db.get(session, Backup, backup["id"]), self.db.get(session, Volume, backup["volume_id"])
            zone = row.availability_zone or volume.availability_zone
            host = backup_rpc.available_host(session, self._is_up, zone)
            if host is None:
                source = self.db.get(session, Snapshot, row.snapshot_id) if row.snapshot_id else volume
                self.db.save(source, status=getattr(source, "previous_status", "available"))
                return self.db.save(row, status="error", fail_reason="Service not found for creating backup.")
            self.db.save(row, host=host)
            sent = backup_rpc.ref(row)
        return self.backup_rpcapi.cast(context, sent, "create_backup")

    def extend_volume(self, context: RequestContext, volume: VolumeRef, **args: object) -> None:
        """Tell the backend."""
        self.volume_rpcapi.cast(context, volume, "extend_volume", **args)

    def retype(self, context: RequestContext, volume: VolumeRef, request_spec: Body) -> None:
        """Tell the backend if it can be of the new type; else all stays as it was."""
        if capable(self.pools[str(volume["host"])], request_spec["extra_specs"]):
            return self.volume_rpcapi.cast(context, volume, "retype", new_type_id=request_spec["volume_type_id"])
        with self.db.session() as session:
            row = self.db.get(session, Volume, volume["id"])
            return self.db.save(row, status=row.previous_status)

    def _schedule(self, volume: VolumeRef, spec: Body) -> str | None:
        """The name of the pool with the fewest volumes of those that fit."""
        with self.db.session() as session:
            services = session.scalars(select(Service).where(Service.binary == "cinder-volume"))
            zones = {s.host: s.availability_zone for s in services if not s.disabled and not s.frozen}
            count = select(Volume.host, func.count()).where(Volume.host.is_not(None)).group_by(Volume.host)
            volumes = {str(host): int(number) for host, number in session.execute(count)}
        found = []
        for name, pool in self.pools.items():
            host = name.partition("#")[0]
            here = zones.get(host) == volume["availability_zone"] and self._is_up("cinder-volume", host)
            if here and roomy(pool, volume["size"]) and capable(pool, spec["extra_specs"]):
                found.append(name)
        return min(found, key=lambda name: (volumes.get(name, 0), name), default=None)
