"""What a boot asks for, read from the body in its many spellings into one.

Interface: `read(req, body, password)` gives what `oslearn.core.nova.compute.api.API.create` takes.
Upstream: nova/api/openstack/compute/servers.py, `create` and its `_process_*`; nova/block_device.py, `from_api`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import cast

from oslearn.core.nova.compute.api_request import RequestedDevice, ServerRequest
from oslearn.core.nova.objects import Values
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.strutils import bool_from_string

PASSED_ON: Body = {"metadata": {}, "personality": [], "tags": []} | dict.fromkeys((
    "hostname", "key_name", "user_data", "accessIPv4", "trusted_image_certificates", "host", "hypervisor_hostname",
))  # fmt: skip
"""What is taken as the body has it, and what it is where the body says nothing."""
BAD_DEVICE = "Block Device Mapping is Invalid: {}"


def read(req: Request, body: Values, password: str) -> ServerRequest:
    """The server that is asked for; `password` is its administrator's if the body has none. Raises BadRequest."""
    given: Values = body["server"]
    least = int(given.get("min_count", 1))
    most = int(given.get("max_count", least))
    if least > most:
        raise BadRequest("min_count must be <= max_count")
    zone, host, node = place(given.get("availability_zone"))
    devices = block_devices(given)
    if not given.get("imageRef") and not devices:
        raise BadRequest("Missing imageRef attribute")
    read = PASSED_ON | {name: value for name, value in given.items() if name in PASSED_ON} | {
        "name": given["name"],
        "description": given["name"] if req.microversion < (2, 19) else given.get("description"),
        "flavorRef": str(given["flavorRef"]).split("/")[-1],
        "imageRef": given.get("imageRef", ""),
        "devices": devices,
        "networks": networks(given.get("networks")),
        "security_groups": list(dict.fromkeys(group["name"] for group in given.get("security_groups", []))),
        "adminPass": given.get("adminPass", password),
        "config_drive": bool_from_string(given.get("config_drive", False)),
        "accessIPv6": str(IPv6Address(given["accessIPv6"])) if "accessIPv6" in given else None,
        "disk_config": given.get("OS-DCF:diskConfig", "MANUAL"),
        "scheduler_hints": body.get("os:scheduler_hints") or body.get("OS-SCH-HNT:scheduler_hints") or {},
        "availability_zone": zone,
        "forced_host": host,
        "forced_node": node,
        "min_count": least,
        "max_count": most,
        "owner": owner(req),
    }  # fmt: skip
    return cast(ServerRequest, read)


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


def networks(asked: list[Values] | str | None) -> list[Values] | str | None:
    """Networks by their id, or ports; the words `auto` and `none` stay. Raises BadRequest."""
    if not isinstance(asked, list):
        return asked
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


def block_devices(server: Values) -> list[RequestedDevice]:
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


def block_device(given: Values, has_image: bool) -> RequestedDevice:
    """One of them, with numbers as numbers. Raises BadRequest."""
    read = given | {"delete_on_termination": bool_from_string(given.get("delete_on_termination", False))}
    if read.get("no_device"):
        return cast(RequestedDevice, read)
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
    return cast(RequestedDevice, read)
