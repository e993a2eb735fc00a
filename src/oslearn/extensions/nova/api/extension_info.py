"""nova-api: the extensions that 2.1 once was made of; the list never changes.

Upstream: nova/api/openstack/compute/extension_info.py.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from oslearn.core.nova.objects import Values
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import NotFound
from oslearn.core.oslo.http import Request

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
