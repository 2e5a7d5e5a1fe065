"""Every syntax mistake of a file is told at once, with what to type; the rest is read."""

import tomllib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from likelight.config.toml_mistakes import MOST_MISTAKES, read_toml


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("board = “pi-4”", 1, 'type straight quotes, ", in place of “ and ”'),
        ("board = „pi-4“", 1, "straight quotes"),
        ("board = ‘pi-4’", 1, "straight quotes"),
        ("\u00a0port = 1", 1, "a no-break space stands here"),
        ("port\u00a0= 1", 1, "a no-break space stands here"),
        ("port =\u202f1", 1, "a no-break space stands here"),
        ("[web]\nport = 1\n[web]\nhost = 'a'", 3, "[web] stands twice: move its settings to the"),
        (
            "[web]\nport = 1\nport = 2",
            3,
            "port is set twice: remove this line or the other, line",
        ),
        ('path = "C:\\Users"', 1, "single quotes, 'C:\\Users'"),
        ('board = "pi-4', 1, "the quote at the end is missing"),
        ("port: 1", 1, "a setting is NAME = VALUE (= in place of :)"),
        ("port 1", 1, "a setting is NAME = VALUE"),
        ("barcode = True", 1, "in small letters: barcode = true"),
        ("barcode = yes", 1, "in small letters: barcode = true"),
        ("brightness = 0,5", 1, "a point and not a comma"),
        ("brightness = .5", 1, "a number begins with a digit"),
        ("pin = 07", 1, "a number doesn't begin with 0"),
        ("pin =", 1, "the value is missing: pin = VALUE"),
        ("pin = # 3", 1, "a text stands in quotes"),
        ("host = 192.168.1.7", 1, "a text stands in quotes"),
        ("[web] port = 80", 1, "the name of the table stands alone on its line"),
        ("[web", 1, "a table is [NAME]"),
        ("[my web]", 1, "a table is [NAME]"),
        ("a = 1 b = 2", 1, "one setting on each line"),
        ("]", 1, "neither NAME = VALUE nor [TABLE]"),
        ("masks = [[0, 0],\n[web]\nport = 1", 1, "isn't closed"),
        ("a = 1\npin = " + "9" * 5000, 2, "a number of 5000 digits"),
        ("a = 1\nmasks = " + "[" * 3000, 2, "nested too deeply"),
        ("\x00\x01", 1, ""),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_type(text: str, line: int, told: str) -> None:
    (mistake,) = read_toml(text).mistakes
    assert mistake.line == line
    assert told in mistake.words


def test_all_are_told_and_what_is_right_is_read() -> None:
    text = 'board = pi-4\n[web\nport = 8081\nhost: "x"\n[quiet]\nbrightness = 0,5\nhours = "a"\n'
    read = read_toml(text)
    assert [mistake.line for mistake in read.mistakes] == [1, 2, 4, 6]
    assert read.settings == {"web": {"port": 8081}, "quiet": {"hours": "a"}}
    assert tomllib.loads(read.text) == read.settings


def test_a_secret_in_a_broken_line_is_not_shown() -> None:
    for text in (
        "token = Zk3_q8-Wn5Tt0xYcR1vB7mLpHs2d",
        "url = rtmps://a.example/live/KEY-KEY-KEY",
    ):
        (mistake,) = read_toml(text).mistakes
        assert "KEY-" not in mistake.words
        assert "Zk3" not in mistake.words


LINES = st.lists(
    st.sampled_from(
        [
            *("[web]", "[[lights]]", "[lights]", "[web", "port = 1", "port = [", "]", "a.b = 1"),
            *(
                'x = "',
                "x = '''",
                '"""',
                "= ",
                "a = {b = 1",
                "}",
                "# [",
                "[a.b]",
                "é = 1",
                "\\",
                "",
            ),
        ]
    )
    | st.text(max_size=12),
    max_size=12,
).map("\n".join)


@given(text=LINES)
@example('a = """\n' * 3)
@example("[" * 10)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_as_far_as_it_can_be(text: str) -> None:
    read = read_toml(text)
    assert len(read.mistakes) <= MOST_MISTAKES
    last = text.replace("\r\n", "\n").count("\n") + 1
    assert all(1 <= mistake.line <= last and mistake.words for mistake in read.mistakes)
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert read.mistakes
    else:
        assert (read.settings, read.mistakes) == (whole, [])
