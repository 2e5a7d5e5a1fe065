"""The table by which a run is spread over the processors fits the files that there are."""

import pytest

from support.demo import free_port
from support.workers import TESTS, TOGETHER, group_of


@pytest.mark.parametrize("pattern", [each for patterns in TOGETHER.values() for each in patterns])
def test_each_path_of_the_table_is_there(pattern: str) -> None:
    """A file that was renamed would leave its group without a word."""
    assert list(TESTS.glob(pattern))


def test_a_file_with_a_browser_for_all_its_tests_stays_on_one_worker() -> None:
    groups = [
        group_of(path)
        for path in TESTS.rglob("test_*.py")
        if "browser: Browser" in path.read_text() and path.parts[-3] == "e2e"
    ]
    assert len(groups) >= 8
    assert None not in groups


def test_no_two_workers_take_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(worker: str | None) -> set[int]:
        if worker:
            monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        else:
            monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
        return {free_port() for _ in range(20)}

    assert not taken(None) & taken("gw0")
    assert not taken("gw0") & taken("gw1")
    assert all(port < 32768 for port in taken("gw29")), "below the ephemeral range"
