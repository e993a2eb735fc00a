"""The HTTP seam: how a process reaches an API, in process without a socket, through keystoneauth1.

Interface: `Router` mounts each service's WSGI application below its path; `WSGITransport` sends a request there;
`session(transport, auth)` is the keystoneauth1 session that a process is given.
Invariants: request and reply cross the seam as bytes; a stopped service is a refused connection, as on a real host.
Upstream: keystoneauth1's `Session` and `Adapter`; each service's clients are built on them.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit
from wsgiref.types import WSGIApplication, WSGIEnvironment

import requests
from keystoneauth1 import exceptions as ks
from keystoneauth1 import plugin
from keystoneauth1 import session as ks_session
from keystoneauth1.access import AccessInfo
from keystoneauth1.identity import v3
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import default_headers, requote_uri

from oslearn.core.oslo import context as oslo_context
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import OpenStackError

TransportError = (ks.ClientException, requests.RequestException)
"""What a REST call may raise: any HTTP error status, no connection, no answer in time."""

HEADERS = [*default_headers().items()]
"""What every request says, unless it says otherwise."""
FIXED = {"SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0), "wsgi.multithread": False,
         "wsgi.multiprocess": False, "wsgi.run_once": False}  # fmt: skip
"""What is the same for an application in all requests."""
NOBODY = "nobody"
"""Who serves a path that belongs to no API."""


class Router:
    """The mounted applications: path → process name and WSGI callable. Who is in `stopped` refuses connections."""

    def __init__(self) -> None:
        self._apps: dict[str, tuple[str, WSGIApplication]] = {}
        self.stopped: set[str] = set()

    def mount(self, path: str, process: str, app: WSGIApplication) -> None:
        """Serve `app` below `/path`."""
        self._apps[path] = (process, app)

    def apps(self) -> dict[str, WSGIApplication]:
        """The mounted applications by path."""
        return {path: app for path, (_, app) in self._apps.items()}

    def process(self, url: str) -> str:
        """The name of the process that serves a URL or a path, stopped or not."""
        path = url if url.startswith("/") else urlsplit(url).path  # a client's path may be one that no URL has
        return self._apps.get(path.lstrip("/").partition("/")[0], (NOBODY,))[0]

    def find(self, path: str) -> tuple[WSGIApplication, str, str]:
        """The application, its mount path and the rest of the path. Raises requests.ConnectionError."""
        mount, _, rest = path.lstrip("/").partition("/")
        process, app = self._apps.get(mount, (mount, None))
        if app is None or process in self.stopped:
            raise requests.ConnectionError(f"[Errno 111] Connection refused: {process}")
        return app, f"/{mount}", f"/{rest}"


class WSGITransport(BaseAdapter):
    """A requests transport that calls the WSGI application itself."""

    def __init__(self, router: Router) -> None:
        super().__init__()
        self.router = router

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Answer `request` by calling the application that serves its URL."""
        app, mount, path = self.router.find(unquote(urlsplit(request.url or "").path))
        response, written = requests.Response(), io.BytesIO()

        def start_response(status: str, headers: list[tuple[str, str]], *error: object) -> Callable[[bytes], object]:
            code, _, response.reason = status.partition(" ")
            response.status_code = int(code)
            response.headers.update(dict(headers))
            return written.write

        call = environ(request, mount, path)
        body = b"".join(app(call, start_response))
        response.raw = io.BytesIO(body)
        response._content = body
        response.url, response.request, response.encoding = request.url or "", request, "utf-8"
        response.handler = call.get("oslearn.handler")  # type: ignore[attr-defined]
        return response

    def close(self) -> None:
        """Nothing is open."""


def environ(request: requests.PreparedRequest, mount: str, path: str) -> WSGIEnvironment:
    """A request as PEP 3333 hands it to an application."""
    parts = urlsplit(request.url or "")
    body: Any = request.body or b""
    if not isinstance(body, str | bytes):
        body = b"".join(body) if not hasattr(body, "read") else body.read()
    data = body.encode() if isinstance(body, str) else body
    made = FIXED | {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": mount,
        "PATH_INFO": path.encode("utf-8").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or 80),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(data),
        "wsgi.errors": sys.stderr,
        "CONTENT_LENGTH": str(len(data)),
        "HTTP_HOST": parts.netloc,
    }
    for name, value in request.headers.lower_items():
        made[wsgi_key(name)] = value
    serving = oslo_context.current.get()
    if serving is not None:
        made.setdefault("HTTP_X_OPENSTACK_REQUEST_ID", serving.request_id)
    return made


@lru_cache(256)
def wsgi_key(header: str) -> str:
    """A header's key in a WSGI environment."""
    key = header.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


class Password(v3.Password):
    """Password authentication that asks the cloud's clock, not the machine's, whether its token still lasts."""

    def __init__(self, clock: Clock, auth_url: str, **options: Any) -> None:
        super().__init__(auth_url, **options)
        self.clock, self._until = clock, clock.now()

    def get_access(self, session: ks_session.Session, **options: Any) -> AccessInfo:
        """The token and what it stands for; a new one if the old one ends within two minutes."""
        known, soon = self.auth_ref, self.clock.now() + timedelta(seconds=self.MIN_TOKEN_LIFE_SECONDS)
        if known is None or self._until < soon:
            self.auth_ref = known = self.get_auth_ref(session)
            self._until = known.expires.replace(tzinfo=None) if known.expires else soon
        return known


class Http(requests.Session):
    """A session without what only a network needs: cookies, redirects, proxies, streams, the guess of an encoding."""

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """Send and return the reply."""
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = str(method), queried(requote_uri(str(url)), options.get("params") or {})
        prepared.headers = CaseInsensitiveDict([*HEADERS, *(options.get("headers") or {}).items()])
        prepared.body = options.get("data")
        return self.get_adapter(prepared.url or "").send(prepared)


def queried(url: str, params: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    """A URL with a query: several values of a name one after the other, and none for None.

    >>> queried("/ports", {"fields": ["id", "name"], "limit": 5, "marker": None}), queried("/ports", {})
    ('/ports?fields=id&fields=name&limit=5', '/ports')
    """
    pairs = params.items() if isinstance(params, Mapping) else params
    several = [(name, value if isinstance(value, list | tuple | set) else [value]) for name, value in pairs]
    text = urlencode([(name, one) for name, values in several for one in values if one is not None])
    return f"{url}{'&' if '?' in url else '?'}{text}" if text else url


def session(transport: BaseAdapter, auth: plugin.BaseAuthPlugin | None = None) -> ks_session.Session:
    """A keystoneauth1 session over `transport`."""
    http = Http()
    http.mount("http://", transport)
    return ks_session.Session(auth=auth, session=http, user_agent="oslearn", connect_retries=0)


class Client:
    """A process's REST client of another service: with the user's token if given a user's context, else with its own.

    With `send_service_token` the process's own token goes along and says that a service asks.
    """

    def __init__(self, session: ks_session.Session, base_url: str, send_service_token: bool = False) -> None:
        self.session, self.base_url, self.send_service_token = session, base_url, send_service_token

    def request(
        self, method: str, path: str, context: RequestContext | None = None, body: Any = None, **options: Any
    ) -> requests.Response:
        """Send and return the reply. Raises TransportError for an error status or no answer.

        Who may not ask by the access rules of a credential may have the service ask: it says then that it does.
        """
        headers = dict(options.pop("headers", {}))
        asks = context is not None and context.user_id is not None
        if context is not None and asks:
            headers["X-Auth-Token"] = context.auth_token or ""
        if self.send_service_token:
            headers["X-Service-Token"] = self.session.get_token() or ""
        send = partial(self.session.request, self.base_url + path, method, json=body, authenticated=not asks, log=False)
        try:
            return send(headers=headers, **options)
        except ks.Unauthorized:
            if not asks or self.send_service_token:
                raise
        return send(headers=headers | {"X-Service-Token": self.session.get_token() or ""}, **options)


def why(error: Exception) -> str:
    """What went wrong: of another service's refusal its own words, of an unforeseen error its class as well."""
    if isinstance(error, OpenStackError):
        return str(error)
    try:
        answer = error.response.json()  # type: ignore[attr-defined]
        return str(next(iter(answer.values()))["message"])
    except (AttributeError, KeyError, TypeError, ValueError, StopIteration):
        return f"{type(error).__name__}: {error}"
