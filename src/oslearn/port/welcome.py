"""What the port says where no API answers: to a browser a page, to a client where Keystone is.

Interface: `Welcome(url)`, a WSGI application; `refusal(environ, hosts)`, why a request is not for this cloud.
Invariants: no secret is shown; a page asks for nothing from elsewhere.
Upstream: DevStack's Apache, whose first page is the dashboard's; it sends `/` nowhere else.
"""

from __future__ import annotations

import html
import json
from collections.abc import Collection, Iterable
from http import HTTPStatus
from ipaddress import ip_address
from wsgiref.types import StartResponse, WSGIEnvironment

from oslearn.cloud import PATHS

SERVICES = {
    "identity": ("Keystone", "users, projects and tokens"),
    "image": ("Glance", "images"),
    "placement": ("Placement", "what each host has left"),
    "network": ("Neutron", "networks"),
    "compute": ("Nova", "servers"),
    "volume": ("Cinder", "volumes"),
    "object_store": ("Swift", "objects"),
    "database": ("Trove", "databases"),
}
LINKS = {"object_store": "/info"}
"""Where a page leads to if the API's root has no document of its own."""
COMMANDS = ("export OS_CLOUD=oslearn-demo", "openstack image list", "oslearn trace last")
NOT_HERE = (
    "No API answers at {path}. Keystone answers at {url}/identity/v3 (OS_AUTH_URL); the token's catalog has the rest."
)
STRANGE = "This cloud does not know the host {host}. `oslearn serve --allowed-host NAME` makes it known."
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>oslearn</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }}
td {{ padding-right: 1.5rem }} pre {{ background: #eee; color: #111; padding: 1rem }}</style></head>
<body><h1>A cloud answers here</h1>
<p>It has no page to click on: the <code>openstack</code> command and programs use it.
Type in a terminal, in the folder where <code>clouds.yaml</code> is:</p>
<pre>{commands}</pre>
<p>Each API has a path:</p>
<table>{rows}</table>
<p>Who writes a program gives it <code>{url}/identity/v3</code> as <code>OS_AUTH_URL</code>.</p>
</body></html>
"""


class Welcome:
    """Answers what no API answers."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI. 200 for a browser's `/`, 300 for a client's, 404 elsewhere."""
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        if path.strip("/"):
            message = NOT_HERE.format(path=path[:200], url=self.url)
            return answer(
                environ, start_response, 404, {"error": {"code": 404, "title": "Not Found", "message": message}}
            )
        if "text/html" in environ.get("HTTP_ACCEPT", ""):
            return answer(environ, start_response, 200, self.page())
        return answer(environ, start_response, 300, {"versions": {"values": [self.version()]}, "apis": self.apis()})

    def apis(self) -> dict[str, str]:
        """Each API's root."""
        return {path.partition("/")[0]: f"{self.url}/{path}" for path in PATHS.values()}

    def version(self) -> dict[str, object]:
        """Where a client that asks here for Keystone goes on."""
        return {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": f"{self.url}/identity/v3/"}]}

    def page(self) -> str:
        """What answers where, and what to type."""
        rows = "".join(
            f'<tr><td>{name}</td><td>{what}</td><td><a href="{LINKS.get(api, f"/{PATHS[api]}")}">'
            f"/{PATHS[api]}</a></td></tr>"
            for api, (name, what) in SERVICES.items()
        )
        return PAGE.format(commands="\n".join(COMMANDS), rows=rows, url=html.escape(self.url))


def answer(environ: WSGIEnvironment, start_response: StartResponse, status: int, content: object) -> list[bytes]:
    """A whole reply: text as a page, all else as JSON."""
    page = isinstance(content, str)
    data = (content if isinstance(content, str) else json.dumps(content)).encode()
    kind = "text/html; charset=utf-8" if page else "application/json"
    headers = [("Content-Type", kind), ("Content-Length", str(len(data)))]
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [data]


def refusal(environ: WSGIEnvironment, hosts: Collection[str]) -> str:
    """Why a request is not for this cloud, or nothing.

    A page of any web site may send requests to this machine under a name of its own (DNS rebinding): names that are
    not this machine's are refused.
    """
    given = environ.get("HTTP_HOST")
    if given is None or (name := hostname(given)) in hosts or loopback(name):
        return ""
    return STRANGE.format(host=given[:200])


def hostname(given: str) -> str:
    """A Host header's name without its port.

    >>> hostname("LOCALHOST:8774"), hostname("[::1]:80"), hostname("::1")
    ('localhost', '::1', '::1')
    """
    name = given.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name if name.count(":") > 1 else name.partition(":")[0].removesuffix(".")


def loopback(name: str) -> bool:
    """Whether a name is this machine's own for itself."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
