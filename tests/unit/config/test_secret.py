"""A token file as people make it: understood, or refused in a sentence that shows nothing of it."""

import codecs
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from likelight.config.secret import read_secret, read_token
from likelight.config.settings import ConfigError
from likelight.config.state_dir import TOKEN_FILE, own_token

TOKEN = "Zk3_q8-Wn5Tt0xYcR1vB7mLpHs2dGfJ4aQeUoIiKzXy"
PRINTED = f"The kitchen store-17 is ready. Its device's token, shown only now:\n{TOKEN}\n"


def secret_file(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "token"
    file.write_bytes(content)
    file.chmod(0o600)
    return file


@pytest.mark.parametrize(
    "content",
    [
        TOKEN.encode(),
        f"{TOKEN}\n".encode(),
        f"\n  {TOKEN}\t\r\n\r\n".encode(),
        f'"{TOKEN}"\n'.encode(),
        f"'{TOKEN}'".encode(),
        f"\u201c{TOKEN}\u201d\r\n".encode(),
        codecs.BOM_UTF8 + TOKEN.encode(),
        f"{TOKEN}\r\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + TOKEN.encode("utf-16-be"),
        PRINTED.encode(),
        PRINTED.replace("\n", "\r\n").encode("utf-16"),
        codecs.BOM_UTF8 + PRINTED.encode(),
    ],
)
def test_what_an_editor_or_a_shell_adds_to_a_token_is_understood(
    tmp_path: Path, content: bytes
) -> None:
    assert read_token(secret_file(tmp_path, content)) == TOKEN


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty; it should hold this device's token"),
        (b"\n \r\n", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (b"\xff\xfe", "is empty"),
        (b"\xff\xfe\x41", "is not a text file"),
        (b"\x93" + TOKEN.encode() + b"\x94", "is not a text file"),
        (f"{TOKEN}\n{TOKEN}\n".encode(), "has 2 lines"),
        (f"token = {TOKEN}".encode(), "Copy the last line"),
        (f"{TOKEN} {TOKEN}".encode(), "only, without spaces"),
        (f"{TOKEN}\x00".encode(), "is not this device's token"),
        (f"{TOKEN}ü".encode(), "is not this device's token"),
        (TOKEN.encode() * 1000, "is too large"),
        (PRINTED.encode().splitlines()[0], "is not this device's token"),
    ],
)
def test_what_can_be_no_token_is_refused_in_words_without_it(
    tmp_path: Path, content: bytes, told: str
) -> None:
    file = secret_file(tmp_path, content)
    with pytest.raises(ConfigError) as refused:
        read_token(file)
    assert told in str(refused.value)
    assert str(file) in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert "\n" not in str(refused.value)


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (folder, "is not an ordinary file"),
        (pipe, "is not an ordinary file"),
        (loop, "symbolic links"),
        (lambda path: None, "No such file"),
    ],
    ids=["folder", "pipe", "loop", "absent"],
)
def test_what_is_no_file_is_refused_in_words(
    tmp_path: Path, make: Callable[[Path], None], told: str
) -> None:
    make(tmp_path / "token")
    with pytest.raises(ConfigError, match=told):
        read_token(tmp_path / "token")


def test_a_name_that_no_file_can_have_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="can't read this device's token"):
        read_token(Path("/etc/a\0b"))
    with pytest.raises(ConfigError, match="File name too long"):
        read_token(Path("/etc") / ("n" * 300))


def test_a_file_that_others_can_read_is_refused_with_the_command(tmp_path: Path) -> None:
    file = secret_file(tmp_path, TOKEN.encode())
    file.chmod(0o644)
    for read in (read_token, lambda path: read_secret(path, "the push's URL")):
        with pytest.raises(ConfigError, match=rf"run: `chmod 600 {file}`"):
            read(file)


@given(content=st.binary(max_size=80) | st.text(max_size=40).map(str.encode))
@example(b"\x85" * 9)
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_but_a_config_error_comes_out_of_any_content(
    tmp_path: Path, content: bytes
) -> None:
    file = secret_file(tmp_path, content)
    with suppress(ConfigError):
        assert read_token(file).isascii()


@pytest.mark.parametrize("left", [b"", b"\0" * 43, b"\xff\xfe\x41", b"two\nlines"])
def test_an_own_token_that_a_power_cut_damaged_is_made_anew(tmp_path: Path, left: bytes) -> None:
    secret_file(tmp_path, left).rename(tmp_path / TOKEN_FILE)
    made = own_token(tmp_path)
    assert len(made) == 43
    assert own_token(tmp_path) == made
