"""Every break-fix lab: untouched it fails, a plausible wrong repair fails, each right repair passes.

`make walk` runs these: each of some seventy tests makes a cloud and works in it with the real client.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from console import Shell
from oslearn.cli import main
from oslearn.cli.broken import scene
from oslearn.course.client import capture, credentials
from oslearn.course.desk import Desk
from oslearn.course.labs import Outcome, Runner, broken, words
from oslearn.course.labs.broken import Lab
from oslearn.course.labs.causes import CAUSES
from oslearn.course.labs.look import Finding

LABS = broken.labs()


def runner(desk: Desk) -> Runner:
    def run(words: list[str], user: str) -> Outcome:
        return capture(words, desk.cloud, {"PATH": "", **credentials(desk.cloud, user)})

    return run


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of its own."""
    monkeypatch.chdir(tmp_path)


def opened(lab: Lab) -> tuple[Desk, list[str]]:
    desk = Shell("day1.1").desk
    return desk, broken.build(lab, desk, lambda: runner(desk))


def looked_at(lab: Lab, desk: Desk) -> list[Finding]:
    session = desk.cloud.connect("demo").session
    return list(CAUSES[lab.number](scene(runner(desk), session, desk.cloud, desk.processes())))


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.number))
def test_untouched_it_fails_and_a_good_diagnosis_can_be_made(lab: Lab) -> None:
    desk, evidence = opened(lab)
    assert not all(finding.right for finding in looked_at(lab, desk))
    assert bool(evidence) == bool(lab.evidence)
    assert all(any(word in line for line in evidence) for word in lab.evidence)
    assert (len(lab.hints), lab.level in (1, 2, 3), bool(lab.path)) == (3, True, True)
    run = runner(desk)
    assert run(shlex.split(lab.shown), "demo").stdout
    for step in lab.path:
        user, command = said_by(step.run)
        if command.startswith("openstack "):
            assert run(words(command.removeprefix("openstack "), run, user), user).stdout, step.run
        else:
            assert (
                CliRunner().invoke(main, shlex.split(command)[1:], obj=desk, env={"OS_CLOUD": f"oslearn-{user}"}).output
            )


def said_by(line: str) -> tuple[str, str]:
    """The user and the command of a line."""
    first, _, rest = line.partition(" ")
    return (first.removeprefix("OS_CLOUD=oslearn-"), rest) if "=" in first else ("demo", line)


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: str(lab.number))
def test_a_repair_that_only_seems_to_be_one_fails(lab: Lab) -> None:
    desk, _ = opened(lab)
    for line in lab.wrong:
        broken.do(line, desk, runner(desk))
    assert not all(finding.right for finding in looked_at(lab, desk))


@pytest.mark.parametrize(("lab", "repair"), [(lab, repair) for lab in LABS for repair in lab.repairs],
                         ids=[f"{lab.number}-{n}" for lab in LABS for n in range(len(lab.repairs))])  # fmt: skip
def test_each_right_repair_passes(lab: Lab, repair: list[str]) -> None:
    desk, _ = opened(lab)
    for line in repair:
        broken.do(line, desk, runner(desk))
    assert [finding for finding in looked_at(lab, desk) if not finding.right] == []
