"""Security groups and their rules: `/v2.0/security-groups`, `/v2.0/security-group-rules`.

Invariants: a project has one group named default, made when it is first needed, and keeps it; the same rule is
never there twice; what no rule allows is dropped.
Upstream: neutron/db/securitygroups_db.py, neutron/extensions/securitygroup.py.
Left out: address groups, rules that an admin makes the default, the firewall itself (`reachability` reads the rules).
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.agents import Agents
from oslearn.core.neutron.attributes import PROTOCOLS
from oslearn.core.neutron.base import Resource, Values, assign
from oslearn.core.neutron.models import SecurityGroup, SecurityGroupPortBinding, SecurityGroupRule
from oslearn.core.neutron.notifiers import SECURITY_GROUP_UPDATE
from oslearn.core.oslo.context import RequestContext as Context

WITH_PORTS, ICMP, IPV6_ONLY = {6, 17, 33, 132, 136}, {1, 58}, {41, 43, 44, 58, 59, 60}


RULE = Resource(
    "security_group_rule",
    SecurityGroupRule,
    "SecurityGroupRuleNotFound",
    lambda caller: [
        SecurityGroupRule.security_group_id.in_(
            select(SecurityGroup.id).where(SecurityGroup.project_id == caller.project_id)
        )
    ],
    verbs=("list", "show", "create", "delete"),
)


def shown_rules(group: SecurityGroup, default: bool | None = None) -> list[Values]:
    """Rules as a part of their group."""
    more: Values = {"tags": [], "belongs_to_default_sg": default}
    return [RULE.view(rule) | {"standard_attr_id": rule.standard_attr_id} | more for rule in group.rules]


GROUP = Resource(
    "security_group",
    SecurityGroup,
    "SecurityGroupNotFound",
    born=lambda group: {"security_group_rules": shown_rules(group, False)},
)
DEFAULT_GROUP = select(SecurityGroup.id).where(SecurityGroup.default_of == bindparam("project"))
SAME = ("security_group_id", "direction", "ethertype", "port_range_min", "port_range_max", "remote_group_id")


class SecurityGroups(Agents):
    """Groups and rules."""

    def extend_security_group(self, group: SecurityGroup) -> Values:
        """A group is shown with its rules."""
        return {"security_group_rules": shown_rules(group)}

    def create_security_group(self, session: Session, context: Context, values: Values) -> SecurityGroup:
        """With rules that let everything out. Raises SecurityGroupDefaultAlreadyExists."""
        if values["name"].lower() == "default":
            raise e.SecurityGroupDefaultAlreadyExists()
        self.default_group(session, values["project_id"])
        return self._new_group(session, values)

    def update_security_group(self, session: Session, context: Context, group: SecurityGroup, values: Values) -> None:
        """Raises SecurityGroupCannotUpdateDefault, SecurityGroupDefaultAlreadyExists."""
        name = values.get("name", group.name)
        if group.default_of and name != group.name:
            raise e.SecurityGroupCannotUpdateDefault()
        if not group.default_of and name.lower() == "default":
            raise e.SecurityGroupDefaultAlreadyExists()
        assign(group, values)

    def delete_security_group(self, session: Session, context: Context, group: SecurityGroup) -> None:
        """Raises SecurityGroupInUse, SecurityGroupCannotRemoveDefault."""
        bound = SecurityGroupPortBinding
        if session.scalar(select(bound.port_id).where(bound.security_group_id == group.id).limit(1)):
            raise e.SecurityGroupInUse(id=group.id)
        if group.default_of and not context.is_admin:
            raise e.SecurityGroupCannotRemoveDefault()
        session.execute(delete(SecurityGroup).where(SecurityGroup.id == group.id))

    def create_security_group_rule(self, session: Session, context: Context, values: Values) -> SecurityGroupRule:
        """Raises SecurityGroupRuleExists, SecurityGroupNotFound and what `check_rule` raises."""
        values.pop("remote_address_group_id", None)
        values["remote_group_id"] = values["remote_group_id"] or None
        check_rule(values)
        self.check_groups(session, context, [values["security_group_id"], values["remote_group_id"]])
        same = [getattr(SecurityGroupRule, name).is_not_distinct_from(values[name]) for name in SAME]
        for rule in session.scalars(select(SecurityGroupRule).where(*same)):
            mine, its = values["remote_ip_prefix"], rule.remote_ip_prefix
            if everywhere(mine) == everywhere(its) and number(values["protocol"]) == number(rule.protocol):
                raise e.SecurityGroupRuleExists(rule_id=rule.id)
        rule = SecurityGroupRule(**values, revision_number=0, **self.stamp())
        session.add(rule)
        session.flush()
        self._rules_changed(session, rule)
        return rule

    def delete_security_group_rule(self, session: Session, context: Context, rule: SecurityGroupRule) -> None:
        """Take a rule away."""
        session.execute(delete(SecurityGroupRule).where(SecurityGroupRule.id == rule.id))
        self._rules_changed(session, rule)

    def _rules_changed(self, session: Session, rule: SecurityGroupRule) -> None:
        self.touch(session.get_one(SecurityGroup, rule.security_group_id))
        groups = {"security_groups": [rule.security_group_id]}
        self.later(session, self.notifier.l2, SECURITY_GROUP_UPDATE, "security_groups_rule_updated", **groups)

    def check_groups(self, session: Session, context: Context, groups: list[Any]) -> None:
        """Raises SecurityGroupNotFound for the first that the caller may not see."""
        named = [group for group in groups if group]
        wanted = select(SecurityGroup.id).where(SecurityGroup.id.in_(named), GROUP.visible(context))
        known = set(session.scalars(wanted))
        if missing := [group for group in named if group not in known]:
            raise e.SecurityGroupNotFound(id=missing[0])

    def default_group(self, session: Session, project_id: str) -> str:
        """The id of the project's default group, which is made if this is its first use."""
        known = session.scalar(DEFAULT_GROUP, {"project": project_id})
        if known or not project_id:
            return known or ""
        values = {"name": "default", "description": "Default security group", "default_of": project_id}
        return self._new_group(session, values | {"project_id": project_id}).id

    def _new_group(self, session: Session, values: Values) -> SecurityGroup:
        """A group with its first rules: all may go out; within a default group all may come in."""
        group = SecurityGroup(**values, revision_number=1, **self.stamp())
        session.add(group)
        session.flush()
        owned = {"project_id": group.project_id, "security_group_id": group.id, "description": None}
        for direction, remote in (("egress", None), ("ingress", group.id))[: 2 if group.default_of else 1]:
            for kind in ("IPv4", "IPv6"):
                rule = {"direction": direction, "ethertype": kind, "remote_group_id": remote}
                session.add(SecurityGroupRule(**rule, **owned, **self.stamp()))
        session.flush()
        return group


def network(prefix: str) -> Any:
    """A remote prefix without its host bits."""
    return ip_network(prefix, strict=False)


def number(name: str | None) -> int | None:
    """A protocol's number."""
    return None if name is None else PROTOCOLS.get(name, int(name) if name.isdecimal() else None)


def everywhere(prefix: str | None) -> str | None:
    """A remote prefix; all addresses are the same as none named."""
    return None if prefix in (None, "0.0.0.0/0", "::/0") else prefix


def check_rule(values: Values) -> None:
    """Protocol, ports, remote and ethertype have to fit together. Raises the SecurityGroup... errors of it."""
    kind, prefix = values["ethertype"], values["remote_ip_prefix"]
    if kind == "IPv6" and values["protocol"] in ("icmp", "icmpv6", "1"):
        values["protocol"] = "58" if values["protocol"] == "1" else "ipv6-icmp"
    if values["port_range_min"] is not None or values["port_range_max"] is not None:
        _check_ports(values["protocol"], values["port_range_min"], values["port_range_max"])
    if prefix and network(prefix).version != int(kind[-1]):
        raise e.SecurityGroupRuleParameterConflict(ethertype=kind, cidr=prefix)
    if kind == "IPv4" and number(values["protocol"]) in IPV6_ONLY:
        raise e.SecurityGroupEthertypeConflictWithProtocol(ethertype=kind, protocol=values["protocol"])
    if prefix and values["remote_group_id"]:
        raise e.SecurityGroupRemoteGroupAndRemoteIpPrefix()


def _check_ports(name: str | None, low: int | None, high: int | None) -> None:
    if name is None:
        raise e.SecurityGroupProtocolRequiredWithPorts()
    if number(name) in ICMP:
        for attr, field, value in (("port_range_min", "type", low), ("port_range_max", "code", high)):
            if value is not None and value > 255:
                raise e.SecurityGroupInvalidIcmpValue(field=field, attr=attr, value=value)
        if low is None:
            raise e.SecurityGroupMissingIcmpType(value=high)
    elif number(name) not in WITH_PORTS:
        raise e.SecurityGroupInvalidProtocolForPort(protocol=name)
    elif 0 in (low, high):
        raise e.SecurityGroupInvalidPortValue(port=0)
    elif low is None or high is None or low > high:
        raise e.SecurityGroupInvalidPortRange()
