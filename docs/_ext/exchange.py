"""`exchange`: what a command of the page sent and got over HTTP, as HTTP/1.1 writes it."""

from __future__ import annotations

import json
from http import HTTPStatus

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from lesson import OfARun
from oslearn.course.drawing.choice import LOGIN
from oslearn.trace.payloads import SHOWN_HEADERS, Payload
from oslearn.trace.profiler import Event


class Exchange(OfARun):
    """`.. exchange:: openstack network create`: what went over the wire, without login and look-ups."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"method": directives.unchanged_required, "with": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        ran = self.ran(self.arguments[0])
        asked = [e for e in ran.events if e.source == "client" and e.phase == "request"]
        if self.options.get("with") != "login":
            asked = [e for e in asked if e.operation not in LOGIN]
        method = self.options.get("method")
        main = [e for e in asked if e.payload["method"] == method] if method else writes(asked)
        made: list[nodes.Node] = []
        for request in main:
            reply = next(e for e in ran.events if e.parent == request.n and e.phase == "reply")
            made += [written(text) for text in exchange(request.payload, reply.payload)]
        if not made:
            raise self.error(f"{ran.text}: no such request")
        return made


def writes(asked: list[Event]) -> list[Event]:
    """The requests that change something; if there is none, the last."""
    return [e for e in asked if e.payload["method"] != "GET"] or asked[-1:]


def exchange(request: Payload, reply: Payload) -> tuple[str, str]:
    """Request and reply as HTTP/1.1 writes them."""
    host, _, path = request["url"].removeprefix("http://").partition("/")
    first = [f"{request['method']} /{path} HTTP/1.1", f"Host: {host}", *headers(request["headers"])]
    second = [f"HTTP/1.1 {reply['status']} {HTTPStatus(reply['status']).phrase}", *headers(reply["headers"])]
    return "\n".join([*first, *body(request["body"])]), "\n".join([*second, *body(reply["body"])])


def written(text: str) -> nodes.literal_block:
    """One message as a block of code."""
    return nodes.literal_block(text, text, language="http", classes=["os-exchange"])


def headers(named: dict[str, str]) -> list[str]:
    """The header lines that matter."""
    return [f"{name}: {named[name]}" for name in SHOWN_HEADERS if name in named]


def body(content: object) -> list[str]:
    """A blank line and the body, if there is one."""
    if content is None:
        return []
    text = content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)
    return ["", text]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.setup_extension("lesson")
    app.add_directive("exchange", Exchange)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
