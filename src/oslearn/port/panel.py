"""What the owner of a served cloud asks beside the APIs: its trace, its processes, another cloud for a while.

Interface: `Panel(desk, key, changed)`, a WSGI application below `PANEL`; `changed()` is called after a stop or a start.
    GET trace?of=last|request|server or ?after=N, DELETE trace;
    GET processes, PUT processes/NAME {"up": true};
    GET cloud, PUT cloud {"is": "own"|"aside"|"new"}.
Invariants: only who can read clouds.yaml is answered; a web page cannot ask, for want of the key's header.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, Protocol
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from oslearn.course.processes import Process
from oslearn.port.settings import KEY, PANEL
from oslearn.port.welcome import answer
from oslearn.trace.profiler import Event, Trace
from oslearn.trace.select import contents

BODY = 1 << 16
"""Bytes of a body that is read."""


class Owned(Protocol):
    """What the owner reaches: `oslearn.course.desk.Desk`, or that of a cloud apart."""

    @property
    def is_aside(self) -> bool: ...
    @property
    def trace(self) -> Trace: ...
    def events(self, of: str) -> Sequence[Event]: ...
    def forget(self) -> None: ...
    def processes(self) -> list[Process]: ...
    def stop(self, name: str) -> None: ...
    def start(self, name: str) -> None: ...
    def aside(self) -> None: ...
    def back(self) -> None: ...
    def reset(self) -> None: ...


class Panel:
    """The owner's requests; each raises LookupError for what is not there, ValueError for what makes no sense."""

    def __init__(self, desk: Owned, key: str, changed: Callable[[], object] = lambda: None) -> None:
        self.desk, self.key, self.changed = desk, key, changed

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI: 401 without the key, 404 for what is not there, 400 for what makes no sense."""
        given = environ.get(f"HTTP_{KEY.upper().replace('-', '_')}", "")
        if not hmac.compare_digest(given.encode("latin-1"), self.key.encode()):
            return answer(environ, start_response, 401, {"message": "the key is wrong or missing"})
        try:
            return answer(environ, start_response, 200, self._do(environ))
        except LookupError as error:
            return answer(environ, start_response, 404, {"message": str(error.args[0])})
        except (ValueError, RecursionError) as error:
            return answer(environ, start_response, 400, {"message": str(error)})

    def _do(self, environ: WSGIEnvironment) -> object:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace").removeprefix(f"{PANEL}/")
        what, _, name = path.partition("/")
        method, query = environ["REQUEST_METHOD"], parse_qs(environ.get("QUERY_STRING", ""))
        of, after = (query.get(field, [""])[-1] for field in ("of", "after"))
        actions: dict[tuple[str, str], Callable[[], object]] = {
            ("GET", "trace"): lambda: self._trace(of, after or "0"),
            ("DELETE", "trace"): self.desk.forget,
            ("GET", "processes"): lambda: {"processes": [asdict(one) for one in self.desk.processes()]},
            ("PUT", "processes"): lambda: self._switch(name, read(environ).get("up")),
            ("GET", "cloud"): lambda: {"aside": self.desk.is_aside},
            ("PUT", "cloud"): lambda: self._lay(read(environ).get("is")),
        }
        if (method, what) not in actions or (name and (method, what) != ("PUT", "processes")):
            raise LookupError(f"there is no {method} {path}")
        return actions[method, what]() or {}

    def _trace(self, of: str, after: str) -> object:
        events = self.desk.events(of) if of else since(self.desk.trace, after)
        return {"events": [event.fields() for event in events]}

    def _switch(self, name: str, up: object) -> None:
        if not isinstance(up, bool):
            raise ValueError("up is true or false")
        (self.desk.start if up else self.desk.stop)(name)
        self.changed()

    def _lay(self, wanted: object) -> None:
        ways = {"own": self.desk.back, "aside": self.desk.aside, "new": self.desk.reset}
        if not isinstance(wanted, str) or wanted not in ways:
            raise ValueError(f"a cloud is one of {', '.join(ways)}")
        ways[wanted]()


def read(environ: WSGIEnvironment) -> dict[str, Any]:
    """A request's body. Raises ValueError."""
    found = json.loads(environ["wsgi.input"].read(min(BODY, int(environ.get("CONTENT_LENGTH") or 0))))
    if not isinstance(found, dict):
        raise ValueError("the body is no object")
    return found


def since(trace: Trace, number: str) -> Sequence[Event]:
    """The events with a higher number. Raises LookupError if it is no number."""
    try:
        return trace[max(0, int(number) - trace.dropped) :]
    except ValueError:
        raise LookupError(f"the trace does not have it. {contents(trace)}") from None
