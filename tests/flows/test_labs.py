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
from oslearn.course.labs import Exercise, Lesson, Outcome, Runner
from oslearn.course.labs.checks import CHECKS
from oslearn.course.labs.look import Finding, Look
from oslearn.port.prepared import Prepared

EXERCISES = [
    (lesson, number, exercise) for lesson in labs.lessons() for number, exercise in enumerate(lesson.exercises, 1)
]


IDS = [f"{lesson.id}.{number}" for lesson, number, _ in EXERCISES]


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


def files(exercise: Exercise, folder: Path) -> None:
    """Make what the page has the reader make before."""
    for name, begins in exercise.files.items():
        (folder / name).write_bytes(begins.encode().ljust(1 << 20, b"\0"))


def looked_at(lesson: Lesson, number: int, run: Runner) -> list[Finding]:
    return list(CHECKS[lesson.id, number](Look(run, lesson.exercises[number - 1].user)))


def passes(found: list[Finding]) -> bool:
    return all(finding.right for finding in found)


@pytest.mark.parametrize(("lesson", "number", "exercise"), EXERCISES, ids=IDS)
def test_a_check_tells_right_from_wrong(
    lesson: Lesson, number: int, exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files(exercise, tmp_path)
    wrong, good = [exercise.wrong, *exercise.also_wrong], [exercise.solution, *exercise.also_right]
    answers = [*((commands, False) for commands in wrong), *((commands, True) for commands in good)]
    for place, (commands, right) in enumerate(answers):
        run = runner(Prepared(KEPT).cloud(lesson, tmp_path / str(place), trace=False))
        assert not passes(looked_at(lesson, number, run)), "nothing was done yet"
        did(run, commands, exercise.user)
        assert passes(looked_at(lesson, number, run)) is right, commands


@pytest.mark.parametrize(("lesson", "number", "exercise"), EXERCISES, ids=IDS)
def test_who_did_it_wrong_is_led_from_there_to_what_is_right(
    lesson: Lesson, number: int, exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files(exercise, tmp_path)
    for place, commands in enumerate([exercise.wrong, *exercise.also_wrong]):
        run = runner(Prepared(KEPT).cloud(lesson, tmp_path / str(place), trace=False))
        did(run, commands, exercise.user)
        did(run, [command for one in looked_at(lesson, number, run) for command in one.repair], exercise.user)
        assert [one for one in looked_at(lesson, number, run) if not one.right] == [], commands


def test_every_exercise_has_a_check_and_hints() -> None:
    assert {(lesson.id, number) for lesson, number, _ in EXERCISES} == set(CHECKS)
    for *_, exercise in EXERCISES:
        assert len(exercise.hints) == 2
        assert exercise.solution


@pytest.mark.parametrize(
    ("words", "id"), [("1.2", "day1.2"), ("day1.2", "day1.2"), ("2", "day2.1"), ("Day3.7", "day3.7")]
)
def test_a_lesson_is_found_by_its_number(words: str, id: str) -> None:
    assert labs.find(words).id == id


@pytest.mark.parametrize("words", ["day9", "1.99", "x", "", "1.2.3.4", "day", "day1.", "1,2", "-1", "1.2\x00"])
def test_a_wrong_name_is_answered_in_a_line_with_the_nearest(words: str) -> None:
    with pytest.raises(LookupError) as raised:
        labs.find(words)
    assert len(str(raised.value)) < 250


def conflicts(run: Runner, *commands: str) -> str:
    did(run, list(commands), "demo")
    with pytest.raises(LookupError) as raised:
        labs.start(labs.find("1.6"), run)
    return str(raised.value.args[0])


def test_what_is_there_twice_or_differs_is_told_and_nothing_is_made() -> None:
    _, run = a_cloud()
    twice = conflicts(run, "network create selfservice", "network create selfservice")
    assert twice.startswith("There are 2 of network selfservice; keep one. To delete one: openstack network delete ")
    did(
        run,
        [
            twice.rpartition("openstack ")[2],
            "subnet create --network selfservice --subnet-range 10.9.0.0/24 selfservice",
        ],
        "demo",
    )
    assert conflicts(run) == (
        "The subnet selfservice has the cidr 10.9.0.0/24; the lessons need 192.168.1.0/24. "
        "To begin anew with it: openstack subnet delete selfservice"
    )
    assert run(["server", "list", "-f", "value"], "demo").stdout == ""
    did(run, ["subnet delete selfservice"], "demo")
    assert labs.start(labs.find("1.6"), run)
    assert labs.start(labs.find("1.6"), run) == []


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
    lesson, _, exercise = EXERCISES[0]
    said = [CliRunner().invoke(main, ["check", lesson.id], obj=on_a_desk(cloud)).output for _ in range(3)]
    assert [exercise.hints[n] in " ".join(said[n].split()) for n in (0, 1)] == [True, True]
    assert f"openstack {exercise.solution[0]}" in said[2]
    labs.start(lesson, a_cloud()[1])
    assert CliRunner().invoke(main, ["check", "day9.9"], obj=on_a_desk(cloud)).exit_code == 1
    assert "tries: 3" in CliRunner().invoke(main, ["progress"], obj=on_a_desk(cloud)).output
