"""What each service's door says when a request gets no further: type, headers and shape are those of its own pipeline.

Every cell of `TABLE` names where the right value stands: a recording, or a file of upstream's in the service's package.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import requests

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.core.oslo.adapter import environ
from oslearn.port.door import Door

CLOUD = Cloud(Config(password_hash_cost=16), seed=29)
ADMIN = CLOUD.connect("admin")
PROJECT, TOKEN = ADMIN.project_id, str(ADMIN.session.get_token())
KEYSTONE = 'Keystone uri="http://127.0.0.1/identity/v3"'
JSON, PAGE, TEXT = "application/json", "text/html; charset=UTF-8", "text/plain; charset=UTF-8"
NOVA_JSON, FLASK = "application/json; charset=UTF-8", "text/html; charset=utf-8"

LISTS = {
    "identity": "/v3/users",
    "image": "/v2/images",
    "placement": "/resource_providers",
    "networking": "/v2.0/networks",
    "volume": f"/v3/{PROJECT}/volumes",
    "compute": "/v2.1/servers",
    "object-store": f"/v1/AUTH_{PROJECT}",
    "database": f"/v1.0/{PROJECT}/instances",
}
"""A path of each service that is there."""
UNKNOWN = {
    "placement": "/nosuch",
    "volume": f"/v3/{PROJECT}/nosuch",
    "object-store": "/v1",
    "database": f"/v1.0/{PROJECT}/nosuch",
}
VERSIONLESS = {"placement": "/v9"}


class Cell(NamedTuple):
    """What comes: status, type, a pattern of the body, headers that must be there, and who says so."""

    status: int
    type: str
    body: str
    source: str
    headers: dict[str, str | None] = {}


NOT_FOUND = (
    r"<html>\n <head>\n  <title>404 Not Found</title>.*The resource could not be found\.<br /><br />\n\n\n\n </body>"
)
REJECTED = r'{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authen'
MALFORMED = r'{"badRequest": {"code": 400, "message": "Malformed request body"}}'
MEDIA = r'{"badMediaType": {"code": 415, "message": "Unsupported Content-Type"}}'
TOKENS = Cell(401, JSON, REJECTED, "day 2: GET /v3/ of Cinder", {
    "WWW-Authenticate": KEYSTONE, "OpenStack-API-Version": None, "Vary": None, "x-openstack-request-id": "req-.*",
})  # fmt: skip
ROUTES = Cell(404, PAGE, NOT_FOUND, "wsgi.py: Router._dispatch", {
    "x-openstack-request-id": "req-.*", "OpenStack-API-Version": None, "Vary": None})  # fmt: skip
OUTSIDE = ROUTES._replace(headers={"x-openstack-request-id": None})
GLANCE_401 = Cell(401, PAGE, r"<html>.*Either you\s+supplied the wrong credentials",
                  "api/middleware/context.py behind delay_auth_decision",
                  {"WWW-Authenticate": KEYSTONE, "x-openstack-request-id": None})  # fmt: skip
SWIFT_401 = Cell(401, PAGE, r"<html><h1>Unauthorized</h1><p>This server could not verify", "day 4: GET of an account",
                 {"WWW-Authenticate": f'Swift realm="AUTH_{PROJECT}", {KEYSTONE}', "X-Trans-Id": "tx.*"})  # fmt: skip
KEYSTONE_401 = Cell(401, JSON, r'{"error": {"code": 401, "message": "The request you have made requires auth',
                    "server/flask/application.py", {"WWW-Authenticate": KEYSTONE, "Vary": "X-Auth-Token"})  # fmt: skip
FLASK_404 = Cell(404, FLASK, r"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>",
                 "server/flask/application.py: Flask's own page", {"Vary": "X-Auth-Token"})  # fmt: skip
ACCOUNTS = {"X-Trans-Id": "tx.*", "Date": ".* GMT"}

TABLE: dict[str, dict[str, Cell]] = {
    "no token": {
        "identity": KEYSTONE_401, "image": GLANCE_401, "placement": TOKENS, "networking": TOKENS, "volume": TOKENS,
        "compute": TOKENS, "object-store": SWIFT_401, "database": TOKENS,
    },
    "unknown path": {
        "identity": FLASK_404,
        "image": ROUTES,
        "placement": Cell(404, PAGE, NOT_FOUND, "handler.py: dispatch", {
            "OpenStack-API-Version": "placement 1.0", "Vary": None}),
        "networking": Cell(404, JSON, r'{"NeutronError": {"type": "HTTPNotFound", "message": "The resource could not',
                           "pecan_wsgi/hooks/translation.py"),
        "volume": ROUTES,
        "compute": ROUTES,
        "object-store": Cell(412, PAGE, "Bad URL$", "proxy/server.py: handle_request", ACCOUNTS),
        "database": ROUTES,
    },
    "unknown method": {
        "identity": Cell(405, JSON, r'{"message": "The method is not allowed for the requested URL."}',
                         "server/flask/application.py: flask-restful's own", {"Allow": ".*GET.*"}),
        "image": Cell(405, PAGE, "<html>.*The method PATCH is not allowed for this resource. <br /><br />\n\n </body>",
                      "common/wsgi.py: RejectMethodController", {"Allow": ".*GET.*"}),
        "placement": Cell(405, PAGE, "<html>.*PATCH is not allowed for this resource. <br /><br />\nThe method",
                          "handler.py: handle_405", {"Allow": ".*GET.*", "Vary": "openstack-api-version"}),
        "networking": Cell(405, JSON, r'{"NeutronError": {"type": "HTTPMethodNotAllowed", "message": "The server',
                           "pecan_wsgi/controllers/utils.py: not_supported", {"Allow": ".*GET.*"}),
        "volume": ROUTES,
        "compute": ROUTES,
        "object-store": Cell(405, PAGE, "<html><h1>Method Not Allowed</h1>", "proxy/server.py", {"Allow": ".*GET.*"}),
        "database": ROUTES,
    },
    "unknown version": {
        "identity": FLASK_404,
        "image": Cell(300, JSON, r'{"versions": \[{"id": "v2.1', "api/middleware/version_negotiation.py"),
        "placement": TOKENS,
        "networking": OUTSIDE._replace(source="pecan_wsgi/app.py: versions_factory"),
        "volume": ROUTES._replace(source="api/versions.py: Versions"),
        "compute": Cell(300, JSON, r'{"choices": \[{"id": "v2.0"', "api/openstack/compute/versions.py: multi", {
            "x-openstack-request-id": None, "OpenStack-API-Version": None}),
        "object-store": Cell(400, PAGE, "<html><h1>Bad Request</h1>", "proxy/server.py: APIVersionError", ACCOUNTS),
        "database": OUTSIDE._replace(source="common/wsgi.py: versioned_urlmap"),
    },
    "unknown microversion": {
        "placement": Cell(406, JSON, r'{"errors": \[{"status": 406, .*"max_version": "1\.39", "min_version": "1\.0"',
                          "util.py: json_error_formatter", {"OpenStack-API-Version": None, "Vary": None}),
        "volume": Cell(406, JSON, r'{"computeFault": {"code": 406, "message": "Version 9.99 is not supported',
                       "api/openstack/wsgi.py: Fault", {
            "OpenStack-API-Version": "volume 9.99", "Vary": "OpenStack-API-Version", "x-compute-request-id": "req-.*"}),
        "compute": Cell(406, NOVA_JSON, r'{"computeFault": {"code": 406, "message": "Version 9.99 is not supported',
                        "api/openstack/wsgi.py: Fault", {
            "OpenStack-API-Version": "compute 9.99", "X-OpenStack-Nova-API-Version": "9.99"}),
    },
    "no microversion": {
        "placement": Cell(400, JSON, r'{"errors": \[{"status": 400, .*invalid literal for int\(\) with base 10',
                          "util.py: json_error_formatter", {"OpenStack-API-Version": None}),
        "volume": Cell(400, JSON, r'{"badRequest": {"code": 400, "message": "API Version String x is of invalid',
                       "api/openstack/wsgi.py: Resource.__call__", {"OpenStack-API-Version": None}),
        "compute": Cell(400, NOVA_JSON, r'{"badRequest": {"code": 400, "message": "API Version String x is of invalid',
                        "api/openstack/wsgi.py: ResourceV21", {"OpenStack-API-Version": None, "Vary": None}),
    },
    "bad JSON": {
        "identity": Cell(400, JSON, r'{"error": {"code": 400, "message": "Expecting to find valid JSON in request body',
                         "server/flask/request_processing/json_body.py"),
        "image": Cell(400, PAGE, "<html>.*Malformed JSON in request body.<br /><br />", "common/wsgi.py: from_json"),
        "placement": Cell(400, PAGE, "<html>.*<br /><br />\nMalformed JSON: Expecting", "util.py: extract_json"),
        "networking": Cell(400, JSON, r'{"NeutronError": {"type": "HTTPBadRequest", "message": "Body contains invalid',
                           "pecan_wsgi/hooks/body_validation.py"),
        "volume": Cell(400, JSON, MALFORMED, "api/openstack/wsgi.py", {"OpenStack-API-Version": "volume 3.0"}),
        "compute": Cell(400, NOVA_JSON, MALFORMED, "api/openstack/wsgi.py", {"OpenStack-API-Version": "compute 2.1"}),
        "database": Cell(400, JSON, r'{"badRequest": {"code": 400, "message": "', "common/wsgi.py: Fault"),
    },
    "wrong type": {
        "identity": Cell(400, JSON, r'{"error": {"code": 400, "message": "Expecting to find application/json in',
                         "server/flask/request_processing/json_body.py"),
        "placement": Cell(415, PAGE, "<html>.*The media type text/x is not supported, use application/json",
                          "util.py: require_content"),
        "volume": Cell(415, JSON, MEDIA, "api/openstack/wsgi.py: get_content_type"),
        "compute": Cell(415, NOVA_JSON, MEDIA, "api/openstack/wsgi.py: get_content_type"),
    },
}  # fmt: skip
TABLE["bad token"] = TABLE["no token"]
CELLS = [(case, service) for case, cells in TABLE.items() for service in cells]


def ask(
    service: str, path: str, method: str = "GET", data: str | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    """What a client in another process gets: status, headers by small letters, body."""
    given = {"Accept": "*/*"} | {name.replace("_", "-"): value for name, value in headers.items()}
    url = CLOUD.config.endpoint(service) + path
    request = requests.Request(method, url, headers=given, data=data).prepare()
    started: dict[str, Any] = {}

    def start(status: str, found: list[tuple[str, str]], *rest: Any) -> None:
        started.update(status=int(status[:3]), headers={name.lower(): value for name, value in found})

    body = b"".join(Door(CLOUD.router)(environ(request, "", urlsplit(url).path), start)).decode()
    return started["status"], started["headers"], body


def sent(case: str, service: str) -> tuple[int, dict[str, str], str]:
    path, known = LISTS[service], {"X_Auth_Token": TOKEN}
    elsewhere = VERSIONLESS.get(service, f"/v9/{path.split('/', 2)[2] if path.count('/') > 1 else ''}")
    kind = service if service != "volume" else "volumev3"
    match case:
        case "no token":
            return ask(service, path)
        case "bad token":
            return ask(service, path, X_Auth_Token="nosuch")
        case "unknown path":
            version = path.split("/")[1]
            return ask(service, UNKNOWN.get(service, f"/{version}/nosuch"), **known)
        case "unknown method":
            return ask(service, path, "PATCH", **known)
        case "unknown version":
            return ask(service, elsewhere)
        case "unknown microversion":
            return ask(service, path, Accept=JSON, OpenStack_API_Version=f"{kind} 9.99", **known)
        case "no microversion":
            return ask(service, path, Accept=JSON, OpenStack_API_Version=f"{kind} x", **known)
        case "bad JSON":
            return ask(service, path, "POST", "{", Content_Type=JSON, **known)
    return ask(service, path, "POST", "{}", Content_Type="text/x", **known)


@pytest.mark.parametrize(("case", "service"), CELLS)
def test_a_door_answers_as_its_pipeline_does(case: str, service: str) -> None:
    cell, (status, headers, body) = TABLE[case][service], sent(case, service)
    assert (status, headers["content-type"]) == (cell.status, cell.type), body
    assert re.match(cell.body, body, re.DOTALL), body
    for name, wanted in cell.headers.items():
        found = headers.get(name.lower())
        assert found is None if wanted is None else re.fullmatch(wanted, found or ""), (name, found)
    assert cell.source


def test_every_service_has_its_cell() -> None:
    """A service without one in a case takes what others refuse: Swift any body, Glance and Neutron any type."""
    for case in ("no token", "bad token", "unknown path", "unknown method", "unknown version"):
        assert set(TABLE[case]) == set(LISTS) == set(CLOUD.router.apps()) - {"info"}, case


@pytest.mark.parametrize("service", ["compute", "volume", "image", "database"])
@pytest.mark.parametrize(("accept", "kind"), [("*/*", PAGE), ("text/html", PAGE), (JSON, JSON), ("", TEXT)])
def test_webobs_page_is_what_the_client_accepts(service: str, accept: str, kind: str) -> None:
    path = UNKNOWN.get(service, f"/{LISTS[service].split('/')[1]}/nosuch")
    _, headers, body = ask(service, path, X_Auth_Token=TOKEN, Accept=accept)
    assert headers["content-type"] == kind
    if kind == JSON:
        assert json.loads(body) == {"message": "The resource could not be found.<br /><br />\n\n\n",
                                    "code": "404 Not Found", "title": "Not Found"}  # fmt: skip


def test_what_a_client_sent_is_quoted_in_a_page() -> None:
    for path in ("/v2/images/<script>", "/v2/<script>"):
        _, headers, body = ask("image", path, X_Auth_Token=TOKEN)
        assert headers["content-type"] == PAGE
        assert "<script>" not in body


def test_plain_text_is_no_type_for_nova_but_one_for_cinder() -> None:
    for service, status in (("compute", 400), ("volume", 415)):
        assert ask(service, LISTS[service], "POST", "{", Content_Type="text/plain", X_Auth_Token=TOKEN)[0] == status


def test_a_version_that_is_not_there_is_shown_where_it_may_be_meant() -> None:
    _, _, body = ask("compute", "/v9/servers")
    assert [choice["links"][0]["href"] for choice in json.loads(body)["choices"]] == [
        "http://127.0.0.1/compute/v2/v9/servers", "http://127.0.0.1/compute/v2.1/v9/servers"]  # fmt: skip


def test_a_project_in_the_path_that_is_not_the_tokens_is_cinders_own_error() -> None:
    status, headers, body = ask("volume", "/v3/another/volumes", X_Auth_Token=TOKEN)
    assert (status, headers["openstack-api-version"]) == (400, "volume 3.0")
    assert json.loads(body) == {"badRequest": {"code": 400, "message": "Malformed request url"}}
