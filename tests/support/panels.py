"""The panels that every screen must suit: the reference kit's, a small one, and a tiny OLED."""

from typing import Final

from likelight_hw.ports import DisplayInfo

SEVEN_INCH: Final = DisplayInfo(800, 480, "RGB", mm_per_px=0.1925, reading_distance_m=3.0)
SMALL_TFT: Final = DisplayInfo(320, 240, "RGB", mm_per_px=0.178, reading_distance_m=1.0)
OLED: Final = DisplayInfo(128, 64, "1", mm_per_px=0.17, reading_distance_m=0.6)

PANELS: Final = {"800x480": SEVEN_INCH, "320x240": SMALL_TFT, "128x64": OLED}
