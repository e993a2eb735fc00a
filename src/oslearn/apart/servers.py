"""A broker and a database server of the cloud's own, from what is installed, in its folder, on free ports.

Interface: `RabbitMQ(folder)`, `PostgreSQL(folder)`, `MariaDB(folder)`: `start()` returns the URL, `stop()`; each raises
NotInstalledError, which says what to install, and StartError with the last lines of its log.
Invariants: the machine's own servers are not touched; everything lies in the folder, readable by its owner only; only
this machine reaches them; passwords stand in files, not in command lines. Who is root starts them as the ordinary user
that their packages made: they refuse root.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from oslearn.apart.local import HOST, end_left, found, free_port, says
from oslearn.apart.settings import TEMPLATE
from oslearn.course.processes import DATABASE, QUEUE
from oslearn.port.settings import private

PATIENCE = 90
"""Seconds for a server to answer: RabbitMQ's first start takes some fifteen."""
LEFT = "server.pid"
"""A file with the number of the process that was started last."""
NAME = "oslearn"
"""Who logs in."""


class NotInstalledError(Exception):
    """A program is not on this machine."""


class StartError(Exception):
    """A server does not start."""


class Server:
    """One server in a folder of its own. A subclass says where its programs are and how it is called."""

    program: ClassVar[str]
    package: ClassVar[str]
    places: ClassVar[tuple[str, ...]]
    user: ClassVar[str]
    kind: ClassVar[str] = DATABASE
    ends: ClassVar[int] = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.program
        self.port, self.process = free_port(), None

    process: subprocess.Popen[bytes] | None

    @property
    def up(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def tool(self, name: str) -> str:
        """A program's path. Raises NotInstalledError."""
        path = os.pathsep.join(place for pattern in self.places for place in found(pattern))
        if where := shutil.which(name, path=f"{path}{os.pathsep}{os.environ.get('PATH', '')}"):
            return where
        raise NotInstalledError(f"{name} is not installed. On Debian and Ubuntu: apt install {self.package}")

    def prepare(self) -> None:
        """The folder, for its owner, with no server in it that a killed `oslearn up` has left."""
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        self.own(self.folder)
        end_left(self.folder, self.folder / LEFT)

    def own(self, path: Path) -> None:
        """Have a path belong to who runs the server."""
        if account := self.account():
            os.chown(path, account.pw_uid, account.pw_gid)

    def account(self) -> pwd.struct_passwd | None:
        """Who runs the server if this is root; None for anybody else, who runs it themself."""
        if os.geteuid():
            return None
        for name in (self.user, "nobody"):
            with suppress(KeyError):
                return pwd.getpwnam(name)
        raise NotInstalledError(f"there is no user {self.user}, and {self.program} does not run as root")

    def options(self, environ: Mapping[str, str]) -> dict[str, Any]:
        """How its programs are started: as that user, in a session of their own, that Ctrl-C does not reach."""
        account = self.account()
        whose = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        home = {"HOME": str(self.folder), "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        return whose | {"env": home | dict(environ), "cwd": self.folder, "stdin": subprocess.DEVNULL,
                        "start_new_session": True}  # fmt: skip

    def write(self, name: str, text: str) -> Path:
        """A file for its owner only, in the place of an earlier one."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        private(path, text)
        self.own(path)
        return path

    def fresh(self, name: str) -> Path:
        """A folder that is not there, for what gets another name when it is whole."""
        shutil.rmtree(path := self.folder / name, ignore_errors=True)
        return path

    def spawn(self, command: list[str], environ: Mapping[str, str] | None = None) -> None:
        """Start it; what it says is in `log`."""
        log = self.folder / "log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, **self.options(environ or {}))  # noqa: S603
        (self.folder / LEFT).write_text(str(self.process.pid))

    def call(self, command: list[str], environ: Mapping[str, str] | None = None) -> None:
        """Run one of its tools. Raises StartError."""
        done = subprocess.run(command, capture_output=True, check=False, **self.options(environ or {}))  # noqa: S603
        if done.returncode:
            raise StartError(f"{Path(command[0]).name}: {(done.stderr or done.stdout).decode(errors='replace')[-800:]}")

    def answers(self) -> bool:
        """Whether it does its work now."""
        return says(self.port)

    def wait(self) -> None:
        """Until it answers. Raises StartError."""
        until = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > until or (self.process and self.process.poll() is not None):
                words = (self.folder / "log").read_bytes()[-800:].decode(errors="replace")
                raise StartError(f"{self.program} does not start:\n{words}")
            time.sleep(0.05)

    def start(self) -> str:
        """Start it; its URL."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it in good order."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.ends)
            self.process.wait(PATIENCE)

    def secret(self) -> str:
        """Its password, which is made once."""
        path = self.folder / "password"
        if not path.exists():
            self.write("password", secrets.token_urlsafe(18))
        return path.read_text()


class RabbitMQ(Server):
    """The broker, with an Erlang node and a port mapper (epmd) of its own."""

    kind = QUEUE
    program, package, user = "rabbitmq-server", "rabbitmq-server", "rabbitmq"
    places = ("/usr/lib/rabbitmq/bin", "/usr/local/sbin", "/opt/homebrew/sbin")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.mapper, self.node = free_port(), free_port()

    def start(self) -> str:
        """Start it; the URL with the user's password."""
        program, noted = self.tool("rabbitmq-server"), self.folder / "mapper"
        self.prepare()
        if noted.exists():  # that of a start that was killed
            self._end_mapper(noted.read_text())
        self.write("mapper", str(self.mapper))
        password = self.secret()
        self.write("rabbitmq.conf", "\n".join([
            f"listeners.tcp.1 = {HOST}:{self.port}", f"default_user = {NAME}", f"default_pass = {password}",
            "vm_memory_high_watermark.absolute = 512MB", "disk_free_limit.absolute = 50MB",
            "log.console.level = warning", "",
        ]))  # fmt: skip
        self.write("enabled_plugins", "[].\n")
        self.spawn([program], self.environ())
        self._control()
        self.wait()
        return f"amqp://{NAME}:{password}@{HOST}:{self.port}/%2F"

    def _control(self) -> None:
        """A script beside the folder: `rabbitmqctl` for this broker, as who runs it."""
        path, account = self.folder.parent / "rabbitmqctl", self.account()
        settings = self.environ() | {"HOME": f"{self.folder}", "LC_ALL": "C.UTF-8"}
        lines = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
        who = f"setpriv --reuid={account.pw_uid} --regid={account.pw_gid} --clear-groups " if account else ""
        path.unlink(missing_ok=True)
        private(path, "\n".join(["#!/bin/sh", *lines, f'exec {who}{shlex.quote(self.tool("rabbitmqctl"))} "$@"', ""]))
        path.chmod(0o700)

    def answers(self) -> bool:
        """It answers the greeting of its protocol."""
        return says(self.port, b"AMQP\x00\x00\x09\x01")

    def environ(self) -> dict[str, str]:
        """What its programs read. The name of the node must be one that this machine resolves."""
        here = self.folder
        return {
            "RABBITMQ_BASE": f"{here}", "RABBITMQ_MNESIA_BASE": f"{here}/mnesia", "RABBITMQ_LOG_BASE": f"{here}/logs",
            "RABBITMQ_NODENAME": f"{NAME}@localhost", "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_DIST_PORT": str(self.node),
            "RABBITMQ_CONFIG_FILE": f"{here}/rabbitmq", "RABBITMQ_ENABLED_PLUGINS_FILE": f"{here}/enabled_plugins",
            "RABBITMQ_PLUGINS_EXPAND_DIR": f"{here}/plugins", "RABBITMQ_PID_FILE": f"{here}/pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
            "ERL_EPMD_PORT": str(self.mapper), "ERL_EPMD_ADDRESS": HOST,
        }  # fmt: skip

    def stop(self) -> None:
        """The broker, then its port mapper, which else stays."""
        super().stop()
        if self.process:
            self._end_mapper(str(self.mapper))

    def _end_mapper(self, port: str) -> None:
        with suppress(NotInstalledError, StartError):
            self.call([self.tool("epmd"), "-port", port, "-kill"], self.environ() | {"ERL_EPMD_PORT": port})


class PostgreSQL(Server):
    program, package, user = "postgres", "postgresql", "postgres"
    ends = signal.SIGINT  # a "fast" shutdown; SIGTERM would wait for its clients
    places = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin")

    def start(self) -> str:
        """Start it; the URL of its databases."""
        program, data = self.tool("postgres"), self.folder / "data"
        self.prepare()
        password = self.secret()
        if not data.exists():
            new, given = self.fresh("data.new"), self.folder / "password"
            words = ["-U", NAME, "-A", "scram-sha-256", f"--pwfile={given}", "-E", "UTF8", "--locale=C"]
            self.call([self.tool("initdb"), "-D", f"{new}", *words])
            new.rename(data)
        settings = {"listen_addresses": HOST, "port": self.port, "unix_socket_directories": "", "max_connections": 400}
        self.spawn([program, "-D", f"{data}", *(word for name, value in settings.items() for word in
                                                ("-c", f"{name}={value}"))])  # fmt: skip
        self.wait()
        return f"postgresql+psycopg://{NAME}:{password}@{HOST}:{self.port}/{TEMPLATE}"

    def answers(self) -> bool:
        """After a kill it looks through what it has written first."""
        with suppress(StartError):
            self.call([self.tool("pg_isready"), "-q", "-h", HOST, "-p", str(self.port)])
            return True
        return False


class MariaDB(Server):
    program, package, user = "mariadbd", "mariadb-server", "mysql"
    places = ("/usr/sbin", "/opt/homebrew/bin")

    def start(self) -> str:
        """Start it; the URL of its databases."""
        program, data = self.tool("mariadbd"), self.folder / "data"
        self.prepare()
        password = self.secret()
        if not data.exists():
            new = self.fresh("data.new")
            self.call([self.tool("mariadb-install-db"), "--no-defaults", f"--datadir={new}", "--skip-test-db",
                       "--auth-root-authentication-method=normal"])  # fmt: skip
            new.rename(data)
        first = self.write("first.sql", "\n".join([
            f"CREATE USER IF NOT EXISTS '{NAME}'@'{HOST}' IDENTIFIED BY '{password}';",
            f"GRANT ALL ON *.* TO '{NAME}'@'{HOST}';", "DROP USER IF EXISTS 'root'@'localhost';", "",
        ]))  # fmt: skip
        self.spawn([
            program, "--no-defaults", f"--datadir={data}", f"--port={self.port}", f"--bind-address={HOST}",
            f"--socket={self.folder}/socket", f"--pid-file={self.folder}/pid", f"--init-file={first}",
            "--max-connections=400", "--character-set-server=utf8mb4", "--transaction-isolation=READ-COMMITTED",
            "--skip-name-resolve",
        ])  # fmt: skip
        self.wait()
        return f"mysql+pymysql://{NAME}:{password}@{HOST}:{self.port}/{TEMPLATE}?charset=utf8mb4"
