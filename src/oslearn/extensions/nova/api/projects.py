"""nova-api asks Keystone whether there is a project. Upstream: nova/api/openstack/identity.py."""

from __future__ import annotations

from keystoneauth1 import exceptions as ks

from oslearn.core.oslo.adapter import Client, TransportError
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request


class Projects:
    """Keystone's projects, with the user's token."""

    def __init__(self, identity: Client) -> None:
        self.identity = identity

    def check(self, req: Request, project_id: str) -> None:
        """Refuse one that Keystone does not know; of one that the caller may not see, believe it is there.

        Raises BadRequest.
        """
        try:
            self.identity.request("GET", f"/v3/projects/{project_id}", req.caller)
        except ks.NotFound:
            raise BadRequest(f"Project ID {project_id} is not a valid project.") from None
        except TransportError:
            return
