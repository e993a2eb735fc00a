"""What Swift can be set up to do and this Swift is not: refused in words, before anything is done.

Interface: `Refusals`, a filter; `HEADERS`, `QUERIES`, by name.
Invariants: nothing that upstream would act on is taken and forgotten: who asks for a version, a link, an archive to
unpack or a copy elsewhere is told that there is none, and nothing is changed.
Upstream: swift/common/middleware/versioned_writes/, symlink.py, formpost.py, bulk.py, container_sync.py, staticweb.py.
Left out: versions of objects (`X-Versions-Enabled`, `X-Versions-Location`, `X-History-Location`, `version-id`; the
query `versions` lists what there is), symlinks (`X-Symlink-Target`, `symlink`), container sync (`X-Container-Sync-To`),
account ACLs (`X-Account-Access-Control`), quoted tags (`X-Container-Rfc-Compliant-Etags`), shards
(`X-Container-Sharding`), replicas of which one is the newest (`X-Newest`), objects that are opened though they are over
(`X-Open-Expired`), forms (`formpost`), archives (`extract-archive`), CORS (`Origin` and the metadata
`X-Container-Meta-Access-Control-…`: a browser's preflight is 401, and no page of another origin reads an answer), the
`heartbeat` of a copy.
"""

from __future__ import annotations

import falcon

from oslearn.core.oslo.exception import BadRequest, Forbidden, OpenStackError, Unauthorized
from oslearn.core.oslo.http import Request
from oslearn.extensions.swift.constraints import TRUE
from oslearn.extensions.swift.exceptions import PreconditionFailed

DISABLED = "Versioned Writes is disabled"
UNKNOWN = "{} is left out: this Swift has no {}"
HEADERS: dict[str, tuple[type[OpenStackError], str]] = {
    "X-Versions-Location": (PreconditionFailed, DISABLED),
    "X-History-Location": (PreconditionFailed, DISABLED),
    "X-Symlink-Target": (BadRequest, UNKNOWN.format("X-Symlink-Target", "symlinks")),
    "X-Symlink-Target-Account": (BadRequest, UNKNOWN.format("X-Symlink-Target-Account", "symlinks")),
    "X-Symlink-Target-Etag": (BadRequest, UNKNOWN.format("X-Symlink-Target-Etag", "symlinks")),
    "X-Container-Sync-To": (BadRequest, UNKNOWN.format("X-Container-Sync-To", "container sync")),
    "X-Container-Sync-Key": (BadRequest, UNKNOWN.format("X-Container-Sync-Key", "container sync")),
    "X-Account-Access-Control": (BadRequest, UNKNOWN.format("X-Account-Access-Control", "account ACLs")),
}
QUERIES: dict[str, tuple[type[OpenStackError], str]] = {
    "extract-archive": (BadRequest, "Unsupported archive format"),
    "version-id": (BadRequest, "version-aware operations require that the container is versioned"),
    "swiftinfo_sig": (Forbidden, Forbidden.message),
    "swiftinfo_expires": (Forbidden, Forbidden.message),
}


class Refusals:
    """A filter before all others."""

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        """Raises what refuses the request. Who only reads is not asked about headers that only writing heeds."""
        for name, (error, words) in QUERIES.items():
            if name in req.query and (name, req.query[name]) != ("version-id", "null"):
                raise error(words)
        if req.method == "OPTIONS" and req.get_header("Origin"):
            raise Unauthorized(account=req.path.split("/")[2] if req.path.count("/") > 1 else "unknown")
        if req.method not in ("PUT", "POST", "COPY"):
            return
        for name, (error, words) in HEADERS.items():
            if req.get_header(name):
                raise error(words)
        if (req.get_header("X-Versions-Enabled") or "").lower() in TRUE:
            raise PreconditionFailed(DISABLED)
        if req.method == "POST" and (req.content_type or "").startswith("multipart/form-data"):
            raise Unauthorized("FormPost: Invalid Signature")
