"""A volume's life is drawn from a run: every change has its process, and every place is reached."""

from __future__ import annotations

from oslearn.course.drawing.sequence import NARROW, WIDE
from states import PLACES, drawing, life


def test_every_status_is_reached_and_left_by_somebody() -> None:
    changes = life()
    assert changes[0] == ("creating", "available", "cinder-volume")
    assert {after for _, after, _ in changes} == set(PLACES) - {"creating"}
    assert {before for before, _, _ in changes} == set(PLACES) - {"deleting"}
    assert {who for *_, who in changes} == {"cinder-api", "cinder-volume"}


def test_every_change_is_an_arrow_with_its_process() -> None:
    for look in (WIDE, NARROW):
        source = drawing(look, life())
        for before, after, who in life():
            assert f'"who-{before}-{after}"' in source
            assert f'"{before}-{after}-a" -> ' in source or f'"status-{before}" -> "status-{after}"' in source
            assert who in source
