"""nova-api: which versions there are, and the extensions that 2.1 once was made of, a list that never changes.

Interface: `Versions` and `ExtensionInfo`, parts of the API; `choices`, what is said below a version that is not there.
Upstream: nova/api/openstack/compute/{versions,versionsV21,extension_info}.py. Left out: the API below /v2, of which
only the document is there.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from oslearn.core.nova.api.app import MICROVERSIONS
from oslearn.core.nova.objects import Values
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import NotFound
from oslearn.core.oslo.http import Reply, Request, version_text

VERSIONS = {
    "v2.0": {"status": "DEPRECATED", "version": "", "min_version": "", "updated": "2025-07-04T12:00:00Z"},
    "v2.1": {
        "status": "CURRENT",
        "version": version_text(MICROVERSIONS.maximum),
        "min_version": version_text(MICROVERSIONS.minimum),
        "updated": "2013-07-23T11:33:21Z",
    },
}


class Versions:
    """The documents that say which versions there are."""

    def index(self, req: Request) -> Body:
        """The versions there are. 200."""
        return {"versions": [version(req, name) for name in VERSIONS]}

    def show_legacy(self, req: Request) -> Body:
        """The version before this one, which is no longer served. 200."""
        return whole(req, "v2.0")

    def show(self, req: Request) -> Body:
        """The version that is served, with its range of microversions. 200."""
        return whole(req, "v2.1")


def version(req: Request, name: str) -> Body:
    """A version in the list."""
    href = f"{req.prefix}/{'v2' if name == 'v2.0' else name}/"
    return {"id": name} | VERSIONS[name] | {"links": [{"rel": "self", "href": href}]}


def choices(req: Request) -> Reply:
    """Where a path of a version that is not there may be meant. 300."""
    found = []
    for name, shown in ((name, whole(req, name)["version"]) for name in sorted(VERSIONS)):
        href = f"{req.prefix}/{'v2' if name == 'v2.0' else name}{req.path}"
        kept = {key: shown[key] for key in ("id", "status", "media-types")}
        found.append(kept | {"links": [{"rel": "self", "href": href}]})
    return Reply(300, {"choices": found})


def whole(req: Request, name: str) -> Body:
    """A version by itself."""
    kind = f"application/vnd.openstack.compute+json;version={name.removeprefix('v').removesuffix('.0')}"
    shown = version(req, name)
    links = [*shown["links"], {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}]
    return {"version": shown | {"links": links, "media-types": [{"base": "application/json", "type": kind}]}}


NAMESPACE = "http://docs.openstack.org/compute/ext/fake_xml"


class ExtensionInfo:
    """What clients of 2013 asked before they asked for anything else."""

    def index(self, req: Request) -> Body:
        """All that there were, with dates that mean nothing. 200, 401."""
        return {"extensions": list(extensions().values())}

    def show(self, req: Request, alias: str) -> Body:
        """An extension by its alias. 200, 401, 404."""
        if alias not in extensions():
            raise NotFound()
        return {"extension": extensions()[alias]}


@cache
def extensions() -> dict[str, Values]:
    """The list, by alias; a line of the file is alias, name and description."""
    constant = {"links": [], "namespace": NAMESPACE, "updated": "2014-12-03T00:00:00Z"}
    lines = files("oslearn.extensions.nova.api").joinpath("extensions.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split("|") for line in lines)
    return {
        alias: {"alias": alias, "name": name, "description": about.replace("\\n", "\n")} | constant
        for alias, name, about in rows
    }
