"""What the crew's screens say of their own accord; notes and states bring their words along."""

from typing import Final

TODAY: Final = "today"
WATCHING: Final = "watching"
QUIET: Final = "All quiet"
THANKS_SENT: Final = "Thanks sent"
CAMERA_OFF: Final = "Camera off."
PRESS_AGAIN: Final = "Press again to share."
