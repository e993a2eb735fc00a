"""Replay what was recorded at a real cloud: the same commands, in order, with the real client against a fresh cloud.

Interface: `recorded()` gives all commands; `Replay(folder)` is a cloud and a client; `Replay.result(n)` runs the
commands up to number `n`, if they did not run yet, and returns the n-th one's differences.
Format of recordings/dayN.jsonl: a line a command (who ran it, its exit status, what it printed), after it a line for
each exchange it had over HTTP. Of requests that followed one another to the same address, the last one is kept. A
command with `logged_in` logged in like an earlier one of the same user. URLs are this cloud's.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from requests.adapters import BaseAdapter

from oslearn.core.config import Config
from oslearn.course import client, labs
from oslearn.trace.probe import Probe
from oslearn.trace.profiler import Event

from . import images
from .compare import TOKEN, Difference, Mapping, bodies, printed, squeeze
from .recorded_cloud import RecordedCloud, at_work

HERE = Path(__file__).parent
DAYS = (1, 2, 3, 4)
CONFIG = Config(hosts=2, host_vcpus=1000, host_memory_mb=800_000, host_disk_gb=600_000)
"""The recorded cloud's hosts."""
PASSWORD_SET = "user password set"
NOT_COMPARED = {"connection", "date", "transfer-encoding"}
"""Headers of the web server, not of a service."""
FREE = {"content-length", "x-openstack-request-id", "x-compute-request-id", "x-subject-token"}
"""Headers whose value is another with each answer, or follows from the body."""


class Exchange(NamedTuple):
    """A request and its answer; `body` is JSON or text."""

    method: str
    url: str
    status: int
    headers: dict[str, str]
    body: Any

    def route(self) -> str:
        """The request with `{}` for each id: what tells which exchange it is."""
        parts = urlsplit(self.url)
        path, query = unquote(parts.path).rstrip("/"), unquote(parts.query)
        return TOKEN.sub("{}", f"{self.method} {path}" + (f"?{query}" if query else ""))


class Command(NamedTuple):
    """A recorded command."""

    day: int
    number: int
    text: str
    user: str
    status: int
    output: str
    logged_in: bool
    exchanges: list[Exchange]

    @property
    def name(self) -> str:
        """How the lists of this folder and the tests call it."""
        return f"day{self.day}-{self.number:02} {self.text}"


@cache
def recorded() -> list[Command]:
    """All commands of all days, in order."""
    return [command for day in DAYS for command in _read(day)]


def _read(day: int) -> list[Command]:
    found: list[Command] = []
    for line in (HERE / "recordings" / f"day{day}.jsonl").read_text("utf-8").splitlines():
        item = json.loads(line)
        if "command" in item:
            known = (item["user"], item["status"], item["output"], item.get("logged_in", False))
            found.append(Command(day, len(found) + 1, item["command"], *known, []))
        else:
            found[-1].exchanges.append(Exchange(**item))
    return found


class Recorder(Probe):
    """Keeps what the client exchanges with the cloud."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def transport(self, process: str, inner: BaseAdapter) -> BaseAdapter:
        """Of no interest but for the client's."""
        return Recording(self.exchanges, inner) if process == "client" else inner


class Recording(BaseAdapter):
    """A transport that keeps what it carries."""

    def __init__(self, exchanges: list[Exchange], inner: BaseAdapter) -> None:
        super().__init__()
        self.exchanges, self.inner = exchanges, inner

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        """Send, and keep request and answer."""
        answer = self.inner.send(request, *args, **options)
        stream = answer.headers.get("Content-Type") == "application/octet-stream"
        body = "<stream>" if stream else parsed(answer.content)
        self.exchanges.append(Exchange(request.method, request.url, answer.status_code, dict(answer.headers), body))
        return answer

    def close(self) -> None:
        """Nothing is open."""


def parsed(content: bytes) -> Any:
    """A body as JSON if it is, else as text."""
    text = content.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


class Replay:
    """A fresh cloud, in which the recorded commands run one after the other."""

    def __init__(self, folder: Path, observe: Callable[[Command, Sequence[Event]], None] | None = None) -> None:
        """`observe` is told each command's trace."""
        images.write(folder)
        self.folder, self.recorder, self.mapping, self.observe = folder, Recorder(), Mapping(), observe
        self.cloud = RecordedCloud(CONFIG, seed=7, trace=observe is not None, probes=[self.recorder])
        self.cloud.forget_backup()
        self.passwords = dict(self.cloud.passwords)
        self.results: list[list[Difference]] = []
        self.begin()

    def begin(self) -> None:
        """The recorded cloud had no flavors yet, and no Trove; Cinder stood in its catalog once."""
        admin = self.cloud.connect("admin")
        for flavor in admin.compute.get("/flavors").json()["flavors"]:
            admin.compute.delete(f"/flavors/{flavor['id']}")
        for service in admin.identity.get("/services").json()["services"]:
            if service["type"] in ("database", "block-storage"):
                admin.identity.delete(f"/services/{service['id']}")
        (trove,) = admin.identity.get("/users?name=trove").json()["users"]
        admin.identity.delete(f"/users/{trove['id']}")

    def before(self, command: Command) -> None:
        """Between the recorded days 2 and 3 another client freed the project's floating address."""
        if (command.day, command.number) == (3, 1):
            self.client("floating ip list -f value -c ID", "demo")
            for found in self.client("floating ip list -f value -c ID", "demo").stdout.split():
                self.client(f"floating ip delete {found}", "demo")

    def client(self, words: str, user: str, **environ: str | None) -> labs.Outcome:
        """Run the client as a user."""
        known = client.credentials(self.cloud, user, password=self.passwords[user])
        home = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        values = {name: value for name, value in {**home, **known, **environ}.items() if value is not None}
        return client.capture(shlex.split(words), self.cloud, values, cwd=self.folder)

    def result(self, n: int) -> list[Difference]:
        """The differences of the n-th command, counted from 0."""
        for command in recorded()[len(self.results) : n + 1]:
            self.before(command)
            self.results.append(self.run(command))
        return self.results[n]

    def run(self, command: Command) -> list[Difference]:
        """Run a command and compare."""
        self.recorder.exchanges.clear()
        self.cloud.trace.clear()
        words = self.words(command)
        unset = dict.fromkeys(re.findall(r"-u (\w+)", command.text))
        if at_work(command.exchanges):  # the recorded cloud was slower than its client
            self.cloud.bus.stop()
        done = self.client(words, command.user, **unset)
        self.cloud.bus.start()
        if self.observe:
            self.observe(command, self.cloud.trace)
        exchanges = collapsed(self.recorder.exchanges)
        if command.logged_in and exchanges[1:] and exchanges[1].status == 201:
            exchanges = exchanges[2:]
        if words.startswith(PASSWORD_SET) and not done.status:
            self.passwords[command.user] = words.split()[-1]
        found = [*self.exchanges(collapsed(command.exchanges), exchanges)]
        if done.status != command.status:
            found.append(Difference("", "exit", f"recorded {command.status}, here {done.status}: {done.stderr[-300:]}"))
        ours = squeeze(done.stdout + done.stderr).strip("\n")
        recorded_output = command.output.strip("\n")
        found += [Difference("", kind, what) for kind, what in printed(self.mapping, recorded_output, ours)]
        return found

    def words(self, command: Command) -> str:
        """The command's arguments, with this cloud's ids and passwords."""
        words = self.mapping.translate(command.text.partition("openstack ")[2])
        if words.startswith(PASSWORD_SET):
            old = self.passwords[command.user]
            return f"{PASSWORD_SET} --original-password {old} --password {old[::-1]}"
        return words

    def exchanges(self, theirs: list[Exchange], ours: list[Exchange]) -> Iterator[Difference]:
        """Compare what the command asked and what was answered."""
        pairs, left, more = paired(self.mapping, theirs, ours)
        for was, now in pairs:
            yield from self.exchange(was, now)
        yield from (Difference(e.route(), "request", f"missing (recorded {e.status})") for e in left)
        yield from (Difference(e.route(), "request", f"not recorded ({e.status})") for e in more)

    def exchange(self, was: Exchange, now: Exchange) -> Iterator[Difference]:
        """Compare two answers."""
        route, error = was.route(), was.status >= 400
        self.mapping.same(was.url, now.url)
        if was.status != now.status:
            yield Difference(route, "status", f"recorded {was.status}, here {now.status} {str(now.body)[:300]}")
            return
        theirs, ours = ({k.lower(): v for k, v in e.headers.items()} for e in (was, now))
        for name in sorted((theirs.keys() | ours.keys()) - NOT_COMPARED):
            if name not in ours or name not in theirs:
                yield Difference(route, "header", f"{name} is {'missing' if name in theirs else 'not recorded'}")
            elif not self.mapping.same(theirs[name], ours[name]) and name not in FREE:
                told = f"{name}: recorded {self.mapping.translate(theirs[name])!r}, here {ours[name]!r}"
                yield Difference(route, "header", told)
        for kind, what in bodies(self.mapping, was.body, now.body, values=error):
            yield Difference(route, kind, what.lstrip("."))


def paired(
    mapping: Mapping, theirs: list[Exchange], ours: list[Exchange]
) -> tuple[list[tuple[Exchange, Exchange]], list[Exchange], list[Exchange]]:
    """Exchanges about the same thing, then those with the same route in order, then in any; and what is left over."""
    urls = [mapping.translate(e.url) for e in theirs]
    routes = [e.route() for e in theirs], [e.route() for e in ours]
    left, more = [*range(len(theirs))], [*range(len(ours))]
    pairs: list[tuple[int, int]] = []

    def pair(found: Iterable[tuple[int, int]]) -> None:
        for i, j in found:
            if i in left and j in more:
                left.remove(i)
                more.remove(j)
                pairs.append((i, j))

    pair((i, j) for i in [*left] for j in [*more] if routes[0][i] == routes[1][j] and urls[i] == ours[j].url)
    rest = [routes[0][i] for i in left], [routes[1][j] for j in more]
    blocks = SequenceMatcher(None, *rest, autojunk=False).get_matching_blocks()
    pair([(left[block.a + n], more[block.b + n]) for block in blocks for n in range(block.size)])
    pair((i, j) for i in [*left] for j in [*more] if routes[0][i] == routes[1][j])
    return [(theirs[i], ours[j]) for i, j in sorted(pairs)], [theirs[i] for i in left], [ours[j] for j in more]


def collapsed(exchanges: list[Exchange]) -> list[Exchange]:
    """The exchanges without a client's repeated looks at one thing: the last in a row, and none that saw the same."""
    kept: list[Exchange] = []
    for exchange in exchanges:
        if kept and exchange.method == "GET" and kept[-1][:2] == exchange[:2]:
            kept.pop()
        if not any(exchange.method == "GET" and e[:3] == exchange[:3] and e.body == exchange.body for e in kept):
            kept.append(exchange)
    return kept


# --- the lists --------------------------------------------------------------------------------------------------------


class Accepted(NamedTuple):
    """A difference that stays: patterns of the command and exchange it is found in, of its kind and words, and why."""

    command: str
    exchange: str
    kind: str
    what: str
    reason: str
    chance: bool = False
    """Whether another seed may make it go away."""

    def covers(self, command: Command, found: Difference) -> bool:
        """Whether it is this one. `*` and `?` stand for any text; other signs for themselves."""
        texts = (command.name, found.exchange, found.kind, found.what)
        return all(
            fnmatchcase(text, pattern.replace("[", "[[]")) for text, pattern in zip(texts, self[:4], strict=True)
        )


@cache
def accepted() -> list[Accepted]:
    """The list of differences that stay; an entry may name several words."""
    entries = tomllib.loads((HERE / "differences.toml").read_text("utf-8")).get("difference", [])
    return [
        Accepted(
            entry.get("command", "*"),
            entry.get("exchange", "*"),
            entry.get("kind", "*"),
            what,
            entry["reason"],
            entry.get("chance", False),
        )
        for entry in entries
        for what in ([entry["what"]] if isinstance(entry["what"], str) else entry["what"])
    ]


def left(command: Command, differences: list[Difference]) -> list[Difference]:
    """The differences that nothing accepts."""
    return [found for found in differences if not any(entry.covers(command, found) for entry in accepted())]
