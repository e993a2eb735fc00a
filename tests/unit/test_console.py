"""The console blocks of the pages."""

import os
from pathlib import Path

from console import Shell, commands, shown


def parsed(text):
    return [(command.text, command.want, command.exit_code) for command in commands(text, 0, len(text))]


def test_a_command_and_its_output():
    assert parsed("   $ ls\n   a\n\n     b\n\n   $ pwd\n") == [("ls", "a\n\n  b\n", 0), ("pwd", "", 0)]


def test_a_backslash_continues_a_command():
    assert parsed("$ openstack server create \\\n    --flavor m1.tiny \\\n    > demo\nok\n") == [
        ("openstack server create --flavor m1.tiny demo", "ok\n", 0)
    ]


def test_output_with_a_deeper_dollar_is_no_command():
    assert parsed("$ cat script\n  $ inner\n") == [("cat script", "  $ inner\n", 0)]


def test_the_page_states_an_exit_code():
    assert parsed("$ false\n[exit 1]\n") == [("false", "[exit 1]\n", 1)]
    assert shown("", 1) == "[exit 1]\n"
    assert shown("\nno  \n\n", 2) == "no\n[exit 2]\n"


def test_positions_are_those_of_the_page():
    text = "Text\n\n   $ ls\n   a\n\n"
    (command,) = commands(text, 6, len(text))
    assert text[command.start :].startswith("$ ls")
    assert text[command.output_start : command.end] == "   a\n"


def test_a_shell_keeps_directory_and_variables():
    shell = Shell()
    assert shell.run("mkdir inner") == ("", 0)
    assert shell.run("export WORD=one OTHER='two three'") == ("", 0)
    assert shell.run("cd inner") == ("", 0)
    assert shell.run('echo "$WORD $OTHER $(basename "$PWD")"') == ("one two three inner\n", 0)
    assert shell.run("echo lost >&2; exit 4") == ("lost\n", 4)
    assert "WORD" not in os.environ
    assert Shell().run('echo "[$WORD]"') == ("[]\n", 0)


def test_another_machine_may_stand_for_bash():
    asked = []

    def machine(line, given, directory, environment):
        asked.append((line, given, directory, environment["COLUMNS"]))
        return "done\n", 3

    shell = Shell(machine=machine, columns=60)
    assert shell.run("ls | wc") == ("done\n", 3)
    assert shell.run("openstack --version | cut -c 1-9") == ("done\n", 3)
    assert [line for line, *_ in asked] == ["ls | wc", "cut -c 1-9"]
    assert asked[0][1] is None
    assert asked[1][1].startswith("openstack ")
    assert {(directory, columns) for _, _, directory, columns in asked} == {(shell.directory, "60")}


def test_a_pipe_takes_what_is_printed_and_not_the_errors():
    shell = Shell(lab="day1.1")
    shell.variables["OS_CLOUD"] = "oslearn-demo"
    refused = shell.run("openstack server show ghost")[0]
    assert refused.startswith("No Server found for ghost")
    assert shell.run("openstack server show ghost | wc -l") == (f"0\n{refused}", 0)
    assert shell.run("openstack server show ghost 2>&1 | wc -l") == ("1\n", 0)
    assert shell.run("openstack server list --name $(openstack server show ghost)")[0].startswith(refused)
    output, code = shell.run("oslearn check 9.9 | wc -l")
    assert (output.startswith("0\nError: there is no lesson 9.9"), code) == (True, 0)


def test_a_shell_leaves_nothing_behind():
    shell = Shell()
    home = Path(shell.directory)
    assert home.is_dir()
    del shell
    assert not home.exists()


def test_a_terminal_has_80_columns_and_no_colour():
    assert Shell().run('echo "$COLUMNS $NO_COLOR $TERM"') == ("80 1 dumb\n", 0)
