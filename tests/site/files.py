"""The files of the site: HTML that parses, links that lead somewhere, weight."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import html5lib

from serving import SITE, pages

WEIGHT, HTML = 116_000, 300_000
"""Bytes of a lesson's page: with all that it loads, as a server sends it; and of its HTML alone."""
LOADED = re.compile(r'<(?:link rel="stylesheet"|script|img)[^>]*?(?:href|src)="([^"?#]+)')


def written() -> Iterator[str]:
    """What is wrong with the files: HTML that does not parse, links that lead nowhere, weight."""
    anchors: dict[Path, set[str]] = {}
    for path in pages():
        text = path.read_text("utf-8")
        parser = html5lib.HTMLParser()
        tree = parser.parse(text)
        name = path.relative_to(SITE)
        for (line, column), code, _ in parser.errors:
            yield f"{name}:{line}:{column}: HTML: {code}"
        for element in tree.iter():
            address = element.get("href") if str(element.tag).endswith("}a") else None
            if address and not urlsplit(address).scheme and not leads(path, address, anchors):
                yield f"{name}: {address} leads nowhere"
        if not path.parent.name.startswith("day"):
            continue
        weight = sum(map(sent, [path, *loads(path, text)]))
        if weight > WEIGHT:
            yield f"{name}: weighs {weight} bytes"
        if len(text.encode()) > HTML:
            yield f"{name}: has {len(text.encode())} bytes of HTML"


def leads(path: Path, address: str, anchors: dict[Path, set[str]]) -> bool:
    """Whether a link inside the site has its file and its anchor."""
    parts = urlsplit(address)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.exists() or not parts.fragment:
        return target.exists()
    if target not in anchors:
        anchors[target] = set(re.findall(r'\bid="([^"]+)"', target.read_text("utf-8")))
    return unquote(parts.fragment) in anchors[target] or parts.fragment.startswith("step-")


def loads(path: Path, text: str) -> list[Path]:
    """The style sheets, scripts and pictures of a page, and the fonts that its style sheets name."""
    found = [file for file in ((path.parent / name).resolve() for name in LOADED.findall(text)) if file.is_file()]
    sheets = [file for file in found if file.suffix == ".css"]
    fonts = [
        sheet.parent / name for sheet in sheets for name in re.findall(r'url\("(\S+\.woff2)"', sheet.read_text("utf-8"))
    ]
    return [*found, *fonts]


def sent(file: Path) -> int:
    """The bytes of a file as a server sends it: text is compressed, a font is already."""
    data = file.read_bytes()
    return len(data if file.suffix == ".woff2" else gzip.compress(data))
