"""What parts of nova-api have in common: pages of a list, projects, and a rule that Nova has of its own.

Interface: `PAGING` and `query` make schemas, `limit` and `links` read and show pages; `Projects` asks Keystone whether
there is one; `project_manager`.
Upstream: nova/api/openstack/common.py, `get_limit_and_marker` and `ViewBuilder._get_next_link`;
nova/api/openstack/identity.py; nova/policies/base.py, `PROJECT_MANAGER_OR_ADMIN`.
"""

from __future__ import annotations

from collections.abc import Sequence

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.api.servers import TEXT
from oslearn.core.nova.api.validation import Schema, V
from oslearn.core.oslo import policy
from oslearn.core.oslo.adapter import Client, TransportError
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request
from oslearn.extensions.nova.api.schemas import LIMIT
from oslearn.extensions.oslo.listing import link

MAX_LIMIT = 1000


def many(schema: Schema = TEXT) -> Schema:
    """A field that a query may give more than once."""
    return {"type": "array", "items": schema}


def query(properties: Body, strict_since: int = 75) -> Schema:
    """A query with these fields; others are ignored before 2.75."""
    open_until = (V(True, until=strict_since - 1), V(False))
    return {"type": "object", "properties": properties, "additionalProperties": open_until}


PAGING = {"limit": many(LIMIT), "marker": many()}


def limit(req: Request) -> int:
    """How many are asked for."""
    return min(int(req.query.get("limit", MAX_LIMIT)), MAX_LIMIT)


def links(req: Request, name: str, last: Sequence[object]) -> Body:
    """Where the next ones are, if the page is full; `last` has the marker of each row."""
    if not last or len(last) < limit(req):
        return {}
    return {f"{name}_links": [{"rel": "next", "href": link(req, str(last[-1]))}]}


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


def project_manager(context: RequestContext, target: policy.Subject) -> bool:
    """May do in its own project what others leave to an operator."""
    return policy.owner(context, target) and bool({"manager", "admin"} & set(context.roles))
