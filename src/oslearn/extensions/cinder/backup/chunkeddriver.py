"""Where cinder-backup puts the data of volumes: chunks in a container of the user's own Swift account.

Interface: `SwiftBackupDriver`: `backup`, `restore`, `delete_backup`.
Invariants: a backup is its chunks, a list of their names with what is needed to read them, and the checksums by which
the next one knows what has changed; all have one prefix. They are the user's: it is the user's token that writes them.
Upstream: cinder/backup/chunkeddriver.py, cinder/backup/drivers/swift.py, cinder/backup/driver.py (the volume's
metadata). Left out: other stores, encryption, progress notifications, cancelling.
"""

from __future__ import annotations

import hashlib
import json
import logging
import zlib
from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.core.cinder.models import Volume
from oslearn.core.oslo.adapter import Client, TransportError
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.extensions.cinder.models import Backup

LOG = logging.getLogger(__name__)
CONTAINER = "volumebackups"  # backup_swift_container
OBJECT_SIZE, BLOCK_SIZE = 52428800, 32768  # backup_swift_object_size, backup_swift_block_size
VERSION = "1.0.0"


class InvalidBackup(Exception):
    """What is in the store is not what was put there."""


class SwiftBackupDriver:
    """One user's way to the store."""

    def __init__(self, client: Client, context: RequestContext) -> None:
        self.client, self.context = client, context

    def backup(self, backup: Backup, volume: Volume, data: bytes, parent: Backup | None) -> int:
        """Store the data, or what of it the parent has not; returns the number of chunks. Raises TransportError."""
        known = self._read(parent, "sha256file")["sha256s"] if parent else []
        self._request("PUT", str(backup.container))
        sums = [hashlib.sha256(data[at : at + BLOCK_SIZE]).hexdigest() for at in range(0, len(data), BLOCK_SIZE)]
        objects: list[Body] = []
        for start, end in extents(sums, known, len(data)):
            name = f"{backup.service_metadata}-{len(objects) + 1:05d}"
            chunk = data[start:end]
            algorithm, output = compressed(chunk)
            self._request("PUT", f"{backup.container}/{name}", output)
            md5 = hashlib.md5(chunk, usedforsecurity=False).hexdigest()
            objects.append({name: {"compression": algorithm, "length": len(chunk), "md5": md5, "offset": start}})
        about: Body = {"version": VERSION, "backup_id": backup.id, "volume_id": backup.volume_id}
        about |= {"backup_name": backup.name, "backup_description": backup.description}
        about |= {"created_at": str(backup.created_at)}
        self._write(backup, "sha256file", about | {"chunk_size": BLOCK_SIZE, "sha256s": sums})
        kept = {"objects": objects, "parent_id": backup.parent_id, "volume_meta": json.dumps(volume_meta(volume))}
        self._write(backup, "metadata", about | kept)
        return len(objects)

    def restore(self, backup: Backup, data: bytearray) -> Body:
        """Write the chunks to where they were; returns the volume's metadata. Raises TransportError, InvalidBackup."""
        metadata = self._read(backup, "metadata")
        objects = {name: about for one in metadata["objects"] for name, about in one.items()}
        found = set(self._names(backup)) - {f"{backup.service_metadata}_{end}" for end in ("metadata", "sha256file")}
        if found != objects.keys():
            words = "actual object list does not match object list stored in metadata."
            raise InvalidBackup(f"Invalid backup: restore_backup aborted, {words}")
        for name, about in objects.items():
            body = self._request("GET", f"{backup.container}/{name}").content
            chunk = zlib.decompress(body) if about["compression"] == "zlib" else body
            data[about["offset"] : about["offset"] + len(chunk)] = chunk
        return dict(json.loads(metadata["volume_meta"]))

    def delete_backup(self, backup: Backup) -> None:
        """Remove what has the prefix; what cannot be listed is left there, as upstream leaves it."""
        if backup.container is None or backup.service_metadata is None:
            return
        try:
            names = self._names(backup)
        except TransportError as error:
            LOG.warning("Error while listing objects of backup %s, continuing with delete: %s", backup.id, error)
            names = []
        for name in names:
            try:
                self._request("DELETE", f"{backup.container}/{name}")
            except ks.NotFound:
                LOG.debug("object %s is gone already", name)

    def _names(self, backup: Backup) -> list[str]:
        """Its objects, whatever was written."""
        reply = self._request("GET", f"{backup.container}?format=json&prefix={backup.service_metadata}")
        return [str(entry["name"]) for entry in reply.json()]

    def _read(self, backup: Backup, end: str) -> Body:
        return dict(self._request("GET", f"{backup.container}/{backup.service_metadata}_{end}").json())

    def _write(self, backup: Backup, end: str, values: Body) -> None:
        data = json.dumps(values, sort_keys=True, indent=2).encode()
        self._request("PUT", f"{backup.container}/{backup.service_metadata}_{end}", data)

    def _request(self, method: str, path: str, data: bytes | None = None) -> Any:
        headers = {} if data is None else {"Content-Type": "application/octet-stream"}
        url = f"/v1/AUTH_{self.context.project_id}/{path}"
        return self.client.request(method, url, self.context, data=data, headers=headers)


def extents(sums: list[str], known: list[str], length: int) -> list[tuple[int, int]]:
    """From where to where the data is not what the parent has, in chunks of at most OBJECT_SIZE.

    >>> extents(["a", "b", "c"], ["a", "x", "c"], 70000)
    [(32768, 65536)]
    >>> extents(["a", "b"], [], 40000), extents(["a"], ["a"], 512)
    ([(0, 40000)], [])
    """
    found: list[tuple[int, int]] = []
    for index, checksum in enumerate(sums):
        start, end = index * BLOCK_SIZE, min((index + 1) * BLOCK_SIZE, length)
        if index < len(known) and known[index] == checksum:
            continue
        if found and found[-1][1] == start and start % OBJECT_SIZE:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def compressed(chunk: bytes) -> tuple[str, bytes]:
    """How a chunk is stored: compressed if that makes it smaller."""
    output = zlib.compress(chunk)
    return ("zlib", output) if len(output) < len(chunk) else ("none", chunk)


def volume_meta(volume: Volume) -> Body:
    """What a volume that is made from the backup takes over."""
    names = ("id", "size", "status", "host", "availability_zone", "volume_type_id", "project_id", "user_id")
    base = {name: getattr(volume, name) for name in names}
    base |= {"display_name": volume.name, "display_description": volume.description}
    kept: Body = {"version": 2, "volume-base-metadata": base}
    for key, values in (("metadata", volume.volume_metadata), ("glance-metadata", volume.glance_metadata)):
        kept |= {f"volume-{key}": values} if values else {}
    return kept
