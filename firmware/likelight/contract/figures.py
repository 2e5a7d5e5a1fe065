"""From where on a figure of a device's health is not well: the doctor and the cloud judge alike."""

from datetime import timedelta
from typing import Final

UNDERVOLTAGE: Final = 0b1
SLOWED: Final = 0b1110
"""Bits of `Health.throttled`: under-voltage; capped, throttled or at the soft limit."""

THROTTLES_C: Final = 80.0
"""From here on a Raspberry Pi slows down."""

FULL_MB: Final = 100
"""MiB; with less free a disk is full soon."""

WEAK_DBM: Final = -75
"""Below it a Wi-Fi link drops to the slowest rates; -67 is what video wants."""

WARN_BEFORE_REVIEW: Final = timedelta(days=14)
"""So long before the consent's review date display, `/healthz` and cloud say that it is due."""
