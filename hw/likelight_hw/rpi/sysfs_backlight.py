"""The light behind a DSI or SPI panel, through /sys/class/backlight."""

from pathlib import Path

from likelight_hw.lamps.gamma import luminance

_POWER_ON = "0"
_POWER_OFF = "4"


class SysfsBacklight:
    """One backlight; `directory` is its place in sysfs. Raises `OSError`, `ValueError`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._most = int((directory / "max_brightness").read_text())

    def set(self, level: float) -> None:
        """Light the panel at a perceived `level`, 0..1. Raises `OSError`."""
        if level > 0:
            self._write("brightness", str(max(1, round(self._most * luminance(level)))))
            self._write("bl_power", _POWER_ON)
        else:
            self._write("bl_power", _POWER_OFF)

    def _write(self, name: str, value: str) -> None:
        (self._directory / name).write_text(value)
