"""The on-air light: switch it, and know whether it is lit and whether it does what it is told."""

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
        """Switch the light; return whether it obeyed."""
        trouble = "it does not obey"
        self._switched_on = self._switched_on or on
        try:
            self._indicator.set(on)
            obeys = self.lit is on
        except HardwareError as error:
            trouble, obeys = str(error) or trouble, False
        worked = not self.trouble
        # One that goes out may still fail to go on, so only lighting it ends a trouble.
        if on or not obeys:
            self.trouble = "" if obeys else trouble
        self._switched_on = on or not obeys
        if worked and not obeys:
            log.error("The on-air light can't be switched: %s", trouble)
        elif on and obeys and not worked:
            log.info("The on-air light works again")
        return obeys
