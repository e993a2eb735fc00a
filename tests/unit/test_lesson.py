"""What a page shows of its own run: `inside`, `exchange` and `picture` of the commands above them."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from test_diagram_ext import CONF, build

import exchange
from lesson import as_sent, run
from oslearn.trace.payloads import Asked, Shown
from oslearn.trace.profiler import Event

LESSON = CONF.replace('"diagrams"', '"lesson", "exchange"')
RAN = """\
One
===

.. code-block:: console

   $ export OS_CLOUD=oslearn-demo
   $ openstack network create blue
"""
ASKED = Event(1, "http", "request", "client", "neutron-server", "POST /v2.0/networks", Asked(
    "POST", "http://127.0.0.1/networking/v2.0/networks", {"Content-Type": "application/json"},
    b'{"network": {"name": "blue", "admin_state_up": true}}',
))  # fmt: skip


def made(folder: Path, text: str) -> tuple[str, str]:
    """The page's words, and the warnings."""
    out, warnings, _ = build(folder, {"index": RAN + text}, conf=LESSON)
    return (out / "index.html").read_text("utf-8"), warnings


def exchanged(text: str) -> list[str]:
    """What went over HTTP, as a reader sees it."""
    blocks = re.findall(r'<div class="os-exchange.*?</pre>', text, re.DOTALL)
    return [unescape(re.sub("<[^>]+>", "", block)) for block in blocks]


def test_a_page_shows_what_its_own_commands_caused(tmp_path: Path) -> None:
    text, warnings = made(
        tmp_path,
        "\n.. inside:: openstack network create\n   :of: neutron-server\n\n.. exchange:: openstack network create\n"
        "\n.. picture:: topology\n\n   Its own network has no subnet.\n",
    )
    assert warnings == ""
    count, whole = re.findall(
        r"<summary>What happened inside <code>openstack network create</code>: (\d+) of (\d+) events</summary>", text
    )[0]
    assert 0 < int(count) < int(whole)
    assert "<figcaption>Left out: what other processes do.</figcaption>" in text
    asked, answered = exchanged(text)
    assert asked.startswith("POST /networking/v2.0/networks HTTP/1.1\nHost: ")
    assert answered.startswith("HTTP/1.1 201 Created\n")
    assert '"name": "blue"' in answered
    assert "network blue (no subnet)" in text
    assert "Its own network has no subnet.</figcaption>" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (".. inside:: openstack server create\n", "index.rst:9: ERROR: no command above begins with 'openstack server"),
        (".. exchange:: openstack network create\n   :method: PATCH\n", "no such request"),
        (".. picture:: topology\n", "Content block expected"),
        (".. lab:: day1.99\n", "there is no lesson day1.99"),
    ],
)
def test_what_a_page_did_not_do_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert said in made(tmp_path, f"\n{text}")[1]


def test_a_directive_means_the_last_command_above_it_and_all_that_it_sent(tmp_path: Path) -> None:
    more = "\n.. code-block:: console\n\n   $ openstack network create red\n"
    text, warnings = made(tmp_path, f"{more}\n.. exchange:: openstack network create\n   :with: login\n")
    assert warnings == ""
    sent = [block for block in exchanged(text) if block.startswith("POST ")]
    assert [block.split()[1] for block in sent] == ["/identity/v3/auth/tokens", "/networking/v2.0/networks"]
    assert '"name": "red"' in sent[1]


def test_each_command_has_what_it_caused_and_nothing_else() -> None:
    (none, one, other), _ = run(None, ["export OS_CLOUD=oslearn-demo", *["openstack network list"] * 2], [])
    assert none == ()
    assert one[-1].n + 1 == other[0].n
    assert one[0].what == other[0].what


def test_a_clients_body_has_one_order_and_a_services_its_own() -> None:
    assert list(as_sent(ASKED).payload["body"]["network"]) == ["admin_state_up", "name"]
    assert list(ASKED.payload["body"]["network"]) == ["name", "admin_state_up"]
    for other in (replace(ASKED, source="nova-compute"), replace(ASKED, content=Asked("PUT", "/v1", {}, b"a day"))):
        assert as_sent(other) is other


def test_an_exchange_reads_as_http_does() -> None:
    reply = {"status": 404, "headers": {"x-openstack-request-id": "req-1", "Date": "today"}, "body": "no"}
    asked, answered = exchange.exchange(ASKED.payload | {"body": None}, reply)
    assert asked == "POST /networking/v2.0/networks HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json"
    assert answered == "HTTP/1.1 404 Not Found\nx-openstack-request-id: req-1\n\nno"


def test_of_requests_those_that_change_something_are_shown_or_else_the_last() -> None:
    look = replace(ASKED, n=2, content=Shown({"method": "GET"}))
    assert exchange.writes([look, ASKED, look]) == [ASKED]
    assert exchange.writes([look, replace(look, n=3)]) == [replace(look, n=3)]
