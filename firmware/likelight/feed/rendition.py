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

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return its size in pixels where the main picture has `width` x `height`.

        That is divided by the largest whole number that leaves 360 lines.
        """
        by = max(1, height // _SMALL_HEIGHT) if self else 1
        return (width // by & ~1, height // by & ~1)

    def fps(self, fps: int) -> int:
        """Return its rate where the camera makes `fps` pictures a second."""
        every = max(1, round(fps / SLIDE_FPS)) if self is Rendition.SLIDE else 1
        return max(1, round(fps / every))


MAIN_ONLY = frozenset({Rendition.MAIN})
SLIDE_FPS = 5
_SMALL_HEIGHT = 360
_NOMINAL = (2_000_000, 400_000, 140_000)
