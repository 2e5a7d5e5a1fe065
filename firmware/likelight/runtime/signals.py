"""How signals end the daemon: the first one in order, a second one at once."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from threading import Timer
from types import FrameType

log = logging.getLogger(__name__)


END_WITHIN_S = 9.0
"""What has not ended by then hangs: in a disk, a bus or a library. systemd kills after 15 s."""
DARKEN_WITHIN_S = 0.5
HUNG = 70
"""EX_SOFTWARE of sysexits.h."""


class Stop:
    """Handles the signals that end the process, from now on. Made on the event loop.

    The first signal sets `requested`. A second one calls `darken` and then ends the process: a
    hardware PWM keeps its last duty cycle, and so would keep a lamp lit. If `darken` hangs, a third
    one ends the process by the system's default action. An end that hangs is ended after 9 s, the
    lights switched off, with exit code 70. A process that hangs in a driver, outside
    Python, handles none of them; systemd kills it (TimeoutStopSec) and then switches the lights
    off (ExecStopPost).

    SIGHUP, from a terminal that closes, is one of the signals, or the lamp would stay on; under
    nohup it stays ignored.
    """

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self.darken: Callable[[], None] = lambda: None
        self._signals = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            self._signals.append(signal.SIGHUP)
        self._loop = asyncio.get_running_loop()
        for each in self._signals:
            # Not add_signal_handler(): the event loop may be what hangs.
            signal.signal(each, self._first)

    def _first(self, *_: object) -> None:
        for each in self._signals:
            signal.signal(each, self._second)
        last_resort = Timer(END_WITHIN_S, self._end_now)
        last_resort.daemon = True
        last_resort.start()
        self._loop.call_soon_threadsafe(self.requested.set)

    def _end_now(self) -> None:
        """End the process from another thread than the one that hangs."""
        darkening = Timer(0, self.darken)
        darkening.daemon = True
        darkening.start()
        darkening.join(DARKEN_WITHIN_S)
        os._exit(HUNG)

    def _second(self, number: int, _: FrameType | None) -> None:
        for each in self._signals:
            signal.signal(each, signal.SIG_DFL)
        try:
            self.darken()
        except Exception:
            log.exception("The lights may still be on")
        finally:
            signal.raise_signal(number)
