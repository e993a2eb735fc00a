"""nova-api: networks and floating addresses, which it passed on to Neutron until 2.35; old clients still ask it.

Interface: `NetworkProxies`: `/os-networks`, `/os-tenant-networks`; `FloatingIPProxies`: `/os-floating-ip-pools`,
`/os-floating-ips`.
Invariants: the user's token is passed on, so others' rules are theirs to hold; nova-network made networks, so nobody
makes one here any more (410).
Upstream: nova/api/openstack/compute/{networks,tenant_networks,floating_ips,floating_ip_pools}.py.
Left out: the server actions `addFloatingIp` and `removeFloatingIp`.
"""

from __future__ import annotations

from oslearn.core.nova.objects import Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Forbidden, NotFound, OpenStackError
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.nova.api.proxies import Neutron

RULES: dict[str, policy.Rule] = {
    **{f"os_compute_api:os-networks:{verb}": policy.project_reader for verb in ("list", "show")},
    **{f"os_compute_api:os-tenant-networks:{verb}": policy.project_reader for verb in ("list", "show")},
    **{f"os_compute_api:os-floating-ips:{verb}": policy.project_reader for verb in ("list", "show")},
    **{f"os_compute_api:os-floating-ips:{verb}": policy.project_member for verb in ("create", "delete")},
    "os_compute_api:os-floating-ip-pools": policy.anybody,
}
FIELDS = ("id", "cidr", "netmask", "gateway", "broadcast", "dns1", "dns2", "cidr_v6", "gateway_v6", "label",
          "netmask_v6")  # fmt: skip
ADMINS = ("created_at", "updated_at", "deleted_at", "deleted", "injected", "bridge", "vlan", "vpn_public_address",
          "vpn_public_port", "vpn_private_address", "dhcp_start", "project_id", "host", "bridge_interface",
          "multi_host", "priority", "rxtx_base", "mtu", "dhcp_server", "enable_dhcp", "share_address")  # fmt: skip
"""What nova-network knew of a network; of Neutron's only `id` and `label` have a value."""


class Gone(OpenStackError):
    """410: there was such a thing."""

    code, title = 410, "Gone"
    message = "This resource is no longer available. No forwarding address is given."


class NetworkProxies:
    """Networks, as nova-network showed them."""

    def __init__(self, neutron: Neutron) -> None:
        self.neutron = neutron

    def index(self, req: Request) -> Body:
        """All that the user sees. 200, 401, 403, 404."""
        return {"networks": [network_view(req, one) for one in self.neutron.ask(req, "GET", "/networks")["networks"]]}

    def show(self, req: Request, network_id: str) -> Body:
        """A network, if the user may see it. 200, 401, 403, 404."""
        return {"network": network_view(req, self._network(req, network_id))}

    def index_of_project(self, req: Request) -> Body:
        """The project's networks, and those that are shared with it. 200, 401, 403, 404."""
        found = self.neutron.ask(req, "GET", "/networks", params={"tenant_id": req.caller.project_id})["networks"]
        found += self.neutron.ask(req, "GET", "/networks", params={"shared": "True"})["networks"]
        unique = {one["id"]: one for one in found}
        return {"networks": [tenant_view(one) for one in unique.values()]}

    def show_of_project(self, req: Request, network_id: str) -> Body:
        """A network of the project. 200, 401, 403, 404."""
        return {"network": tenant_view(self._network(req, network_id))}

    def refuse(self, req: Request, network_id: str = "") -> None:
        """410: nova-network is gone."""
        raise Gone()

    def _network(self, req: Request, network_id: str) -> Body:
        try:
            return dict(self.neutron.ask(req, "GET", f"/networks/{network_id}")["network"])
        except NotFound:
            raise NotFound("Network not found") from None


class FloatingIPProxies:
    """Floating addresses, and the networks that they come from."""

    def __init__(self, neutron: Neutron) -> None:
        self.neutron = neutron

    def pools(self, req: Request) -> Body:
        """The external networks, which were pools once. 200, 401, 404."""
        return {"floating_ip_pools": [{"name": one["name"] or one["id"]} for one in self._pools(req).values()]}

    def index(self, req: Request) -> Body:
        """The project's floating addresses. 200, 401, 403, 404."""
        found = self.neutron.ask(req, "GET", "/floatingips", params={"tenant_id": req.caller.project_id})["floatingips"]
        pools = self._pools(req)
        return {"floating_ips": [self._view(req, one, pools) for one in found]}

    def show(self, req: Request, address_id: str) -> Body:
        """A floating address of the project. 200, 401, 403, 404."""
        return {"floating_ip": self._view(req, self._address(req, address_id), self._pools(req))}

    def create(self, req: Request) -> Body:
        """An address of a pool, or of the only one. 200, 400, 401, 403, 404."""
        given = req.json_body() if req.content_length else {}
        pool = given.get("pool") if isinstance(given, dict) else None
        if (given is not None and not isinstance(given, dict)) or not isinstance(pool, str | None):
            raise BadRequest("Invalid input for field/attribute pool.")
        pools = self._pools(req)
        chosen = [one for one in pools.values() if pool in (None, one["id"], one["name"])]
        if not chosen:
            raise NotFound("Floating IP pool not found.")
        body = {"floatingip": {"floating_network_id": chosen[0]["id"]}}
        try:
            made = self.neutron.ask(req, "POST", "/floatingips", body)["floatingip"]
        except Forbidden:
            where = f" in pool {pool}." if pool else "."
            raise Forbidden(f"IP allocation over quota{where}") from None
        return {"floating_ip": self._view(req, made, pools)}

    def delete(self, req: Request, address_id: str) -> Reply:
        """Give an address back to its pool. 202, 401, 403, 404."""
        self._address(req, address_id)
        self.neutron.ask(req, "DELETE", f"/floatingips/{address_id}")
        return Reply(202)

    def _address(self, req: Request, address_id: str) -> Body:
        try:
            return dict(self.neutron.ask(req, "GET", f"/floatingips/{address_id}")["floatingip"])
        except NotFound:
            raise NotFound(f"Floating IP not found for ID {address_id}") from None

    def _pools(self, req: Request) -> Body:
        found = self.neutron.ask(req, "GET", "/networks", params={"router:external": "True"})["networks"]
        return {one["id"]: one for one in found}

    def _view(self, req: Request, found: Body, pools: Values) -> Body:
        """A floating address in Nova's words."""
        pool = pools.get(found["floating_network_id"], {"name": "", "id": found["floating_network_id"]})
        port = self.neutron.ask(req, "GET", f"/ports/{found['port_id']}")["port"] if found["port_id"] else None
        return {
            "id": found["id"],
            "ip": found["floating_ip_address"],
            "fixed_ip": found["fixed_ip_address"],
            "instance_id": port["device_id"] if port else None,
            "pool": pool["name"] or pool["id"],
        }


def network_view(req: Request, network: Values) -> Body:
    """A network as nova-network showed it: an admin sees more fields, and in them no more."""
    shown: Body = dict.fromkeys((*FIELDS, *(ADMINS if req.caller.is_admin else ())))
    return shown | {"id": network["id"], "label": network["name"]}


def tenant_view(network: Values) -> Body:
    """A network as its project saw it."""
    return {"id": network["id"], "cidr": "None", "label": network["name"]}
