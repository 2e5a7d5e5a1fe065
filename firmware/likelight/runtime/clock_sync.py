"""Whether the clock is right: a Pi without a battery boots with the time of its last shutdown."""

import sys
from pathlib import Path

SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd when it first sets the clock after a boot (systemd-timesyncd(8)).
Asking the kernel, adjtimex(2), would be more general, but is forbidden to a service under
`ProtectClock` and `@system-service`: the call ends the process."""


def clock_is_set() -> bool:
    """Return whether a time server has set the clock since the boot. May block for a moment."""
    return sys.platform != "linux" or SYNCHRONISED.exists()
