"""The tables of objectives and of troubles are whole: they lead to lessons that there are, and leave none out."""

import re

import pytest

from architecture.sources import ROOT
from oslearn.course import labs

TEXT = (ROOT / "docs" / "reference" / "objectives.rst").read_text(encoding="utf-8")
COURSE, EXAM = TEXT.split("The exam areas\n")
LESSONS = {lesson.page for lesson in labs.lessons()}
AREAS = {"Identity": 15, "Compute": 35, "Object storage": 5, "Block storage": 10, "Networking": 30, "Image": 5}


def rows(text):
    """Objective or area, and the pages that its row names."""
    for row in re.split(r"\n {3}\* - ", text)[1:]:
        pages = re.findall(r":doc:`\.\./([\w/-]+)`", row)
        if pages:
            yield row.partition("\n")[0], pages


@pytest.mark.parametrize("text", [COURSE, EXAM], ids=["course", "exam"])
def test_each_row_leads_to_lessons(text):
    assert {what: [page for page in pages if page not in LESSONS] for what, pages in rows(text)} == {
        what: [] for what, _ in rows(text)
    }


def test_no_lesson_is_left_out():
    assert LESSONS - {page for _, pages in rows(COURSE) for page in pages} == set()


def test_each_of_the_twenty_troubles_is_in_their_index():
    text = (ROOT / "docs" / "reference" / "troubles.rst").read_text(encoding="utf-8")
    assert [int(n) for n in re.findall(r"\.\. trouble:: (\d+)", text)] == [*range(1, 21)]


def test_each_area_of_the_exam_is_there_with_its_share():
    shares = re.findall(r"\* - ([\w ]+)\n {5}- (\d+) %", EXAM)
    assert {area: int(share) for area, share in shares} == AREAS
    assert [area for area, _ in rows(EXAM)] == list(AREAS)
