"""A client of Swift alone: `swift.do("PUT", f"{C}/x", b"data", X_Delete_After="10")`."""

from __future__ import annotations

from typing import Any

from fake_auth import DEMO, Caller, FakeAuth
from plain_client import PlainClient

from oslearn.core.config import Config
from oslearn.core.oslo.clock import Ids, SteppedClock
from oslearn.extensions.oslo.database import open_database
from oslearn.extensions.oslo.store import open_store
from oslearn.extensions.swift import api, models
from oslearn.extensions.swift.backend import Backend

A = "/v1/AUTH_demo"
C = f"{A}/photos"


class Swift(PlainClient):
    """A client whose replies a test can compare at once."""

    def __init__(self, **settings: Any) -> None:
        database, self.clock = open_database("swift", Config()).create(models.Base), SteppedClock()
        config, ids = Config(**settings), Ids(7)
        backend = Backend(database.handle("swift"), open_store(config.object_dir), ids, self.clock)
        app = api.build(backend, ids, self.clock, config, [FakeAuth()])
        super().__init__("object-store", app, database)

    def do(self, method: str, path: str, data: Any = None, who: Caller | None = DEMO, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call(method, path, data=data, who=who, headers=named)

    def code(self, *args: Any, **headers: Any) -> int:
        return int(self.do(*args, **headers).status_code)

    def names(self, query: str = "", container: str = C) -> list[str]:
        found = self.do("GET", f"{container}?format=json&{query}").json()
        return [item.get("name") or item["subdir"] for item in found]
