"""Files that the kernel makes for a piece of hardware: how to open them, and why they fail."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from likelight_hw.ports import HardwareError

# No disk is behind them, so they never wait. O_NONBLOCK says so to a checker of blocking calls.
WRITE: Final = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC
READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def as_hardware_error(what: str, remedy: Callable[[OSError], str | None]) -> Iterator[None]:
    """Turn the kernel's errors about `what` into `HardwareError`.

    `remedy` says what some of them mean here; where it returns None, the kernel's own message is
    used.
    """
    try:
        yield
    except PermissionError as error:
        raise HardwareError(
            f"{what}: likelight may not write to it; install likelight's udev rules and add its"
            " user to the group gpio"
        ) from error
    except OSError as error:
        raise HardwareError(f"{what}: {remedy(error) or error.strerror}") from error
