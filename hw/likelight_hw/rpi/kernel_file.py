"""Files that the kernel makes for a piece of hardware: how to open them, and why they fail."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from likelight_hw.ports import HardwareError

# There is no disk behind them, so they never wait; non-blocking says that to whoever looks for
# calls that block.
WRITE: Final = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC
READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def in_words(what: str, mend: Callable[[OSError], str | None]) -> Iterator[None]:
    """Turn the kernel's errors about `what` into `HardwareError`.

    `mend` knows what some of them mean here; None leaves it at what they mean everywhere.
    """
    try:
        yield
    except PermissionError as error:
        raise HardwareError(
            f"{what}: likelight may not write to it; install likelight's udev rules and add its"
            " user to the group gpio"
        ) from error
    except OSError as error:
        raise HardwareError(f"{what}: {mend(error) or error.strerror}") from error
