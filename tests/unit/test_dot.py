"""The drawings as DOT text: complete, distinct, legible, and the same bytes each time."""

from __future__ import annotations

import re

import pytest
from fake_flow import classic, trace

from oslearn.course.drawing.canvas import BOLD, quote, text_width
from oslearn.course.drawing.ecosystem import ecosystem
from oslearn.course.drawing.palette import COLOURS, KINDS, actor, kind_of, labelled
from oslearn.course.drawing.registry import load
from oslearn.course.drawing.sequence import NARROW, WIDE, Look, legend, sequence, trace_dot
from oslearn.trace.payloads import Shown

LOOKS = [pytest.param(WIDE, id="wide"), pytest.param(NARROW, id="narrow")]
NODE = re.compile(r'^"(?P<name>[^"]+)" \[pos="(?P<x>[-\d.]+),(?P<y>[-\d.]+)!", width="(?P<w>[\d.]+)", '
                  r'height="(?P<h>[\d.]+)", (?P<rest>.*)\];$', re.M)  # fmt: skip


def attribute(rest: str, name: str, default: str = "") -> str:
    """The value of one attribute of a DOT statement."""
    found = re.search(rf'(?:^|, ){name}="((?:[^"\\]|\\.)*)"', rest)
    return found[1].replace("\\n", "\n").removesuffix("\\l") if found else default


@pytest.mark.parametrize("look", LOOKS)
def test_the_same_flow_gives_the_same_bytes(look: Look) -> None:
    assert sequence(classic(), look) == sequence(classic(), look)
    assert ecosystem(load(), look) == ecosystem(load(), look)
    assert trace_dot(trace(), look) == trace_dot(trace(), look)


@pytest.mark.parametrize("look", LOOKS)
def test_each_of_the_28_steps_has_an_id_a_number_an_arrow_and_a_link(look: Look) -> None:
    dot = sequence(classic(), look)
    for n in range(1, 29):
        assert len(re.findall(rf'id="step-{n}"', dot)) == 1
        assert len(re.findall(rf'"num-{n}" \[.*label="{n}"', dot)) == 1
        assert len(re.findall(rf'-> "to-{n}" \[.*class="arrow s{n} .*URL="ref:step-{n}"', dot)) == 1
    assert "step-29" not in dot


def test_a_part_has_its_own_steps_and_every_lifeline() -> None:
    dot = sequence(classic(), part="data")
    assert re.findall(r'id="step-(\d+)"', dot) == [str(n) for n in range(13, 19)]
    assert 'label="4. Fetch the instance data (13–18)\\l"' in dot
    assert len(re.findall(r'^"life-', dot, re.M)) == 12
    assert len(re.findall(r'class="life idle"', dot)) == 12 - 4


def test_the_parts_together_are_the_whole() -> None:
    flow = classic()
    parts = [n for p in flow.lens.parts for n in re.findall(r'id="step-(\d+)"', sequence(flow, part=p.key))]
    assert parts == re.findall(r'id="step-(\d+)"', sequence(flow))


def test_an_unknown_part_is_an_error() -> None:
    with pytest.raises(ValueError, match="no part 'teardown'"):
        sequence(classic(), part="teardown")


@pytest.mark.parametrize("look", LOOKS)
def test_heads_and_body_have_the_same_lifelines(look: Look) -> None:
    heads, body = (sequence(classic(), look, section=s) for s in ("heads", "body"))
    places = [
        [(m["name"], m["x"]) for m in NODE.finditer(dot) if m["name"].startswith("life-")] for dot in (heads, body)
    ]
    assert places[0] == places[1]
    assert "step-1" not in heads
    assert '"head-' not in body


def test_every_kind_differs_in_line_or_head_and_in_its_word() -> None:
    kinds = KINDS.values()
    assert len({(k.line, k.tip) for k in kinds}) == len({k.word for k in kinds}) == len({k.title for k in kinds}) == 7
    assert {kind_of(m.event).key for m in classic().steps} == set(KINDS)
    for look in (WIDE, NARROW):
        for kind in kinds:
            assert f'style="{kind.line}", arrowhead="{kind.tip}"' in legend(look)


@pytest.mark.parametrize("look", LOOKS)
def test_every_label_says_its_kind(look: Look) -> None:
    dot = sequence(classic(), look)
    for m in classic().steps:
        text = labelled(kind_of(m.event), m.step.label)
        assert kind_of(m.event).word in text
        assert f"label={quote(text)[:-1]}" in dot


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("draw", [lambda look: sequence(classic(), look), lambda look: ecosystem(load(), look), legend])
def test_each_text_fits_its_box_and_the_paper_and_is_large_enough(draw, look: Look) -> None:
    dot = draw(look)
    sheet = next(m for m in NODE.finditer(dot) if m["name"] == "sheet")
    right, bottom = float(sheet["w"]) * 72, float(sheet["h"]) * 72
    for m in NODE.finditer(dot):
        x, y, w, h = (float(m[key]) * 72 for key in "xywh")
        assert min(x - w / 2, -y - h / 2) >= -0.1, m["name"]
        assert x + w / 2 <= right + 0.1, m["name"]
        assert -y + h / 2 <= bottom + 0.1, m["name"]
        if text := attribute(m["rest"], "label"):
            size = float(attribute(m["rest"], "fontsize", "14"))
            assert text_width(text, size, attribute(m["rest"], "fontname") == BOLD) <= w, m["name"]
            assert size >= (10.5 if m["name"].startswith("num-") else 11.2 if look is WIDE else 11.5), m["name"]


def test_the_narrow_drawings_fit_a_phone() -> None:
    for dot in (sequence(classic(), NARROW), ecosystem(load(), NARROW), legend(NARROW)):
        sheet = next(m for m in NODE.finditer(dot) if m["name"] == "sheet")
        assert float(sheet["w"]) * 72 <= 358


def test_labels_in_a_row_do_not_cover_each_other() -> None:
    for look in (WIDE, NARROW):
        boxes = [m for m in NODE.finditer(sequence(classic(), look)) if re.match("label-|num-|who-", m["name"])]
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                apart = abs(float(a["x"]) - float(b["x"])) * 2 >= float(a["w"]) + float(b["w"]) - 0.01
                above = abs(float(a["y"]) - float(b["y"])) * 2 >= float(a["h"]) + float(b["h"]) - 0.06
                assert apart or above, (a["name"], b["name"])


def test_a_trace_of_unknown_processes_is_drawn_too() -> None:
    made = trace()
    made.add(
        kind="db", phase="insert", source="placement", target="placement-db", operation='INSERT "x"', content=Shown({})
    )
    dot = trace_dot(made)
    assert '"head-placement-db"' in dot
    assert 'label="SQL: INSERT \\"x\\""' in dot
    assert actor("placement-db").service == "placement"


def test_the_register_names_every_service_and_edge() -> None:
    for look in (WIDE, NARROW):
        dot = ecosystem(load(), look)
        for service in load():
            assert f'id="service-{service.key}"' in dot
            for given in service.provides:
                assert given.what == "token checks" or f'label="{given.what}\\l"' in dot


def test_the_register_refuses_a_receiver_that_nobody_knows(tmp_path) -> None:
    path = tmp_path / "services.toml"
    path.write_text('[[service]]\nkey="a"\nname="A"\nproject="A"\nwhat="a"\nplace="top"\n'
                    'provides=[{to="b", what="c"}]\n')  # fmt: skip
    with pytest.raises(ValueError, match="unknown 'b'"):
        load(path)


def luminance(colour: str) -> float:
    """The relative luminance of a colour, as WCAG defines it."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", COLOURS.values())
def test_white_text_is_legible_on_each_colour(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5
