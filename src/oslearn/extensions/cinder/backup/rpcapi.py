"""The stub through which the other processes reach cinder-backup.

Interface: `target(host)`; `ref(backup)`, a backup as messages carry it; `BackupAPI`; `available_host`.
Upstream: cinder/backup/rpcapi.py; cinder/backup/api.py (`_get_available_backup_service_host`).
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.messaging import RPCClient, Target
from oslearn.extensions.cinder.models import Backup, Service


def target(host: str) -> Target:
    """Where the messages of a host's cinder-backup go."""
    return Target("cinder-backup", host)


def ref(backup: Backup) -> Body:
    """A backup as a message carries it."""
    return {name: getattr(backup, name) for name in ("id", "name", "host", "volume_id", "snapshot_id", "project_id")}


def available_host(session: Session, is_up: Callable[[str, str], bool], zone: str | None) -> str | None:
    """A host whose cinder-backup runs, is enabled, and is in the zone if one is asked for."""
    for service in session.scalars(select(Service).where(Service.binary == "cinder-backup", ~Service.disabled)):
        if zone in (None, "", service.availability_zone) and is_up(service.binary, service.host):
            return service.host
    return None


class BackupAPI:
    """Messages about a backup to the process that works on it."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def cast(self, context: RequestContext, backup: Body, method: str, **args: object) -> None:
        """Send and go on."""
        self.client.cast(context, target(backup["host"]), method, backup=backup, **args)
