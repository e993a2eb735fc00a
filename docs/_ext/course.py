"""What makes pages a course: the mark that a lesson is done, and the way from page to page.

`course.js` keeps marks and the chosen tab in the browser; nothing leaves it. A day's own page is made in `day`.
"""

from __future__ import annotations

import re
from itertools import pairwise
from posixpath import dirname, join, normpath
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata

from diagrams import on_screen
from oslearn.course import labs


def page_context(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Give each lesson's page its id, for the mark at its end, and its neighbours on the way of the day."""
    known = {lesson.page: lesson for lesson in labs.lessons()}
    if doctree is None or "body" not in context or not on_screen(app.builder):
        return
    if pagename in known:
        context["body"] += f'<p class="os-done" data-lesson="{known[pagename].id}" hidden></p>'
    for side, neighbour in neighbours(pagename).items():
        if neighbour in app.env.titles:
            link = app.builder.get_relative_uri(pagename, neighbour)
            context[side] = {"title": app.env.titles[neighbour].astext(), "link": link}
    context["furo_navigation_tree"] = marked(context.get("furo_navigation_tree", ""), pagename)


def outdated(_app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Every page is written again when a title, a contents list or a lesson changes: they stand in its sidebar."""
    titles = {name: title.astext() for name, title in env.titles.items()}
    lessons = [(one.id, one.title, one.page, one.minutes, one.main) for one in labs.lessons()]
    shown = titles, env.toctree_includes.copy(), lessons
    before, env.oslearn_course = getattr(env, "oslearn_course", None), shown  # type: ignore[attr-defined]
    return sorted(env.found_docs) if shown != before else []


def neighbours(pagename: str) -> dict[str, str]:
    """Which page comes before and which after: on the way of its day, else in the order of lessons."""
    day = pagename.partition("/")[0]
    days = [*labs.DAYS, ""]
    after = next((f"{later}/index" if later else "labs" for one, later in pairwise(days) if one == day), "")
    way = [*(lesson.page for lesson in labs.hour(day)), f"{day}/check", after]
    if pagename not in way:
        way = [lesson.page for lesson in labs.lessons() if lesson.day == day]
    if pagename not in way:
        return {}
    around = ["", *way, ""]
    place = around.index(pagename)
    return {"prev": around[place - 1], "next": around[place + 1]}


def marked(tree: str, pagename: str) -> str:
    """The sidebar of a page, in which each lesson has its id, for its tick, and what goes deeper says so."""
    known = {f"{day}/check": (f"{day}.check", "") for day in labs.DAYS}
    known |= {lesson.page: (lesson.id, "" if lesson.main else DEEPER) for lesson in labs.lessons()}

    def again(found: re.Match[str]) -> str:
        item, link, address, words = found.groups()
        page = pagename if address == "#" else normpath(join(dirname(pagename), address)).removesuffix(".html")
        if page not in known:
            return found[0]
        id, deeper = known[page]
        return f'<li class="{item}" data-lesson="{id}"><a class="{link}" href="{address}">{words}{deeper}</a>'

    return re.sub(r'<li class="([^"]*)"><a class="([^"]*)" href="([^"#]+\.html|#)">([^<]*)</a>', again, tree)


DEEPER = ' <span class="os-plus">(deeper)</span>'


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the marks and the way."""
    app.connect("env-updated", outdated)
    app.connect("html-page-context", page_context, priority=900)  # after the theme has made the sidebar
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
