"""The renditions of one picture, from the best to the one for the slowest line."""

from enum import IntEnum


class Rendition(IntEnum):
    """A stream of the same picture; its number is the upload's, its `word` the page's."""

    MAIN = 0
    """As the camera is configured; always there while there are pictures."""
    LOW = 1
    """About 640x360, every picture; made only while somebody needs it."""
    SLIDE = 2
    """The size of LOW, 5 pictures a second; made only while somebody needs it."""

    @property
    def word(self) -> str:
        """Its name in the contract."""
        return self.name.lower()

    @property
    def nominal_bits_per_s(self) -> int:
        """What it needs while nothing of it has been measured."""
        return _NOMINAL[self]


_NOMINAL = (2_000_000, 400_000, 140_000)
