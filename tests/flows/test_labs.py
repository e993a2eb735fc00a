"""Every exercise's check fails on the untouched cloud and on a plausible wrong answer, and passes on the solution."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from console import KEPT
from oslearn import Cloud
from oslearn.cli import main
from oslearn.course import labs
from oslearn.course.client import capture, credentials
from oslearn.course.desk import on_a_desk
from oslearn.course.fill import fill
from oslearn.course.labs import Lesson, Outcome, Runner
from oslearn.course.labs.checks import CHECKS
from oslearn.course.labs.look import Look
from oslearn.port.prepared import Prepared

EXERCISES = [lesson for lesson in labs.lessons() if lesson.exercise]


def runner(cloud: Cloud) -> Runner:
    """The real client on it."""

    def run(words: list[str], user: str) -> Outcome:
        return capture(words, cloud, {"PATH": "", **credentials(cloud, user)})

    return run


def a_cloud() -> tuple[Cloud, Runner]:
    """A filled cloud, and the real client on it."""
    cloud = Cloud(seed=7, trace=False)
    fill(cloud)
    return cloud, runner(cloud)


def did(run: Runner, commands: list[str], user: str) -> None:
    for command in commands:
        done = run(labs.words(command, run, user), user)
        assert done.status == 0, f"openstack {command}: {done.stderr}"


def passes(lesson: Lesson, run: Runner) -> bool:
    assert lesson.exercise is not None
    return all(finding.right for finding in CHECKS[lesson.id](Look(run, lesson.exercise.user)))


@pytest.mark.parametrize("lesson", EXERCISES, ids=lambda lesson: lesson.id)
def test_a_check_tells_right_from_wrong(lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exercise = lesson.exercise
    assert exercise is not None
    for commands, right in ((exercise.wrong, False), (exercise.solution, True)):
        run = runner(Prepared(KEPT).cloud(lesson, tmp_path / str(right), trace=False))
        assert not passes(lesson, run), "nothing was done yet"
        did(run, commands, exercise.user)
        assert passes(lesson, run) is right, commands


def test_every_exercise_has_a_check_and_hints() -> None:
    assert {lesson.id for lesson in EXERCISES} == set(CHECKS)
    for lesson in EXERCISES:
        assert lesson.exercise is not None
        assert len(lesson.exercise.hints) == 2
        assert lesson.exercise.solution


def test_starting_twice_makes_nothing_twice() -> None:
    _, run = a_cloud()
    *before, last = labs.lessons()
    assert len(labs.start(last, run)) == sum(len(lesson.leaves) for lesson in before)
    assert labs.start(last, run) == []


LAST = {
    tuple(step.do for earlier in labs.before(lesson) for step in earlier.leaves): lesson for lesson in labs.lessons()
}
"""Lessons that begin alike share a kept cloud: the last one of each."""


@pytest.mark.parametrize("lesson", LAST.values(), ids=lambda lesson: lesson.id)
def test_a_kept_cloud_has_what_the_lessons_before_leave(lesson: Lesson, tmp_path: Path) -> None:
    cloud = Prepared(KEPT).cloud(lesson, tmp_path, trace=False)
    assert labs.start(lesson, runner(cloud)) == []


def test_a_learner_is_led_to_the_solution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cloud, _ = a_cloud()
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    from oslearn.port import settings

    settings.write(tmp_path / "clouds.yaml", settings.content(cloud.config.base_url, "RegionOne", cloud.passwords, ""))
    lesson = EXERCISES[0]
    assert lesson.exercise is not None
    said = [CliRunner().invoke(main, ["check", lesson.id], obj=on_a_desk(cloud)).output for _ in range(3)]
    assert [lesson.exercise.hints[n] in said[n] for n in (0, 1)] == [True, True]
    assert f"openstack {lesson.exercise.solution[0]}" in said[2]
    labs.start(lesson, a_cloud()[1])
    assert CliRunner().invoke(main, ["check", "day9.9"], obj=on_a_desk(cloud)).exit_code == 1
    assert "tries: 3" in CliRunner().invoke(main, ["progress"], obj=on_a_desk(cloud)).output
