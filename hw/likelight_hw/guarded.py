"""A driver behind a guard: whatever it or its library raises, its user gets a `HardwareError`.

Libraries for pins, buses and panels raise what they like: a missing one an `ImportError`, lgpio its
own class, Pillow a `ValueError`. One that is not expected must cost the part alone, not the lamp's
or the buttons' whole component. The driver is opened at its first use, and again after a failure to
open, so that a part which comes later works then.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from likelight_hw.ports import (
    Button,
    Display,
    DisplayInfo,
    HardwareError,
    Indicator,
    LightFrame,
    Lights,
)

if TYPE_CHECKING:
    from PIL import Image

log = logging.getLogger(__name__)

_Part = TypeVar("_Part", Lights, Indicator, Display, Button)


class Explainer:
    """Explains what the driver of a part raises. `name` is what people call the part.

    What is of the class `passes` does not come from a driver, and stays as it is.
    """

    def __init__(self, name: str, passes: type[Exception] = HardwareError) -> None:
        self._name = name
        self._passes = passes
        self._told: set[type[Exception]] = set()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn an exception that no driver should raise into a `HardwareError`."""
        try:
            yield
        except (HardwareError, self._passes):
            raise
        except Exception as error:
            kind = type(error)
            if kind not in self._told:
                # Its message alone does not say where the fault is; the first of a kind tells it.
                self._told.add(kind)
                log.warning("The driver of the %s failed", self._name, exc_info=True)
            what = f"{kind.__name__}: {error}" if str(error) else kind.__name__
            raise HardwareError(f"the {self._name}'s driver failed ({what})") from error


class _Guard(Explainer, Generic[_Part]):
    """Opens a part when it is used, and explains what it raises."""

    def __init__(self, name: str, open_part: Callable[[], _Part]) -> None:
        super().__init__(name)
        self._open: Callable[[], _Part] = open_part
        self._part: _Part | None = None

    def opened(self) -> _Part:
        """Return the part, opened now if need be. Call it inside `explained`."""
        if self._part is None:
            self._part = self._open()
        return self._part

    @property
    def if_opened(self) -> _Part | None:
        """The part; None before its first use, and while it can't be opened."""
        return self._part


class GuardedLights:
    """A lamp behind a guard."""

    simulated = False

    def __init__(self, open_part: Callable[[], Lights]) -> None:
        self._guard = _Guard("lamp", open_part)
        with self._guard.explained():
            self._guard.opened()

    def write(self, frame: LightFrame) -> LightFrame:
        """See `Lights`."""
        with self._guard.explained():
            return self._guard.opened().write(frame)

    def close(self) -> None:
        """See `Lights`."""
        if lamp := self._guard.if_opened:
            with self._guard.explained():
                lamp.close()


class GuardedIndicator:
    """The on-air light behind a guard."""

    simulated = False

    def __init__(self, open_part: Callable[[], Indicator]) -> None:
        self._guard = _Guard("on-air light", open_part)
        # Off from the start, whatever an ended daemon left on.
        with suppress(HardwareError), self._guard.explained():
            self._guard.opened()

    @property
    def lit(self) -> bool:
        """See `Indicator`. Raises `HardwareError` when it can't be read."""
        with self._guard.explained():
            return self._guard.opened().lit

    def set(self, on: bool) -> None:
        """See `Indicator`."""
        with self._guard.explained():
            self._guard.opened().set(on)

    def close(self) -> None:
        """See `Indicator`."""
        if light := self._guard.if_opened:
            with self._guard.explained():
                light.close()


class GuardedDisplay:
    """A panel with this `info` behind a guard."""

    simulated = False

    def __init__(self, info: DisplayInfo, open_part: Callable[[], Display]) -> None:
        self.info = info
        self._guard = _Guard("panel", open_part)

    async def show(self, image: "Image.Image") -> None:
        """See `Display`."""
        with self._guard.explained():
            await self._guard.opened().show(image)

    async def set_brightness(self, level: float) -> None:
        """See `Display`."""
        with self._guard.explained():
            await self._guard.opened().set_brightness(level)

    async def close(self) -> None:
        """See `Display`."""
        if panel := self._guard.if_opened:
            with self._guard.explained():
                await panel.close()


class GuardedButton:
    """A button behind a guard."""

    simulated = False

    def __init__(self, open_part: Callable[[], Button]) -> None:
        self._guard = _Guard("button", open_part)

    async def edges(self) -> AsyncGenerator[bool, None]:
        """See `Button`."""
        with self._guard.explained():
            async with aclosing(self._guard.opened().edges()) as edges:
                async for down in edges:
                    yield down
