"""A button between a pin and ground."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress

from gpiozero import DigitalInputDevice

from likelight_hw.debounce import Debouncer
from likelight_hw.rpi import pins

SPIKE_S = 0.005
"""A shorter level is a spike, such as a fryer's contactor makes; no thumb is that quick.

lgpio drops those before they become events, so that a chattering wire costs nothing. The rest is
debounced as on every button. It delays a press by the same 5 ms.
"""


class PinButton:
    """A button that pulls its pin to ground when it is pressed.

    It is a `DigitalInputDevice` and not gpiozero's `Button`, whose hold thread would wake ten
    times a second for ever.
    """

    simulated = False

    def __init__(self, number: int) -> None:
        self._number = number
        self._watch: _Watch | None = None

    async def edges(self) -> AsyncGenerator[bool, None]:
        contacts = Debouncer()
        # An earlier listener may have crashed, and still hold the pin.
        self.close()
        watch = self._watch = _Watch(self._number, contacts)
        try:
            async for edge in contacts.edges():
                yield edge
        finally:
            watch.close()

    def close(self) -> None:
        """Release the pin. May be called twice."""
        if self._watch is not None:
            self._watch.close()


class _Watch:
    """Brings the pin's events, which come in lgpio's own thread, to the event loop."""

    def __init__(self, number: int, contacts: Debouncer) -> None:
        self._contacts = contacts
        self._loop = asyncio.get_running_loop()
        # The last two levels are enough: they say how the contacts are, and whether they were
        # closed meanwhile. However fast a wire chatters, no more waits for a busy loop.
        self._levels: deque[bool] = deque(maxlen=2)
        self._called = False
        with pins.as_hardware_error(f"the button on GPIO{number}"):
            self._device = DigitalInputDevice(
                number, pull_up=True, bounce_time=SPIKE_S, pin_factory=pins.factory()
            )
            self._device.when_activated = self._on_closed
            self._device.when_deactivated = self._on_opened
            if self._device.is_active:
                contacts.touch(True)

    def close(self) -> None:
        self._device.close()

    def _on_closed(self) -> None:
        self._hand_over(True)

    def _on_opened(self) -> None:
        self._hand_over(False)

    def _hand_over(self, closed: bool) -> None:
        self._levels.append(closed)
        if not self._called:
            self._called = True
            # At shutdown the loop may be closed before the pin is.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._touch)

    def _touch(self) -> None:
        self._called = False
        while self._levels:
            self._contacts.touch(self._levels.popleft())
