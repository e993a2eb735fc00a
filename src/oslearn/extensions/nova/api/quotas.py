"""nova-api: quotas of projects, of their users and of everybody, and what is used of them.

Upstream: nova/api/openstack/compute/{quota_sets,quota_classes,limits}.py; nova/quota.py, `get_settable_quotas`.
"""

from __future__ import annotations

from oslearn.core.nova.api.servers import ServerAccess
from oslearn.core.nova.api.validation import V, check_body, check_query, strict
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.nova.api.common import Projects, many, query
from oslearn.extensions.nova.api.schemas import BOOLEAN
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.db.quotas import RESOURCES

RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-quota-sets:show": policy.project_reader,
    "os_compute_api:os-quota-sets:detail": policy.project_reader,
    "os_compute_api:os-quota-sets:update": policy.admin,
    "os_compute_api:os-quota-sets:delete": policy.admin,
    "os_compute_api:os-quota-class-sets:show": policy.admin,
    "os_compute_api:os-quota-class-sets:update": policy.admin,
    "os_compute_api:limits:other_project": policy.admin,
}
LIMIT = {"type": ["integer", "string"], "pattern": "^-?[0-9]+$", "minimum": -1, "maximum": 2**31 - 1}
NETWORK = ("fixed_ips", "floating_ips", "security_group_rules", "security_groups")
GROUPS = ("server_group_members", "server_groups")
UNTIL = dict.fromkeys((*NETWORK, "networks"), 35) | {name: 56 for name in RESOURCES if name.startswith("injected")}
CLASS_UNTIL = UNTIL | dict.fromkeys(NETWORK, 49)
"""The last minor version of what is gone; Neutron has its own quotas."""

UPDATE_SET = strict(
    {
        "quota_set": strict(
            {name: V(LIMIT, until=UNTIL.get(name, 999)) for name in (*RESOURCES, "networks")} | {"force": BOOLEAN}
        )
    },
    ["quota_set"],
)
UPDATE_CLASS = strict(
    {"quota_class_set": strict({name: V(LIMIT, until=CLASS_UNTIL.get(name, 999)) for name in RESOURCES})},
    ["quota_class_set"],
)
QUERY = query({"user_id": many()})
LIMITS_QUERY = query({"tenant_id": many(), "reserved": many()})
ABSOLUTE = {
    "maxTotalCores": ("cores", 999), "maxPersonality": ("injected_files", 56),
    "maxPersonalitySize": ("injected_file_content_bytes", 56), "maxTotalInstances": ("instances", 999),
    "maxTotalKeypairs": ("key_pairs", 999), "maxServerMeta": ("metadata_items", 999),
    "maxImageMeta": ("metadata_items", 38), "maxTotalRAMSize": ("ram", 999), "maxServerGroups": ("server_groups", 999),
    "maxServerGroupMembers": ("server_group_members", 999), "maxTotalFloatingIps": ("floating_ips", 35),
    "maxSecurityGroups": ("security_groups", 35), "maxSecurityGroupRules": ("security_group_rules", 35),
}  # fmt: skip
USED = {
    "totalRAMUsed": ("ram", 999), "totalCoresUsed": ("cores", 999), "totalInstancesUsed": ("instances", 999),
    "totalFloatingIpsUsed": ("floating_ips", 35), "totalSecurityGroupsUsed": ("security_groups", 35),
    "totalServerGroupsUsed": ("server_groups", 999),
}  # fmt: skip
"""The resource behind each figure, and the last minor version that shows it."""


class QuotaSets:
    """The limits of projects and of their users."""

    def __init__(self, access: ServerAccess, db: ExtendedDB, projects: Projects) -> None:
        self.access, self.db, self.projects = access, db, projects

    def show(self, req: Request, project_id: str) -> Body:
        """The limits of a project, or of a user in it. 200, 400, 401, 403."""
        limits = self.db.quotas.limits(project_id, self._user(req, "show", project_id))
        return {"quota_set": {"id": project_id} | shown(req, limits)}

    def detail(self, req: Request, project_id: str) -> Body:
        """The same with what is used. 200, 400, 401, 403."""
        user_id = self._user(req, "detail", project_id)
        limits, used = self.db.quotas.limits(project_id, user_id), used_of(self.db, project_id, user_id)
        detail = {k: {"limit": v, "in_use": used.get(k, 0), "reserved": 0} for k, v in shown(req, limits).items()}
        return {"quota_set": {"id": project_id} | detail}

    def defaults(self, req: Request, project_id: str) -> Body:
        """The limits of a project that has none of its own. 200, 400, 401."""
        self.projects.check(req, project_id)
        return {"quota_set": {"id": project_id} | shown(req, self.db.quotas.limits())}

    def update(self, req: Request, project_id: str) -> Body:
        """Give a project, or a user in it, limits. 200, 400, 401, 403."""
        user_id = self._user(req, "update", project_id)
        given = check_body(req, UPDATE_SET)["quota_set"]
        force = bool_from_string(given.pop("force", False))
        limits = {name: int(limit) for name, limit in given.items() if name in RESOURCES}
        if not force:
            self._check_settable(project_id, user_id, limits)
        self.db.quotas.set(limits, project_id, user_id)
        return {"quota_set": shown(req, self.db.quotas.limits(project_id, user_id))}

    def delete(self, req: Request, project_id: str) -> Reply:
        """Take a project's limits away, or a user's in it. 202, 401, 403."""
        self.access.allow(req, "os-quota-sets:delete", {"project_id": project_id})
        check_query(req, QUERY)
        self.db.quotas.destroy(project_id, req.query.get("user_id", ""))
        return Reply(202)

    def _user(self, req: Request, verb: str, project_id: str) -> str:
        """The user whose limits are meant, or "" for the whole project."""
        self.access.allow(req, f"os-quota-sets:{verb}", {"project_id": project_id})
        self.projects.check(req, project_id)
        check_query(req, QUERY)
        return req.query.get("user_id", "")

    def _check_settable(self, project_id: str, user_id: str, limits: dict[str, int]) -> None:
        """No less than what is in use, and for a user no more than what the project has left. Raises BadRequest."""
        used, project = used_of(self.db, project_id, user_id), self.db.quotas.limits(project_id)
        given = self.db.quotas.given_to_users(project_id)
        for name, limit in limits.items():
            least, most = used.get(name, 0), -1
            if user_id:
                most = project[name] if project[name] < 0 else project[name] - given.get(name, 0)
                most += self.db.quotas.given_to_users(project_id, user_id).get(name, 0) if most >= 0 else 0
            else:
                least = max(least, given.get(name, 0))
            if 0 <= limit < least:
                raise BadRequest(
                    f"Quota limit {limit} for {name} must be greater than or equal to already used and "
                    f"reserved {least}."
                )
            if most >= 0 and (limit < 0 or limit > most):
                raise BadRequest(f"Quota limit {limit} for {name} must be less than or equal to {most}.")


class QuotaClasses:
    """The limits of everybody that has none of their own."""

    def __init__(self, db: ExtendedDB) -> None:
        self.db = db

    def show(self, req: Request, name: str) -> Body:
        """The limits that hold where no other does. 200, 401, 403."""
        return {"quota_class_set": {"id": name} | class_shown(req, self.db.quotas.limits())}

    def update(self, req: Request, name: str) -> Body:
        """Change them; of all classes `default` alone means something. 200, 400, 401, 403."""
        if len(name) > 255:
            raise BadRequest(f"Invalid input received: quota_class_name has {len(name)} characters, more than 255.")
        given = check_body(req, UPDATE_CLASS)["quota_class_set"]
        if name == "default":
            self.db.quotas.set_default({key: int(limit) for key, limit in given.items()})
        return {"quota_class_set": class_shown(req, self.db.quotas.limits())}


class Limits:
    """Limits and use together, which a dashboard shows."""

    def __init__(self, access: ServerAccess, db: ExtendedDB) -> None:
        self.access, self.db = access, db

    def show(self, req: Request) -> Body:
        """The limits of a project and what it uses. 200, 401, 403."""
        project_id = req.query.get("tenant_id", req.caller.project_id or "")
        if "tenant_id" in req.query:
            self.access.allow(req, "limits:other_project")
        limits, used, minor = self.db.quotas.limits(project_id), used_of(self.db, project_id), req.microversion[1]
        absolute = {key: limits[name] for key, (name, until) in ABSOLUTE.items() if minor <= until}
        absolute |= {key: used.get(name, 0) for key, (name, until) in USED.items() if minor <= until}
        return {"limits": {"rate": [], "absolute": absolute}}


def used_of(db: ExtendedDB, project_id: str, user_id: str = "") -> dict[str, int]:
    """What a project uses, or one user in it."""
    return db.quotas.usage(project_id, user_id) | db.quotas.usage_of_groups(project_id, user_id)


def shown(req: Request, limits: dict[str, int]) -> dict[str, int]:
    """What a version shows of a project's limits."""
    return {name: limits[name] for name in RESOURCES if req.microversion[1] <= UNTIL.get(name, 999)}


def class_shown(req: Request, limits: dict[str, int]) -> dict[str, int]:
    """What a version shows of everybody's limits."""
    minor = req.microversion[1]
    hidden = GROUPS if minor < 50 else ()
    return {n: limits[n] for n in RESOURCES if minor <= CLASS_UNTIL.get(n, 999) and n not in hidden}
