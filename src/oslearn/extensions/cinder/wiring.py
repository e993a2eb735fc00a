"""Cinder's other operations, put together.

Interface: `prepare(db, ...)` makes what a fresh database lacks; `api_parts(needs)`, with `ApiNeeds`; `KINDS` are the
resources with lists.
Upstream: cinder/service.py, cinder/api/v3/router.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import NAMESPACE_DNS, uuid5

from sqlalchemy import select

from oslearn.core.cinder.api import views as core_views
from oslearn.core.cinder.api.attachments import MayEnd
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Attachment, Volume, VolumeType
from oslearn.core.config import Config
from oslearn.core.oslo.messaging import RPCClient
from oslearn.core.oslo.policy import Enforcer
from oslearn.extensions.cinder.api import backups, snapshots, transfers, types, volumes
from oslearn.extensions.cinder.api.absent import Encryption, Nothing
from oslearn.extensions.cinder.api.common import Messages
from oslearn.extensions.cinder.api.listing import Lists, ListSpec, ResourceFilters
from oslearn.extensions.cinder.api.metadata import Metadata
from oslearn.extensions.cinder.api.quotas import Quotas
from oslearn.extensions.cinder.api.services import AboutCinder, Hosts, IsUp, Services
from oslearn.extensions.cinder.api.versions import Versions
from oslearn.extensions.cinder.api.volume_actions import VolumeActions
from oslearn.extensions.cinder.backup.rpcapi import BackupAPI
from oslearn.extensions.cinder.image.glance import GlanceClientWrapper
from oslearn.extensions.cinder.models import Service, Snapshot
from oslearn.extensions.cinder.scheduler.rpcapi import SchedulerAPI
from oslearn.extensions.cinder.volume.rpcapi import TaskAPI

FILTERS = {"volume_id": "volume_id", "instance_id": "instance_uuid", "status": "attach_status"}
ATTACHMENTS = ListSpec("attachment", Attachment, FILTERS | {"attach_status": "attach_status"},
                       core_views.attachment_summary, core_views.attachment_detail)  # fmt: skip
KINDS = [volumes.LISTED, snapshots.LISTED, backups.LISTED, ATTACHMENTS, types.LISTED]


def prepare(db: CinderDB, zone: str, services: Iterable[tuple[str, str]], backup: tuple[str, str]) -> None:
    """Every volume has a type and a service, so they are there from the start; `services` are binaries with hosts."""
    with db.session() as session:
        if session.scalar(select(VolumeType).where(VolumeType.name == types.DEFAULT_TYPE)) is None:
            db.new(session, VolumeType, name=types.DEFAULT_TYPE, description="Default Volume Type")
            for binary, host in services:
                made = db.new(session, Service, binary=binary, host=host, availability_zone=zone)
            # cinder-backup takes neither an id nor a moment: those of a seeded cloud are on the pages.
            name = {"id": str(uuid5(NAMESPACE_DNS, backup[0])), "created_at": made.created_at}
            session.add(Service(binary=backup[0], host=backup[1], availability_zone=zone, **name))


@dataclass(frozen=True)
class ApiNeeds:
    """What cinder-api is handed for these parts."""

    db: CinderDB
    config: Config
    policy: Enforcer
    rpc: RPCClient
    image: GlanceClientWrapper
    may_end: MayEnd
    is_up: IsUp


def api_parts(n: ApiNeeds) -> dict[str, object]:
    """What the table of contents of this room names; the lists of attachments replace the core's."""
    scheduler, tasks = SchedulerAPI(n.rpc), TaskAPI(n.rpc)
    messages = Messages(scheduler, tasks)
    creation = volumes.VolumeCreation(n.db, n.config, n.image, messages)
    deletion = volumes.VolumeDeletion(n.db, messages)
    return {
        "versions": Versions(),
        "volume_lists": Lists(n.db, volumes.LISTED),
        "volume_requests": volumes.VolumeRequests(n.db, n.policy, creation, deletion),
        "volume_actions": VolumeActions(n.db, n.config, n.policy, n.image, messages, deletion, n.may_end),
        "volume_metadata": Metadata(n.db, Volume, "volume_metadata"),
        "attachment_lists": Lists(n.db, ATTACHMENTS),
        "snapshot_lists": Lists(n.db, snapshots.LISTED),
        "snapshots": snapshots.Snapshots(n.db, n.config, n.policy, messages),
        "snapshot_metadata": Metadata(n.db, Snapshot, "snapshot_metadata"),
        "backup_lists": Lists(n.db, backups.LISTED),
        "backups": backups.Backups(n.db, n.config, n.policy, scheduler, BackupAPI(n.rpc), creation, n.is_up),
        "types": types.Types(n.db),
        "type_access": types.TypeAccess(n.policy),
        "extra_specs": types.ExtraSpecs(n.db),
        "default_types": types.DefaultTypes(),
        "transfer_lists": Lists(n.db, transfers.LISTED),
        "transfers": transfers.Transfers(n.db, n.config),
        "quotas": Quotas(n.config, n.policy),
        "services": Services(n.db, n.is_up),
        "hosts": Hosts(n.db, n.is_up),
        "about": AboutCinder(n.config.availability_zone, scheduler),
        "filters": ResourceFilters(KINDS),
        "groups": Nothing("groups", "Group"),
        "group_types": Nothing("group_types", "Group type"),
        "group_snapshots": Nothing("group_snapshots", "GroupSnapshot"),
        "messages": Nothing("messages", "Message"),
        "qos_specs": Nothing("qos_specs"),
        "encryption": Encryption(n.db),
    }
