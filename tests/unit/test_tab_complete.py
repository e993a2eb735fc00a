"""The Tab key in the page's terminal: what it offers is what the client, the commands and the cloud have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from complete import complete, manager, parser
from console import Shell
from programs import PROGRAMS

KNOWN = (*PROGRAMS, "openstack", "oslearn")


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    """A page's shell with a server, and a network whose name has a blank."""
    made = Shell("day2.1")
    made.run("export OS_CLOUD=oslearn-demo")
    made.run("openstack network create 'my net'")
    (made.directory / "key.pem").write_text("")
    yield made
    made._cleanup()


@pytest.mark.parametrize(("line", "words"), [
    ("op", "openstack"),
    ("FOO=1 openst", "openstack"),
    ("openstack server cre", "create"),
    ("openstack security group ru", "rule"),
    ("openstack server create --im", "--image --image-property"),
    ("openstack server create --image ", "cirros"),
    ("openstack server create --network ", "'my net' provider selfservice"),
    ("openstack server create --wait --flavor m1.n", "m1.nano"),
    ("openstack server show ", "vm1"),
    ("openstack server delete vm1 ", "vm1"),
    ("openstack server add floating ip vm1 ", "203.0.113.103"),
    ("openstack network show my", "'my net'"),
    ("openstack server list -f y", "yaml"),
    ("openstack server list | gr", "grep"),
    ("echo $(openstack server unsh", "unshelve"),
    ("true && openstack ima", "image"),
    ("cat k", "key.pem"),
    ("openstack server list > k", "key.pem"),
    ("openstack keypair create --public-key k", "key.pem"),
    ("oslearn sto", "stop"),
    ("oslearn stop nova-sch", "nova-scheduler"),
    ("oslearn lab start 2.1", "2.1"),
    ("oslearn check 4.6", "4.6"),
    ("oslearn reach v", "vm1"),
    ("oslearn whatif 3 e", "error"),
    ("openstack nonsense ", ""),
    ("openstack server show vm1 ", ""),
])  # fmt: skip
def test_what_is_offered(shell: Shell, line: str, words: str) -> None:
    found = complete(shell, KNOWN, line, len(line))
    assert " ".join(found.words) == words
    assert found.start == len(line) - len(line.rpartition(" ")[2])


def test_what_stands_behind_the_cursor_stays(shell: Shell) -> None:
    assert complete(shell, KNOWN, "openstack ser vm1", 13) == (10, ["server", "service"])


def test_nobody_sees_that_names_were_asked_for(shell: Shell) -> None:
    before = len(shell.cloud.trace)
    assert complete(shell, KNOWN, "openstack server show ", 22).words == ["vm1"]
    assert len(shell.cloud.trace) == before


def test_a_cloud_that_does_not_tell_offers_no_names(shell: Shell) -> None:
    shell.desk.stop("nova-api")
    try:
        assert complete(shell, KNOWN, "openstack server show ", 22).words == []
    finally:
        shell.desk.start("nova-api")


def test_every_command_has_a_parser_that_needs_no_cloud() -> None:
    assert len(manager().commands) > 500
    for name in manager().commands:
        assert parser(name)._actions
