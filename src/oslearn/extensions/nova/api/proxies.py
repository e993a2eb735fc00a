"""nova-api: images and security groups, which it passed on to Glance and Neutron until 2.35.

Interface: `ImageProxies`, `SecurityGroupProxies`; `Neutron`, whom others ask as well.
Invariants: the user's token is passed on, so others' rules are theirs to hold.
Upstream: nova/api/openstack/compute/{images,security_groups}.py, views/images.py. Left out: image metadata, pages of
images by `offset` and `page_size`, rules of groups.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.api.views import links
from oslearn.core.nova.image.glance import STANDARD
from oslearn.core.nova.objects import Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Forbidden, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.strutils import whole

RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-security-groups:get": policy.project_reader,
    "os_compute_api:os-security-groups:show": policy.project_reader,
    "os_compute_api:os-security-groups:create": policy.project_member,
    "os_compute_api:os-security-groups:update": policy.project_member,
    "os_compute_api:os-security-groups:delete": policy.project_member,
}
STATUS = {"active": ("ACTIVE", 100), "queued": ("SAVING", 25), "saving": ("SAVING", 50), "importing": ("SAVING", 50),
          "deleted": ("DELETED", 0), "pending_delete": ("DELETED", 0), "killed": ("ERROR", 0)}  # fmt: skip
"""Nova's words for Glance's, and how far an image is."""

FILTERS = {"name": "name", "limit": "limit", "marker": "marker", "status": "status", "server": "instance_uuid",
           "type": "image_type", "minRam": "min_ram", "minDisk": "min_disk", "changes-since": "updated_at"}  # fmt: skip
"""What Glance calls what Nova's lists were asked by."""


GROUPS = "/security-groups"


class ImageProxies:
    """Glance's images in Nova's words."""

    def __init__(self, glance: Client) -> None:
        self.glance = glance

    def index(self, req: Request) -> Body:
        """Ids and names of images. 200, 400, 401, 404."""
        images = self.detail(req)["images"]
        return {"images": [{key: image[key] for key in ("id", "name", "links")} for image in images]}

    def detail(self, req: Request) -> Body:
        """Images with all that Nova knew of one. 200, 400, 401, 404."""
        asked: dict[str, str] = {there: req.query[key] for key, there in FILTERS.items() if key in req.query}
        if "status" in asked:
            asked["status"] = "queued" if asked["status"].upper() == "SAVING" else asked["status"].lower()
        if "instance_uuid" in asked:
            asked["instance_uuid"] = asked["instance_uuid"].rpartition("/")[2]
        if "updated_at" in asked:
            asked["updated_at"] = f"gte:{asked['updated_at']}"
        return {"images": [image_view(req, one) for one in self._glance(req, "GET", "", params=asked)["images"]]}

    def show(self, req: Request, image_id: str) -> Body:
        """An image, in Nova's words. 200, 401, 404."""
        return {"image": image_view(req, self._glance(req, "GET", f"/{image_id}"))}

    def delete(self, req: Request, image_id: str) -> None:
        """Have Glance delete an image. 204, 401, 403, 404."""
        self._glance(req, "DELETE", f"/{image_id}")

    def _glance(self, req: Request, method: str, path: str, **options: Mapping[str, str]) -> Body:
        try:
            reply = self.glance.request(method, f"/v2/images{path}", req.caller, **options)
        except ks.NotFound:
            raise NotFound("Image not found.") from None
        except ks.Forbidden:
            raise Forbidden("You are not allowed to delete the image.") from None
        except ks.HttpError as error:
            raise BadRequest(str(error)) from None
        return dict(reply.json()) if reply.content else {}


class Neutron:
    """Neutron with the user's token; what it refuses is said as Nova did."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def ask(self, req: Request, method: str, path: str, body: Values | None = None, **options: object) -> Body:
        """Raises NotFound, Forbidden (for an exceeded quota as well), BadRequest."""
        try:
            reply = self.client.request(method, f"/v2.0{path}", req.caller, body, **options)
        except ks.HttpError as error:
            told = error.response.json().get("NeutronError", {}) if error.response is not None else {}
            kind = {404: NotFound, 403: Forbidden}.get(error.http_status, BadRequest)
            raise (Forbidden if told.get("type") == "OverQuota" else kind)(told.get("message", str(error))) from None
        return dict(reply.json()) if reply.content else {}


class SecurityGroupProxies:
    """Neutron's security groups in Nova's words."""

    def __init__(self, neutron: Neutron) -> None:
        self.neutron = neutron

    def index(self, req: Request) -> Body:
        """The groups of the project. 200, 401, 404."""
        everyone = req.caller.is_admin and "all_tenants" in req.params
        found = self.neutron.ask(req, "GET", GROUPS, params={} if everyone else {"tenant_id": req.caller.project_id})
        names = {group["id"]: group["name"] for group in found["security_groups"]}
        rows = [group_view(group, names) for group in found["security_groups"]]
        start, limit = (max(0, whole(req.query.get(key, "")) or 0) for key in ("offset", "limit"))
        return {"security_groups": sorted(rows, key=lambda row: row["name"])[start : start + limit if limit else None]}

    def create(self, req: Request) -> Body:
        """Have Neutron make a group. 200, 400, 401, 403, 404."""
        made = self.neutron.ask(req, "POST", GROUPS, group_body(req))["security_group"]
        return {"security_group": group_view(made, {})}

    def show(self, req: Request, group_id: str) -> Body:
        """A group with its rules. 200, 400, 401, 404."""
        return {"security_group": self._group(req, group_id)}

    def update(self, req: Request, group_id: str) -> Body:
        """Another name and description. 200, 400, 401, 404."""
        self._group(req, group_id)
        changed = self.neutron.ask(req, "PUT", f"{GROUPS}/{group_id}", group_body(req))["security_group"]
        return {"security_group": group_view(changed, {})}

    def delete(self, req: Request, group_id: str) -> Reply:
        """Have Neutron delete a group. 202, 400, 401, 404."""
        self._group(req, group_id)
        self.neutron.ask(req, "DELETE", f"{GROUPS}/{group_id}")
        return Reply(202)

    def _group(self, req: Request, group_id: str) -> Body:
        if not re.fullmatch("[0-9a-fA-F]{32}", group_id.replace("-", "")):
            raise BadRequest("Security group id should be uuid")
        group = self.neutron.ask(req, "GET", f"{GROUPS}/{group_id}")["security_group"]
        remote = {rule["remote_group_id"] for rule in group["security_group_rules"]} - {None}
        found = self.neutron.ask(req, "GET", GROUPS, params={"id": sorted(remote)})["security_groups"] if remote else []
        return group_view(group, {one["id"]: one["name"] for one in found})


def image_view(req: Request, image: Values) -> Body:
    """An image in Nova's words."""
    status, progress = STATUS.get(image["status"], ("UNKNOWN", 0))
    metadata = {key: value for key, value in image.items() if key not in STANDARD and value is not None}
    bare = {"rel": "alternate", "type": "application/vnd.openstack.image", "href": f"{req.prefix}/images/{image['id']}"}
    shown = {
        "id": image["id"],
        "name": image["name"],
        "minRam": image["min_ram"],
        "minDisk": image["min_disk"],
        "metadata": metadata,
        "created": image["created_at"],
        "updated": image["updated_at"],
        "status": status,
        "progress": progress,
        "OS-EXT-IMG-SIZE:size": image["size"] or 0,
        "links": [*links(req, "images", image["id"]), bare],
    }
    server = metadata.get("instance_uuid")
    return shown | ({"server": {"id": server, "links": links(req, "servers", server)}} if server else {})


def group_view(group: Values, names: dict[str, str]) -> Body:
    """A group in Nova's words; `names` are those of the groups that its rules let in."""
    shown = {"id": group["id"], "name": group["name"], "description": group["description"]}
    inbound = [rule for rule in group["security_group_rules"] if rule["direction"] == "ingress"]
    return shown | {"tenant_id": group["tenant_id"], "rules": [rule_view(group, rule, names) for rule in inbound]}


def rule_view(group: Values, rule: Values, names: dict[str, str]) -> Body:
    """A rule in Nova's words: it knew no rule without ports."""
    ports, remote = (rule["port_range_min"], rule["port_range_max"]), rule["remote_group_id"]
    if rule["protocol"] and ports == (None, None):
        ports = (1, 65535) if rule["protocol"] in ("tcp", "udp") else (-1, -1)
    name = group["name"] if remote == group["id"] else names.get(remote)
    return {
        "id": rule["id"],
        "parent_group_id": group["id"],
        "ip_protocol": rule["protocol"],
        "from_port": ports[0],
        "to_port": ports[1],
        "group": {"name": name, "tenant_id": group["tenant_id"]} if remote else {},
        "ip_range": {} if remote else {"cidr": rule["remote_ip_prefix"] or "0.0.0.0/0"},
    }


def group_body(req: Request) -> Body:
    """The name and description that are asked for. Raises BadRequest."""
    given = req.json_body().get("security_group")
    if not isinstance(given, dict):
        raise BadRequest("Missing parameter security_group")
    for key in ("name", "description"):
        value = given.get(key)
        if not isinstance(value, str):
            raise BadRequest(f"Invalid input received: {key} is not a string or unicode")
        if len(value) > 255:
            raise BadRequest(f"Invalid input received: {key} has {len(value)} characters, more than 255.")
    return {"security_group": {key: given[key] for key in ("name", "description")}}
