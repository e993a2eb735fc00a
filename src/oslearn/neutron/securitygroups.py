"""Security groups and their rules: `/v2.0/security-groups`, `/v2.0/security-group-rules`.

Invariants: a project has one group named default, made when it is first needed, and keeps it; the same rule is
never there twice; what no rule allows is dropped.
Upstream: neutron/db/securitygroups_db.py. Left out: address groups, rules that an admin makes the default, stateless
groups, the firewall itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.neutron import attributes as a
from oslearn.neutron import exceptions as e
from oslearn.neutron.base import fields
from oslearn.neutron.models import SecurityGroup, SecurityGroupPortBinding, SecurityGroupRule
from oslearn.neutron.quota import Quotas
from oslearn.oslo.clock import iso
from oslearn.oslo.context import RequestContext
from oslearn.oslo.wsgi import Reply, Request

GROUP = {
    "name": a.Attribute(a.text, ""),
    "description": a.Attribute(a.text, ""),
    "stateful": a.Attribute(a.boolean, True),
    "project_id": a.Attribute(a.text, put=False),
}
RULE = {
    "security_group_id": a.Attribute(a.text, a.REQUIRED),
    "direction": a.Attribute(a.one_of("ingress", "egress"), a.REQUIRED),
    "ethertype": a.Attribute(a.one_of("IPv4", "IPv6"), "IPv4"),
    "protocol": a.Attribute(a.text_or_none, None),
    "port_range_min": a.Attribute(a.integer, None),
    "port_range_max": a.Attribute(a.integer, None),
    "remote_ip_prefix": a.Attribute(a.prefix, None),
    "remote_group_id": a.Attribute(a.text_or_none, None),
    "remote_address_group_id": a.Attribute(a.one_of(None), None),
    "description": a.Attribute(a.text, ""),
    "project_id": a.Attribute(a.text),
}
MATCH = ("security_group_id", "direction", "ethertype", "protocol", "port_range_min", "port_range_max",
         "remote_ip_prefix", "remote_group_id")  # fmt: skip
"""Two rules with the same values here are the same rule."""


class SecurityGroups(Quotas):
    """The handlers of security groups and their rules."""

    def list_security_groups(self, req: Request) -> dict[str, Any]:
        """200, 400."""
        self.policy.enforce(req.caller, "get_security_group")
        with self.handle.session() as session:
            if req.caller.project_id:
                self._default_group(session, req.caller.project_id)
            return self._list(session, req, SecurityGroup, "security_groups", view)

    def show_security_group(self, req: Request, group_id: str) -> dict[str, Any]:
        """200, 404."""
        self.policy.enforce(req.caller, "get_security_group")
        with self.handle.session() as session:
            group = self._find(session, SecurityGroup, req.caller, group_id, e.SecurityGroupNotFound)
            return {"security_group": fields(req, view(session, [group], req.caller)[0])}

    def create_security_group(self, req: Request) -> Reply:
        """201, 400, 403, 409: with rules that let everything out."""
        values = a.read(req.json_body(), "security_group", GROUP, "POST")
        self.policy.enforce(req.caller, "create_security_group")
        project = self._project(req.caller, values)
        if values["name"] == "default":
            raise e.SecurityGroupDefaultAlreadyExists()
        with self.handle.session() as session:
            self._default_group(session, project)
            self._check_quota(session, SecurityGroup, project)
            group = self._new_group(session, project, values)
            return Reply(201, {"security_group": view(session, [group], req.caller)[0]})

    def update_security_group(self, req: Request, group_id: str) -> dict[str, Any]:
        """200, 400, 404."""
        values = a.read(req.json_body(), "security_group", GROUP, "PUT")
        self.policy.enforce(req.caller, "update_security_group")
        with self.handle.session() as session:
            group = self._find(session, SecurityGroup, req.caller, group_id, e.SecurityGroupNotFound)
            for name, value in values.items():
                setattr(group, name, value)
            self._touch(group)
            return {"security_group": view(session, [group], req.caller)[0]}

    def delete_security_group(self, req: Request, group_id: str) -> None:
        """204, 404, 409 for the default one and for one that guards a port."""
        self.policy.enforce(req.caller, "delete_security_group")
        with self.handle.session() as session:
            group = self._find(session, SecurityGroup, req.caller, group_id, e.SecurityGroupNotFound)
            bound = SecurityGroupPortBinding
            if session.scalar(select(bound.port_id).where(bound.security_group_id == group_id).limit(1)):
                raise e.SecurityGroupInUse(id=group_id)
            if group.default_of and not req.caller.is_admin:
                raise e.SecurityGroupCannotRemoveDefault()
            session.execute(delete(SecurityGroup).where(SecurityGroup.id == group_id))

    def list_security_group_rules(self, req: Request) -> dict[str, Any]:
        """200, 400."""
        self.policy.enforce(req.caller, "get_security_group")
        with self.handle.session() as session:
            return self._list(session, req, SecurityGroupRule, "security_group_rules", rules_view)

    def show_security_group_rule(self, req: Request, rule_id: str) -> dict[str, Any]:
        """200, 404."""
        self.policy.enforce(req.caller, "get_security_group")
        with self.handle.session() as session:
            rule = self._find(session, SecurityGroupRule, req.caller, rule_id, e.SecurityGroupRuleNotFound)
            return {"security_group_rule": fields(req, rules_view(session, [rule], req.caller)[0])}

    def create_security_group_rule(self, req: Request) -> Reply:
        """201, 400, 403, 404, 409 if it is there already."""
        values = a.read(req.json_body(), "security_group_rule", RULE, "POST")
        self.policy.enforce(req.caller, "create_security_group_rule")
        project = self._project(req.caller, values)
        values.pop("remote_address_group_id")
        check_rule(values)
        with self.handle.session() as session:
            groups = {values["security_group_id"], values["remote_group_id"] or values["security_group_id"]}
            self._check_groups(session, req.caller, sorted(groups))
            self._check_quota(session, SecurityGroupRule, project)
            same = [getattr(SecurityGroupRule, name).is_not_distinct_from(values[name]) for name in MATCH]
            existing = session.scalar(select(SecurityGroupRule.id).where(*same))
            if existing:
                raise e.SecurityGroupRuleExists(rule_id=existing)
            rule = SecurityGroupRule(**values, project_id=project, revision_number=0, **self._stamp())
            session.add(rule)
            session.flush()
            return Reply(201, {"security_group_rule": rules_view(session, [rule], req.caller)[0]})

    def delete_security_group_rule(self, req: Request, rule_id: str) -> None:
        """204, 404."""
        self.policy.enforce(req.caller, "delete_security_group_rule")
        with self.handle.session() as session:
            self._find(session, SecurityGroupRule, req.caller, rule_id, e.SecurityGroupRuleNotFound)
            session.execute(delete(SecurityGroupRule).where(SecurityGroupRule.id == rule_id))

    def _check_groups(self, session: Session, caller: RequestContext, groups: list[str]) -> None:
        """Raises SecurityGroupNotFound for the first that the caller may not see."""
        wanted = select(SecurityGroup.id).where(SecurityGroup.id.in_(groups), self._visible(SecurityGroup, caller))
        known = set(session.scalars(wanted))
        for group_id in groups:
            if group_id not in known:
                raise e.SecurityGroupNotFound(id=group_id)

    def _default_group(self, session: Session, project_id: str) -> str:
        """The id of the project's default group, which is made if this is its first use."""
        known = session.scalar(select(SecurityGroup.id).where(SecurityGroup.default_of == project_id))
        if known:
            return known
        values = {"name": "default", "description": "Default security group", "default_of": project_id}
        return self._new_group(session, project_id, values).id

    def _new_group(self, session: Session, project_id: str, values: dict[str, Any]) -> SecurityGroup:
        """A group with its first rules: all may go out; within a default group all may come in."""
        group = SecurityGroup(**{"stateful": True} | values, project_id=project_id, revision_number=1, **self._stamp())
        session.add(group)
        session.flush()
        wanted: list[tuple[str, str, str | None]] = [("egress", ethertype, None) for ethertype in ("IPv4", "IPv6")]
        if values.get("default_of"):
            wanted += [("ingress", ethertype, group.id) for ethertype in ("IPv4", "IPv6")]
        for direction, ethertype, remote in wanted:
            rule = {"direction": direction, "ethertype": ethertype, "remote_group_id": remote}
            owned = {"project_id": project_id, "security_group_id": group.id, "revision_number": 0}
            session.add(SecurityGroupRule(**rule, **owned, **self._stamp()))
        session.flush()
        return group


def check_rule(values: dict[str, Any]) -> None:
    """Raises SecurityGroupProtocolRequiredWithPorts, ...InvalidPortRange, ...RemoteGroupAndRemoteIpPrefix."""
    low, high, protocol = values["port_range_min"], values["port_range_max"], values["protocol"]
    values["protocol"] = protocol = None if protocol in (None, "any", "") else protocol.lower()
    if (low is not None or high is not None) and protocol is None:
        raise e.SecurityGroupProtocolRequiredWithPorts()
    if protocol in ("tcp", "udp", "sctp", "6", "17") and (low is None) != (high is None):
        raise e.SecurityGroupInvalidPortRange()
    if protocol in ("tcp", "udp", "sctp", "6", "17") and low is not None and low > high:
        raise e.SecurityGroupInvalidPortRange()
    if values["remote_ip_prefix"] and values["remote_group_id"]:
        raise e.SecurityGroupRemoteGroupAndRemoteIpPrefix()
    if values["remote_ip_prefix"] and ip_network(values["remote_ip_prefix"]).version != int(values["ethertype"][-1]):
        detail = f"Conflicting value ethertype {values['ethertype']} for CIDR {values['remote_ip_prefix']}"
        raise e.HTTPBadRequest(detail)


def view(session: Session, groups: Sequence[SecurityGroup], caller: RequestContext) -> list[dict[str, Any]]:
    """The groups as the API shows them, each with its rules."""
    rules: dict[str, list[dict[str, Any]]] = {group.id: [] for group in groups}
    wanted = select(SecurityGroupRule).where(SecurityGroupRule.security_group_id.in_(rules))
    for rule in session.scalars(wanted.order_by(SecurityGroupRule.standard_attr_id)):
        inner = {"standard_attr_id": rule.standard_attr_id, "tags": [], "belongs_to_default_sg": None}
        rules[rule.security_group_id].append(_rule_view(rule) | inner)
    same = ("id", "name", "stateful", "project_id", "description", "revision_number")
    shown = [{name: getattr(group, name) for name in same} for group in groups]
    for group, one in zip(groups, shown, strict=True):
        one |= {"tenant_id": group.project_id, "shared": False, "security_group_rules": rules[group.id], "tags": []}
        one |= {"created_at": iso(group.created_at), "updated_at": iso(group.updated_at)}
    return shown


def rules_view(session: Session, rules: Sequence[SecurityGroupRule], caller: RequestContext) -> list[dict[str, Any]]:
    """The rules as the API shows them."""
    ids = {rule.security_group_id for rule in rules}
    defaults = select(SecurityGroup.id).where(SecurityGroup.id.in_(ids), SecurityGroup.default_of.is_not(None))
    default = set(session.scalars(defaults))
    return [_rule_view(rule) | {"belongs_to_default_sg": rule.security_group_id in default} for rule in rules]


def _rule_view(rule: SecurityGroupRule) -> dict[str, Any]:
    shown = {name: getattr(rule, name) for name in ("id", "project_id", *MATCH, "description", "revision_number")}
    shown |= {"remote_address_group_id": None, "normalized_cidr": rule.remote_ip_prefix, "tenant_id": rule.project_id}
    return shown | {"created_at": iso(rule.created_at), "updated_at": iso(rule.updated_at)}
