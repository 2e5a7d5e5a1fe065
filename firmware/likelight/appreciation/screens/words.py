"""What the crew's screens say of their own accord; notes and states bring their words along."""

from typing import Final

TODAY: Final = "today"
WATCHING: Final = "watching"
QUIET: Final = "All quiet"
THANKS_SENT: Final = "Thanks sent"
CAMERA_OFF: Final = "Camera off."
PRESS_AGAIN: Final = "Press again to share."
ON_AIR: Final = "On air"
UPDATING: Final = "Updating"
KEEP_POWER: Final = "Please leave the power on."
SCAN: Final = "Scan me, or type"
CODE: Final = "Pairing code"
