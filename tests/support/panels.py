"""Panels for tests that can't afford them all: the reference kit's, a square one, and two OLEDs."""

from typing import Final

from likelight_hw import panels

SEVEN_INCH: Final = panels.PANELS["lcd-7"].info
SQUARE: Final = panels.PANELS["lcd-1.3"].info
OLED: Final = panels.PANELS["oled-2.42"].info
"""Two lines at its distance."""
FINE_OLED: Final = panels.PANELS["oled-1.3"].info
"""Three lines."""

PANELS: Final = {
    "lcd-7": SEVEN_INCH,
    "lcd-1.3": SQUARE,
    "oled-2.42": OLED,
    "oled-1.3": FINE_OLED,
}
