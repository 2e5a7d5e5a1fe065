"""What is wrong with the device as a whole, while it lives on: one list, which all of it reads.

A part that does not work (a lamp, a panel) tells its own trouble; these are what no part has alone.
"""

from collections.abc import Callable
from enum import StrEnum


class Trouble(StrEnum):
    """What is wrong; the most urgent first. The values are what `/healthz` says.

    None may tell that the crew pressed PRIVACY: each is there, pressed or not.
    """

    PAIRING_REFUSED = "pairing-refused"
    """An operator has refused this device, or confirmed it as another kitchen than its own."""
    NOT_PAIRED = "not-paired"
    """There is no token that can be used, so the device can't prove to the cloud who it is.

    Or there is no cloud.
    """
    CONFIG = "config"
    """The configuration has a mistake; the last good one runs, with the camera off."""
    STATE_DIR = "state-dir"
    """The state directory is not there, or not ours to write: what happens now is forgotten."""
    DISK_FULL = "disk-full"
    DISK_READ_ONLY = "disk-read-only"
    STORE_IN_MEMORY = "store-in-memory"
    """Nothing can be kept, for any reason: what happens now is forgotten at the next start."""
    CLOUD_STORE = "cloud-store"
    """The embedded cloud's database was damaged, or can't be opened."""
    ADDRESS = "address"
    """The address or port of the web page is not there, or not free, yet."""
    BOOT_TEXT = "boot-text"
    """`likelight.txt` on the boot volume has a mistake, and nothing of it counts."""
    LANGUAGE = "language"
    """This machine can't write the crew's language; the panel speaks English."""
    BRAND_NOTES = "brand-notes"
    """The brand's notes can't be used; the built-in ones are."""
    PUSH_URL = "push-url"
    """The address of the push can't be read or used; nothing is pushed."""
    KITCHEN_CHANGED = "kitchen-changed"
    """What was stored belongs to another kitchen and does not count."""
    STORE_DAMAGED = "store-damaged"
    """The store was damaged and set aside; a new one began."""


class Troubles:
    """The troubles that are present. `on_change` is called at each change of them."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change = on_change
        self._present: frozenset[Trouble] = frozenset()

    @property
    def present(self) -> tuple[Trouble, ...]:
        """The troubles now, the most urgent first."""
        return tuple(trouble for trouble in Trouble if trouble in self._present)

    def set(self, trouble: Trouble, present: bool) -> None:
        """Take whether `trouble` is present."""
        before = self._present
        self._present = before | {trouble} if present else before - {trouble}
        if self._present != before:
            self._on_change()
