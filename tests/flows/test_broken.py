"""The break-fix labs as a learner meets them. `make walk` opens and repairs each: tests/walk/labs.py."""

from __future__ import annotations

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
