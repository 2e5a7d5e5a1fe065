"""The on-air light: switch it, and know whether it is lit and whether switching works."""

import logging

from likelight_hw.ports import HardwareError, Indicator

log = logging.getLogger(__name__)


class OnAirLight:
    """The light behind `indicator`. A light that can't be read counts as dark."""

    def __init__(self, indicator: Indicator) -> None:
        self.trouble = ""
        """Why the light can't be switched; empty while it can."""
        self._indicator = indicator
        self._switched_on = False
        """We switched it on, and nothing shows that it has gone out since."""

    @property
    def lit(self) -> bool:
        """Whether the light is on, as far as it can be read."""
        try:
            return self._indicator.lit
        except HardwareError:
            return False

    @property
    def may_be_lit(self) -> bool:
        """Whether the light is on, or may be on although it can't be read."""
        return self._switched_on or self.lit

    def switch(self, on: bool) -> bool:
        """Switch the light; return whether it is now as requested."""
        trouble = "it stays as it was"
        self._switched_on = self._switched_on or on
        try:
            self._indicator.set(on)
            switched = self.lit is on
        except HardwareError as error:
            trouble, switched = str(error) or trouble, False
        worked = not self.trouble
        # A light that can be switched off may still fail to light, so only lighting it ends a
        # trouble.
        if on or not switched:
            self.trouble = "" if switched else trouble
        self._switched_on = on or not switched
        if worked and not switched:
            log.error("The on-air light can't be switched: %s", trouble)
        elif on and switched and not worked:
            log.info("The on-air light works again")
        return switched
