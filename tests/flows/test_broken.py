"""The break-fix labs as a learner meets them. `make walk` opens and repairs each: tests/walk/labs.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console import Shell
from oslearn.course.labs import broken
from oslearn.course.labs.causes import CAUSES

LABS = broken.labs()


def test_there_is_one_for_each_trouble() -> None:
    assert [lab.number for lab in LABS] == sorted(CAUSES) == list(range(1, 21))


def test_a_lab_is_opened_mended_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shell = Shell("day1.5")
    lab = broken.find("2")
    own = shell.cloud

    def said(words: str, code: int = 0) -> str:
        output, status = shell.run(f"oslearn {words}")
        assert status == code, output
        return output

    assert "no lab is open" in said("check", 1)
    began = said("lab break 2")
    assert lab.symptom in " ".join(began.split())
    assert not any(word in began for word in ("nova-conductor", "stop", lab.cause))
    assert shell.cloud is not own
    assert "missing  the cause is mended" in said("check", 1)
    assert [" ".join(said("lab hint").split()).partition(": ")[2] for _ in lab.hints] == lab.hints
    said("start nova-conductor")
    done = said("check")
    assert lab.cause in " ".join(done.split())
    assert "and 3 hints" in done
    assert said("lab end") == "Your own cloud is back.\n"
    assert shell.cloud is own
    assert "no lab is open" in said("lab end", 1)


ODD = [
    {"lab": 999}, {"lab": 1.5}, {"lab": "02"}, {"lab": True}, {"hints": -9}, {"hints": "3"}, {"begun": "x"},
    {"evidence": 5},
]  # fmt: skip


@pytest.mark.parametrize("change", ODD, ids=str)
def test_a_broken_file_of_an_open_lab_is_said_in_a_line(
    change: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shell = Shell("day1.1")
    shell.directory = tmp_path
    whole = {"lab": 2, "begun": 1.0, "hints": 0, "evidence": []}
    Path("oslearn-lab.json").write_text(json.dumps(whole | change))
    for words in ("lab hint", "check"):
        output, code = shell.run(f"oslearn {words}")
        assert (code, output.count("\n")) == (1, 1), output


def test_a_lab_that_cannot_be_made_leaves_the_learners_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shell = Shell("day1.1")
    own, shell.directory = shell.cloud, tmp_path
    Path("mia.yaml").write_text("mine")
    output, code = shell.run("oslearn lab break 14")
    assert (code, "mia.yaml is here already" in output) == (1, True)
    assert Path("mia.yaml").read_text() == "mine"
    Path("mia.yaml").unlink()
    assert shell.run("oslearn lab break 14")[1] == 0
    assert Path("mia.yaml").stat().st_mode & 0o777 == 0o600
    assert shell.run("oslearn lab break 15")[1] == 0
    assert shell.run("oslearn lab end")[1] == 0
    assert not Path("mia.yaml").exists()
    assert shell.cloud is own
    Path("mia.yaml").symlink_to("nowhere")  # found only when the lab is half made
    assert shell.run("oslearn lab break 14")[1] == 1
    assert shell.cloud is own
