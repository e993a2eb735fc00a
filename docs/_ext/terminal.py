"""How a block of code looks. In a console block there is one span a line, by what the line is.

A command, prose, an error, a table: each wraps in its own way, or scrolls. The text stays what the block says, letter
by letter: to copy it, to search it and to read it without styles is the same as before.

    os-l     a line, with a class of lines.py that says what it is
    os-w     a word of a command that does not break at its hyphens
    os-n     a note behind a command; where there is no room beside it, it stands below

    os-h     a line of code that a phone does not hold: it goes on below its own beginning

Any block with a line that the measure of the words does not hold is `os-broad`; what Python answers is `os-said`, and
`os-deep` where it stands so far to the right that a phone has no room. In a line of words, code whose word is longer
than a phone's line is `os-long`, and may break behind a slash.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from pygments.formatters import HtmlFormatter
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge
from sphinx.util.typing import ExtensionMetadata

from diagrams import on_screen
from lines import kinds

MEASURE = 72
"""Characters that a line of words holds; a block with a longer command or row takes the whole column."""
WORDS = ("os-o", "os-o os-k", "os-e", "os-x")
TAG = re.compile(r"<[^>]+>")
WORD = re.compile(r"(?<!\S)(?:\S{1,28} \\$|[^\s-]{0,20}-\S{1,20}(?=\s|$))")
"""What of a command stays together: a short word with hyphens, and the last word with the backslash behind it."""
NOTE = re.compile(r"(?<=\s\s)# .*$")
PROMPT = re.compile(r"(>>>|\.\.\.)( |$)")
INLINE = re.compile(r'<span class="pre">((?:[^<&]|&\w+;){33,})</span>')
"""A word of code in a line of words that a line of a phone does not hold."""
BREAK = re.compile(r"(?<=[/=,])(?=[^<&/=,])")
BEGINS = re.compile(r"((>>>|\.\.\.) )? *")
PHONE = 40
"""Characters of code that a line of a phone holds."""
HANG = 12
"""So far in a line of code goes on at most."""
DEEP = 20
"""Blanks before an answer that leave it no room on a phone."""
escape = partial(html.escape, quote=False)


def said(line: str) -> str:
    """A line's text, without Pygments' marks."""
    return html.unescape(TAG.sub("", line)).rstrip("\n")


class Terminal(HtmlFormatter):  # type: ignore[misc, type-arg, unused-ignore]
    """Pygments' formatter, whose lines say what they are."""

    def wrap(self, source: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        """Each line in a span, and around them what Pygments puts there."""
        texts = [said(line) for is_code, line in source if is_code]
        found = kinds(texts)
        broad = any(len(text) > MEASURE for text, kind in zip(texts, found, strict=True) if kind not in WORDS)
        self.cssclass = "highlight os-broad" if broad else "highlight"
        marked = [
            (1, f'<span class="os-l {kind}">{shown(text, kind)}\n</span>')
            for text, kind in zip(texts, found, strict=True)
        ]
        return iter([*super().wrap(iter(marked))])


class Listing(HtmlFormatter):  # type: ignore[misc, type-arg, unused-ignore]
    """Pygments' formatter for what is no console: it says whether a line of code is long, and what was answered."""

    def wrap(self, source: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        """Each line of an answer in a span, and around all what Pygments puts there."""
        lines = [line for is_code, line in source if is_code]
        texts = [said(line) for line in lines]
        python = bool(texts) and texts[0].startswith(">>>")
        answers = [python and bool(text) and not PROMPT.match(text) for text in texts]
        broad = any(len(text) > MEASURE for text, answer in zip(texts, answers, strict=True) if not answer)
        self.cssclass = "highlight os-broad" if broad else "highlight"
        marked = [
            (
                1,
                f'<span class="os-said{" os-deep" * text.startswith(" " * DEEP)}">{line}</span>'
                if answer
                else code(line, text),
            )
            for line, text, answer in zip(lines, texts, answers, strict=True)
        ]
        return iter([*super().wrap(iter(marked))])


def code(line: str, text: str) -> str:
    """A line of code; of a long one it is said how far in it begins.

    >>> code("<b>x</b> = 1\\n", "x = 1"), code("...     y\\n", f"...     y = {'z' * 40}")
    ('<b>x</b> = 1\\n', '<span class="os-h" style="--in:8">...     y\\n</span>')
    """
    if len(text) <= PHONE:
        return line
    found = BEGINS.match(text)
    return f'<span class="os-h" style="--in:{min(len(found[0]) if found else 0, HANG)}">{line}</span>'


def shown(text: str, kind: str) -> str:
    """A line as HTML. In a command a short word with hyphens stays whole, and the backslash stays with the last word.

    Pygments' own tokens would only add bytes: a line has one colour.

    >>> shown("$ openstack server list -c Name --long", "os-c")
    '<span class="gp">$ </span>openstack server list <span class="os-w">-c</span> Name <span class="os-w">--long</span>'
    >>> shown("  --name vm1 \\\\", "os-c os-m")
    '  <span class="os-w">--name</span> <span class="os-w">vm1 \\\\</span>'
    >>> shown("a <b>", "os-o")
    'a &lt;b&gt;'
    >>> shown("$ df    # the disk", "os-c")
    '<span class="gp">$ </span>df    <span class="os-n"># the disk</span>'
    """
    if not kind.startswith("os-c"):
        return escape(text)
    prompt = "$ " if text.startswith("$ ") and kind == "os-c" else ""
    made, place = "", len(prompt)
    note = NOTE.search(text, place)
    end = note.start() if note else len(text)
    for word in WORD.finditer(text, place, end):
        made += f'{escape(text[place : word.start()])}<span class="os-w">{escape(word[0])}</span>'
        place = word.end()
    made += escape(text[place:end]) + (f'<span class="os-n">{escape(note[0])}</span>' if note else "")
    return f'<span class="gp">{prompt}</span>{made}' if prompt else made


class Bridge(PygmentsBridge):
    """Sphinx's way to Pygments, with formatters of our own."""

    terminal = False

    def highlight_block(self, source: str, lang: str, *args: Any, **options: Any) -> str:
        """A block as HTML."""
        self.terminal = lang == "console"
        return super().highlight_block(source, lang, *args, **options)

    def get_formatter(self, **options: Any) -> Any:
        """The formatter of the block."""
        return (Terminal if self.terminal else Listing)(**options, **self.formatter_args)


def inline(words: str) -> str:
    """A page's words, in which long code may break.

    >>> inline('<span class="pre">src/oslearn/core/nova/api/servers.py</span>')
    '<span class="pre os-long">src/<wbr>oslearn/<wbr>core/<wbr>nova/<wbr>api/<wbr>servers.py</span>'
    >>> inline('<span class="pre">--no-dhcp</span>')
    '<span class="pre">--no-dhcp</span>'
    """
    return INLINE.sub(lambda found: f'<span class="pre os-long">{BREAK.sub("<wbr>", found[1])}</span>', words)


def page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Mark the long code of a page."""
    if on_screen(app.builder) and "body" in context:
        context["body"] = inline(context["body"])


def use(app: Sphinx) -> None:
    """Let the builder of HTML pages write so."""
    if on_screen(app.builder):
        app.builder.highlighter = Bridge("html", app.config.pygments_style)  # type: ignore[attr-defined]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register."""
    app.connect("builder-inited", use)
    app.connect("html-page-context", page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
