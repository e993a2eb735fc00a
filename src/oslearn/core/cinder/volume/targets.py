"""How a host reaches a volume: the seam to what exports it.

Interface: `ISCSITarget`. A backend that keeps data replaces its methods.
Upstream: cinder/volume/targets/iscsi.py; cinder/volume/drivers/lvm.py (the names of targets). Left out: real targets:
these are made up.
"""

from __future__ import annotations

import logging

from oslearn.core.oslo.context import Body

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
