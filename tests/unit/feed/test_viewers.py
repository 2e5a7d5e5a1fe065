"""A viewer's socket whose other end is gone: macOS takes no option for it any more."""

import asyncio
import socket
from typing import Any

from likelight.feed.transport import abort, tune


class Gone(asyncio.Transport):
    """A transport over a socket that refuses every option."""

    def __init__(self) -> None:
        closed = socket.socket()
        closed.close()
        super().__init__({"socket": closed})
        self.aborted = False

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        self.aborted = True

    def write(self, data: Any) -> None:
        raise AssertionError("nothing is written here")


def test_a_viewer_who_left_is_cut_off_without_a_crash() -> None:
    transport = Gone()
    tune(transport)
    abort(transport)
    assert transport.aborted
