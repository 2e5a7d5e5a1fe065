"""What holds for every test: nothing blocks the event loop."""

import os
import signal
from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import HealthCheck, settings

pytest_plugins = ["support.clips"]

# An example may take as long as a busy machine needs. The rest is as it was: Hypothesis draws the
# same examples each time where it finds `CI`.
settings.register_profile(
    "unhurried",
    settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")

# Whoever runs us under nohup has it ignored, and so would all that the tests start.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop() -> Iterator[BlockBuster]:
    """Fail the test in which our own code makes a blocking call on the event loop."""
    with blockbuster_ctx(["likelight", "likelight_hw", "likelight_cloud"]) as blockbuster:
        yield blockbuster


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is installed (CI), a skipped test is a failed run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("LIKELIGHT_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
