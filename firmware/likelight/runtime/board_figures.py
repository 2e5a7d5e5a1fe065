"""Figures of the computer itself, from the kernel; None where the kernel does not have one."""

from pathlib import Path
from typing import NamedTuple

ROOT = Path("/")


class WifiSignal(NamedTuple):
    interface: str
    dbm: int


def temperature_c(root: Path = ROOT) -> float | None:
    """Return the processor's temperature; a disk or a HAT may have a thermometer, too."""
    zones = sorted((root / "sys/class/thermal").glob("thermal_zone*"))
    of_processor = [zone for zone in zones if _text(zone / "type") == "cpu-thermal"]
    text = _text((of_processor or zones)[0] / "temp") if zones else None
    try:
        return None if text is None else int(text) / 1000
    except ValueError:
        return None


def throttled(root: Path = ROOT) -> int | None:
    """Return a Raspberry Pi's flags as `vcgencmd get_throttled` has them: bit 0 under-voltage, 1 to
    3 slowed down, all now; the same shifted by 16: since it was started."""
    text = _text(root / "sys/devices/platform/soc/soc:firmware/get_throttled")
    try:
        return None if text is None else int(text, 16)
    except ValueError:
        return None


def wifi_signal(root: Path = ROOT) -> WifiSignal | None:
    """Return the signal of the first Wi-Fi that is in use."""
    for line in (_text(root / "proc/net/wireless") or "").splitlines()[2:]:
        name, _, figures = line.partition(":")
        fields = figures.split()
        try:
            return WifiSignal(name.strip(), round(float(fields[2].rstrip("."))))
        except (IndexError, ValueError, OverflowError):
            return None
    return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return None
