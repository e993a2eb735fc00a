"""What a boot may ask for beyond an image, networks and volumes, read from the body in its many spellings into one.

Interface: `ServerBoots`, which takes the place of the core's part for them; `RULES`.
Upstream: nova/api/openstack/compute/servers.py, `create` and its `_process_*`; nova/block_device.py, `from_api`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from oslearn.core.nova.api.servers import Servers
from oslearn.core.nova.compute.api_create import ServerRequest
from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.strutils import bool_from_string

DESTINATION = "compute:servers:create:requested_destination"
RULES: dict[str, policy.Rule] = {
    "os_compute_api:servers:create:trusted_certs": policy.project_member,
    "os_compute_api:servers:create:forced_host": policy.admin,
    DESTINATION: policy.admin,
    "os_compute_api:servers:show:flavor-extra-specs": policy.project_reader,
}
BAD_DEVICE = "Block Device Mapping is Invalid: {}"


class ServerBoots(Servers):
    """Accepts a boot with all that it may ask for."""

    def read(self, req: Request, wanted: Body) -> ServerRequest:
        """In `given` are also `place`, `hints` and `owner`, which no body has. Raises BadRequest."""
        read, given = super().read(req, wanted), dict(wanted["server"])
        given["place"] = place(given.get("availability_zone"))
        given["hints"] = wanted.get("os:scheduler_hints") or wanted.get("OS-SCH-HNT:scheduler_hints") or {}
        given["owner"] = owner(req)
        if req.microversion < (2, 19):
            given["description"] = given["name"]
        read["given"], read["devices"] = given, block_devices(given)
        if not read["imageRef"] and not read["devices"]:
            raise BadRequest("Missing imageRef attribute")
        check_networks(read["networks"])
        return read

    def allow_parts(self, req: Request, server: ServerRequest) -> None:
        given = server["given"]
        _, *forced = given["place"]
        if given.get("trusted_image_certificates"):
            self.access.allow(req, "servers:create:trusted_certs")
        if any(forced):
            self.access.allow(req, "servers:create:forced_host")
        super().allow_parts(req, server)
        if given.get("host") or given.get("hypervisor_hostname"):
            self.access.policy.enforce(req.caller, DESTINATION)
            if any(forced):
                raise BadRequest(
                    "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are "
                    "mutually exclusive."
                )

    def accepted(self, req: Request, server: ServerRequest, instance: Instance) -> Reply:
        given = server["given"]
        if bool_from_string(given.get("return_reservation_id", False)):
            return Reply(202, {"reservation_id": instance["reservation_id"]})
        reply = super().accepted(req, server, instance)
        told = {key: given[key] for key in ("OS-DCF:diskConfig", "security_groups") if key in given}
        reply.body["server"] |= told
        return reply


def owner(req: Request) -> dict[str, str]:
    """Who asks, in names: an image of the server will say it."""
    info = req.env["keystone.token_info"]
    names = {"owner_user_name": info["user"]["name"], "owner_project_name": info.get("project", {}).get("name", "")}
    return names | {"boot_roles": ",".join(req.caller.roles)}


def place(text: str | None) -> tuple[str | None, str | None, str | None]:
    """`zone:host:node`, of which host and node are an operator's to ask for. Raises BadRequest."""
    name, *rest = (text or "").split(":")
    if len(rest) > 2:
        raise BadRequest("Invalid input received: Unable to parse availability_zone")
    host, node = [*rest, "", ""][:2]
    return name or None, host or None, node or None


def check_networks(asked: list[Values] | str | None) -> None:
    """Networks by their id, or ports; the words `auto` and `none` say nothing more. Raises BadRequest."""
    networks = asked if isinstance(asked, list) else []
    ports = [network["port"] for network in networks if network.get("port")]
    for network in networks:
        port, address = network.get("port"), network.get("fixed_ip")
        if port and ports.count(port) > 1:
            raise BadRequest(f"Port ID '{port}' was specified twice: you cannot attach a port multiple times.")
        if port and address:
            raise BadRequest(
                f"Specified Fixed IP '{address}' cannot be used with port '{port}': the two cannot be specified "
                "together."
            )
        if not port and "uuid" not in network:
            raise BadRequest("Bad network format: missing 'uuid'")
        if not port and not re.fullmatch("[0-9a-fA-F]{32}", network["uuid"].replace("-", "")):
            raise BadRequest(f"Bad networks format: network uuid is not in proper format ({network['uuid']})")


def block_devices(server: Values) -> list[Values]:
    """The block devices, in the form of today: the form of before 2013 is turned into it. Raises BadRequest."""
    legacy, current = server.get("block_device_mapping", []), server.get("block_device_mapping_v2", [])
    if legacy and current:
        raise BadRequest("Using different block_device_mapping syntaxes is not allowed in the same request.")
    entries: Sequence[Values] = current or [from_legacy(one) for one in legacy]
    found = [block_device(entry, bool(server.get("imageRef"))) for entry in entries]
    if legacy and not server.get("imageRef") and found:
        found[0]["boot_index"] = 0
    return found


def from_legacy(old: Values) -> Body:
    """A volume or a snapshot, that was all."""
    kind = "snapshot" if old.get("snapshot_id") else "volume"
    kept = {k: old[k] for k in ("device_name", "delete_on_termination", "volume_size", "no_device") if k in old}
    given = {"uuid": old[f"{kind}_id"]} if old.get(f"{kind}_id") else {}
    return kept | given | {"source_type": kind, "destination_type": "volume", "boot_index": -1}


def block_device(given: Values, has_image: bool) -> Values:
    """One of them, with numbers as numbers. Raises BadRequest."""
    read = given | {"delete_on_termination": bool_from_string(given.get("delete_on_termination", False))}
    if read.get("no_device"):
        return read
    source, target = read.get("source_type"), read.get("destination_type")
    if source is None:
        raise BadRequest(BAD_DEVICE.format("Some required fields are missing"))
    if source == "blank" and read.get("uuid"):
        raise BadRequest(BAD_DEVICE.format("Invalid device UUID."))
    if source != "blank" and not read.get("uuid"):
        raise BadRequest(BAD_DEVICE.format("Missing device UUID."))
    boots = read.get("boot_index")
    read["boot_index"] = int(boots) if boots not in (None, "") else None
    if source == "image" and target == "local" and not (has_image and read["boot_index"] == 0):
        raise BadRequest(BAD_DEVICE.format("Mapping image to local is not supported."))
    if read.get("volume_type") and target == "local":
        raise BadRequest(BAD_DEVICE.format("Specifying a volume_type with destination_type=local is not supported."))
    if read.get("volume_type") and source == "volume":
        raise BadRequest(BAD_DEVICE.format("Specifying volume type to existing volume is not supported."))
    if read.get("volume_size") is not None:
        read["volume_size"] = int(read["volume_size"])
    return read
