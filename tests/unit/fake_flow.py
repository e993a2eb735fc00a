"""A flow without a cloud: one event a step, made from the lens' own patterns."""

from oslearn.trace.lens import Flow, Lens, MatchedStep
from oslearn.trace.payloads import Shown
from oslearn.trace.profiler import Trace


def trace() -> Trace:
    """The 28 events that the classic lens asks for, and nothing else."""
    made = Trace()
    for step in Lens.load("classic").steps:
        made.add(
            **{k: v.split("|")[0] for k, v in step.pattern.items()}, content=Shown({}), code="trace/profiler.py:42"
        )
    return made


def classic() -> Flow:
    """The classic flow of those events."""
    lens = Lens.load("classic")
    return Flow(lens, [MatchedStep(step, event) for step, event in zip(lens.steps, trace(), strict=True)], [])
