"""The one port: a path reaches its API as it was sent, by a client in this process or in another."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
import requests

from oslearn.core.oslo.adapter import Router, WSGITransport
from oslearn.port.door import Door


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [environ["PATH_INFO"].encode("latin-1")]


@pytest.fixture
def router() -> Router:
    router = Router()
    router.mount("object-store", "swift-proxy-server", echo)
    return router


@pytest.mark.parametrize("sent", ["/v1/a/c/100%2541", "/v1/a/c/a%3Fb%23c", "/v1/a/c//d//", "/v1/a/c/%C3%A9%2Fx"])
def test_a_path_is_unquoted_once(router: Router, sent: str) -> None:
    raw = unquote_to_bytes(sent)
    http = requests.Session()
    http.mount("http://", WSGITransport(router))
    assert http.get(f"http://cloud/object-store{sent}").content == raw
    environ = {"PATH_INFO": "/object-store" + raw.decode("latin-1")}
    assert b"".join(Door(router)(environ, lambda *_: None)) == raw
