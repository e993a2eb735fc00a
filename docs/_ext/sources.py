"""Pages of source code with an anchor for each line, for the files that a page points into.

`sphinx.ext.viewcode` has a page for each documented module, but no anchor for a line. The event of a step knows the
line that caused it, so the step's link must lead exactly there: `source/core/nova/api/servers.html#L-42`.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.util.parallel import parallel_available
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

MANY = 10
"""So many pages are worth processes of their own."""


class code_place(nodes.Inline, nodes.TextElement):  # noqa: N801 - docutils names nodes so
    """A place in the source, `path.py:line`, as a link."""


def package() -> Path:
    """The folder of the package whose code is shown."""
    import oslearn

    return Path(oslearn.__path__[0])


@cache
def files() -> list[str]:
    """What a run of the package depends on."""
    return [str(path) for path in sorted(package().rglob("*")) if path.suffix in (".py", ".toml")]


def note_package(env: BuildEnvironment) -> None:
    """The page that is being read is out of date when the package is."""
    for path in files():
        env.note_dependency(path)


def place(env: BuildEnvironment, docname: str, code: str) -> nodes.Node:
    """A link to `module/path.py:line`; plain text where there is no such file."""
    path, _, line = code.partition(":")
    if not (package() / path).is_file():
        return nodes.literal(code, code) if code else nodes.Text("")
    note(env, docname, path)
    return code_place("", "", nodes.literal(code, code), path=path, line=line)


def note(env: BuildEnvironment, docname: str, path: str) -> None:
    """Remember that a document points into a source file, so that its page is made."""
    _known(env).setdefault(docname, set()).add(path)


def address(builder: Builder, docname: str, code: str) -> str | None:
    """Where a document finds `module/path.py:line`; None if this builder has no source pages."""
    path, _, line = code.partition(":")
    if builder.name not in ("html", "dirhtml") or not (package() / path).is_file():
        return None
    return f"{builder.get_relative_uri(docname, _page(path))}#L-{line}"


def _known(env: BuildEnvironment) -> dict[str, set[str]]:
    if not hasattr(env, "oslearn_sources"):
        env.oslearn_sources = {}  # type: ignore[attr-defined]
    return env.oslearn_sources  # type: ignore[attr-defined, no-any-return]


def _page(path: str) -> str:
    return f"source/{path.removesuffix('.py')}"


def visit_html(self: HTML5Translator, node: code_place) -> None:
    """Open the link."""
    href = address(self.builder, self.builder.current_docname, f"{node['path']}:{node['line']}")
    node["open"] = href is not None
    if href is not None:
        self.body.append(f'<a class="reference internal code-place" href="{html.escape(href)}">')


def depart_html(self: HTML5Translator, node: code_place) -> None:
    """Close the link."""
    if node["open"]:
        self.body.append("</a>")


def _as_text(_self: object, _node: nodes.Node) -> None:
    """Other writers show the place and no link."""


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, object], str]]:
    """The source pages that the documents point into, but for those that are newer than their source and conf.py."""
    builder = app.builder
    if not isinstance(builder, StandaloneHTMLBuilder) or builder.name not in ("html", "dirhtml"):
        return
    settings = Path(app.confdir, "conf.py")

    @cache
    def contents(depth: int) -> Callable[..., str]:
        """The list of all pages: the same for all that lie as deep, and slow to make."""
        page = "/".join(["source"] + ["x"] * (depth + 1))
        return cache(lambda **options: builder._get_local_toctree(page, **options))

    def is_old(path: str) -> bool:
        written = Path(builder.get_output_path(_page(path)))
        made_from = max(file.stat().st_mtime for file in (package() / path, settings))
        return not written.exists() or written.stat().st_mtime <= made_from

    old = [path for path in sorted(set().union(*_known(app.env).values())) if is_old(path)]
    for path, code in zip(old, spread(highlighted, old, app.parallel), strict=True):
        title = f"oslearn/{path}"
        body = f'<h1>{html.escape(title)}</h1><div class="source-page notranslate">{code}</div>'
        context = {"title": title, "body": body, "toc": "", "display_toc": "", "toctree": contents(path.count("/"))}
        yield _page(path), context, "page.html"


def highlighted(path: str) -> str:
    """The code of a module as HTML."""
    formatter = HtmlFormatter(linenos="inline", linespans="L", wrapcode=True)
    return str(highlight((package() / path).read_text("utf-8"), get_lexer_for_filename(path), formatter))


def spread(work: Callable[[str], str], items: list[str], processes: int) -> Iterator[str]:
    """What the work makes of each, in so many processes if it is worth it: Sphinx makes such pages in one."""
    if processes < 2 or len(items) < MANY or not parallel_available:
        yield from map(work, items)
        return
    with get_context("fork").Pool(processes) as pool:
        yield from pool.imap(work, items, chunksize=4)


def _purge(_app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _known(env).pop(docname, None)


def _merge(_app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    _known(env).update({doc: paths for doc, paths in _known(other).items() if doc in docnames})


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the node and the pages."""
    plain = (_as_text, _as_text)
    app.add_node(code_place, html=(visit_html, depart_html), latex=plain, text=plain, man=plain, texinfo=plain)
    app.connect("html-collect-pages", pages)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
