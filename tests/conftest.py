"""What holds for every test: nothing blocks the event loop."""

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop() -> Iterator[BlockBuster]:
    """Fail the test in which our own code makes a blocking call on the event loop."""
    with blockbuster_ctx(["likelight", "likelight_hw", "likelight_cloud"]) as blockbuster:
        yield blockbuster
