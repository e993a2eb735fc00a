"""What Cinder runs on: `/v3/os-services`, `/v3/os-hosts`, `/v3/scheduler-stats/get_pools`, availability zones.

Invariants: a service is up if its process listens on the bus.
Upstream: cinder/api/v3/services.py, cinder/api/contrib/hosts.py, scheduler_stats.py, availability_zones.py,
cinder/api/extensions.py. Left out: clusters, replication (a fail-over is refused, whatever `backend_id` says), levels
of logs (`/get-log`, `/set-log`), pools by `volume_type`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from oslearn.core.cinder.api.app import after
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import iso_micro
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder.api.common import boolean
from oslearn.extensions.cinder.models import Service, Snapshot
from oslearn.extensions.cinder.scheduler.rpcapi import SchedulerAPI

EXTENSIONS = {
    "OS-SCH-HNT": ("SchedulerHints", "2013-04-18", "Pass arbitrary key/value pairs to the scheduler."),
    "backups": ("Backups", "2012-12-12", "Backups support."),
    "encryption": ("VolumeTypeEncryption", "2013-07-01", "Encryption support for volume types."),
    "os-admin-actions": ("AdminActions", "2012-08-25", "Enable admin actions."),
    "os-availability-zone": ("AvailabilityZones", "2013-06-27", "Describe Availability Zones."),
    "os-extended-snapshot-attributes": ("ExtendedSnapshotAttributes", "2012-06-19",
                                        "Extended SnapshotAttributes support."),
    "os-hosts": ("Hosts", "2011-06-29", "Admin-only host administration."),
    "os-quota-class-sets": ("QuotaClasses", "2012-03-12", "Quota classes management support."),
    "os-quota-sets": ("Quotas", "2011-08-08", "Quota management support."),
    "os-services": ("Services", "2012-10-28", "Services support."),
    "os-snapshot-actions": ("SnapshotActions", "2013-07-16", "Enable snapshot manager actions."),
    "os-types-extra-specs": ("TypesExtraSpecs", "2011-08-24", "Type extra specs support."),
    "os-types-manage": ("TypesManage", "2011-08-24", "Types manage support."),
    "os-used-limits": ("UsedLimits", "2013-10-03", "Provide data on limited resources that are being used."),
    "os-vol-host-attr": ("VolumeHostAttribute", "2011-11-03", "Expose host as an attribute of a volume."),
    "os-vol-image-meta": ("VolumeImageMetadata", "2012-12-07", "Show image metadata associated with the volume."),
    "os-vol-mig-status-attr": ("VolumeMigStatusAttribute", "2013-08-08",
                               "Expose migration_status as an attribute of a volume."),
    "os-vol-tenant-attr": ("VolumeTenantAttribute", "2011-11-03",
                           "Expose the internal project_id as an attribute of a volume."),
    "os-volume-actions": ("VolumeActions", "2012-05-31", "Enable volume actions."),
    "os-volume-encryption-metadata": ("VolumeEncryptionMetadata", "2013-07-10",
                                      "Volume encryption metadata retrieval support."),
    "os-volume-transfer": ("VolumeTransfer", "2013-05-29", "Volume transfer management support."),
    "os-volume-type-access": ("VolumeTypeAccess", "2014-06-26", "Volume type access support."),
    "qos-specs": ("Qos_specs_manage", "2013-08-02", "QoS specs support."),
    "scheduler-stats": ("Scheduler_stats", "2014-09-07", "Scheduler stats support."),
}  # fmt: skip
"""Name, day of the last change, and what it is, by alias."""
ZONES = {"os-services": "-00:00", "os-volume-type-access": "Z"}
"""How the time's zone is written, if otherwise than `+00:00`."""


IsUp = Callable[[str, str], bool]
"""Whether the process of that name on that host runs."""


class Services:
    """Cinder's processes, which can be disabled, and backends, which can be frozen."""

    def __init__(self, db: CinderDB, is_up: IsUp) -> None:
        self.db, self.is_up = db, is_up

    def list_services(self, req: Request, session: Session) -> Body:
        """The processes, and whether they run. 200."""
        wanted = [Service.binary == req.query["binary"]] if "binary" in req.query else []
        if "host" in req.query:
            host = req.query["host"]
            wanted.append(or_(Service.host == host, Service.host.startswith(f"{host}@", autoescape=True)))
        rows = session.scalars(select(Service).where(*wanted).order_by(Service.binary.desc()))
        return {"services": [self._service(req, row) for row in rows]}

    def _service(self, req: Request, service: Service) -> Body:
        up = self.is_up(service.binary, service.host)
        shown: Body = {"binary": service.binary, "host": service.host, "zone": service.availability_zone}
        shown |= {"status": "disabled" if service.disabled else "enabled", "state": "up" if up else "down"}
        shown |= {"updated_at": iso_micro(self.db.clock.now() if up else service.updated_at)}
        shown |= {"cluster": None} if req.microversion >= (3, 7) else {}
        shown |= {"disabled_reason": service.disabled_reason}
        if service.binary == "cinder-volume":
            shown |= {"replication_status": "disabled", "active_backend_id": None, "frozen": service.frozen}
            shown |= {"backend_state": "up" if up else "down"} if req.microversion >= (3, 49) else {}
        return shown

    def enable_service(self, req: Request, session: Session, wanted: Body) -> Body:
        """Let the scheduler choose a service again. 200, 400, 404."""
        return self._switch(session, wanted, disabled=False)

    def disable_service(self, req: Request, session: Session, wanted: Body) -> Body:
        """Keep new volumes from a service; what is there stays. 200, 400, 404."""
        return self._switch(session, wanted, disabled=True)

    def _switch(self, session: Session, wanted: Body, *, disabled: bool) -> Body:
        host, binary = wanted.get("host"), wanted.get("binary") or wanted.get("service")
        if not host:
            raise e.InvalidInput(reason="Host field is missing.")
        service = session.scalar(select(Service).where(Service.host == host, Service.binary == binary))
        if service is None:
            raise exception.NotFound(f"Service {binary} could not be found on host {host}.")
        self.db.save(service, disabled=disabled, disabled_reason=wanted.get("disabled_reason"))
        shown: Body = {"host": host, "service": wanted.get("service", ""), "binary": wanted.get("binary", "")}
        shown |= {"status": "disabled" if disabled else "enabled", "disabled": disabled}
        return shown | ({"disabled_reason": service.disabled_reason} if "disabled_reason" in wanted else {})

    def freeze_host(self, req: Request, session: Session, wanted: Body) -> Reply:
        """200, 400: the host takes no changes any more; what runs goes on."""
        return self._set_frozen(session, wanted, frozen=True)

    def thaw_host(self, req: Request, session: Session, wanted: Body) -> Reply:
        """The host takes changes again. 200, 400."""
        return self._set_frozen(session, wanted, frozen=False)

    def _set_frozen(self, session: Session, wanted: Body, *, frozen: bool) -> Reply:
        service = self._backend(session, wanted)
        if service.frozen == frozen:
            words = f"frozen in ['{service.host}'] must be {not frozen} to failover."
            raise e.InvalidInput(reason=f"No service could be changed: {words}")
        self.db.save(service, frozen=frozen)
        return Reply(200)

    def failover_host(self, req: Request, session: Session, wanted: Body) -> None:
        """400: nothing is replicated here."""
        must = "must be enabled or failed-over and must be up to failover."
        words = f"replication_status in ['{self._backend(session, wanted).host}'] {must}"
        raise e.InvalidInput(reason=f"No service could be changed: {words}")

    def _backend(self, session: Session, wanted: Body) -> Service:
        host = wanted.get("host")
        if not host:
            raise e.InvalidInput(reason="Host field is missing.")
        service = session.scalar(select(Service).where(Service.host == host, Service.binary == "cinder-volume"))
        if service is None:
            raise exception.BadRequest(f"No service found with host={host}")
        return service


class Hosts:
    """Where processes run, and what lies on backends."""

    def __init__(self, db: CinderDB, is_up: IsUp) -> None:
        self.db, self.is_up = db, is_up

    def list_hosts(self, req: Request, session: Session) -> Body:
        """The hosts of services that are enabled. 200."""
        zone = [Service.availability_zone == req.query["zone"]] if req.query.get("zone") else []
        shown = []
        for service in session.scalars(select(Service).where(~Service.disabled, *zone)):
            up = self.is_up(service.binary, service.host)
            names: Body = {"host_name": service.host, "service": service.binary, "zone": service.availability_zone}
            state = {"service-status": "available" if up else "unavailable", "service-state": "enabled"}
            shown.append(names | state | {"last-update": iso_micro(self.db.clock.now())})
        return {"hosts": shown}

    def show_host(self, req: Request, session: Session, id: str) -> Body:
        """200, 404: what lies on a host, in all and for each project."""
        if session.scalar(select(Service.id).where(Service.host == id, Service.binary == "cinder-volume")) is None:
            raise e.ResourceNotFound(title="Host", id=id)
        here = or_(Volume.host == id, Volume.host.startswith(f"{id}#", autoescape=True))
        snapshots = select(Snapshot.project_id, func.count(), func.sum(Snapshot.volume_size)).join(Snapshot.volume)
        volumes = select(Volume.project_id, func.count(), func.sum(Volume.size))
        found: dict[str, Counter[str]] = defaultdict(Counter, {"(total)": Counter()})
        for kind, sums, owner in (("volume", volumes, Volume), ("snapshot", snapshots, Snapshot)):
            for project, count, size in session.execute(sums.where(here).group_by(owner.project_id)):
                for name in ("(total)", project):
                    found[name].update({f"{kind}_count": count, f"total_{kind}_gb": size})
        keys = ("volume_count", "total_volume_gb", "snapshot_count", "total_snapshot_gb")
        shown = [{"host": id, "project": name} | {key: str(found[name][key]) for key in keys} for name in found]
        return {"host": [{"resource": resource} for resource in shown]}


class AboutCinder:
    """What else there is: pools, zones, and the parts of the API."""

    def __init__(self, zone: str, scheduler: SchedulerAPI) -> None:
        self.zone, self.scheduler = zone, scheduler

    def list_pools(self, req: Request, session: Session) -> None:
        """200: asked of the scheduler."""
        detail, filters = boolean("detail", req.query.get("detail")), dict(req.query)
        wanted = {"name": filters["name"]} if "name" in filters and req.microversion >= (3, 28) else {}
        keys = ("name", "capabilities") if detail else ("name",)

        def ask() -> Body:
            pools = self.scheduler.call(req.caller, "get_pools", filters=wanted)
            return {"pools": [{key: pool[key] for key in keys} for pool in pools]}

        after(req, ask)

    def list_availability_zones(self, req: Request, session: Session) -> Body:
        """The one zone there is. 200."""
        zone = {"zoneName": self.zone, "zoneState": {"available": True}}
        return {"availabilityZoneInfo": [zone]}

    def list_extensions(self, req: Request, session: Session) -> Body:
        """The parts that were once added to the first API. 200."""
        return {"extensions": [extension(alias) for alias in EXTENSIONS]}

    def show_extension(self, req: Request, session: Session, id: str) -> Body:
        """One of them. 200, 404."""
        if id not in EXTENSIONS:
            raise exception.NotFound()
        return {"extension": extension(id)}


def extension(alias: str) -> Body:
    """One part of the API, as it was added to the first."""
    name, day, words = EXTENSIONS[alias]
    updated = f"{day}T00:00:00{ZONES.get(alias, '+00:00')}"
    return {"alias": alias, "name": name, "description": words, "updated": updated, "links": []}
