"""How a compute host gets known to Placement: as a resource provider, with what it has and what it can.

Interface: `Registration.update_from_provider_tree(hosts)`.
Invariants: a provider that is there stays as it is, because an operator may have changed what it offers.
Upstream: nova/scheduler/client/report.py: `_create_resource_provider`, `_set_inventory_for_provider`,
`set_traits_for_provider`. Left out: nested providers, changes of what a host has while it runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import Body


class Offer(NamedTuple):
    """What a host offers: its provider's id and name; `tree` has amounts by resource class, and traits."""

    uuid: str
    name: str
    tree: Body


class Registration:
    """nova-compute's way to Placement at its start."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def update_from_provider_tree(self, hosts: Iterable[Offer]) -> None:
        """Make hosts known that Placement does not know yet. Raises TransportError."""
        listed = self._ask("GET", "/resource_providers")["resource_providers"]
        known = {provider["uuid"] for provider in listed}
        for host in hosts:
            if host.uuid not in known:
                self._add(host)

    def _add(self, host: Offer) -> None:
        """Each answer has the generation that the next request must name."""
        provider = f"/resource_providers/{host.uuid}"
        made = self._ask("POST", "/resource_providers", {"uuid": host.uuid, "name": host.name})
        body: Body = {"resource_provider_generation": made["generation"], "inventories": host.tree["inventories"]}
        made = self._ask("PUT", f"{provider}/inventories", body)
        body = {"resource_provider_generation": made["resource_provider_generation"], "traits": host.tree["traits"]}
        self._ask("PUT", f"{provider}/traits", body)

    def _ask(self, method: str, path: str, body: Body | None = None) -> Body:
        headers = {"OpenStack-API-Version": "placement 1.26", "Accept": "application/json"}
        return dict(self.client.request(method, path, body=body, headers=headers).json())
