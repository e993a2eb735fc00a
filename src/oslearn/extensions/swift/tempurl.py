"""Temporary URLs: who has the signature of a key that the account or container keeps needs no token.

Interface: `TempURL(backend)`, a filter in front of all others; `LIMITS`.
Invariants: a signature that is wrong, over or made with another key is 401 and nothing else is looked at; one of a
container's key reaches no other container; what a signed upload brings cannot point at anybody's data.
Upstream: swift/common/middleware/tempurl.py, swift/common/digest.py.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from calendar import timegm
from collections.abc import Iterator
from email.utils import formatdate
from ipaddress import ip_address, ip_network
from time import strptime
from urllib.parse import quote

import falcon

from oslearn.core.oslo.exception import BadRequest, Unauthorized
from oslearn.core.oslo.http import Request
from oslearn.extensions.swift import http
from oslearn.extensions.swift.backend import Backend
from oslearn.extensions.swift.models import Account, Container

LIMITS = {
    "methods": ["GET", "HEAD", "PUT", "POST", "DELETE"],
    "incoming_remove_headers": ["x-timestamp", "x-open-expired"],
    "incoming_allow_headers": [],
    "outgoing_remove_headers": ["x-object-meta-*"],
    "outgoing_allow_headers": ["x-object-meta-public-*"],
    "allowed_digests": ["sha1", "sha256", "sha512"],
    "deprecated_digests": ["sha1"],
}
SIZES = {40: "sha1", 64: "sha256", 128: "sha512"}
ISO8601 = "%Y-%m-%dT%H:%M:%SZ"
KEPT = ("temp_url_sig", "temp_url_expires", "temp_url_prefix", "filename", "inline")
POINTERS = ("X-Object-Manifest", "X-Symlink-Target")


class TempURL:
    """A filter: who has a signature is let in, and sees what the signature is for."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        """Let in who has a signature; leave alone who brings none. Raises Unauthorized, BadRequest."""
        sig, until = req.query.get("temp_url_sig"), req.query.get("temp_url_expires")
        if req.method == "OPTIONS" or (sig is None and until is None):
            return
        version, account, container, name = [*http.path_info(req)[1:].split("/", 3), "", "", "", ""][:4]
        expires = _seconds(until or "", self.backend.now())
        if not sig or not expires or version != "v1" or not name.strip("/") or req.method not in LIMITS["methods"]:
            raise refusal()
        prefix = req.query.get("temp_url_prefix")
        if (prefix is not None and not name.startswith(prefix)) or not _near(req):
            raise refusal()
        path = f"/v1/{account}/{container}/{name}"
        signed = path if prefix is None else f"prefix:/v1/{account}/{container}/{prefix}"
        req.env["swift.tempurl"] = (account, self._scope(req, account, container, expires, signed, sig))
        if req.method not in ("GET", "HEAD"):
            for header in POINTERS:
                if req.get_header(header) is not None:
                    raise BadRequest(f"The header {header!r} is not allowed in this tempurl")
        req._params = {key: value for key, value in req.params.items() if key in KEPT}

    def process_response(self, req: Request, resp: falcon.Response, resource: object, succeeded: bool) -> None:
        """Keep the object's metadata back, and make a browser save the file under its name."""
        if "swift.tempurl" not in req.env:
            return
        for header in list(resp.headers):
            if header.startswith("x-object-meta-") and not header.startswith("x-object-meta-public-"):
                resp.delete_header(header)
        if req.method in ("GET", "HEAD") and str(resp.status).startswith("2"):
            resp.set_header("Content-Disposition", _disposition(req, resp.get_header("Content-Disposition")))
            expires = _seconds(req.query["temp_url_expires"], 0)
            resp.set_header("Expires", formatdate(expires, usegmt=True))

    def _scope(self, req: Request, account: str, container: str, expires: int, path: str, sig: str) -> str:
        """The container whose key signed this, or nothing for the account's. Raises Unauthorized."""
        algorithm, digest = _digest(sig)
        where = f"ip={req.query['temp_url_ip_range']}\n" if "temp_url_ip_range" in req.query else ""
        methods = ("HEAD", "GET", "POST", "PUT") if req.method == "HEAD" else (req.method,)
        for scope, key in self._keys(account, container):
            for method in methods:
                message = f"{where}{method}\n{expires}\n{path}".encode()
                if hmac.compare_digest(hmac.new(key.encode(), message, algorithm).hexdigest(), digest):
                    return scope
        raise refusal()

    def _keys(self, account: str, container: str) -> Iterator[tuple[str, str]]:
        with self.backend.session() as session:
            owner, row = session.get(Account, account), session.get(Container, f"{account}/{container}")
            kept = [("", "Account", owner.meta if owner else {}), (container, "Container", row.meta if row else {})]
        for scope, kind, meta in kept:
            for name in (f"X-{kind}-Meta-Temp-Url-Key", f"X-{kind}-Meta-Temp-Url-Key-2"):
                if meta.get(name):
                    yield scope, meta[name]


def refusal() -> Unauthorized:
    """401 in the filter's own words."""
    return Unauthorized("401 Unauthorized: Temp URL invalid\n")


def _seconds(until: str, now: float) -> int:
    """When a URL ends; 0 if it has, or if that is no time."""
    if until.isascii() and until.isdigit() and len(until) < 16:
        return int(until) if int(until) >= now else 0
    try:
        seconds = timegm(strptime(until, ISO8601))
    except ValueError:
        return 0
    return seconds if seconds >= now else 0


def _near(req: Request) -> bool:
    """Whether the request comes from where the URL may be used."""
    if "temp_url_ip_range" not in req.query:
        return True
    try:
        return ip_address(req.env.get("REMOTE_ADDR", "")) in ip_network(req.query["temp_url_ip_range"])
    except ValueError:
        return False


def _digest(sig: str) -> tuple[str, str]:
    """Algorithm and hexadecimal digest of `hex` or `algorithm:base64`. Raises Unauthorized."""
    try:
        if ":" in sig:
            algorithm, _, text = sig.partition(":")
            sig = b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True).hex()
        else:
            algorithm = SIZES[len(binascii.unhexlify(sig)) * 2]
    except (KeyError, ValueError):
        raise refusal() from None
    if algorithm not in LIMITS["allowed_digests"]:
        raise refusal()
    return algorithm, sig


def _disposition(req: Request, known: str | None) -> str:
    name, inline = req.query.get("filename"), "inline" in req.query
    if inline and not name:
        return "inline"
    if known and not name:
        return known.replace("\n", "%0A")
    name = name or http.path_info(req).rstrip("/").rpartition("/")[2]
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{quote(name, safe=' /')}\"; filename*=UTF-8''{quote(name)}"
