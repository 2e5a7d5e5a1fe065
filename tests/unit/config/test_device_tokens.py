"""Which tokens a device has: what is in the token file, and what it has drawn itself."""

from pathlib import Path

import pytest

from likelight.config.device_tokens import DeviceTokens
from likelight.config.settings import ConfigError

URL = "https://cloud.example"


class Disk:
    """A token file and a state directory."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "token"
        self.state = folder / "state"
        self.state.mkdir()

    def write(self, token: str) -> None:
        self.file.write_text(token)
        self.file.chmod(0o600)

    def tokens(self, url: str = URL, kid: str = "demo") -> DeviceTokens:
        """Return them as a start of the device does."""
        return DeviceTokens(self.file, self.state, url, kid)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    disk = Disk(tmp_path)
    disk.write("first")
    return disk


def test_a_new_token_is_one_to_try_until_the_cloud_has_taken_it(disk: Disk) -> None:
    assert disk.tokens().read() == ("first",)
    new = disk.tokens().draw("first")
    assert len(new) == 43
    assert disk.tokens().waits()
    assert disk.tokens().read() == ("first", new)
    assert disk.tokens().draw("first") == new, "no answer has come yet"
    disk.tokens().confirm()
    assert not disk.tokens().waits()
    assert disk.tokens().read() == (new, "first")
    (kept,) = disk.state.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_the_one_before_is_kept_until_a_newer_one_is_taken(disk: Disk) -> None:
    second = disk.tokens().draw("first")
    disk.tokens().confirm()
    third = disk.tokens().draw(second)
    assert disk.tokens().read() == (second, "first", third)
    disk.tokens().confirm()
    assert disk.tokens().read() == (third, second)


def test_what_the_cloud_does_not_take_is_forgotten_alone(disk: Disk) -> None:
    disk.tokens().forget()
    second = disk.tokens().draw("first")
    disk.tokens().confirm()
    disk.tokens().confirm()
    disk.tokens().draw(second)
    disk.tokens().forget()
    assert disk.tokens().read() == (second, "first")


def test_another_token_in_the_file_counts_and_the_device_s_own_are_tried_after_it(
    disk: Disk,
) -> None:
    second = disk.tokens().draw("first")
    disk.tokens().confirm()
    waiting = disk.tokens().draw(second)
    disk.write("typed")
    assert disk.tokens().read() == ("typed", second, "first", waiting)
    # It is asked once more: what was drawn beside the old file is not brought any more.
    fourth = disk.tokens().draw("typed")
    assert fourth != waiting
    assert disk.tokens().read() == ("typed", second, fourth)


def test_a_token_of_another_cloud_or_kitchen_is_not_tried_and_a_cloud_may_move(disk: Disk) -> None:
    second = disk.tokens().draw("first")
    disk.tokens().confirm()
    moved = disk.tokens(url="https://moved.example")
    assert moved.read() == (second, "first")
    disk.write("typed")
    assert moved.read() == ("typed",)
    assert disk.tokens(kid="other").read() == ("typed",)
    assert disk.tokens(url=URL + "/").read() == ("typed", second, "first")
    third = moved.draw("typed")
    assert moved.read() == ("typed", third)


@pytest.mark.parametrize("content", ["", "{", '{"used": []}', "\x00" * 20, "readable by others"])
def test_a_damaged_file_of_own_tokens_is_none(disk: Disk, content: str) -> None:
    second = disk.tokens().draw("first")
    disk.tokens().confirm()
    (kept,) = disk.state.iterdir()
    if content == "readable by others":
        kept.chmod(0o644)
    else:
        kept.write_text(content)
    assert disk.tokens().read() == ("first",)
    assert disk.tokens().draw("first") != second


def test_without_a_token_file_there_are_none(disk: Disk) -> None:
    disk.tokens().draw("first")
    disk.file.unlink()
    with pytest.raises(ConfigError, match="can't read this device's token"):
        disk.tokens().read()
    with pytest.raises(ConfigError):
        disk.tokens().draw("first")


def test_what_it_has_drawn_is_in_no_repr(disk: Disk) -> None:
    tokens = disk.tokens()
    new = tokens.draw("first")
    assert new not in repr(tokens) + repr(tokens._read())
