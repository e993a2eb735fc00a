"""Security groups and their rules: `/v2.0/security-groups`, `/v2.0/security-group-rules`.

Invariants: the default group keeps its name; the same rule is never there twice; what no rule allows is dropped.
Upstream: neutron/db/securitygroups_db.py, neutron/extensions/securitygroup.py.
Left out: address groups, rules that an admin makes the default, the firewall itself (`reachability` reads the rules).
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import Condition, Project, Resource, Stamps, assign
from oslearn.core.neutron.models import SecurityGroup, SecurityGroupPortBinding, SecurityGroupRule
from oslearn.core.neutron.notifiers import SECURITY_GROUP_UPDATE, Notifier, Outbox
from oslearn.core.neutron.securitygroups import SecurityGroups
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.http import Request
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.attributes import PROTOCOLS, RESOURCES

WITH_PORTS, ICMP, IPV6_ONLY = {6, 17, 33, 132, 136}, {1, 58}, {41, 43, 44, 58, 59, 60}
SAME = ("security_group_id", "direction", "ethertype", "port_range_min", "port_range_max", "remote_group_id")


def _in_own_group(project: Project) -> list[Condition]:
    groups = select(SecurityGroup.id).where(SecurityGroup.project_id == project)
    return [SecurityGroupRule.security_group_id.in_(groups)]


RULE: Resource[SecurityGroupRule] = Resource(
    "security_group_rule", SecurityGroupRule, e.SecurityGroupRuleNotFound, _in_own_group, freed=True, declared=RESOURCES
)


def shown_rules(group: SecurityGroup, default: bool | None = None) -> list[Values]:
    """Rules as a part of their group."""
    more: Values = {"tags": [], "belongs_to_default_sg": default}
    return [RULE.view(rule) | {"standard_attr_id": rule.standard_attr_id} | more for rule in group.rules]


class Groups:
    """What makes groups, changes and deletes them."""

    def __init__(self, groups: SecurityGroups) -> None:
        self.groups = groups

    def before_index(self, session: Session, req: Request) -> None:
        """Who lists the groups finds the default one, also before the first port."""
        self.groups.default(session, req.query.get("project_id") or req.caller.project_id or "")

    def extend(self, group: SecurityGroup) -> Values:
        """A group is shown with its rules."""
        return {"security_group_rules": shown_rules(group)}

    def born(self, group: SecurityGroup) -> Values:
        """A new group says that its rules are no default group's; later it does not say."""
        return {"security_group_rules": shown_rules(group, False)}

    def create(self, session: Session, context: Context, values: Values) -> SecurityGroup:
        """With rules that let everything out. Raises SecurityGroupDefaultAlreadyExists."""
        if values["name"].lower() == "default":
            raise e.SecurityGroupDefaultAlreadyExists()
        self.groups.default(session, values["project_id"])
        return self.groups.make(session, values)

    def update(self, session: Session, context: Context, group: SecurityGroup, values: Values) -> None:
        """Raises SecurityGroupCannotUpdateDefault, SecurityGroupDefaultAlreadyExists."""
        name = values.get("name", group.name)
        if group.default_of and name != group.name:
            raise e.SecurityGroupCannotUpdateDefault()
        if not group.default_of and name.lower() == "default":
            raise e.SecurityGroupDefaultAlreadyExists()
        assign(group, values)

    def delete(self, session: Session, context: Context, group: SecurityGroup) -> None:
        """Raises SecurityGroupInUse, SecurityGroupCannotRemoveDefault."""
        bound = SecurityGroupPortBinding
        if session.scalar(select(bound.port_id).where(bound.security_group_id == group.id).limit(1)):
            raise e.SecurityGroupInUse(id=group.id)
        if group.default_of and not context.is_admin:
            raise e.SecurityGroupCannotRemoveDefault()
        session.execute(delete(SecurityGroup).where(SecurityGroup.id == group.id))


class Rules:
    """What makes rules and deletes them; a rule is never changed."""

    def __init__(self, outbox: Outbox, notifier: Notifier, stamps: Stamps, groups: SecurityGroups) -> None:
        self.outbox, self.notifier, self.stamps, self.groups = outbox, notifier, stamps, groups

    def create(self, session: Session, context: Context, values: Values) -> SecurityGroupRule:
        """Raises SecurityGroupRuleExists, SecurityGroupNotFound and what `check_rule` raises."""
        values.pop("remote_address_group_id", None)
        values["remote_group_id"] = values["remote_group_id"] or None
        check_rule(values)
        self.groups.check(session, context, [values["security_group_id"], values["remote_group_id"]])
        same = [getattr(SecurityGroupRule, name).is_not_distinct_from(values[name]) for name in SAME]
        for rule in session.scalars(select(SecurityGroupRule).where(*same)):
            mine, its = values["remote_ip_prefix"], rule.remote_ip_prefix
            if everywhere(mine) == everywhere(its) and number(values["protocol"]) == number(rule.protocol):
                raise e.SecurityGroupRuleExists(rule_id=rule.id)
        rule = SecurityGroupRule(**values, revision_number=0, **self.stamps.new())
        session.add(rule)
        session.flush()
        self._rules_changed(session, rule)
        return rule

    def delete(self, session: Session, context: Context, rule: SecurityGroupRule) -> None:
        """What it let through is dropped from now on."""
        session.execute(delete(SecurityGroupRule).where(SecurityGroupRule.id == rule.id))
        self._rules_changed(session, rule)

    def _rules_changed(self, session: Session, rule: SecurityGroupRule) -> None:
        self.stamps.touch(session.get_one(SecurityGroup, rule.security_group_id))
        groups = {"security_groups": [rule.security_group_id]}
        self.outbox.later(session, self.notifier.l2, SECURITY_GROUP_UPDATE, "security_groups_rule_updated", **groups)


def network(prefix: str) -> IPv4Network | IPv6Network:
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
