"""A serving cloud's trace: bounded, cut into commands, and read by request, server or command."""

from __future__ import annotations

import pytest

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course import client
from oslearn.course.reference import Lab
from oslearn.trace import text
from oslearn.trace.payloads import Shown
from oslearn.trace.profiler import Event, Trace
from oslearn.trace.select import commands, contents, select


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Two boots, each by a client that logs in afresh; to be looked at only."""
    lab = Lab.prepare(Cloud(seed=7))
    lab.boot(name="vm1")
    lab.boot(name="vm2", block_device_mapping_v2=None)
    return lab


def test_a_command_begins_where_a_client_logs_in(lab: Lab) -> None:
    found = commands(lab.cloud.trace)
    assert len(found) == 2
    assert [event for command in found for event in command] == list(lab.cloud.trace)
    assert all(command[0].operation == "POST /v3/auth/tokens" for command in found)


def test_discovery_and_login_are_one_beginning() -> None:
    trace = Trace()
    for what in ("GET /v3", "POST /v3/auth/tokens", "GET /v2/images", "POST /v3/auth/tokens", "GET /v3", "GET /v2.1"):
        trace.add(kind="http", phase="request", source="client", target="any", operation=what, content=Shown({}))
    assert [[e.n for e in command] for command in commands(trace)] == [[1, 2, 3], [4], [5, 6]]


@pytest.mark.parametrize("name", ["vm1", "vm2"])
def test_a_servers_boot_is_found_by_name_and_by_id(lab: Lab, name: str) -> None:
    by_name = select(lab.cloud.trace, name)
    reply = next(e for e in by_name if e.target == "client")
    assert by_name == select(lab.cloud.trace, reply.payload["body"]["server"]["id"])
    assert (by_name[0].source, by_name[0].operation) == ("client", "POST /v2.1/servers")
    assert by_name[0].payload["body"]["server"]["name"] == name
    assert "createXML" in {e.operation for e in by_name}


def test_what_is_not_there_is_a_key_error(lab: Lab) -> None:
    with pytest.raises(KeyError):
        select(lab.cloud.trace, "vm3")


def test_a_trace_in_which_nobody_asked_says_so() -> None:
    with pytest.raises(KeyError):
        select(Trace(), "last")
    assert contents(Trace()) == "Nobody has asked the cloud for anything yet"


@pytest.mark.parametrize("body", [[1], 5, "x", None, {"server": 5}, {"server": [1]}, {"server": None}, {"server": {}}])
def test_a_body_that_is_no_server_is_passed_over(body: object) -> None:
    lab = Lab.prepare(Cloud(seed=7))
    url = lab.cloud.config.endpoint("compute") + "/v2.1/servers"
    for user in ({"authenticated": False}, {}):
        lab.cloud.connect("demo").session.post(url, json=body, raise_exc=False, **user)
    server = lab.boot(name="vm1")
    assert select(lab.cloud.trace, "vm1") == select(lab.cloud.trace, server)


def test_what_a_check_asks_is_not_the_learners_command(lab: Lab) -> None:
    cloud = Cloud(seed=7)
    cloud.connect("demo").compute.get("/flavors")
    mine = [event.operation for event in select(cloud.trace, "last")]
    for words in (["server", "list"], ["image", "list"]):
        assert client.capture(words, cloud, client.credentials(cloud, "demo"), watching=True).status == 0
    assert [event.operation for event in select(cloud.trace, "last")] == mine
    assert client.capture(["image", "list"], cloud, client.credentials(cloud, "demo")).status == 0
    assert "GET /v2/images" in [event.operation for event in select(cloud.trace, "last")]


def test_a_failure_is_shown_as_one(lab: Lab) -> None:
    cloud = Cloud(seed=7)
    cloud.connect("demo").compute.get("/servers/none", raise_exc=False)
    assert "  http reply  nova-api -> client  GET /v2.1/servers/none  404" in text.tree(select(cloud.trace, "last"))


def test_nothing_that_was_sent_moves_the_terminal() -> None:
    cloud = Cloud(seed=7)
    url = cloud.config.endpoint("compute") + "/v2.1/%1b]0;X%07%0a   9  http request  faked"
    cloud.connect("demo").session.get(url, raise_exc=False)
    for shown in (text.tree(cloud.trace), str(cloud.trace)):
        assert all(line.isprintable() for line in shown.split("\n"))
        assert len(shown.split("\n")) == len(cloud.trace)


def test_a_trace_takes_its_share_of_memory_and_no_more() -> None:
    cloud = Cloud(Config(trace_bytes=1 << 20), seed=7)
    demo = cloud.connect("demo")
    for _ in range(50):
        demo.compute.post("/servers", json={"server": {"name": "x" * 100_000}}, raise_exc=False)
        assert cloud.trace.size <= 1 << 20
    assert 0 < len(cloud.trace) < 100
    demo.compute.post("/servers", data=b"x" * 1_000_000, raise_exc=False)
    assert cloud.trace.size <= 1 << 20


def test_an_event_stands_below_its_cause(lab: Lab) -> None:
    shown = text.tree(select(lab.cloud.trace, "vm1")).splitlines()
    assert shown[0].endswith("  http request  client -> nova-api  POST /v2.1/servers")
    assert shown[1].partition("http")[0].count(" ") == shown[0].partition("http")[0].count(" ") + 2


def test_the_oldest_events_go_and_numbers_stay() -> None:
    trace = Trace(limit=100)
    for number in range(1, 1001):
        event = trace.add(
            kind="http", phase="request", source="client", target="x", operation="GET /", content=Shown({})
        )
        assert event.n == number
    trace.name_request(1000, "req-1")
    trace.name_request(1, "req-2")
    assert 89 <= len(trace) <= 100
    assert [e.n for e in trace] == list(range(trace.dropped + 1, 1001))
    assert [e.request_id for e in trace if e.request_id] == ["req-1"]
    trace.clear()
    assert trace.add(kind="http", phase="reply", source="x", target="y", operation="GET /", content=Shown({})).n == 1


def test_a_cloud_keeps_as_many_events_as_it_is_told() -> None:
    lab = Lab.prepare(Cloud(Config(trace_events=50), seed=7))
    lab.boot()
    assert 40 <= len(lab.cloud.trace) <= 50
    assert isinstance(lab.cloud.trace[-1], Event)
