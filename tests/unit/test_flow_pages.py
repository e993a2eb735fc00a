"""The paragraphs of a flow, the two flows in one table, and lifelines by machine, in a small site of real runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dot_text import named
from test_diagram_ext import build

from diagrams import NODES
from oslearn.course.drawing import sequence as dot
from oslearn.course.reference import classic_run

CONF = """
extensions = ["diagrams", "flow_pages"]
oslearn_flows = {"classic": "oslearn.course.reference:classic_run", "current": "oslearn.course.reference:current_run"}
html_theme = "basic"
"""
PAGES = {
    "index": "Today\n=====\n\n.. sequence:: current\n   :part: boot\n   :lifelines: used\n\n.. compare-table::\n\n"
    "See :ref:`the claim <current-step-49>`.\n\n.. toctree::\n\n   host\n",
    "host": "Host\n====\n\n.. steps:: current\n   :part: boot\n",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The site, built once."""
    out, warnings, _ = build(tmp_path_factory.mktemp("site"), PAGES, conf=CONF)
    return out, warnings


def test_a_drawing_leads_to_the_paragraphs_of_its_own_flow(site: tuple[Path, str]) -> None:
    out, warnings = site
    assert warnings == ""
    host, index = ((out / f"{name}.html").read_text("utf-8") for name in ("host", "index"))
    steps = re.findall(r'<p class="step" id="step-(\d+)"><strong>\1\. </strong>', host)
    assert steps == ["48", "49", "50", "51"]
    assert {f'href="host.html#step-{n}"' in index for n in steps} == {True}


def test_a_part_can_be_drawn_with_the_lifelines_that_it_uses(site: tuple[Path, str]) -> None:
    index = (site[0] / "index.html").read_text("utf-8")
    assert set(re.findall(r'id="current-boot-wide-heads-head-([\w-]+)"', index)) == {
        "queue", "nova-compute", "hypervisor"}  # fmt: skip


def test_the_table_says_since_when_and_where_grizzly_did_it(site: tuple[Path, str]) -> None:
    index = (site[0] / "index.html").read_text("utf-8")
    assert index.count("<tr") == 15
    assert "Since: Queens." in index
    assert 'href="https://github.com/openstack/nova/blob/2013.1/nova/compute/api.py#L613"' in index
    assert 'href="source/core/nova/conductor/tasks.html#L-' in index


def test_lifelines_of_one_machine_stand_side_by_side() -> None:
    places = {process: node for node, members in NODES.items() for process in members}
    drawn = dot.sequence(classic_run(), nodes=places)
    heads = named(drawn, "head-")
    assert [places[head] for head in heads] == sorted((places[head] for head in heads), key=list(NODES).index)
    assert named(drawn, "caption-") == list(NODES)
