"""cinder-volume: lets hosts reach the volumes of its backend, and writes down who does.

Interface: `VolumeManager`, whose methods are RPC's, topic `cinder-volume.<host>@<backend>`; `finish_detach`;
`ISCSITarget`, the seam to what exports a volume: a backend that keeps data replaces its methods.
Upstream: cinder/volume/manager.py, cinder/volume/targets/iscsi.py, cinder/volume/drivers/lvm.py (the names of targets).
Left out: groups, migration, replication, image cache, the copying of data; real targets: these are made up.
"""

from __future__ import annotations

import logging

from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Attachment, Volume
from oslearn.core.cinder.volume.rpcapi import VolumeRef
from oslearn.core.oslo.context import Body, RequestContext

LOG = logging.getLogger(__name__)


class ISCSITarget:
    """The targets of one host. Volumes are given by id."""

    def initialize_connection(self, volume_id: str, connector: Body) -> Body:
        """Let a host reach the volume; returns how."""
        data: Body = {"target_discovered": False, "target_portal": "127.0.0.1:3260", "target_lun": 1}
        data |= {"target_iqn": f"iqn.2010-10.org.openstack:volume-{volume_id}", "volume_id": volume_id}
        return {"driver_volume_type": "iscsi", "data": data}

    def terminate_connection(self, volume_id: str, connector: object) -> None:
        """Shut a host off."""
        LOG.debug("%s is no longer exported to %s", volume_id, connector)


class VolumeManager:
    """Attachments. `volume` is the volume as the message has it; its row may have changed since."""

    def __init__(self, db: CinderDB, target: ISCSITarget) -> None:
        self.db, self.target = db, target

    def attachment_update(
        self, context: RequestContext, volume: VolumeRef, connector: Body, attachment_id: str
    ) -> Body:
        """Let the host reach the volume; returns how."""
        info = connection(self.target, volume, connector)
        info |= {"attachment_id": attachment_id, "enforce_multipath": connector.get("enforce_multipath", False)}
        with self.db.session() as session:
            attachment = self.db.get(session, Attachment, attachment_id)
            mode = attachment.attach_mode if attachment.attach_mode != "null" else connector.get("mode", "rw")
            info["access_mode"] = mode
            place = {"attached_host": connector.get("host"), "mountpoint": connector.get("mountpoint", "na")}
            state = {"attach_status": "attaching", "attach_mode": mode, "attach_time": self.db.clock.now()}
            self.db.save(attachment, connector=connector | {"mode": mode}, connection_info=info, **place, **state)
            self.db.save(attachment.volume, status="attaching")
        return info

    def attachment_delete(self, context: RequestContext, volume: VolumeRef, attachment_id: str) -> None:
        """Shut the host off; cinder-api takes the attachment away once that is done."""
        self.target.terminate_connection(volume["id"], attachment_id)


def connection(target: ISCSITarget, volume: VolumeRef, connector: Body) -> Body:
    """How a host reaches the volume, in one level."""
    made = target.initialize_connection(volume["id"], connector)
    data = {"qos_specs": None, "access_mode": "rw", "encrypted": False, "cacheable": False}
    return {**made.pop("data"), **data, **made}


def finish_detach(db: CinderDB, volume: Volume, *gone: Attachment) -> None:
    """The volume's status once attachments are gone: what the ones that stay say, else available."""
    for attachment in gone:
        volume.attachments.remove(attachment)  # the row goes with it
    left = {attachment.attach_status for attachment in volume.attachments}
    status = {"attached": "in-use", "attaching": "attaching", "reserved": "reserved"}
    kept = {key: value for key, value in volume.admin_metadata.items() if key != "attached_mode"}
    after = next((status[name] for name in status if name in left), "available")
    db.save(volume, status=after, admin_metadata=kept)
