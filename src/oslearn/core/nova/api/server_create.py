"""What a boot asks for, read from the body in its many spellings into one.

Interface: `ServerRequest.read(req, body)` gives what `nova.compute.api.API.create` takes.
Upstream: nova/api/openstack/compute/servers.py, `create` and its `_process_*`; nova/block_device.py, `from_api`.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Any

from oslearn.core.nova.api.listing import is_true
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request

BAD_DEVICE = "Block Device Mapping is Invalid: {}"


def read(req: Request, body: dict[str, Any], password: str) -> dict[str, Any]:
    """The server that is asked for. Raises BadRequest."""
    server: dict[str, Any] = dict(body["server"])
    server["adminPass"] = server.get("adminPass", password)
    if req.microversion < (2, 19):
        server["description"] = server["name"]
    server["scheduler_hints"] = body.get("os:scheduler_hints", body.get("OS-SCH-HNT:scheduler_hints", {}))
    server["min_count"] = int(server.get("min_count", 1))
    server["max_count"] = int(server.get("max_count", server["min_count"]))
    if server["min_count"] > server["max_count"]:
        raise BadRequest("min_count must be <= max_count")
    server |= zone(server.pop("availability_zone", None))
    if server.get("config_drive") is not None:
        server["config_drive"] = is_true(server["config_drive"])
    if "security_groups" in server:
        server["security_groups"] = list(dict.fromkeys(group["name"] for group in server["security_groups"]))
    server["block_device_mapping_v2"] = devices(server)
    if not server.get("imageRef") and not server["block_device_mapping_v2"]:
        raise BadRequest("Missing imageRef attribute")
    server["imageRef"] = server.get("imageRef", "")
    if isinstance(server.get("networks"), list):
        server["networks"] = networks(server["networks"])
    if "accessIPv6" in server:
        server["accessIPv6"] = str(IPv6Address(server["accessIPv6"]))
    server["flavorRef"] = str(server["flavorRef"]).split("/")[-1]
    server["owner"] = owner(req)
    return server


def owner(req: Request) -> dict[str, str]:
    """Who asks, in names: an image of the server will say it."""
    info = req.env["keystone.token_info"]
    names = {"owner_user_name": info["user"]["name"], "owner_project_name": info.get("project", {}).get("name", "")}
    return names | {"boot_roles": ",".join(req.caller.roles)}


def zone(text: str | None) -> dict[str, Any]:
    """`zone:host:node`, of which host and node are an operator's to ask for."""
    name, *rest = (text or "").split(":")
    if len(rest) > 2:
        raise BadRequest("Invalid input received: Unable to parse availability_zone")
    host, node = [*rest, "", ""][:2]
    return {"availability_zone": name or None, "forced_host": host or None, "forced_node": node or None}


def networks(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Networks by their id, or ports."""
    ports = [network["port"] for network in asked if network.get("port")]
    for network in asked:
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
    return asked


def devices(server: dict[str, Any]) -> list[dict[str, Any]]:
    """The block devices, in the form of today: the form of before 2013 is turned into it."""
    legacy, current = server.pop("block_device_mapping", []), server.get("block_device_mapping_v2", [])
    if legacy and current:
        raise BadRequest("Using different block_device_mapping syntaxes is not allowed in the same request.")
    found = [device(dict(entry), bool(server.get("imageRef"))) for entry in (current or map(from_legacy, legacy))]
    if legacy and not server.get("imageRef") and found:
        found[0]["boot_index"] = 0
    return found


def from_legacy(old: dict[str, Any]) -> dict[str, Any]:
    """A volume or a snapshot, that was all."""
    kind = "snapshot" if old.get("snapshot_id") else "volume"
    kept = {k: old[k] for k in ("device_name", "delete_on_termination", "volume_size", "no_device") if k in old}
    given = {"uuid": old[f"{kind}_id"]} if old.get(f"{kind}_id") else {}
    return kept | given | {"source_type": kind, "destination_type": "volume", "boot_index": -1}


def device(given: dict[str, Any], has_image: bool) -> dict[str, Any]:
    """One block device. Raises BadRequest."""
    given["delete_on_termination"] = is_true(given.get("delete_on_termination", False))
    if given.get("no_device"):
        return given
    source, target = given.get("source_type"), given.get("destination_type")
    if source is None:
        raise BadRequest(BAD_DEVICE.format("Some required fields are missing"))
    if source == "blank" and given.get("uuid"):
        raise BadRequest(BAD_DEVICE.format("Invalid device UUID."))
    if source != "blank" and not given.get("uuid"):
        raise BadRequest(BAD_DEVICE.format("Missing device UUID."))
    boots = given.get("boot_index")
    given["boot_index"] = int(boots) if boots not in (None, "") else None
    if source == "image" and target == "local" and not (has_image and given["boot_index"] == 0):
        raise BadRequest(BAD_DEVICE.format("Mapping image to local is not supported."))
    if given.get("volume_type") and target == "local":
        raise BadRequest(BAD_DEVICE.format("Specifying a volume_type with destination_type=local is not supported."))
    if given.get("volume_type") and source == "volume":
        raise BadRequest(BAD_DEVICE.format("Specifying volume type to existing volume is not supported."))
    if given.get("volume_size") is not None:
        given["volume_size"] = int(given["volume_size"])
    return given
