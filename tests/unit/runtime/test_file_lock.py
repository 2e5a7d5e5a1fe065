"""One file is served by one process."""

import subprocess
import sys
from pathlib import Path

import pytest

from likelight.runtime.file_lock import locked
from likelight.runtime.store_errors import StoreError

HOLD = """
import sys
from pathlib import Path
from likelight.runtime.file_lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    path = tmp_path / "cloud.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=r"another cloud serves .*cloud\.sqlite; end it"):
            with locked(path):
                raise AssertionError("both hold it")
        other.kill()
    with locked(path):
        assert Path(f"{path}.lock").stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_written_there_is_no_lock(tmp_path: Path) -> None:
    with locked(tmp_path / "nowhere" / "cloud.sqlite"):
        pass
