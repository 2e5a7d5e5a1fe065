"""The token that a device draws for itself before it is paired."""

from pathlib import Path

import pytest

from likelight.config import pairing
from likelight.config.pairing import draw_token, keep_token, serial_number
from likelight.config.secret import read_token


def test_a_copied_card_draws_a_token_of_its_own_on_another_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial, token = tmp_path / "serial-number", tmp_path / "token"
    monkeypatch.setattr(pairing, "SERIAL", serial)
    serial.write_text("10000000abcdef01\0")
    first = draw_token(token, tmp_path)
    assert draw_token(token, tmp_path) == first
    serial.write_text("10000000abcdef02\0")
    second = draw_token(token, tmp_path)
    assert second != first
    keep_token(token)
    assert read_token(token) == second


@pytest.mark.parametrize("content", ["", "../../etc/passwd", "a b", "1" * 65])
def test_what_is_no_serial_number_names_no_file(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = tmp_path / "serial-number"
    serial.write_text(content)
    monkeypatch.setattr(pairing, "SERIAL", serial)
    assert serial_number() is None
    draw_token(tmp_path / "token", tmp_path)
    assert (tmp_path / "token.new").exists()
