from pathlib import Path

import pytest

from likelight.config import ConfigError
from likelight.state_dir import TOKEN_FILE, held, own_token


def test_the_token_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    with held(tmp_path / "state") as path:
        token = own_token(path)
        assert own_token(path) == token
        assert (path / TOKEN_FILE).stat().st_mode & 0o777 == 0o600


def test_a_token_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / TOKEN_FILE).with_suffix(".new").mkdir()
    with pytest.raises(ConfigError, match="can't write to the state directory"):
        own_token(tmp_path)
