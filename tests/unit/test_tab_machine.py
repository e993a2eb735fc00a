"""What stands for bash in a page does what bash does with the lines of the pages."""

import os
import re
import subprocess
import time
from itertools import pairwise, product

import pytest

from console import bash
from machine import Machine

LINES = [
    "echo one  two",
    """echo 'a  $HOME' "b  $WORD" c\\ d""",
    'printf "%s-%s\\n" one two',
    "echo one > f.txt; echo two >> f.txt; cat f.txt",
    "echo one 2>/dev/null > nowhere/f || echo no",
    "echo one 2>/dev/null > . || echo no",
    "printf 'b\\na\\nb\\n' | sort | uniq -c",
    "printf 'b\\na\\nb\\n' | sort -u | head -n 1",
    "printf 'a:b:c\\n' | cut -d: -f 2",
    "printf 'abcdef\\n' | cut -c 3-",
    "printf 'abc\\nabd\\nx\\n' | grep -E 'ab(c|d)'",
    "printf 'abc\\nabd\\nx\\n' | grep -vc ab",
    "printf 'abc\\n' | grep -o b",
    "printf 'a\\nb\\nc\\nd\\n' | grep -A 1 b",
    "grep x < /dev/null",
    "grep x /dev/null && echo found || echo none",
    "printf 'a\\nb\\nc\\n' | tail -n 2",
    "printf 'a\\nb\\nc\\n' | tail -1",
    "printf 'a b\\nc\\n' | wc -l",
    "echo hello | sed 's/l/L/g'",
    "echo hello | sed s,l,L,",
    "echo hello | base64 | base64 -d",
    "echo hello | md5sum",
    "echo hello > h.txt; sha256sum h.txt",
    "truncate -s 1K big && wc -c < big",
    "echo $(echo inner | nothing_such 2>/dev/null || echo other)",
    'echo "$(echo one; echo two)"',
    "true; echo $?",
    "WORD=mine; echo $WORD${WORD}",
    "touch_nothing 2>/dev/null; echo went on",
    "echo a > one.x; echo b > two.x; cat *.x; rm one.x two.x",
    "echo done # and this is no word",
    "echo done # this neither; echo nor this | cat",
    "head -c 3 < /dev/null; echo end",
    "printf 'ab\\n' | od -c",
    "echo a |\ncat",
    "echo a && # why\necho b",
    "echo a | # why\n cat",
    "echo $(echo ')') \"$(echo b)\"",
    "echo a 2>&1 | cat",
]
"""Lines of the kinds that the pages have; those whose program is missing are left to the tests below."""


@pytest.mark.parametrize("line", LINES)
def test_a_line_prints_what_bash_prints(line, tmp_path):
    environment = {**os.environ, "WORD": "w  w", "LC_ALL": "C.UTF-8"}
    (tmp_path / "real").mkdir()
    (tmp_path / "ours").mkdir()
    wanted = bash(line, None, tmp_path / "real", environment)
    assert Machine()(line, None, tmp_path / "ours", environment) == wanted


def test_it_reads_what_a_command_before_the_pipe_printed(tmp_path):
    assert Machine()("head -1 | cut -c 2-", "one\ntwo\n", tmp_path, {}) == ("ne\n", 0)


def test_a_program_that_is_not_there_is_named_in_a_line(tmp_path):
    output, code = Machine()("lsblk", None, tmp_path, {})
    assert code == 127
    assert output == "bash: lsblk: not among the programs of this page. In the terminal, help names them.\n"


PIECES = ("echo", "|", "||", "&&", ";", ";;", ">", "# why", ")", "$(echo a; echo b)")
BROKEN = re.compile(r"syntax error.*")


def test_a_line_that_bash_refuses_is_refused_in_its_words_and_nothing_of_it_runs(tmp_path):
    lines = [" ".join(pieces) for size in (1, 2, 3) for pieces in product(PIECES, repeat=size)]
    script = 'for line in "$@"; do eval "$line" 2>&1; echo "==$?"; done'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *lines], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    wanted = done.stdout.split("==")
    assert len(wanted) == len(lines) + 1
    for line, (before, after) in zip(lines, pairwise(wanted), strict=True):
        said, refused = BROKEN.search(before), after.startswith(("1\n", "2\n"))
        output, code = Machine()(line, None, tmp_path, {})
        assert (line, code == 2 and "syntax error" in output) == (line, refused and said is not None)
        if said:
            assert output == f"bash: {said[0].replace(' of file from `(', ' of file')}\n", line


def test_nothing_runs_beside_a_line(tmp_path):
    output, code = Machine()("echo a & echo b", None, tmp_path, {})
    assert (code, "leave the & out" in output, "a\n" in output.splitlines()) == (2, True, False)


@pytest.mark.parametrize("text", ["a", " a", "'a'", '"a"', "\\a", "$A", "; a", "$(true)"])
def test_a_long_line_is_read_in_the_time_of_its_length(text, tmp_path):
    def seconds(count):
        started = time.process_time()
        Machine()(f"true {text * count}", None, tmp_path, {"A": "a"})
        return time.process_time() - started

    few = min(seconds(1_000) for _ in range(3))
    assert seconds(8_000) < 8 * 5 * few + 0.2


@pytest.mark.parametrize("line", ["echo 'open", 'echo "open', "echo $(echo"])
def test_what_is_open_is_refused(line, tmp_path):
    output, code = Machine()(line, None, tmp_path, {})
    assert (code, "unexpected EOF" in output) == (2, True)
    assert subprocess.run(["bash", "-c", line], capture_output=True, check=False).returncode in (1, 2)


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert Machine()("cat missing", None, tmp_path, {}) == ("cat: missing: No such file or directory\n", 1)


def test_other_programs_can_be_given(tmp_path):
    def greet(words, data, place):
        return f"{words} {data}\n", 4

    assert Machine({"greet": greet})("echo in | greet a", None, tmp_path, {}) == ("['a'] in\n\n", 4)
