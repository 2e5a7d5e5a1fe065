"""Which of the kernel's framebuffers is the panel's, and which backlight lights it.

The kernel numbers framebuffers in the order in which their drivers start: a panel on SPI may come
before HDMI (raspberrypi/linux #5675), and on a Pi 5 HDMI and each DSI connector have one each
(#5660). A DSI panel's backlight has the number of an I2C bus in its name: 10-0045 on one kernel,
4-0045 on another.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from likelight_hw.ports import HardwareError
from likelight_hw.rpi import kernel_names
from likelight_hw.rpi.kernel_names import Choice

Size = tuple[int, int]

_TYPES = ("firmware", "platform", "raw")
"""The order in which the kernel's ABI prefers them, where several light one display."""
_NAMELESS = ("", "(null)")
"""What a kernel says of a backlight that no display driver has claimed."""


class _Screen(NamedTuple):
    number: int
    name: str
    """Its driver's: vc4drmfb is HDMI, and DSI up to the Pi 4; drm-rp1-dsidrmf DSI on a Pi 5."""
    size: Size | None

    def rank(self, panel: Size) -> tuple[bool, int, bool, int]:
        """Return what is lowest for the likeliest: large enough, and no larger than it has to be.

        Of two alike, HDMI is the one that may be a monitor.
        """
        width, height = self.size or (0, 0)
        fits = min(width, height) >= min(panel) and max(width, height) >= max(panel)
        return not fits, width * height if fits else 0, self.name.startswith("vc4"), self.number


def framebuffer(panel: Size, sysfs: Path | None = None) -> Choice[Path]:
    """Return the path of the framebuffer of a panel of this size, in pixels, upright or not.

    That is the only one, or the only one with the panel's size. Raises `HardwareError` when there
    is none.
    """
    screens = sorted(_screens(sysfs or kernel_names.SYSFS), key=lambda screen: screen.rank(panel))
    if not screens:
        raise HardwareError(
            "this machine has no framebuffer; is the panel's cable in, and its overlay in"
            " /boot/firmware/config.txt?"
        )
    taken = Path(f"/dev/fb{screens[0].number}")
    same = [screen for screen in screens if screen.size and sorted(screen.size) == sorted(panel)]
    if len(screens) == 1 or len(same) == 1:
        return Choice(taken)
    there = ", ".join(
        f"fb{number} is {name} with {pixels(size)}" for number, name, size in sorted(screens)
    )
    return Choice(
        taken,
        f"{'none' if not same else 'more than one'} of the framebuffers has the panel's"
        f" {pixels(panel)} ({there}): {taken} is taken, unless display.device says another",
    )


def backlight(framebuffer: Path, sysfs: Path | None = None) -> Choice[Path | None]:
    """Return the folder of the backlight of the panel on `framebuffer`; HDMI has none.

    Raspberry Pi's kernels say since 2024 which connector a backlight belongs to. Where that is not
    said, it is the first by the kernel's order of preference, then by name.
    """
    root = sysfs or kernel_names.SYSFS
    lights = list((root / "class/backlight").glob("*"))
    named = {light: _text(light / "display_name") for light in lights}
    card = root / "class/graphics" / framebuffer.name / "device"
    connectors = {path.name.partition("-")[2] for path in card.glob("drm/card*/card*-*")}
    ours = [light for light in lights if named[light] in connectors]
    if not ours:
        ours = [light for light in lights if named[light] in _NAMELESS or not connectors]
    ours.sort(key=_preference)
    if len(ours) < 2:
        return Choice(ours[0] if ours else None)
    return Choice(
        ours[0],
        f"more than one backlight may be the panel's ({', '.join(one.name for one in ours)}):"
        f" {ours[0].name} is taken; if it is another's, take that one's overlay out of config.txt",
    )


def size_of(framebuffer: Path, sysfs: Path | None = None) -> Size | None:
    """Return how many pixels the kernel says that a framebuffer has; None when it doesn't."""
    folder = (sysfs or kernel_names.SYSFS) / "class/graphics" / framebuffer.name
    # The mode is "U:800x480p-60", and not every driver has one; the virtual size may be larger.
    for name in ("modes", "virtual_size"):
        found = re.findall(r"\d+", _text(folder / name))
        if len(found) >= 2:
            return int(found[0]), int(found[1])
    return None


def pixels(size: Size | None) -> str:
    """Return a size in words."""
    return "an unknown size" if size is None else f"{size[0]} x {size[1]} pixels"


def _screens(sysfs: Path) -> Iterator[_Screen]:
    for number, folder in kernel_names.numbered(sysfs / "class/graphics", "fb"):
        name = _text(folder / "name") or "without a name"
        yield _Screen(number, name, size_of(Path(folder.name), sysfs))


def _preference(light: Path) -> tuple[int, str]:
    kind = _text(light / "type")
    return _TYPES.index(kind) if kind in _TYPES else len(_TYPES), light.name


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
