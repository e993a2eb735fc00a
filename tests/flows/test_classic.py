"""The classic flow: what its lens says of other runs than its own; a cloud that is stepped through."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from oslearn import Cloud as AnyCloud
from oslearn.cli import main
from oslearn.core.config import Config
from oslearn.course.drawing.sequence import trace_dot
from oslearn.course.reference import SEED, Lab
from oslearn.trace.lens import Flow, Lens, LensMismatch
from oslearn.trace.profiler import Event, Trace

LENS = Lens.load("classic")


def Cloud(**options: Any) -> AnyCloud:
    """A cloud of 2013."""
    return AnyCloud(Config(flow="classic"), **options)


@pytest.fixture(scope="module")
def lab() -> Lab:
    """The reference run, to be looked at only."""
    lab = Lab.prepare(Cloud(seed=SEED))
    lab.boot()
    return lab


@pytest.fixture(scope="module")
def flow(lab: Lab) -> Flow:
    return LENS.match(lab.cloud.trace)


def test_an_event_that_no_rule_covers_does_not_match(lab: Lab) -> None:
    stranger = replace(lab.cloud.trace[0], n=10_000, operation="GET /v3/users", source="nova-api")
    with pytest.raises(LensMismatch, match="after step 28"):
        LENS.match(Trace([*lab.cloud.trace, stranger]))


def test_without_a_volume_25_to_27_do_not_happen() -> None:
    lab = Lab.prepare(Cloud(seed=SEED))
    lab.boot(block_device_mapping_v2=None)
    assert not lab.cloud.trace.filter(target="cinder-api")
    with pytest.raises(LensMismatch, match="step 25"):
        LENS.match(lab.cloud.trace)


def test_one_request_id_from_the_api_to_the_hypervisor(flow: Flow) -> None:
    assert len({m.event.request_id for m in flow.steps[2:]}) == 1


def test_without_a_trace_nothing_is_wrapped() -> None:
    cloud = Cloud(seed=SEED, trace=False)
    Lab.prepare(cloud).boot()
    assert len(cloud.trace) == 0
    assert type(cloud.bus).__name__ == "Bus"


def test_a_cloud_can_be_stepped() -> None:
    lab = Lab.prepare(Cloud(seed=SEED))
    lab.cloud.bus.stop()
    user = lab.cloud.connect("demo")
    server = lab.boot(user)
    assert [line.partition(": ")[2] for line in lab.cloud.bus.pending()] == ["run_instance"]
    assert user.compute.get(f"/servers/{server}").json()["server"]["status"] == "BUILD"
    assert lab.cloud.bus.step()
    assert user.compute.get(f"/servers/{server}").json()["server"]["status"] == "ACTIVE"
    told = {line.partition(": ")[2] for line in lab.cloud.bus.pending()}
    assert told == {"port_create_end", "security_groups_member_updated"}, "Neutron's agents hear of the port"


def run(*words: str) -> str:
    result = CliRunner().invoke(main, ["trace", "classic", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_the_command_prints_28_steps_in_80_columns() -> None:
    lines = run().splitlines()
    assert [int(line[:3]) for line in lines if line[:3].strip().isdecimal()] == list(range(1, 29))
    assert max(map(len, lines)) <= 80


def test_the_command_prints_everything(lab: Lab) -> None:
    lines = run("--events").splitlines()
    assert len(lines) == len(lab.cloud.trace)
    assert all(line.rstrip().endswith(")") or " step " in line for line in lines)


def test_the_command_prints_one_step_and_json(flow: Flow) -> None:
    assert "<domain" in run("--step", "28")
    assert [entry["step"] for entry in json.loads(run("--json"))] == list(range(1, 29))
    assert json.loads(run("--step", "12", "--json"))["payload"] == flow[12].event.payload


def test_an_unknown_step_is_refused() -> None:
    result = CliRunner().invoke(main, ["trace", "classic", "--step", "29"])
    assert result.exit_code == 2
    assert "the flow classic has 28 steps" in result.output


def test_a_trace_filters_and_prints(lab: Lab) -> None:
    asked = lab.cloud.trace.filter(kind="http", phase="request", target="keystone")
    assert isinstance(asked, Trace)
    assert {row[4] for row in asked.rows()} == {"keystone"}
    assert str(asked).splitlines()[0].split()[1:3] == ["http", "request"]
    assert isinstance(asked[0], Event)


def test_a_trace_is_drawn_by_any_graphviz(lab: Lab) -> None:
    asked = lab.cloud.trace.filter(kind="rpc", operation="run_instance")
    text = trace_dot(asked)
    assert text == trace_dot(asked)
    assert text.startswith("digraph")
    assert all(f"step-{event.n}" in text for event in asked)


def test_a_build_that_fails_while_the_conductor_is_down_is_reported_when_it_is_back() -> None:
    lab = Lab.prepare(Cloud(seed=SEED))
    user = lab.cloud.connect("demo")
    lab.cloud.bus.stop()
    server = lab.boot(user)
    lab.cloud.stop("nova-conductor")
    lab.cloud.bus.start()
    assert user.compute.get(f"/servers/{server}").json()["server"]["status"] == "BUILD"
    assert lab.cloud.bus.pending() == ["conductor: instance_error"]
    lab.cloud.start("nova-conductor")
    lab.cloud.bus.drain()
    shown = user.compute.get(f"/servers/{server}").json()["server"]
    assert shown["status"] == "ERROR"
    assert shown["fault"]["message"].startswith("Timed out waiting for a reply to message ID")
