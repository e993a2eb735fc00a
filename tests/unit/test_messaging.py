"""The bus: nothing lost, nothing twice, order kept for each topic."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import SteppedClock
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RETRY_DELAYS, Bus, Target

CONTEXT = RequestContext("req-1")
TOPICS = [Target("a"), Target("b", "x"), Target("b", "y")]


class Recorder:
    """An endpoint that keeps what it is told."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    def tell(self, context: RequestContext, value: Any) -> Any:
        self.got.append(value)
        return value

    def fail(self, context: RequestContext) -> None:
        raise exception.NotFound("nothing here")

    def early(self, context: Any) -> str:
        context.reply("early")
        self.got.append("after")
        return "late"


class Flaky(Recorder):
    """Fails as often as told, then works."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def tell(self, context: RequestContext, value: Any) -> Any:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not yet")
        return super().tell(context, value)


def make(endpoint: Recorder, target: Target = TOPICS[0]) -> tuple[Bus, Any]:
    bus = Bus(SteppedClock())
    bus.listen(target, "server", endpoint)
    return bus, bus.client("client")


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TOPICS), st.sampled_from(["cast", "call", "step", "stop", "start"]))))
def test_every_message_arrives_once_and_in_order(actions: list[tuple[Target, str]]) -> None:
    bus = Bus(SteppedClock())
    endpoints = {target: Recorder() for target in TOPICS}
    sent: dict[Target, list[int]] = {target: [] for target in TOPICS}
    for target, endpoint in endpoints.items():
        bus.listen(target, "server", endpoint)
    client = bus.client("client")
    for number, (target, action) in enumerate(actions):
        if action in ("cast", "call"):
            sent[target].append(number)
            getattr(client, action)(CONTEXT, target, "tell", value=number)
        else:
            getattr(bus, action)()
    bus.start()
    assert {target: endpoint.got for target, endpoint in endpoints.items()} == sent
    assert bus.pending() == []


def test_a_message_is_a_copy() -> None:
    endpoint = Recorder()
    bus, client = make(endpoint)
    value = {"list": [1]}
    client.cast(CONTEXT, TOPICS[0], "tell", value=value)
    value["list"].append(2)
    bus.drain()
    assert endpoint.got == [{"list": [1]}]


def test_what_is_not_json_is_refused_at_the_sender() -> None:
    bus, client = make(Recorder())
    with pytest.raises(TypeError):
        client.cast(CONTEXT, TOPICS[0], "tell", value=object())
    assert bus.pending() == []


def test_an_error_comes_back_by_name() -> None:
    _, client = make(Recorder())
    with pytest.raises(exception.NotFound, match="nothing here"):
        client.call(CONTEXT, TOPICS[0], "fail")


def test_an_error_outside_the_tree_comes_back_as_remote() -> None:
    _, client = make(Flaky(1))
    with pytest.raises(exception.RemoteError, match="RuntimeError not yet"):
        client.call(CONTEXT, TOPICS[0], "tell", value=1)


def test_a_call_to_nobody_times_out_and_leaves_no_message() -> None:
    bus = Bus(SteppedClock())
    before = bus.clock.now()
    with pytest.raises(exception.MessagingTimeout):
        bus.client("client").call(CONTEXT, TOPICS[0], "tell", value=1)
    assert bus.pending() == []
    assert (bus.clock.now() - before).seconds == 60


def test_a_call_that_timed_out_takes_no_other_place_in_the_order() -> None:
    bus, endpoint = Bus(SteppedClock()), Recorder()
    client, (first, other) = bus.client("client"), TOPICS[:2]
    client.cast(CONTEXT, first, "tell", value=1)
    client.cast(CONTEXT, other, "tell", value=2)
    with pytest.raises(exception.MessagingTimeout):
        client.call(CONTEXT, first, "tell", value=3)
    for target in (first, other):
        bus.listen(target, "server", endpoint)
    bus.drain()
    assert endpoint.got == [1, 2]


def test_a_cast_to_nobody_waits() -> None:
    bus, endpoint = Bus(SteppedClock()), Recorder()
    bus.client("client").cast(CONTEXT, TOPICS[0], "tell", value=1)
    bus.drain()
    assert bus.pending() == ["a: tell"]
    bus.listen(TOPICS[0], "server", endpoint)
    bus.drain()
    assert endpoint.got == [1]


@pytest.mark.parametrize("failures", [1, 2, len(RETRY_DELAYS), len(RETRY_DELAYS) + 1])
def test_a_message_that_fails_is_offered_again_and_again_each_time_later(failures: int) -> None:
    endpoint = Flaky(failures)
    bus, client = make(endpoint)
    before = bus.clock.peek()
    client.cast(CONTEXT, TOPICS[0], "tell", value=1)
    bus.drain()
    assert endpoint.got == ([1] if failures <= len(RETRY_DELAYS) else [])
    assert round(bus.clock.peek() - before, 3) == sum(RETRY_DELAYS[:failures])
    assert bus.pending() == []


def test_others_pass_a_message_that_failed() -> None:
    endpoint = Flaky(1)
    bus, client = make(endpoint)
    for value in (1, 2):
        client.cast(CONTEXT, TOPICS[0], "tell", value=value)
    bus.drain()
    assert endpoint.got == [2, 1]


class RunningClock(SteppedClock):
    """A clock that moves only by itself, as the machine's does."""

    def skip_to(self, moment: float) -> bool:
        return False


def test_a_clock_that_moves_by_itself_is_not_waited_for() -> None:
    bus, endpoint = Bus(RunningClock()), Flaky(1)
    bus.listen(TOPICS[0], "server", endpoint)
    bus.client("client").cast(CONTEXT, TOPICS[0], "tell", value="id1")
    bus.drain()
    assert (endpoint.got, bus.pending(), bus.concerns("id1")) == ([], ["a: tell"], True)
    bus.clock.sleep(1)
    bus.drain()
    assert (endpoint.got, bus.pending(), bus.concerns("id1")) == (["id1"], [], False)


def test_a_call_waits_for_a_server_that_broke_before_it_answered() -> None:
    class Breaks(Bus):
        broken = 2

        def reply(self, *args: Any) -> None:
            self.broken -= 1
            if self.broken >= 0:
                raise RuntimeError("the server broke")
            super().reply(*args)

    bus, endpoint = Breaks(SteppedClock()), Recorder()
    bus.listen(TOPICS[0], "server", endpoint)
    assert bus.client("client").call(CONTEXT, TOPICS[0], "tell", value=1) == 1
    assert (endpoint.got, bus.pending()) == ([1, 1, 1], [])


class Foreman(Recorder):
    """Hands on what it is told."""

    def __init__(self, client: Any) -> None:
        super().__init__()
        self.client = client

    def hand_on(self, context: RequestContext) -> None:
        self.client.cast(CONTEXT, TOPICS[1], "tell", value="handed on")


def test_with_a_pace_what_a_request_casts_leaves_later() -> None:
    bus, worker = Bus(SteppedClock()), Recorder()
    client = bus.client("client")
    bus.listen(TOPICS[0], "foreman", Foreman(client))
    bus.listen(TOPICS[1], "worker", worker)
    bus.pace = 5
    client.cast(CONTEXT, TOPICS[0], "hand_on")
    for seconds, got in ((0, []), (4, []), (1, ["handed on"])):
        bus.clock.sleep(seconds)
        bus.drain()
        assert worker.got == got
    client.call(
        CONTEXT, TOPICS[0], "hand_on"
    )  # what a request calls for is answered at once, its casts are not work yet
    bus.drain()
    assert (worker.got, bus.pending()) == (["handed on"], ["b.x: tell"])
    assert bus.wait_for(lambda: len(worker.got) == 2)


def test_a_method_may_answer_and_go_on() -> None:
    endpoint = Recorder()
    _, client = make(endpoint)
    assert client.call(CONTEXT, TOPICS[0], "early") == "early"
    assert endpoint.got == ["after"]
