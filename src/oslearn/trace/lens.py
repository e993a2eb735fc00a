"""A lens makes a numbered flow of a trace: it pairs steps with events and says why every other event is left out.

Interface: `Lens.load("classic")`, `lens.match(trace)` → `Flow` of `MatchedStep`. The data stands beside this file
(`classic.toml`).
Invariants: each step matches exactly one event, in order; each other event is left out by a named rule; a rule
that would leave out a step is an error in the data, which a test finds.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from oslearn.trace.payloads import Payload
from oslearn.trace.profiler import Event, Trace


class LensMismatch(AssertionError):
    """The trace is not the flow that the lens describes; the message names the step."""


@dataclass(frozen=True)
class Step:
    """One step of a flow: its fixed number and text, and the pattern of the event that it is.

    `label` is the short text on the arrow. `source` and `target` are the processes that the arrow joins: the
    event's own, unless the data names others.
    """

    n: int
    part: str
    label: str
    text: str
    pattern: dict[str, str]
    source: str
    target: str


@dataclass(frozen=True)
class Part:
    """A run of steps with a title; `say` tells it in a sentence to who has never seen it."""

    key: str
    title: str
    say: str = ""


@dataclass(frozen=True)
class Rule:
    """Why some events are no steps. `within` is the pattern of an event that caused them."""

    name: str
    why: str
    pattern: dict[str, str]
    within: dict[str, str] = field(default_factory=dict)

    def covers(self, event: Event, trace: Trace) -> bool:
        """Whether this rule leaves the event out."""
        return event.matches(**self.pattern) and (
            not self.within or any(a.matches(**self.within) for a in trace.ancestors(event))
        )


@dataclass(frozen=True)
class MatchedStep:
    """A step and the event that it is in this run."""

    step: Step
    event: Event


@dataclass(frozen=True)
class Flow:
    """A run seen through a lens."""

    lens: Lens
    steps: list[MatchedStep]
    left_out: list[tuple[Event, Rule]]

    def part(self, key: str) -> list[MatchedStep]:
        """The steps of one part."""
        return [m for m in self.steps if m.step.part == key]

    def __getitem__(self, n: int) -> MatchedStep:
        """The step with that number. Raises KeyError."""
        for matched in self.steps:
            if matched.step.n == n:
                return matched
        raise KeyError(n)


@dataclass(frozen=True)
class Lens:
    """The parts, steps and rules of one flow."""

    name: str
    title: str
    parts: list[Part]
    steps: list[Step]
    rules: list[Rule]

    @classmethod
    def load(cls, name: str) -> Lens:
        """Read `NAME.toml` from this folder. Raises FileNotFoundError."""
        data = tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text("utf-8"))
        return cls(
            name,
            data["title"],
            [Part(**p) for p in data["part"]],
            [_step(s) for s in data["step"]],
            [Rule(**r) for r in data["leave_out"]],
        )

    def match(self, trace: Trace) -> Flow:
        """Pair the steps with the trace's events. Raises LensMismatch, naming the step that does not fit."""
        matched: list[MatchedStep] = []
        left_out: list[tuple[Event, Rule]] = []
        for event in trace:
            rule = next((r for r in self.rules if r.covers(event, trace)), None)
            if rule:
                left_out.append((event, rule))
            else:
                matched.append(MatchedStep(self._next(matched, event), event))
        if len(matched) < len(self.steps):
            step = self.steps[len(matched)]
            raise LensMismatch(f"step {step.n} did not happen: {step.text}")
        return Flow(self, matched, left_out)

    def _next(self, matched: list[MatchedStep], event: Event) -> Step:
        if len(matched) == len(self.steps):
            raise LensMismatch(f"after step {self.steps[-1].n}: no rule leaves out {event}")
        step = self.steps[len(matched)]
        if not event.matches(**step.pattern):
            raise LensMismatch(f"step {step.n} expected: {step.text}\ngot: {event}")
        return step


def _step(data: Payload) -> Step:
    pattern = data["event"]
    return Step(
        data["n"],
        data["part"],
        data["label"],
        data["text"],
        pattern,
        data.get("source", pattern["source"]),
        data.get("target", pattern["target"]),
    )
