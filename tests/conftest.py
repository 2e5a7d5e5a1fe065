"""What holds for every test: nothing blocks the event loop."""

import os
import signal
from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import HealthCheck, is_hypothesis_test, settings

# The last one imports others of them, which pytest must have seen before.
pytest_plugins = [
    "support.clips",
    "support.memory_disk",
    "support.workers",
    "support.cloud_stores",
    "support.small_disk",
]

# An example may take as long as a busy machine needs. The rest is as it was: Hypothesis draws the
# same examples each time where it finds `CI`.
settings.register_profile(
    "unhurried",
    settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")

LONG = 10 if os.environ.get("LIKELIGHT_LONG") else 1
"""How many times the examples of an ordinary run: `.ci/run --long` has the time."""

# Under nohup it is ignored, and would be in every process that the tests start.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop() -> Iterator[BlockBuster]:
    """Fail the test in which our own code makes a blocking call on the event loop."""
    with blockbuster_ctx(["likelight", "likelight_hw", "likelight_cloud"]) as blockbuster:
        for function in blockbuster.functions.values():
            # At each new connection it looks for the user's password file and certificates.
            function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
        yield blockbuster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a long run, draw more examples, and others each time."""
    if LONG == 1:
        return
    # Once for each function: the items of a parametrized test share theirs.
    functions = {getattr(item, "obj", None) for item in items}
    for test in filter(is_hypothesis_test, functions):
        # Hypothesis has no public name for the settings that a test was decorated with.
        drawn = test._hypothesis_internal_use_settings
        test._hypothesis_internal_use_settings = settings(
            drawn, max_examples=LONG * drawn.max_examples, derandomize=False
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is installed (CI), a skipped test is a failed run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("LIKELIGHT_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
