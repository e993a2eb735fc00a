"""A table on a phone: three columns or more have no room, so each row becomes a card whose cells say their headings.

Sphinx writes a cell without its column's name; here it has it as `data-label`, which the style puts in front of it.
Tables that have a form of their own on a phone keep it: they have a class.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

FEWEST = 3
"""The columns from which on a table becomes cards."""


OWN = {"steps-table", "api-index", "command-index", "core-map", "message-index", "troubles", "unexecuted-index"}
"""Tables with a form of their own."""


def label(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Note the heading of each cell, in tables of three columns or more that have headings and no form of their own."""
    for table in doctree.findall(nodes.table):
        rows = [list(row.findall(nodes.entry)) for row in table.findall(nodes.row)]
        labels = [entry.astext() for entry in rows[0]]
        if OWN & set(table["classes"]) or not list(table.findall(nodes.thead)) or len(labels) < FEWEST:
            continue
        if any(len(row) != len(labels) for row in rows):
            continue  # a cell that spans columns has no single heading
        table["classes"].append("os-cards")
        for row in rows[1:]:
            for words, entry in zip(labels[1:], row[1:], strict=True):
                entry["os-label"] = words if words.endswith("?") else f"{words}:"


def visit_entry(self: HTML5Translator, node: nodes.entry) -> None:
    """The cell as Sphinx writes it, with its label."""
    HTML5Translator.visit_entry(self, node)
    if node.get("os-label"):
        self.body[-1] = self.body[-1].replace(">", f' data-label="{self.attval(node["os-label"])}">', 1)


def depart_entry(self: HTML5Translator, node: nodes.entry) -> None:
    """As Sphinx does."""
    HTML5Translator.depart_entry(self, node)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register."""
    app.add_node(nodes.entry, override=True, html=(visit_entry, depart_entry))
    app.connect("doctree-resolved", label)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
