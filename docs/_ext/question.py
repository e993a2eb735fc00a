"""`question`: one question of a quiz. A choice that is wrong has a reason of its own, and a book has its answers last.

    .. question:: A network has no subnet. What can a server on it not get?
       :answer: b
       :lesson: day1.2

       a. A port

          Why a port is the wrong answer.

       b. An address

       Why an address is the right one.

On a screen this is a group of choices with a fold for who has no script; `course.js` says the reason of a choice and
keeps the choices. A book has nothing to choose with: there the answers stand together below the last question.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from diagrams import on_screen, raw
from oslearn.course import labs

MANY = 3
"""Fewer choices than this are a coin."""


class question(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """What is asked, the list of choices, each with its reason if it is wrong, and the explanation."""


class Question(SphinxDirective):
    """`:answer:` is the letter of the right choice, `:lesson:` the one that tells it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = dict.fromkeys(("answer", "lesson"), directives.unchanged_required)

    def run(self) -> list[nodes.Node]:
        asked, content = self.arguments[0], self.parse_content_to_nodes()
        if not content or not isinstance(content[0], nodes.enumerated_list) or len(content[0]) < MANY:
            raise self.error(f"a question begins with one list of {MANY} choices or more: a. b. c.")
        choices, *explanation = content
        assert isinstance(choices, nodes.enumerated_list)
        answer = self.options.get("answer", "")
        if answer not in letters(choices):
            raise self.error(f":answer: is one of {', '.join(letters(choices))}")
        for letter, choice in zip(letters(choices), choices, strict=True):
            if (len(choice.children) > 1) is (letter == answer):
                raise self.error("each wrong choice has a reason below it, and the right one has none")
        if not explanation:
            raise self.error("after its choices a question explains the answer")
        words, messages = self.parse_inline(asked)
        made = question("", nodes.inline("", "", *words), choices, *explanation, self.told(), answer=answer)
        made["key"] = sha256("\0".join([asked, *self.content]).encode()).hexdigest()[:8]
        self.set_source_info(made)
        return [made, *messages]

    def told(self) -> nodes.paragraph:
        """Where the answer was told."""
        try:
            lesson = labs.find(self.options.get("lesson", ""))
        except LookupError as error:
            raise self.error(f":lesson: {error}") from None
        number = lesson.id.removeprefix("day")
        words, _ = self.parse_inline(f"Told in lesson {number}, :doc:`{lesson.title} </{lesson.page}>`.")
        return nodes.paragraph("", "", *words, classes=["os-told"])


def letters(choices: nodes.enumerated_list) -> list[str]:
    """The names of the choices."""
    return [chr(ord("a") + n) for n in range(len(choices))]


def words_of(choice: nodes.Node) -> nodes.inline:
    """What a choice says, without its reason."""
    return nodes.inline("", "", *(child.deepcopy() for child in choice.children[0].children))


def reasons(asked: question) -> nodes.definition_list:
    """Each wrong choice, and why it is wrong."""
    listed = nodes.definition_list(classes=["os-reasons"])
    choices = asked.children[1]
    assert isinstance(choices, nodes.enumerated_list)
    for letter, choice in zip(letters(choices), choices, strict=True):
        if letter != asked["answer"]:
            term = nodes.term(
                "", "", nodes.inline("", letter, classes=["os-letter"]), nodes.Text(" "), words_of(choice)
            )
            reason = nodes.definition("", *(child.deepcopy() for child in choice.children[1:]))
            reason["classes"].append(f"os-not-{letter}")
            listed += nodes.definition_list_item("", term, reason)
    return listed


def right(asked: question) -> nodes.paragraph:
    """The right choice in its own words."""
    choices, answer = asked.children[1], asked["answer"]
    choice = choices.children[ord(answer) - ord("a")]
    letter = nodes.inline("", answer, classes=["os-letter"])
    return nodes.paragraph(
        "", "", letter, nodes.Text(" "), nodes.strong("", "", words_of(choice)), classes=["os-right"]
    )


def group_of(asked: question, number: int, of: int) -> list[nodes.Node]:
    """A group of choices, what the script says of them, and a fold."""
    words, choices, *explanation = asked.children
    assert isinstance(choices, nodes.enumerated_list)
    name, answer = f"question-{number}", asked["answer"]
    opened = f'<fieldset class="os-question" id="{name}" data-key="{asked["key"]}" data-answer="{answer}">'
    made = [raw(f'{opened}<legend><span class="os-nth">Question {number} of {of}</span> '), words, raw("</legend>")]
    for letter, choice in zip(letters(choices), choices, strict=True):
        button = f'<input type="radio" name="{name}" value="{letter}" />'
        made += [raw(f'<label>{button}<span class="os-letter">{letter}</span> '), words_of(choice), raw("</label>")]
    made += [raw('<div class="os-reply" role="status"></div><details><summary>Answer</summary>'), right(asked)]
    return [*made, *explanation[:-1], reasons(asked), explanation[-1], raw("</details></fieldset>")]


def list_of(asked: question, number: int) -> list[nodes.Node]:
    """A question and its choices."""
    words, choices = asked.children[:2]
    assert isinstance(choices, nodes.enumerated_list)
    listed = nodes.enumerated_list(enumtype="loweralpha", prefix="", suffix=".")
    listed.extend(nodes.list_item("", nodes.paragraph("", "", words_of(choice))) for choice in choices)
    asking = nodes.strong("", "", nodes.Text(f"{number}. "), *(child.deepcopy() for child in words.children))
    return [nodes.paragraph("", "", asking, classes=["os-asked"]), listed]


def answers(asked: list[question]) -> Iterator[nodes.Node]:
    """What a book has below its questions."""
    yield nodes.rubric("", "Answers")
    for number, one in enumerate(asked, 1):
        explanation = one.children[2:]
        first = right(one)
        first.insert(0, nodes.strong("", f"{number}. "))
        first["classes"].append("os-answer")
        yield from (first, *explanation[:-1], reasons(one), explanation[-1])


def page_of(asked: nodes.Element) -> nodes.Element:
    """The first section of the page that a question stands on; a book holds many pages in one tree."""
    place = asked
    while isinstance(place.parent, (nodes.section, question)) or not isinstance(place, nodes.section):
        assert place.parent is not None, "a question stands in a section"
        place = place.parent
    return place


def ask(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make of each question what its reader can use."""
    screen = on_screen(app.builder)
    for page, group in groupby(list(doctree.findall(question)), key=page_of):
        asked = list(group)
        if not screen:
            page.extend(answers(asked))
        for number, one in enumerate(asked, 1):
            one.replace_self(group_of(one, number, len(asked)) if screen else list_of(one, number))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register directive, node and the making."""
    app.add_node(question)
    app.add_directive("question", Question)
    app.connect("doctree-resolved", ask)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
