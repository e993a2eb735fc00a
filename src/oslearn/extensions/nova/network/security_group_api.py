"""Security groups of instances: they are the groups of their ports, so only Neutron knows them.

Interface: `SecurityGroupAPI`.
Upstream: nova/network/security_group_api.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oslearn.core.nova.objects import SecurityGroupName, Values
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import RequestContext

MAX_SEARCH_IDS = 150


class SecurityGroupAPI:
    """Groups by instance, with the user's token."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def instance_security_groups(
        self, context: RequestContext, uuids: Sequence[str]
    ) -> dict[str, list[SecurityGroupName]]:
        """Names of the groups of each instance: those of its first port, then of the next. Raises TransportError."""
        ports: list[Values] = []
        for some in chunks(uuids):
            ports += self._list(context, "ports", fields=["security_groups", "device_id"], device_id=some)
        names: dict[str, str] = {}
        for few in chunks(sorted({group for port in ports for group in port["security_groups"]})):
            found = self._list(context, "security-groups", id=few, fields=["id", "name"])
            names |= {group["id"]: group["name"] or group["id"] for group in found}
        groups: dict[str, list[SecurityGroupName]] = {}
        for port in ports:
            shown: list[SecurityGroupName] = [
                {"name": names[group]} for group in port["security_groups"] if group in names
            ]
            groups.setdefault(port["device_id"], []).extend(shown)
        return groups

    def _list(self, context: RequestContext, kind: str, **query: object) -> list[Values]:
        found = self.client.request("GET", f"/v2.0/{kind}", context, params=query).json()
        return list(found[kind.replace("-", "_")])


def chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    """Few enough ids at a time for a URL."""
    for start in range(0, len(ids), MAX_SEARCH_IDS):
        yield list(ids[start : start + MAX_SEARCH_IDS])
