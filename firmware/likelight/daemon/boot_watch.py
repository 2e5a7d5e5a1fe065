"""What root's command has told of the boot volume, as it changes: it may be run at any time."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from likelight.config.boot_report import NOTHING, BootReport, read_report

LOOK_AGAIN_S = 5.0


class BootWatch:
    """Calls `on_change` with each other report in `file`. A component."""

    def __init__(self, file: Path, on_change: Callable[[BootReport], None]) -> None:
        self._file = file
        self._on_change = on_change
        self._told = NOTHING

    async def run(self) -> None:
        """Look for ever."""
        while True:
            report = await asyncio.to_thread(read_report, self._file)
            if report != self._told:
                self._told = report
                self._on_change(report)
            await asyncio.sleep(LOOK_AGAIN_S)
