"""The real, unmodified `openstack` client, run inside this process: no second interpreter, and its imports happen once.

Interface: `run(argv, cloud)` returns the exit status; `capture(argv, cloud)` returns what was printed as well;
`runner(cloud)` runs commands as one user or another; `credentials(cloud, user)` are the OS_ variables that log a user
in; `Terminal` is an input at which nobody types.
Invariants: what is printed equals what the command prints into a pipe; with a cloud no socket is opened; the process's
environment, working folder, streams, logging and warnings are afterwards what they were.
Upstream: python-openstackclient's shell.py and common/clientmanager.py, which a subclass of each carries to a cloud.
Left out: interactive mode.
"""

from __future__ import annotations

import contextlib
import io
import locale
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TextIO

from keystoneauth1.identity.base import BaseIdentityPlugin
from keystoneauth1.session import Session
from requests import ConnectionError as RequestsConnectionError
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from oslearn.course.labs import Outcome, Runner
from oslearn.trace.payloads import WATCH

if TYPE_CHECKING:  # who asks a cloud behind a port needs none here
    from cliff.commandmanager import EntryPointT
    from osc_lib.command.commandmanager import CommandManager

    from oslearn.cloud import Cloud


class Terminal(io.StringIO):
    """A terminal at which nobody types. The client takes another kind of standard input for an image's data."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def run(
    argv: Sequence[str],
    cloud: Cloud | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    cwd: Path | str | None = None,
    watching: bool = False,
) -> int:
    """Run `openstack ARGV...` against the embedded cloud, or over the network; what is not given is the process's own.

    With `watching` it is a tool that looks, not the learner who acts: the trace knows them apart. Raises ImportError if
    the extra `clients` is not installed.
    """
    streams = (stdin or sys.stdin, stdout or sys.stdout, stderr or sys.stderr)
    with _process(argv, os.environ if environ is None else environ, streams, cwd), contextlib.ExitStack() as stack:
        try:
            status = _shell_class()(_connector(cloud, watching)).run([*argv])
        except SystemExit as stop:
            if isinstance(stop.code, str):
                stack.callback(sys.stderr.write, f"{stop.code}\n")
            status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        for stream in (sys.stdout, sys.stderr):
            stack.callback(stream.flush)
    return int(status or 0)


def capture(
    argv: Sequence[str],
    cloud: Cloud | None,
    environ: Mapping[str, str] | None,
    *,
    stdin: TextIO | None = None,
    cwd: Path | str | None = None,
    watching: bool = False,
) -> Outcome:
    """Run `openstack ARGV...` with nobody at its terminal, and return what it printed."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    status = run(argv, cloud, environ, stdin=stdin or Terminal(), stdout=out, stderr=err, cwd=cwd, watching=watching)
    return Outcome(status, *(stream.buffer.getvalue().decode(errors="replace") for stream in (out, err)))


def runner(cloud: Cloud | None, *, watching: bool = True) -> Runner:
    """Commands against an embedded cloud, or against the running one; clouds.yaml has the user of each."""

    def run(words: list[str], user: str) -> Outcome:
        return capture(words, cloud, {**os.environ, "OS_CLOUD": f"oslearn-{user}"}, watching=watching)

    return run


def credentials(cloud: Cloud, user: str, password: str | None = None) -> dict[str, str]:
    """The variables that `openstack` reads, as `oslearn openrc` prints them."""
    return {
        "OS_AUTH_URL": f"{cloud.config.endpoint('identity')}/v3",
        "OS_USERNAME": user,
        "OS_PASSWORD": password if password is not None else cloud.passwords[user],
        "OS_PROJECT_NAME": user,
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": cloud.config.region,
        "OS_IDENTITY_API_VERSION": "3",
    }


Connector = Callable[..., Session]
"""Makes a session of keystoneauth1's from what the client says of it."""


class Shell(Protocol):
    """The client's shell."""

    def run(self, argv: list[str]) -> int:
        """Run a command; returns how it ended."""


class Watching(Session):
    """A session whose requests say that a tool looks."""

    def request(self, url: str, method: str, *args: Any, **options: Any) -> Response:
        """Send and return the reply."""
        options["headers"] = {**(options.get("headers") or {}), WATCH: "1"}
        return super().request(url, method, *args, **options)


@cache
def _manager_class() -> type[CommandManager]:
    """What knows the client's commands. Upstream's reads every group of them for every command: a third of its time."""
    from osc_lib.command.commandmanager import CommandManager

    @cache
    def group(name: str, ignored: tuple[str, ...]) -> dict[str, EntryPointT]:
        return CommandManager(name, ignored_modules=ignored).commands

    class Commands(CommandManager):
        def load_commands(self, namespace: str) -> None:
            self.group_list.append(namespace)
            self.commands.update(group(namespace, tuple(self.ignored_modules)))

    return Commands


class Fixed(dict[str, list[str]]):
    """A table that nobody changes, and no copy is made of. The SDK makes one whenever it looks up a setting."""

    def __deepcopy__(self, memo: object) -> Self:
        return self


class Served(BaseAdapter):
    """A transport that answers as a port does: where no API listens any more, its web server says 503."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self.inner = inner

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        """The reply, or the web server's."""
        try:
            return self.inner.send(request, *args, **options)
        except RequestsConnectionError as error:
            reply = Response()
            reply.status_code, reply.reason, reply.url = 503, "Service Unavailable", request.url or ""
            reply.request, reply.raw = request, io.BytesIO(str(error).encode())
            reply.headers["Content-Type"] = "text/plain"
            return reply

    def close(self) -> None:
        """Nothing is open."""


def _connector(cloud: Cloud | None, watching: bool) -> Connector | None:
    """What makes the client's session: keystoneauth1's own, on the embedded cloud's transport."""
    kind = Watching if watching else Session
    if cloud is None:
        return kind if watching else None
    session = cloud.session("client", "").session
    session.mount("http://", Served(session.get_adapter("http://")))
    return partial(kind, session=session)


@cache
def _shell_class() -> Callable[[Connector | None], Shell]:
    """The client's shell, as a class that takes a maker of sessions. Importing the client takes most of a second."""
    from openstackclient import shell
    from openstackclient.common import clientmanager
    from os_service_types import service_types

    class Manager(clientmanager.ClientManager):
        """Upstream's keeps each API's client on the class, so that a second command had the first one's session."""

        connector: Connector | None = None

        def setup_auth(self) -> None:
            if self.connector and not self._auth_setup_completed:
                self._cli_options.set_session_constructor(self.connector)  # type: ignore[arg-type]
            super().setup_auth()
            if self.connector and isinstance(self.auth, BaseIdentityPlugin):
                self.auth.reauthenticate = False  # by the machine's clock a seeded cloud's tokens are long expired

    table = service_types.BUILTIN_DATA
    table["all_types_by_service_type"] = Fixed(table["all_types_by_service_type"])
    for module in clientmanager.PLUGIN_MODULES:
        client = cached_property(module.make_client)
        client.__set_name__(Manager, module.API_NAME)
        setattr(Manager, module.API_NAME, client)

    class OurShell(shell.OpenStackShell):
        NAME = "openstack"

        def __init__(self, connector: Connector | None) -> None:
            super().__init__()
            known = self.command_manager
            self.command_manager = _manager_class()(known.namespace, ignored_modules=known.ignored_modules)
            self.command_manager.commands.update(known.commands)  # `help`, too, which no group has
            self.connector = connector

        def initialize_app(self, argv: list[str]) -> None:
            super().initialize_app(argv)
            self.client_manager = Manager(self.cloud, self.api_version, shell.shell.prompt_for_password)  # type: ignore[attr-defined]
            self.client_manager.connector = self.connector

    return OurShell


@contextlib.contextmanager
def _process(
    argv: Sequence[str], environ: Mapping[str, str], streams: tuple[TextIO, ...], cwd: Path | str | None
) -> Iterator[None]:
    """Let this process look like one that `openstack` has for itself."""
    before, place = (dict(os.environ), sys.argv, (sys.stdin, sys.stdout, sys.stderr)), locale.setlocale(locale.LC_ALL)
    with warnings.catch_warnings(), _logging(), contextlib.chdir(cwd or os.curdir):
        warnings.simplefilter("ignore")  # as the client does once it has read its options
        _become(dict(environ), ["openstack", *argv], streams)
        try:
            yield
        finally:
            _become(*before)
            locale.setlocale(locale.LC_ALL, place)
            _forget()


def _forget() -> None:
    """The SDK remembers what it called each request, and by that its connection: the command's, and so the cloud."""
    if proxy := sys.modules.get("openstack.proxy"):
        proxy.Proxy._extract_name.cache_clear()


def _become(environ: Mapping[str, str], argv: list[str], streams: tuple[TextIO, ...]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    sys.argv, (sys.stdin, sys.stdout, sys.stderr) = argv, streams


@contextlib.contextmanager
def _logging() -> Iterator[None]:
    """The client sets handlers and levels: those who listen hear the cloud only, and the client not the cloud."""
    root, cloud = logging.getLogger(), logging.getLogger("oslearn")
    handlers, own, levels = root.handlers[:], cloud.handlers[:], {logger: logger.level for logger in _loggers()}
    root.handlers[:] = []
    cloud.handlers[:], cloud.propagate = [*own, *(handlers or [logging.NullHandler()])], False
    try:
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:] = handlers
        cloud.handlers[:], cloud.propagate = own, True
        for logger in _loggers():
            logger.level = levels.get(logger, logging.NOTSET)
        root.setLevel(root.level)  # makes all of them forget what they know of levels: a walk over all, so only once


def _loggers() -> list[logging.Logger]:
    named = logging.Logger.manager.loggerDict.values()
    return [logging.getLogger(), *(logger for logger in named if isinstance(logger, logging.Logger))]
