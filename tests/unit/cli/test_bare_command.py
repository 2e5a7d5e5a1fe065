"""What the two commands say of themselves."""

import re
from collections.abc import Callable, Sequence

import pytest

from likelight.cli.main import main as device
from likelight_cloud.cli.main import main as cloud

Command = Callable[[Sequence[str]], int]
BOTH = pytest.mark.parametrize(
    ("command", "name"), [(device, "likelight"), (cloud, "likelight-cloud")]
)


@BOTH
def test_without_a_word_it_prints_its_help(
    command: Command, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command([]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"usage: {name} ")
    assert "--version" in told.err
    assert "show this help message" in told.err


@BOTH
def test_it_tells_its_version(
    command: Command, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        command(["--version"])
    assert end.value.code == 0
    commit = r"( \(commit [0-9a-f]{12}(-dirty)?\))?"  # a source archive has none
    assert re.fullmatch(rf"{name} 0\.1\.0{commit}\n", capsys.readouterr().out)
