"""The directives in a small site: inline SVG, ids, links, the table, warnings, rebuilds. The flow is a fake."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fake_flow import classic
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from a11y import flat, mend
from inline_svg import cached, inline, render
from oslearn.course.drawing import sequence as dot
from oslearn.course.drawing.registry import load
from oslearn.trace import lens
from oslearn.trace.lens import Lens

SVG = "{http://www.w3.org/2000/svg}"
CONF = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
extensions = ["diagrams", "flow_pages"]
oslearn_flows = {{"classic": "fake_flow:classic"}}
html_theme = "basic"
"""
PARAGRAPHS = "".join(f".. _step-{s.n}:\n\n{s.n}. {s.text}\n\n" for s in Lens.load("classic").steps)
SERVICES = "".join(f".. _service-{s.key}:\n\n{s.name} is here.\n\n" for s in load() if s.place != "top")
PAGES = {
    "index": "Flow\n====\n\n.. sequence:: classic\n\n.. steps-table:: classic\n\n.. toctree::\n\n   parts\n",
    "parts": "Parts\n=====\n\n.. ecosystem::\n\n.. sequence:: classic\n   :part: data\n\n"
    ".. sequence:: classic\n   :part: data\n   :alt: Once more\n\n" + SERVICES + PARAGRAPHS,
}


def build(folder: Path, pages: dict[str, str], builder: str = "html", conf: str = CONF) -> tuple[Path, str, list[str]]:
    """Write and build the pages; returns the output's folder, the warnings and the pages that were read."""
    source = folder / "pages"
    source.mkdir(exist_ok=True)
    for name, text in {"conf.py": conf, **{f"{name}.rst": text for name, text in pages.items()}}.items():
        path = source / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    warnings, read = io.StringIO(), []
    with docutils_namespace():
        app = Sphinx(source, source, folder / builder, folder / "doctrees", builder, status=None, warning=warnings,
                     confoverrides={"nitpicky": True})  # fmt: skip
        app.connect("source-read", lambda _app, name, _text: read.append(name))
        app.build()
    return folder / builder, re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue()), read


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The site, built once."""
    out, warnings, _ = build(tmp_path_factory.mktemp("site"), PAGES)
    return out, warnings


def pictures(out: Path, page: str) -> list[ET.Element]:
    """The drawings in a page."""
    text = (out / f"{page}.html").read_text("utf-8")
    return [ET.fromstring(svg) for svg in re.findall(r"<svg .*?</svg>", text, re.DOTALL) if "os-svg" in svg]


def test_a_good_site_has_no_warning(site) -> None:
    assert site[1] == ""


def test_each_picture_has_a_role_a_title_a_description_and_only_text_for_text(site) -> None:
    found = pictures(site[0], "index") + pictures(site[0], "parts")
    assert len(found) == 2 * 3 + 2 + 4 * 2
    for svg in found:
        assert svg.get("role") == "group"
        first, second = svg[0], svg[1]
        assert (first.tag, first.get("id")) == (f"{SVG}title", svg.get("aria-labelledby"))
        assert (second.tag, second.get("id")) == (f"{SVG}desc", svg.get("aria-describedby"))
        assert first.text
        assert second.text
        assert not list(svg.iter(f"{SVG}image"))


def test_each_step_links_to_its_paragraph_and_its_number_to_the_code_in_both_variants(site) -> None:
    bodies = [
        s
        for s in pictures(site[0], "index")
        if s.find(f".//{SVG}a[@id]") is not None and "-body-" in str(ET.tostring(s))
    ]
    assert len(bodies) == 2
    for svg in bodies:
        links = [a for a in svg.iter(f"{SVG}a") if "msg" in a.get("class", "").split()]
        numbers = [a for a in svg.iter(f"{SVG}a") if "code" in a.get("class", "").split()]
        assert [a.get("href") for a in numbers] == ["source/trace/profiler.html#L-42"] * 28
        assert all(a.get("id", "").endswith(f"-code-{n}") for n, a in enumerate(numbers, 1))
        assert [a.get("href") for a in links] == [f"parts.html#step-{n}" for n in range(1, 29)]
        assert all(a.get("id", "").endswith(f"-step-{n}") for n, a in enumerate(links, 1))
        assert all(f"s{n}" in a.get("class", "").split() for n, a in enumerate(links, 1))
        assert all((a.findtext(f"{SVG}title") or "").startswith(f"{n}. ") for n, a in enumerate(links, 1))


def test_links_lead_to_ids_that_exist_and_ids_are_there_once(site) -> None:
    ids = {}
    for page in ("index", "parts"):
        text = (site[0] / f"{page}.html").read_text("utf-8")
        found = re.findall(r'\bid="([^"]+)"', text)
        assert len(found) == len(set(found))
        ids[f"{page}.html"] = set(found)
    for page in ids:
        text = (site[0] / page).read_text("utf-8")
        for target, anchor in re.findall(r'href="([\w.]*)#(step-\d+|service-\w+)"', text):
            assert anchor in ids[target or page]


def test_the_table_says_the_same_and_leads_to_the_line_of_code(site) -> None:
    text = (site[0] / "index.html").read_text("utf-8")
    table = text[text.index("<table") : text.index("</table>")]
    assert table.count("<tr") == 29
    assert table.count('href="source/trace/profiler.html#L-42"') == 28
    for word in ("REST request", "reply", "RPC call", "RPC cast", "delivery", "database access", "hypervisor call"):
        assert f">{word}" in table
    assert 'id="L-42"' in (site[0] / "source/trace/profiler.html").read_text("utf-8")


def test_a_missing_label_is_a_warning_that_names_it(tmp_path: Path) -> None:
    pages = {"index": "Flow\n====\n\n.. sequence:: classic\n   :part: boot\n"}
    out, warnings, _ = build(tmp_path, pages)
    assert "diagram classic-boot: no label 'step-28'" in warnings
    assert "index.rst" in warnings
    assert 'href="ref:' not in (out / "index.html").read_text("utf-8")


@pytest.mark.parametrize(("directive", "message"), [
    (".. sequence:: modern", "no flow 'modern' in oslearn_flows: classic"),
    (".. sequence:: classic\n   :part: teardown", "no part 'teardown' in flow 'classic'"),
    (".. steps-table:: classic\n   :part: teardown", "no part 'teardown' in flow 'classic'"),
])  # fmt: skip
def test_a_wrong_name_is_an_error_at_its_line(tmp_path: Path, directive: str, message: str) -> None:
    _, warnings, _ = build(tmp_path, {"index": f"Flow\n====\n\n{directive}\n"}, "text")
    assert f"index.rst:4: ERROR: {message}" in warnings


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    _, _, first = build(tmp_path, PAGES)
    drawn = {path: path.stat().st_mtime_ns for path in (tmp_path / "doctrees" / "diagrams").iterdir()}
    _, _, second = build(tmp_path, PAGES | {"parts": PAGES["parts"] + "\nMore words.\n"})
    assert sorted(first) == ["index", "parts"]
    assert second == ["parts"]
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "doctrees" / "diagrams").iterdir()} == drawn


def test_a_page_depends_on_the_package_whose_run_it_shows(tmp_path: Path) -> None:
    source, out = tmp_path / "pages", tmp_path / "html"
    build(tmp_path, PAGES)
    with docutils_namespace():
        env = Sphinx(source, source, out, tmp_path / "doctrees", "html", status=None, warning=None).env
    for page in PAGES:
        noted = {Path(source / path).resolve() for path in env.dependencies[page]}
        assert {Path(dot.__file__).resolve(), Path(lens.__file__).with_name("classic.toml").resolve()} <= noted


@pytest.mark.parametrize(("builder", "file"), [("text", "index.txt"), ("latex", "projectnamenotset.tex")])
def test_other_writers_say_it_in_words(tmp_path: Path, builder: str, file: str) -> None:
    out, warnings, _ = build(tmp_path, PAGES, builder)
    assert warnings == ""
    text = " ".join((out / file).read_text("utf-8").split())
    assert "12. nova-scheduler to queue, rpc.cast" in text.replace("\\sphinxhyphen{}", "-").replace("\\_", "_")


def test_an_epub_has_the_wide_drawing_only(tmp_path: Path) -> None:
    out, _, _ = build(tmp_path, PAGES, "epub")
    text = (out / "index.xhtml").read_text("utf-8")
    assert "os-wide" in text
    assert "os-narrow" not in text


def test_a_picture_is_the_same_each_time_and_drawn_once(tmp_path: Path) -> None:
    text = dot.sequence(classic(), part="boot")
    assert render(text, "wasm") == render(text, "wasm") == cached(text, "wasm", tmp_path)
    (only,) = tmp_path.iterdir()
    only.write_bytes(b"from the cache")
    assert cached(text, "wasm", tmp_path) == b"from the cache"


def test_a_narrow_picture_fits_a_phone() -> None:
    svg = inline(render(dot.sequence(classic(), dot.NARROW), "wasm"), "p", "Title", "Words", lambda href: "#")
    assert ET.fromstring(svg).get("viewBox", "").split()[2] == "358"


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no program 'no-such-dot'"):
        render("digraph {}", "no-such-dot")


def test_repairs_are_made_once() -> None:
    page = (
        '<p class="caption" role="heading">x</p><div class="highlight"><pre>y</pre></div>'
        '<div class="highlight os-broad"><pre>z</pre></div>'
        '<button aria-controls="p" aria-selected="true" class="sphinx-tabs-tab group-tab" name="Q0xJ">CLI</button>'
        '<div aria-labelledby="t" class="sphinx-tabs-panel group-tab" hidden="true" id="p" name="Q0xJ" role="tabpanel">'
    )
    mended = mend(page)
    assert 'aria-level="2"' in mended
    assert mended.count('<pre tabindex="0">') == 2
    assert (
        '<div aria-labelledby="t" class="sphinx-tabs-panel group-tab" hidden id="p" role="tabpanel" data-label="CLI">'
        in mended
    )
    assert '<button type="button" ' in mended
    assert mend(mended) == mended


def test_on_paper_no_content_is_behind_a_tab_or_in_a_fold() -> None:
    page = '<body><div class="sphinx-tabs-panel" hidden id="p"></div><details class="os-inside"></details>'
    assert flat(page) == (
        '<body class="os-flat"><div class="sphinx-tabs-panel" id="p"></div><details open class="os-inside"></details>'
    )


def test_a_lighter_drawing_says_nothing_that_its_style_says_and_no_hundredths() -> None:
    drawn = b"""<svg viewBox="0.00 0.00 40.00 20.00" xmlns="http://www.w3.org/2000/svg"><g transform="x"><g id="node1"
      class="node label"><polygon fill="#fff" stroke="black" stroke-width="0" points="1.04,2.00 3.06,2.00 1.04,2.00"/>
      <text font-family="Arial" font-size="12.50" text-anchor="middle" fill="#000" x="4.00">a</text></g></g></svg>"""
    light = inline(drawn, "p", "T", "D", lambda _: None)
    assert '<polygon points="1,2 3.1,2" />' in light
    assert '<text x="4">a</text>' in light
    whole = inline(drawn, "p", "T", "D", lambda _: None, lighter=False)
    assert 'points="1.04,2.00 3.06,2.00 1.04,2.00"' in whole
    assert 'font-family="Arial"' in whole
