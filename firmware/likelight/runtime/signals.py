"""How the daemon is told to end: by a signal, and by a second one from whoever can't wait."""

import asyncio
import logging
import signal
from collections.abc import Callable
from types import FrameType

log = logging.getLogger(__name__)


class Stop:
    """Hears the signals that end the process, from now on. Made on the event loop.

    The first one sets `asked`. A second one ends the process at once, but calls `darken` before: a
    hardware PWM holds what it was last told, and so would keep a lamp lit. A third one, should
    that hang, finds the system's own way. What hangs outside Python, in a driver, hears none of
    them; systemd kills it (TimeoutStopSec) and then switches the lights off (ExecStopPost).

    A terminal that closes is such a signal, or the lamp would stay on; but nohup, which ignores
    it, holds.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
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
        self._loop.call_soon_threadsafe(self.asked.set)

    def _second(self, number: int, _: FrameType | None) -> None:
        for each in self._signals:
            signal.signal(each, signal.SIG_DFL)
        try:
            self.darken()
        except Exception:
            log.exception("The lights may still be on")
        finally:
            signal.raise_signal(number)
