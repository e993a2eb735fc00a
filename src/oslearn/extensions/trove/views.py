"""What the API shows of things. Upstream: trove/instance/views.py, trove/backup/views.py, trove/datastore/views.py."""

from __future__ import annotations

from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import iso
from oslearn.core.oslo.http import Request
from oslearn.extensions.trove.models import DATASTORES, VERSIONS, Backup, Instance, Values, datastore_id


def links(req: Request, path: str) -> list[Values]:
    """Where the API shows a thing."""
    base = f"{req.prefix}/v1.0/{req.caller.project_id}"
    return [{"href": f"{base}/{path}", "rel": "self"}, {"href": f"{req.prefix}/{path}", "rel": "bookmark"}]


def instance_view(req: Request, instance: Instance) -> Values:
    """An instance; where it runs only admins see."""
    kind, version = VERSIONS[instance.datastore_version_id]
    flavor = {"id": instance.flavor_id, "links": links(req, f"flavors/{instance.flavor_id}")}
    shown: Values = {"id": instance.id, "name": instance.name, "status": instance.status, "flavor": flavor}
    shown |= {"operating_status": instance.operating_status, "links": links(req, f"instances/{instance.id}")}
    shown |= {"datastore": {"type": kind, "version": version}, "volume": {"size": instance.volume_size}}
    shown |= {"region": "RegionOne", "access": instance.access or {"is_public": False}}
    found = instance.addresses.get("addresses", [])
    shown |= {"ip": [address["address"] for address in found], "addresses": found} if found else {}
    shown["datastore"]["version_number"] = shown["datastore"]["version"]
    shown |= {name: iso(getattr(instance, name)) for name in ("created", "updated")}
    shown["service_status_updated"] = shown["updated"]
    if instance.fault:
        shown["fault"] = {"message": instance.fault, "created": shown["updated"], "details": ""}
    admin = {"tenant_id": instance.project_id, "server_id": instance.server_id, "volume_id": instance.volume_id}
    return shown | (admin if req.caller.is_admin else {})


def backup_view(req: Request, backup: Backup) -> Values:
    """A backup, and where its object lies."""
    kind, version = VERSIONS[backup.datastore_version_id]
    shown = {name: getattr(backup, name) for name in ("id", "name", "description", "instance_id", "size", "parent_id")}
    shown |= {"status": backup.state, "locationRef": backup.location, "project_id": backup.project_id}
    shown |= {"created": iso(backup.created), "updated": iso(backup.updated)}
    return shown | {"datastore": {"type": kind, "version": version, "version_id": backup.datastore_version_id}}


def datastore_view(req: Request, name: str) -> Values:
    """A datastore with its versions."""
    id = datastore_id(name)
    versions = [version_view(req, found) for found, pair in VERSIONS.items() if pair[0] == name]
    return {"id": id, "name": name, "links": links(req, f"datastores/{id}"), "versions": versions} | {
        "default_version": datastore_id(name, DATASTORES[name][0])
    }


def version_view(req: Request, id: str) -> Values:
    """A version of a datastore."""
    kind, version = VERSIONS[id]
    shown = {"id": id, "name": version, "version": version, "datastore": datastore_id(kind)}
    return shown | {"links": links(req, f"datastores/versions/{id}")}


def flavor_view(req: Request, flavor: Values) -> Values:
    """A flavor of Nova as Trove shows it: its id is a number if it can be."""
    id = flavor["id"]
    shown = {"id": int(id) if id.isdigit() and not id.startswith("0") else None, "str_id": id, "name": flavor["name"]}
    shown |= {key: flavor[key] for key in ("ram", "vcpus", "disk")}
    return shown | {"ephemeral": flavor["OS-FLV-EXT-DATA:ephemeral"], "links": links(req, f"flavors/{id}")}


def user_view(name: str, user: Values) -> Values:
    """A user of a database."""
    return {"name": name, "host": user["host"], "databases": [{"name": database} for database in user["databases"]]}


def find_datastore(name: str) -> str:
    """A datastore by name or id. Raises NotFound."""
    found = [known for known in DATASTORES if name in (known, datastore_id(known))]
    if not found:
        raise exception.NotFound(f"Datastore '{name}' cannot be found.")
    return found[0]


def find_version(wanted: Values) -> str:
    """The id of a version by datastore and version, by its id, or the default one. Raises NotFound."""
    version = wanted.get("version") or wanted.get("version_number")
    if version in VERSIONS:
        return str(version)
    kind = find_datastore(wanted.get("type") or next(iter(DATASTORES)))
    version = version or DATASTORES[kind][0]
    if version not in DATASTORES[kind]:
        raise exception.NotFound(f"Datastore version '{version}' cannot be found.")
    return datastore_id(kind, version)
