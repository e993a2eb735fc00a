"""Looks at a cloud from outside and tells what is half done.

Interface: `half_done(admin, folder)`: what an administrator sees that should not be there, as lines; nothing if all is
well. `admin` has a keystoneauth1 adapter for each API; the folder's databases are read for rows and files of nothing.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

V = {"OpenStack-API-Version": "compute 2.79"}
V344 = {"OpenStack-API-Version": "volume 3.44"}
FINISHED = ("confirmed", "reverted", "completed", "done", "error", "failed", "cancelled")
LASTING = ("ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED", "RESCUE", "ERROR", "SHELVED", "SHELVED_OFFLOADED",
           "VERIFY_RESIZE", "SOFT_DELETED")  # fmt: skip
VOLUME_ENDS = ("available", "in-use", "reserved", "error", "awaiting-transfer", "maintenance")


def half_done(admin: Any, folder: Path) -> list[str]:
    """What is not as it would be had nobody been killed."""
    judge = Judge(admin, folder)
    parts = (judge.servers, judge.volumes, judge.devices, judge.ports, judge.networks, judge.allocations, judge.images,
             judge.trove, judge.rows)  # fmt: skip
    return sorted(line for part in parts for line in part())


class Judge:
    """What the APIs say, asked once."""

    def __init__(self, admin: Any, folder: Path) -> None:
        self.admin, self.folder, project = admin, folder, admin.project_id
        get, every = self._get, {"all_tenants": "1"}
        found = get(admin.compute, "/servers/detail", every, V)["servers"]
        self.listed = Counter(server["id"] for server in found)
        self.by_id = {server["id"]: server for server in found}
        volumes = get(admin.volume, f"/{project}/volumes/detail", every)["volumes"]
        self.all_volumes = {volume["id"]: volume for volume in volumes}
        self.snapshots = get(admin.volume, f"/{project}/snapshots/detail", every)["snapshots"]
        self.backups = get(admin.volume, f"/{project}/backups/detail", every)["backups"]
        shown = get(admin.volume, f"/{project}/attachments/detail", every, V344)["attachments"]
        self.attachments = {one["id"]: one for one in shown}
        self.all_ports = get(admin.network, "/ports")["ports"]

    def _get(self, api: Any, path: str, query: Any = None, headers: Any = None) -> Any:
        return api.get(path, params=query or {}, headers=headers or {}).json()

    def servers(self) -> Iterator[str]:
        """Each is there once, in a state that lasts, and on a host if it runs."""
        yield from (f"server {uuid} is listed {n} times" for uuid, n in self.listed.items() if n > 1)
        for uuid, server in self.by_id.items():
            status, task = server["status"], server["OS-EXT-STS:task_state"]
            if task or status not in LASTING:
                yield f"server {uuid} is {status} ({task})"
            if status in ("ACTIVE", "SHUTOFF", "VERIFY_RESIZE") and not server["OS-EXT-SRV-ATTR:host"]:
                yield f"server {uuid} is {status} on no host"

    def volumes(self) -> Iterator[str]:
        """A volume's status is that of its attachments; each attachment is an instance's that knows of it."""
        for id, volume in self.all_volumes.items():
            status = volume["status"]
            mine = [one["status"] for one in self.attachments.values() if one["volume_id"] == id]
            if status not in VOLUME_ENDS and not status.startswith("error_"):
                yield f"volume {id} is {status}"
            if (status == "in-use") != ("attached" in mine) or (status == "reserved") != (mine == ["reserved"]):
                yield f"volume {id} is {status}, its attachments are {mine}"
        for snapshot in self.snapshots:
            if snapshot["status"] not in ("available", "error", "error_deleting"):
                yield f"snapshot {snapshot['id']} is {snapshot['status']}"
        for backup in self.backups:
            if backup["status"] not in ("available", "error"):
                yield f"backup {backup['id']} is {backup['status']}"

    def devices(self) -> Iterator[str]:
        """An attachment is an instance's that knows of it, and an instance knows no other."""
        for id, one in self.attachments.items():
            known = self.by_id.get(one["instance"], {}).get("os-extended-volumes:volumes_attached", [])
            if one["volume_id"] not in [volume["id"] for volume in known]:
                yield f"attachment {id} ({one['status']}) is of nothing"
            elif one["status"] == "reserved" and self.by_id[one["instance"]]["status"] != "SHELVED_OFFLOADED":
                yield f"attachment {id} stays reserved"
        for uuid, server in self.by_id.items():
            for volume in server["os-extended-volumes:volumes_attached"] if server["status"] != "ERROR" else ():
                if not any(
                    (one["instance"], one["volume_id"]) == (uuid, volume["id"]) for one in self.attachments.values()
                ):
                    yield f"server {uuid} believes that it has volume {volume['id']}"

    def ports(self) -> Iterator[str]:
        """A server's port is a server's; what is bound is connected; a server shows the addresses that it has."""
        seen: dict[str, set[str]] = {uuid: set() for uuid in self.by_id}
        for port in self.all_ports:
            owner, device = port["device_owner"], port["device_id"]
            if owner.startswith("compute:") or (device and not owner):
                if device not in self.by_id:
                    yield f"port {port['id']} is of no server"
                else:
                    seen[device] |= {address["ip_address"] for address in port["fixed_ips"]}
                    if not owner or not port["binding:host_id"]:
                        yield f"port {port['id']} of a server is not bound"
            if port["binding:vif_type"] == "ovs" and port["admin_state_up"] and port["status"] != "ACTIVE":
                yield f"port {port['id']} ({owner}) is {port['status']}"
        for uuid, addresses in seen.items():
            shown = self.by_id[uuid]["addresses"]
            fixed = {a["addr"] for them in shown.values() for a in them if a["OS-EXT-IPS:type"] == "fixed"}
            if fixed != addresses:
                yield f"server {uuid} shows {sorted(fixed)} and has {sorted(addresses)}"

    def networks(self) -> Iterator[str]:
        """A network with DHCP has a server for it; a floating IP is ACTIVE while it is used."""
        networks = self._get(self.admin.network, "/networks")["networks"]
        served = {port["network_id"] for port in self.all_ports if port["device_owner"] == "network:dhcp"}
        subnets = self._get(self.admin.network, "/subnets")["subnets"]
        for network in networks:
            wants = any(s["enable_dhcp"] and s["network_id"] == network["id"] for s in subnets)
            if wants != (network["id"] in served):
                yield f"network {network['id']} has {'no ' if wants else 'a '}DHCP server"
        for address in self._get(self.admin.network, "/floatingips")["floatingips"]:
            if (address["status"] == "ACTIVE") != bool(address["port_id"]):
                yield f"floating IP {address['id']} is {address['status']}"

    def allocations(self) -> Iterator[str]:
        """What is claimed of a host is claimed by a server there, or by one that may come back."""
        claims: dict[str, list[tuple[str, Any]]] = {}
        providers = self._get(self.admin.placement, "/resource_providers")["resource_providers"]
        names = {provider["uuid"]: provider["name"] for provider in providers}
        for uuid, host in names.items():
            held = self._get(self.admin.placement, f"/resource_providers/{uuid}/allocations")["allocations"]
            for consumer, one in held.items():
                claims.setdefault(consumer, []).append((host, one["resources"]))
        migrations = self._get(self.admin.compute, "/os-migrations", {}, V)["migrations"]
        back = {m["uuid"] for m in migrations if m["status"] == "finished"}
        for consumer in claims.keys() - self.by_id.keys() - back:
            yield f"allocation of nothing: {consumer} {claims[consumer]}"
        used: dict[str, list[int]] = {host: [0, 0] for host in names.values()}
        for uuid, server in self.by_id.items():
            host = server["OS-EXT-SRV-ATTR:host"]
            flavor = server["flavor"]
            wanted = {"VCPU": flavor["vcpus"], "MEMORY_MB": flavor["ram"]}
            if server["image"]:
                wanted["DISK_GB"] = flavor["disk"]
            if claims.get(uuid, []) != ([(host, wanted)] if host else []):
                yield f"server {uuid} on {host} has claimed {claims.get(uuid, [])}, not {wanted}"
            if host:
                used[host] = [used[host][0] + 1, used[host][1] + flavor["vcpus"]]
        hosts = self._get(self.admin.compute, "/os-hypervisors/detail")["hypervisors"]
        for host in hosts:
            counted = [host["running_vms"], host["vcpus_used"]]
            if counted != used[host["hypervisor_hostname"]]:
                yield f"host {host['hypervisor_hostname']} counts {counted}, not {used[host['hypervisor_hostname']]}"

    def images(self) -> Iterator[str]:
        """An image is active, or waits for a user; its file is there and no other."""
        for _ in range(2):  # Glance does what is pending once it has answered
            images = self._get(self.admin.image, "/images", {"limit": "1000"})["images"]
        for image in images:
            if image["status"] in ("saving", "importing") or (image["status"] == "queued" and "image_type" in image):
                yield f"image {image['id']} is {image['status']}"
        data = {image["id"] for image in images if image["status"] in ("active", "deactivated")}
        staged = {f"{image['id']}.staged" for image in images if image["status"] == "uploading"}
        yield from self._files("images", data | staged)
        yield from self._files("objects", {row[0] for row in self._rows("swift", "SELECT data FROM objects")})

    def trove(self) -> Iterator[str]:
        """A database server is there, or it failed."""
        for id, status in self._rows("trove", "SELECT id, status FROM instances"):
            if status not in ("ACTIVE", "ERROR"):
                yield f"database server {id} is {status}"
        for id, state in self._rows("trove", "SELECT id, state FROM backups"):
            if state not in ("COMPLETED", "FAILED", "DELETE_FAILED"):
                yield f"backup {id} is {state}"
        mine = {row[0] for row in self._rows("trove", "SELECT volume_id FROM instances")}
        for id, volume in self.all_volumes.items():
            if (volume["name"] or "").startswith("trove-") and id not in mine:
                yield f"volume {id} is of no database server"
        servers = {row[0] for row in self._rows("trove", "SELECT server_id FROM instances")}
        for uuid, server in self.by_id.items():
            if "trove_instance_id" in server["metadata"] and uuid not in servers:
                yield f"server {uuid} is of no database server"

    def rows(self) -> Iterator[str]:
        """What the databases hold that no API shows."""
        live = {row[0] for row in self._rows("nova_cell1", "SELECT uuid FROM instances WHERE NOT deleted")}
        live |= {row[0] for row in self._rows("nova_cell0", "SELECT uuid FROM instances WHERE NOT deleted")}
        queries = {
            "build request": ("nova_api", "SELECT uuid FROM build_requests", set()),
            "request spec": ("nova_api", "SELECT instance_uuid FROM request_specs", live),
            "mapping": ("nova_api", "SELECT instance_uuid FROM instance_mappings WHERE cell_id IS NULL", set()),
            "group member": ("nova_api", "SELECT instance_uuid FROM instance_group_member", live),
            "outbox row": ("neutron", "SELECT id FROM outbox", set()),
            "virtual interface": ("nova_cell1", "SELECT instance_uuid FROM virtual_interfaces", live),
        }
        for what, (database, query, known) in queries.items():
            yield from (f"{what} of nothing: {row[0]}" for row in self._rows(database, query) if row[0] not in known)
        resized = {uuid for uuid, server in self.by_id.items() if server["status"] == "VERIFY_RESIZE"}
        moves = self._rows("nova_cell1", "SELECT instance_uuid, status FROM migrations")
        yield from (
            f"server {uuid} waits for no move" for uuid in resized - {m[0] for m in moves if m[1] == "finished"}
        )
        for uuid, status in moves:
            if status not in FINISHED and not (status == "finished" and uuid in resized):
                yield f"migration of server {uuid} is {status}"
        query = "SELECT instance_uuid, volume_id, attachment_id FROM block_device_mapping WHERE volume_id IS NOT NULL"
        for uuid, volume, attachment in self._rows("nova_cell1", query):
            failed = self.by_id.get(uuid, {}).get("status") == "ERROR"
            if uuid in live and attachment not in self.attachments and not failed:
                yield f"server {uuid} has volume {volume} by attachment {attachment}, which is not there"

    def _rows(self, database: str, query: str) -> list[Any]:
        path = self.folder / f"{database}.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def _files(self, kind: str, wanted: set[str]) -> Iterator[str]:
        there = {path.name for path in (self.folder / kind).iterdir()}
        yield from (f"{kind}: no file {name}" for name in sorted(wanted - there))
        yield from (f"{kind}: a file of nothing {name}" for name in sorted(there - wanted))
