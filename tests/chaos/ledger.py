"""What clients were answered, and whether the cloud still says so.

Interface: `Ledger`: `there`, `gone`, `unsure` as answers come; `broken(user)` compares with what the cloud shows.
A change that was not answered may have happened or not: what it was about is unsure until the next look.
"""

from __future__ import annotations

from typing import Any

from keystoneauth1.exceptions import NotFound

PATHS = {
    "server": ("compute", "/servers/{}"),
    "keypair": ("compute", "/os-keypairs/{}"),
    "volume": ("volume", "/{project}/volumes/{}"),
    "network": ("network", "/networks/{}"),
    "port": ("network", "/ports/{}"),
    "image": ("image", "/images/{}"),
    "object": ("object_store", "/AUTH_{project}/chaos/{}"),
}


class Ledger:
    """Of one client: by kind and id what must be there, with the fields that were answered."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], dict[str, Any]] = {}
        self.lost: set[tuple[str, str]] = set()
        self.answers = 0

    def there(self, kind: str, id: str, **fields: Any) -> None:
        """It was made or changed, and the client was told so."""
        self.held.setdefault((kind, id), {}).update(fields)
        self.answers += 1

    def gone(self, kind: str, id: str) -> None:
        """It was deleted, and the client was told so."""
        self.held.pop((kind, id), None)
        self.lost.add((kind, id))
        self.answers += 1

    def unsure(self, kind: str, id: str, *fields: str) -> None:
        """A change of these fields was asked for; without fields it was to be deleted."""
        known = self.held.pop((kind, id), None) if not fields else self.held.get((kind, id))
        for field in fields:
            (known or {}).pop(field, None)

    def ids(self, kind: str) -> list[str]:
        """What there is of a kind."""
        return [id for known, id in self.held if known == kind]

    def broken(self, user: Any) -> list[str]:
        """What was answered and is not so."""
        found = []
        for (kind, id), fields in self.held.items():
            shown = look(user, kind, id)
            if shown is None:
                found.append(f"{kind} {id} was answered and is not there")
            found += [f"{kind} {id}: {k} was {v!r} and is {shown.get(k)!r}"
                      for k, v in fields.items() if shown is not None and shown.get(k) != v]  # fmt: skip
        found += [f"{kind} {id} was deleted and is there" for kind, id in self.lost if look(user, kind, id) is not None]
        self.lost.clear()
        return found


def look(user: Any, kind: str, id: str) -> dict[str, Any] | None:
    """What the cloud shows of it; nothing if it is not there."""
    api, path = PATHS[kind]
    try:
        reply = getattr(user, api).get(path.format(id, project=user.project_id))
    except NotFound:
        return None
    if kind == "object":
        return {"data": reply.content}
    shown = reply.json()
    shown = dict(shown.get(kind, shown))
    if kind == "image" and shown["status"] == "active":
        shown["data"] = user.image.get(f"/images/{id}/file").content
    return shown
