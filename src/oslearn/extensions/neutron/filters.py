"""Filters of lists that are no comparison with one column.

Interface: `FILTERS`.
Upstream: neutron/db/standard_attr.py, neutron/services/tag, neutron/db/db_base_plugin_common.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, not_, or_, select

from oslearn.core.neutron.collection import Filters
from oslearn.core.neutron.models import IPAllocation, Port, SecurityGroupPortBinding, Standard
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.oslo.timeutils import compare

Condition = ColumnElement[bool]


def fixed_ips(model: type[Port], values: list[str]) -> Condition:
    """`ip_address=...`, `subnet_id=...` or `ip_address_substr=...`."""
    wanted: dict[str, list[Condition]] = {}
    for key, _, given in (value.partition("=") for value in values):
        if key == "ip_address_substr":
            wanted.setdefault(key, []).append(IPAllocation.ip_address.contains(given, autoescape=True))
        elif key in ("ip_address", "subnet_id"):
            wanted.setdefault(key, []).append(getattr(IPAllocation, key) == given)
    return model.id.in_(select(IPAllocation.port_id).where(*[or_(*same) for same in wanted.values()]))


def security_groups(model: type[Port], values: list[str]) -> Condition:
    """Ports that one of these groups guards."""
    bound = SecurityGroupPortBinding
    return model.id.in_(select(bound.port_id).where(bound.security_group_id.in_(values)))


def tags(model: type[Standard], values: list[str], together: Callable[..., Condition]) -> Condition:
    """A tag stands in the column's JSON between quotation marks, behind a bracket or a space."""
    text, wanted = cast(model.tags, String), [json.dumps(tag) for value in values for tag in value.split(",")]
    return together(*[or_(*[text.contains(before + tag, autoescape=True) for before in "[ "]) for tag in wanted])


def changed_since(model: type[Standard], values: list[str]) -> Condition:
    """Raises ChangedSince."""
    try:
        moment = datetime.fromisoformat(values[0])
        return compare(model.updated_at, "ge", moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment)
    except (ValueError, OverflowError):
        raise e.ChangedSince() from None


FILTERS: Filters = {
    ("port", "fixed_ips"): fixed_ips,
    ("port", "security_groups"): security_groups,
    ("security_group", "shared"): lambda model, values: literal(
        any(bool_from_string(value) == model.shared for value in values)
    ),
    ("agent", "agent_type"): lambda model, values: func.lower(model.agent_type).in_([v.lower() for v in values]),
    ("*", "changed_since"): changed_since,
    ("*", "tags"): lambda model, values: tags(model, values, and_),
    ("*", "tags-any"): lambda model, values: tags(model, values, or_),
    ("*", "not-tags"): lambda model, values: not_(tags(model, values, and_)),
    ("*", "not-tags-any"): lambda model, values: not_(tags(model, values, or_)),
}
