"""What only some boots ask for: a zone or a host to go to, and files in the guest.

Interface: `check_place` and `check_files` of `BootOptions`, which `BootChecks.more` calls.
Upstream: nova/compute/api.py, `_check_injected_file_quota`, `_validate_host_or_node`, `parse_availability_zone`.
"""

from __future__ import annotations

from base64 import b64decode

from oslearn.core.nova.compute.api_request import ServerRequest
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, OverQuota
from oslearn.core.oslo.limit import over
from oslearn.extensions.nova.compute.places import Places
from oslearn.extensions.nova.db.api import ExtendedDB

TOO_MUCH = {
    "injected_files": "Personality file limit exceeded",
    "injected_file_path_bytes": "Personality file path exceeds maximum {}",
    "injected_file_content_bytes": "Personality file content exceeds maximum {}",
}


class BootOptions:
    """Looks at them before nova-api accepts."""

    def __init__(self, db: ExtendedDB, places: Places) -> None:
        self.db, self.places = db, places

    def check_place(self, context: RequestContext, server: ServerRequest) -> None:
        """The zone and the host that are asked for are there. Raises BadRequest."""
        zone, forced = server["availability_zone"], server["forced_host"] or server["forced_node"]
        for host in filter(None, (server["host"], server["hypervisor_hostname"], forced)):
            self.places.check_host(host)
        if zone and not forced and zone not in self.places.zones():
            raise BadRequest("The requested availability zone is not available")

    def check_files(self, context: RequestContext, server: ServerRequest) -> None:
        """How many files, how long a path, how much in one. Raises OverQuota."""
        files = server["personality"]
        if not files:
            return
        limits = self.db.quotas.limits(context.project_id, context.user_id or "")
        sizes = {
            "injected_files": len(files),
            "injected_file_path_bytes": max(len(file["path"]) for file in files),
            "injected_file_content_bytes": max(len(b64decode(file["contents"])) for file in files),
        }
        for name, size in sizes.items():  # in this order, of which upstream names the first that is too much
            if over(limits, {}, {name: size}):
                raise OverQuota(TOO_MUCH[name].format(limits[name]))
