"""`make examples`, on small pages."""

import textwrap

import pytest

import examples


def page(tmp_path, text, name="page.rst"):
    path = tmp_path / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def renewed(tmp_path, text, name="page.rst"):
    path = page(tmp_path, text, name)
    examples.rewrite(path)
    assert not examples.rewrite(path), "a second run changes nothing"
    return path.read_text(encoding="utf-8")


def test_wrong_console_output_is_corrected(tmp_path):
    text = renewed(
        tmp_path,
        """\
        Title
        =====

        .. code-block:: console

           $ printf 'a\\n\\n  b\\n'
           wrong
           $ echo one \\
             two
           $ true
           gone

        After.
        """,
    )
    assert (
        "   $ printf 'a\\n\\n  b\\n'\n   a\n\n     b\n   $ echo one \\\n     two\n   one two\n   $ true\n\nAfter."
        in text
    )


def test_a_block_in_a_tab_keeps_its_indentation(tmp_path):
    text = renewed(
        tmp_path,
        """\
        .. tabs::

           .. group-tab:: Command

              .. code-block:: console

                 $ echo new
                 old

           .. group-tab:: Python

              >>> print("new")
              old
        """,
    )
    assert "         $ echo new\n         new\n\n   .. group-tab" in text
    assert text.endswith('      >>> print("new")\n      new\n')


def test_doctests_share_the_page_and_blank_lines_get_their_word(tmp_path):
    text = renewed(
        tmp_path,
        """\
        .. code-block:: python

           word = "seven"

        .. code-block:: pycon

           >>> print(word)
           >>> print("a\\n\\nb")
           x
           >>> [word,
           ...  8]
           9
           >>> x = 1
           2
        """,
    )
    assert ">>> print(word)\n   seven\n   >>> " in text
    assert "\n   a\n   <BLANKLINE>\n   b\n   >>> [word," in text
    assert "   ...  8]\n   ['seven', 8]\n   >>> x = 1\n" in text
    assert "   2\n" not in text


def test_the_message_of_an_expected_exception_is_corrected(tmp_path):
    text = renewed(tmp_path, ">>> int('x')\nTraceback (most recent call last):\n    ...\nValueError: no\n")
    assert text.endswith("    ...\nValueError: invalid literal for int() with base 10: 'x'\n")


def test_an_output_that_matches_stays(tmp_path):
    text = ".. code-block:: console\n\n   $ echo 3f2a   ready\n   ... ready\n\n>>> 1\n1\n"
    assert renewed(tmp_path, text) == text


def test_lines_with_an_ellipsis_stay_where_they_match(tmp_path):
    text = renewed(
        tmp_path,
        """\
        .. code-block:: console

           $ printf 'id 12\\nname a\\nx\\ny\\nlast\\n'
           id ...
           name b
           ...
           last
        """,
    )
    assert "   id ...\n   name a\n" in text
    assert text.endswith("last\n")


def test_a_bare_ellipsis_stays_between_lines_that_match():
    assert examples.merge("head\n...\nlast\nold\n", "head\nx\ny\nlast\nnew\n") == "head\n...\nlast\nnew\n"


def test_a_stated_exit_code_stays(tmp_path):
    text = renewed(tmp_path, ".. code-block:: console\n\n   $ echo no; exit 3\n   yes\n   [exit 3]\n")
    assert text.endswith("   $ echo no; exit 3\n   no\n   [exit 3]\n")


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        (".. code-block:: console\n\n   $ true\n   $ echo oh; exit 2\n", 4, "exit code 2, but the page says 0"),
        (".. code-block:: console\n\n   $ true\n   [exit 2]\n", 3, "exit code 0, but the page says 2"),
        ("Text.\n\n>>> 1 / 0\n1\n", 3, "ZeroDivisionError"),
        (".. code-block:: python\n\n   x = y\n", 1, "NameError"),
    ],
)
def test_a_failing_example_names_file_and_line(tmp_path, capsys, body, line, words):
    path = page(tmp_path, body)
    assert examples.main([str(path)]) == 1
    message = capsys.readouterr().err
    assert f"{path}:{line}: " in message
    assert words in message
    assert path.read_text(encoding="utf-8") == body


def test_markdown(tmp_path):
    text = renewed(
        tmp_path,
        """\
        ```console
        $ export WORD=hello
        $ echo "$WORD"
        bye
        ```

        ```python
        >>> 1 + 1
        3
        ```

        ```python
        y = 4
        ```

        ```pycon
        >>> y
        ```
        """,
        "README.md",
    )
    assert '$ echo "$WORD"\nhello\n```\n' in text
    assert ">>> 1 + 1\n2\n```\n" in text
    assert ">>> y\n4\n```\n" in text


def test_folders_hold_pages(tmp_path, capsys):
    (tmp_path / "day4").mkdir()
    page(tmp_path / "day4", ">>> 1\n2\n")
    assert examples.main([str(tmp_path), str(tmp_path / "missing.md")]) == 0
    assert "page.rst: outputs renewed" in capsys.readouterr().out
    assert examples.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""
