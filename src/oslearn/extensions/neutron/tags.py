"""Tags: words that a project puts on what it has: `/v2.0/{collection}/{id}/tags`.

Invariants: they are a set, which the database keeps in order.
Upstream: neutron/extensions/tagging.py.
"""

from __future__ import annotations

from collections.abc import Callable

from oslearn.core.neutron.attributes import Values, text
from oslearn.core.neutron.base import AnyResource, Stamps, own
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.extensions.neutron import exceptions as e

MAX_TAGS = 50


class Tags:
    """The tags of one collection's rows."""

    def __init__(self, resource: AnyResource, outbox: Outbox, stamps: Stamps, policy: Enforcer) -> None:
        self.resource, self.outbox, self.stamps, self.policy = resource, outbox, stamps, policy

    def index(self, req: Request, id: str) -> Values:
        """200, 404: all tags of a row."""
        with self.outbox.transaction() as session:
            return {"tags": self.resource.find(session, req.caller, id).tags}

    def show(self, req: Request, id: str, tag: str) -> None:
        """204, 404: whether a row has this tag."""
        if tag not in self.index(req, id)["tags"]:
            raise e.TagNotFound(tag=tag)

    def replace(self, req: Request, id: str) -> Values:
        """200, 400, 404: these and no others."""
        tags = _tags(req)
        self._change(req, id, lambda old: tags)
        return {"tags": tags}

    def add(self, req: Request, id: str) -> Reply:
        """201, 400, 404: these besides those that are there."""
        tags = self._few(_tags(req))
        self._change(req, id, lambda old: old + tags)
        return Reply(201, {"tags": tags})

    def add_one(self, req: Request, id: str, tag: str) -> Reply:
        """201, 404: this one besides those that are there."""
        self._change(req, id, lambda old: self._few([*old, tag]))
        return made()

    def delete_one(self, req: Request, id: str, tag: str) -> None:
        """204, 404: all but this one."""
        self.show(req, id, tag)
        self._change(req, id, lambda old: [one for one in old if one != tag])

    def delete(self, req: Request, id: str) -> None:
        """204, 404: none."""
        self._change(req, id, lambda old: [])

    def _change(self, req: Request, id: str, change: Callable[[list[str]], list[str]]) -> None:
        """Raises PolicyNotAuthorized, and the resource's NotFound."""
        self.policy.enforce(req.caller, f"update_{self.resource.name}")
        with self.outbox.transaction() as session:
            row = self.resource.find(session, req.caller, id)
            own(req.caller, row)
            row.tags = sorted(set(change(row.tags)))
            self.stamps.touch(row)

    def _few(self, tags: list[str]) -> list[str]:
        """The tags, if they are not too many. Raises TooManyTags."""
        if len(set(tags)) > MAX_TAGS:
            raise e.TooManyTags(resource=self.resource.plural, limit=MAX_TAGS)
        return tags


def made() -> Reply:
    """201, of what has nothing to say but that it was made: clients read JSON."""
    return Reply(201, b"null", {"Content-Type": "application/json"})


def _tags(req: Request) -> list[str]:
    """The tags of a body. Raises InvalidInput."""
    body = req.json_body()
    if "tags" not in body:
        raise e.InvalidInput(error_message="Invalid tags body")
    if not isinstance(tags := body["tags"], list):
        raise e.InvalidInput(error_message=f"'{tags}' is not a list")
    if reason := next((reason for _, reason in map(text, tags) if reason), None):
        raise e.InvalidInput(error_message=reason)
    if len(tags) > len(set(tags)):
        raise e.InvalidInput(error_message=f"Duplicate items in the list: '{', '.join(tags)}'")
    return tags
