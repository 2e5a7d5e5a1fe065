"""luma's drivers, as we need them. Imported in the panel's thread, when it is opened.

luma does the registers and the pixels. Its exit hook and its backlight control are kept out.
"""

from typing import Any

from luma.core.device import device
from luma.lcd.device import ili9341, st7789
from luma.oled.device import sh1106, ssd1306, ssd1309

from likelight_hw.panels import Controller


class _NoExitHook(device):  # type: ignore[misc]  # luma has no types
    """Replaces luma's base class, whose constructor registers a hook for the process' exit.

    That hook would talk to the bus, which may hang, and would keep every panel object that was ever
    opened in memory, one more with each try while a panel is gone. We close our panels ourselves.
    """

    def __init__(self, const: object = None, serial_interface: object = None) -> None:
        self._const = const
        self._serial_interface = serial_interface


def _without_exit_hook(chip: type[Any]) -> type[Any]:
    return type(chip.__name__, (chip, _NoExitHook), {})


_CHIPS: dict[Controller, type[Any]] = {
    "ssd1306": _without_exit_hook(ssd1306),
    "ssd1309": _without_exit_hook(ssd1309),
    "sh1106": _without_exit_hook(sh1106),
    "st7789": _without_exit_hook(st7789),
    "ili9341": _without_exit_hook(ili9341),
}


def initialise(controller: Controller, serial: object, width: int, height: int, rotate: int) -> Any:
    """Start the chip behind luma's `serial` interface up, black, and return luma's device.

    `width` and `height` are the panel's own, before it is turned `rotate` quarters clockwise.
    """
    return _CHIPS[controller](
        serial_interface=serial,
        width=width,
        height=height,
        rotate=rotate,
        # Our backlight is switched on once there is a picture to show.
        backlight=lambda on: None,
    )
