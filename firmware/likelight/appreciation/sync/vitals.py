"""The device's own figures, which a status carries for franchise IT."""

import asyncio
import shutil
from pathlib import Path

from likelight import __version__
from likelight.contract import Health


class Vitals:
    """Measures the device; a figure that this machine does not have stays None."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._started_at: float | None = None

    async def measure(self) -> Health:
        """Return the present figures; uptime counts from the first call."""
        now = asyncio.get_running_loop().time()
        if self._started_at is None:
            self._started_at = now
        return Health(
            sw=__version__,
            uptime_s=round(now - self._started_at, 1),
            disk_free_mb=await asyncio.to_thread(self._disk_free_mb),
        )

    def _disk_free_mb(self) -> int | None:
        try:
            return shutil.disk_usage(self._state_dir).free // 2**20
        except OSError:
            return None
