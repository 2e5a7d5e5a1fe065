"""The device's own figures, which a status carries for franchise IT."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from likelight import __version__
from likelight.contract import DeviceFinding, Health
from likelight.runtime import board_figures


@dataclass(frozen=True, slots=True)
class OwnHealth:
    """What the device knows of its parts.

    `fps` is None off the air. `consent_review` is the last day of the crew's consent, None where
    none is needed, or recorded.
    """

    fps: float | None = None
    consent_review: date | None = None
    findings: tuple[DeviceFinding, ...] = ()


class Vitals:
    """Measures the device; a figure that this machine does not have stays None."""

    def __init__(self, state_dir: Path, own: Callable[[], OwnHealth] = OwnHealth) -> None:
        self._state_dir = state_dir
        self._own = own
        self._started_at: float | None = None

    async def measure(self) -> Health:
        """Return the present figures; uptime counts from the first call."""
        now = asyncio.get_running_loop().time()
        if self._started_at is None:
            self._started_at = now
        measured = await asyncio.to_thread(self._measured)
        own = self._own()
        return measured.model_copy(
            update={
                "uptime_s": round(now - self._started_at, 1),
                "fps": own.fps,
                "consent_review": own.consent_review,
                "findings": own.findings,
            }
        )

    def _measured(self) -> Health:
        degrees, signal = board_figures.temperature_c(), board_figures.wifi_signal()
        return Health(
            sw=__version__,
            temp_c=None if degrees is None else round(degrees, 1),
            throttled=board_figures.throttled(),
            disk_free_mb=self._disk_free_mb(),
            rssi=None if signal is None else signal.dbm,
        )

    def _disk_free_mb(self) -> int | None:
        try:
            return shutil.disk_usage(self._state_dir).free // 2**20
        except OSError:
            return None
