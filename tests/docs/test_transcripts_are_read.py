"""Commands are found in a page as a reader finds them, and a difference of what they print is one."""

import pytest

from tests.docs.terminal import Terminal
from tests.docs.transcript import commands, fits

PAGE = """
Text with `code`.

```sh
one
two
```

```yaml
no: command
```

```console
$ cat <<END
> hello
> END
hello
$ false
$ echo $?
1
```
"""


@pytest.fixture
def terminal(tmp_path):
    made = Terminal(tmp_path, {"PATH": "/usr/bin:/bin"})
    yield made
    made.close()


def test_commands_are_found_with_what_they_show():
    assert [(each.line, each.text, each.shown, each.tells_code) for each in commands(PAGE)] == [
        (5, "one\ntwo", None, False),
        (14, "cat <<END\nhello\nEND", "hello", False),
        (18, "false", "", True),
        (19, "echo $?", "1", False),
    ]


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        ("", ""),
        ("NAME  AT", "NAME      AT\n"),
        ("r3  ada  …  too slow", "r3  ada  2026-11-28T10:00:00Z  too slow"),
        ("…\nlast", "first\nsecond\nlast\n"),
        ("…", ""),
        ("first\n…\nlast", "first\nlast"),
    ],
)
def test_what_varies_may_vary(shown, seen):
    assert fits(shown, seen)


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        ("", "a remark"),
        ("Healthy", "Degraded"),
        ("Healthy", "Healthy\nand more"),
        ("r… ada", "r3 eve"),
        ("…\nlast", "first\nlast\nmore"),
        ("a.c", "abc"),
        ("first … last", "first\nlast"),
    ],
)
def test_what_is_written_out_must_be_so(shown, seen):
    assert not fits(shown, seen)


def test_commands_follow_each_other_in_one_terminal(terminal):
    assert terminal.run("GREETING=hello; greet() { echo $GREETING; }") == ("", 0)
    assert terminal.run("greet | cat") == ("hello\n", 0)
    assert terminal.run("cat; echo wrong >&2; false") == ("wrong\n", 1)
    assert terminal.run("echo $?") == ("1\n", 0)
    assert terminal.run("printf x") == ("x", 0)
