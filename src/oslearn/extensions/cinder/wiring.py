"""Cinder's other operations, put together.

Interface: `prepare(db, zone)` fills a fresh database; `start_scheduler`, `start_backup`; `volume_tasks`,
`application(...)` is cinder-api; `Processes` is what they ask of a deployment.
Upstream: cinder/service.py, cinder/api/v3/router.py.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol
from uuid import NAMESPACE_DNS, uuid5

from sqlalchemy import select

from oslearn.core.cinder.api import routes as core
from oslearn.core.cinder.api import views as core_views
from oslearn.core.cinder.api.app import CinderDoor, Gate, fault
from oslearn.core.cinder.api.attachments import MayEnd, Volumes, anybody
from oslearn.core.cinder.api.attachments import parts as attachments
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Attachment, Volume, VolumeType
from oslearn.core.cinder.volume.manager import VolumeManager
from oslearn.core.cinder.volume.rpcapi import HOST, VolumeAPI, target
from oslearn.core.config import Config
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import RequestContext, Task
from oslearn.core.oslo.messaging import Bus, Target
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application
from oslearn.extensions.cinder.api import backups, snapshots, transfers, types, views, volumes
from oslearn.extensions.cinder.api.absent import Encryption, Nothing
from oslearn.extensions.cinder.api.common import Messages
from oslearn.extensions.cinder.api.listing import Lists, ListSpec, ResourceFilters
from oslearn.extensions.cinder.api.metadata import Metadata
from oslearn.extensions.cinder.api.quotas import Quotas
from oslearn.extensions.cinder.api.services import AboutCinder, Hosts, Services
from oslearn.extensions.cinder.api.versions import STRICT, Versions
from oslearn.extensions.cinder.api.volume_actions import VolumeActions
from oslearn.extensions.cinder.backup import rpcapi as backup_rpc
from oslearn.extensions.cinder.backup.manager import BackupManager, LeftBackups
from oslearn.extensions.cinder.backup.rpcapi import BackupAPI
from oslearn.extensions.cinder.compute import Guard
from oslearn.extensions.cinder.image.glance import GlanceClientWrapper
from oslearn.extensions.cinder.models import Service, Snapshot
from oslearn.extensions.cinder.policies import RULES
from oslearn.extensions.cinder.routes import ROUTES
from oslearn.extensions.cinder.scheduler import rpcapi as scheduler_rpc
from oslearn.extensions.cinder.scheduler.manager import SchedulerManager
from oslearn.extensions.cinder.scheduler.rpcapi import SchedulerAPI
from oslearn.extensions.cinder.volume.cleanup import CleanableManager
from oslearn.extensions.cinder.volume.driver import VolumeDriver
from oslearn.extensions.cinder.volume.manager import VolumeTasks, publish_service_capabilities
from oslearn.extensions.cinder.volume.rpcapi import TaskAPI
from oslearn.extensions.oslo.webob import Front, nowhere

CONTROLLER, BACKEND = HOST.split("@")
BACKUP = "cinder-backup"
SERVICES = (("cinder-scheduler", CONTROLLER), ("cinder-volume", HOST))
FILTERS = {"volume_id": "volume_id", "instance_id": "instance_uuid", "status": "attach_status"}
ATTACHMENTS = ListSpec("attachment", Attachment, FILTERS | {"attach_status": "attach_status"},
                       core_views.attachment_summary, core_views.attachment_detail)  # fmt: skip
KINDS = [volumes.LISTED, snapshots.LISTED, backups.LISTED, ATTACHMENTS, types.LISTED]
ABSENT = {
    "groups": Nothing("groups", "Group"),
    "group_types": Nothing("group_types", "Group type"),
    "group_snapshots": Nothing("group_snapshots", "GroupSnapshot"),
    "messages": Nothing("messages", "Message"),
    "qos_specs": Nothing("qos_specs"),
}
"""Collections in which there is nothing."""


def prepare(db: CinderDB, zone: str) -> None:
    """Every volume has a type and a service, so they are there from the start."""
    with db.session() as session:
        if session.scalar(select(VolumeType).where(VolumeType.name == types.DEFAULT_TYPE)) is None:
            db.new(session, VolumeType, name=types.DEFAULT_TYPE, description="Default Volume Type")
            for binary, host in SERVICES:
                made = db.new(session, Service, binary=binary, host=host, availability_zone=zone)
            # cinder-backup takes neither an id nor a moment: those of a seeded cloud are on the pages.
            name = {"id": str(uuid5(NAMESPACE_DNS, BACKUP)), "created_at": made.created_at}
            session.add(Service(binary=BACKUP, host=CONTROLLER, availability_zone=zone, **name))


class Processes(Protocol):
    """What a deployment has for the processes that are started here."""

    config: Config
    ids: Ids
    bus: Bus

    def rest(self, process: str, user: str, service: str) -> Client: ...
    def listen(self, process: str, target: Target, *endpoints: object) -> None: ...
    def manage(self, process: str, init_host: Task | None, periodic_tasks: Task | None) -> None: ...
    def is_up(self, topic: str, server: str | None = None) -> bool: ...


def start_scheduler(cloud: Processes, db: CinderDB) -> None:
    """cinder-scheduler, which gives work to backends that are up."""
    rpc = cloud.bus.client("cinder-scheduler")
    scheduler = SchedulerManager(db, TaskAPI(rpc), BackupAPI(rpc), partial(is_up, cloud))
    cloud.listen("cinder-scheduler", scheduler_rpc.TARGET, scheduler)


def start_backup(cloud: Processes, db: CinderDB) -> None:
    """cinder-backup, which writes into Swift and reads from it."""
    swift, stub = cloud.rest(BACKUP, "cinder", "object-store"), TaskAPI(cloud.bus.client(BACKUP))
    backup = BackupManager(CONTROLLER, cloud.config.availability_zone, db, swift, stub)
    cloud.listen(BACKUP, backup_rpc.target(CONTROLLER), backup)
    left = LeftBackups(db, cloud.bus.concerns)
    cloud.manage(BACKUP, left.init_host, left.periodic_tasks)


def volume_tasks(cloud: Processes, manager: VolumeManager) -> VolumeTasks:
    """What else cinder-volume can do; cinder-scheduler is told what its backend offers."""
    rpc = cloud.bus.client("cinder-volume")
    tasks = VolumeTasks(HOST, manager.db, VolumeDriver(BACKEND), image(cloud, "cinder-volume"), BackupAPI(rpc), manager)
    cleanable = CleanableManager(tasks, cloud.bus.concerns)
    cloud.manage("cinder-volume", cleanable.init_host, cleanable.periodic_tasks)
    publish_service_capabilities(tasks, rpc, RequestContext(f"req-{cloud.ids.uuid()}"))
    cloud.bus.drain()
    return tasks


def is_up(cloud: Processes, binary: str, host: str) -> bool:
    """Whether a process listens on the bus."""
    targets = {"cinder-scheduler": scheduler_rpc.TARGET, BACKUP: backup_rpc.target(host)}
    found = targets.get(binary, target(host))
    return cloud.is_up(found.topic, found.server)


def image(cloud: Processes, process: str) -> GlanceClientWrapper:
    """A process's client of Glance."""
    return GlanceClientWrapper(cloud.rest(process, "cinder", "image"))


def application(cloud: Processes, db: CinderDB, auth: object, guarded: bool) -> Application:
    """The process cinder-api, whole; `guarded` if it asks Nova before an attachment ends."""
    policy, table = Enforcer(core.RULES | RULES), core.ROUTES + ROUTES
    guard = Guard(cloud.rest("cinder-api", "cinder", "compute")) if guarded else None
    may_end = guard.attachment_deletion_allowed if guard else anybody
    parts = attachments(db, VolumeAPI(cloud.bus.client("cinder-api")), may_end)
    parts |= api_parts(cloud, db, policy, may_end)
    layers = [Front(("v3",), nowhere, named=True), auth, Gate(table), STRICT]
    return Application(parts, table, fault, db.ids, layers, CinderDoor(policy, db))


def api_parts(cloud: Processes, db: CinderDB, policy: Enforcer, may_end: MayEnd) -> dict[str, object]:
    """What the table of contents of this room names; the lists of attachments replace the core's."""
    config, rpc, glance, up = (
        cloud.config,
        cloud.bus.client("cinder-api"),
        image(cloud, "cinder-api"),
        partial(is_up, cloud),
    )
    scheduler, tasks = SchedulerAPI(rpc), TaskAPI(rpc)
    messages = Messages(scheduler, tasks)
    creation = volumes.VolumeCreation(db, config, glance, messages)
    deletion = volumes.VolumeDeletion(db, messages)
    return {
        "versions": Versions(),
        "volumes": Volumes(db, views.volume_detail),
        "volume_lists": Lists(db, volumes.LISTED),
        "volume_requests": volumes.VolumeRequests(db, policy, creation, deletion),
        "volume_actions": VolumeActions(db, config, policy, glance, messages, deletion, may_end),
        "volume_metadata": Metadata(db, Volume, "volume_metadata"),
        "attachment_lists": Lists(db, ATTACHMENTS),
        "snapshot_lists": Lists(db, snapshots.LISTED),
        "snapshots": snapshots.Snapshots(db, config, policy, messages),
        "snapshot_metadata": Metadata(db, Snapshot, "snapshot_metadata"),
        "backup_lists": Lists(db, backups.LISTED),
        "backups": backups.Backups(db, config, policy, scheduler, BackupAPI(rpc), creation, up),
        "types": types.Types(db),
        "type_access": types.TypeAccess(policy),
        "extra_specs": types.ExtraSpecs(db),
        "default_types": types.DefaultTypes(),
        "transfer_lists": Lists(db, transfers.LISTED),
        "transfers": transfers.Transfers(db, config),
        "quotas": Quotas(config, policy),
        "services": Services(db, up),
        "hosts": Hosts(db, up),
        "about": AboutCinder(config.availability_zone, scheduler),
        "filters": ResourceFilters(KINDS),
        "encryption": Encryption(db),
        **ABSENT,
    }
