"""The PRIVACY button: what a press and a release do."""

from likelight.gate.on_air import OnAir


class PrivacyButton:
    """Shuts the gate when it is pressed, and shares again only when it is released.

    So neither a jammed button nor a wire that chatters ever puts the kitchen on air.
    """

    def __init__(self, on_air: OnAir) -> None:
        self._on_air = on_air
        self._shares_on_release = False

    def pressed(self) -> None:
        self._shares_on_release = self._on_air.wants_privacy
        if not self._shares_on_release:
            self._on_air.start_privacy()

    def released(self) -> None:
        if self._shares_on_release:
            self._on_air.end_privacy()

    def cancelled(self) -> None:
        self._shares_on_release = False
