"""An on-air light made of memory."""

from likelight_hw.ports import HardwareError


class SimIndicator:
    """An on-air light that is on or off as `set` says.

    A `broken` one is dark, and raises `HardwareError` when it is to be switched on; off always
    succeeds.
    """

    simulated = True

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self._on = False

    @property
    def lit(self) -> bool:
        """Whether it gives light."""
        return self._on and not self.broken

    def set(self, on: bool) -> None:
        if on and self.broken:
            raise HardwareError("the simulated on-air light is broken; repair it")
        self._on = on

    def close(self) -> None:
        self._on = False
