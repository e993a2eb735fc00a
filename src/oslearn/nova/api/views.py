"""How the Compute API shows what it has; each field from the microversion on that brought it.

Upstream: nova/api/openstack/compute/views/.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from oslearn.nova.db.models import InstanceFault
from oslearn.oslo.exception import OpenStackError
from oslearn.oslo.wsgi import Fault, Request

STATUS = {"active": "ACTIVE", "building": "BUILD", "error": "ERROR", "deleted": "DELETED"}
SINCE = {
    "OS-EXT-SRV-ATTR:kernel_id": (2, 3),
    "OS-EXT-SRV-ATTR:launch_index": (2, 3),
    "OS-EXT-SRV-ATTR:ramdisk_id": (2, 3),
    "OS-EXT-SRV-ATTR:root_device_name": (2, 3),
    "OS-EXT-SRV-ATTR:user_data": (2, 3),
    "locked": (2, 9),
    "description": (2, 19),
    "tags": (2, 26),
    "trusted_image_certificates": (2, 63),
    "server_groups": (2, 71),
    "locked_reason": (2, 73),
    "OS-EXT-SRV-ATTR:hostname": (2, 90),
    "pinned_availability_zone": (2, 96),
    "scheduler_hints": (2, 100),
}
ERRORS = {400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod",
          406: "notAcceptable", 409: "conflictingRequest", 413: "overLimit", 415: "badMediaType",
          501: "notImplemented", 503: "serviceUnavailable"}  # fmt: skip


def links(req: Request, kind: str, id: str) -> list[dict[str, str]]:
    """`self` and `bookmark`."""
    return [
        {"rel": "self", "href": f"{req.prefix}/v2.1/{kind}/{id}"},
        {"rel": "bookmark", "href": f"{req.prefix}/{kind}/{id}"},
    ]


def basic(req: Request, instance: dict[str, Any]) -> dict[str, Any]:
    """A server in a short list."""
    return {"id": instance["uuid"], "name": instance["display_name"], "links": links(req, "servers", instance["uuid"])}


def server(
    req: Request, instance: dict[str, Any], fault: InstanceFault | None, volumes: list[dict[str, Any]]
) -> dict[str, Any]:
    """A server."""
    shown = (
        {
            "id": instance["uuid"],
            "name": instance["display_name"],
            "status": STATUS[instance["vm_state"]],
            "tenant_id": instance["project_id"],
            "user_id": instance["user_id"],
            "metadata": instance["metadata"],
            "hostId": host_id(instance),
            "image": {
                "id": instance["image_ref"],
                "links": links(req, "images", instance["image_ref"])[1:],
            }
            | ({"properties": {}} if req.microversion >= (2, 98) else {}),
            "flavor": embedded_flavor(req, instance["flavor"]),
            "created": zulu(instance["created_at"]),
            "updated": zulu(instance["updated_at"]),
            "addresses": addresses(instance["network_info"]),
            "accessIPv4": "",
            "accessIPv6": "",
            "links": links(req, "servers", instance["uuid"]),
            "OS-DCF:diskConfig": "MANUAL",
            "OS-EXT-AZ:availability_zone": instance["availability_zone"] or "",
            "config_drive": "",
            "key_name": None,
            "os-extended-volumes:volumes_attached": [attached(req, volume) for volume in volumes],
        }
        | states(instance)
        | extended(req, instance)
    )
    if instance["vm_state"] in ("active", "building"):
        shown["progress"] = 0
    if instance["network_info"]:  # security groups are the ports'
        shown["security_groups"] = [{"name": g["name"]} for g in instance["security_groups"] or [{"name": "default"}]]
    if fault is not None:
        shown["fault"] = fault_view(req, fault)
    return {key: value for key, value in shown.items() if req.microversion >= SINCE.get(key, (2, 1))}


def states(instance: dict[str, Any]) -> dict[str, Any]:
    """Where a server is in its life."""
    return {
        "OS-SRV-USG:launched_at": micro(instance["launched_at"]),
        "OS-SRV-USG:terminated_at": micro(instance["terminated_at"]),
        "OS-EXT-STS:task_state": instance["task_state"],
        "OS-EXT-STS:vm_state": instance["vm_state"],
        "OS-EXT-STS:power_state": instance["power_state"],
    }


def extended(req: Request, instance: dict[str, Any]) -> dict[str, Any]:
    """What later microversions and admins see."""
    shown = {
        "locked": False,
        "description": instance["display_description"],
        "tags": [],
        "trusted_image_certificates": None,
        "server_groups": [],
        "locked_reason": None,
        "OS-EXT-SRV-ATTR:hostname": hostname(instance["display_name"]),
        "pinned_availability_zone": "",
        "scheduler_hints": {},
    }
    if req.caller.is_admin:
        host = instance["host"]
        shown |= {
            "OS-EXT-SRV-ATTR:host": host,
            "OS-EXT-SRV-ATTR:hypervisor_hostname": host,
            "OS-EXT-SRV-ATTR:instance_name": f"instance-{instance['id']:08x}",
            "OS-EXT-SRV-ATTR:kernel_id": "",
            "OS-EXT-SRV-ATTR:launch_index": 0,
            "OS-EXT-SRV-ATTR:ramdisk_id": "",
            "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
            "OS-EXT-SRV-ATTR:user_data": None,
        }
    return shown


def hostname(name: str) -> str:
    """A server's name as its guest may use it."""
    return re.sub(r"[^a-z0-9.-]", "", re.sub("[ _]", "-", name.lower())).strip(".-")[:63]


def attached(req: Request, volume: dict[str, Any]) -> dict[str, Any]:
    """A volume of a server."""
    extra = {"delete_on_termination": volume["delete_on_termination"]} if req.microversion >= (2, 3) else {}
    return {"id": volume["volume_id"]} | extra


def fault_view(req: Request, fault: InstanceFault) -> dict[str, Any]:
    """Why a server is in ERROR; only an admin sees the details of a 500."""
    shown = {"code": fault.code, "created": fault.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"), "message": fault.message}
    return shown | ({"details": fault.details} if req.caller.is_admin or fault.code != 500 else {})


def addresses(network_info: list[dict[str, Any]]) -> dict[str, Any]:
    """The addresses by network."""
    shown: dict[str, Any] = {}
    for vif in network_info:
        for address in vif["fixed_ips"]:
            shown.setdefault(vif["label"], []).append(
                {
                    "version": 6 if ":" in address else 4,
                    "addr": address,
                    "OS-EXT-IPS:type": "fixed",
                    "OS-EXT-IPS-MAC:mac_addr": vif["mac_address"],
                }
            )
    return shown


def host_id(instance: dict[str, Any]) -> str:
    """Tells a project whether two of its servers share a host, without naming the host."""
    if not instance["host"]:
        return ""
    return hashlib.sha224(f"{instance['project_id']}{instance['host']}".encode()).hexdigest()


def embedded_flavor(req: Request, flavor: dict[str, Any]) -> dict[str, Any]:
    """The flavor as it was at the boot; before 2.47 a link to it."""
    if req.microversion < (2, 47):
        return {"id": flavor["flavorid"], "links": links(req, "flavors", flavor["flavorid"])[1:]}
    return {
        "vcpus": flavor["vcpus"],
        "ram": flavor["memory_mb"],
        "disk": flavor["root_gb"],
        "ephemeral": flavor["ephemeral_gb"],
        "swap": flavor["swap"],
        "original_name": flavor["name"],
        "extra_specs": {},
    }


def fault(uri: str) -> Fault:
    """Nova's error shape; a 401 is keystonemiddleware's and says where to get a token."""

    def shape(error: OpenStackError) -> tuple[Any, dict[str, str]]:
        if error.code == 401:
            body = {"code": 401, "title": "Unauthorized", "message": str(error)}
            return {"error": body}, {"WWW-Authenticate": f'Keystone uri="{uri}"'}
        name = ERRORS.get(error.code, "computeFault")
        return {name: {"code": error.code, "message": str(error)}}, {"Content-Type": "application/json; charset=UTF-8"}

    return shape


def zulu(text: str | None) -> str | None:
    """`2026-01-01T00:00:00Z`."""
    return f"{text[:19]}Z" if text else None


def micro(text: str | None) -> str | None:
    """`2026-01-01T00:00:00.000000`, without microseconds, as Nova keeps times in its database."""
    return f"{text[:19]}.000000" if text else None
