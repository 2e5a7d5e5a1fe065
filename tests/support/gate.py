"""A kitchen around the real gate: a camera, a light and a disk that fail when a test says so."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from likelight.appreciation.buttons.watched import WatchedButton
from likelight.contract import State
from likelight.gate.on_air import OnAir
from likelight.gate.privacy_button import PrivacyButton
from likelight.runtime.clock import Now
from likelight_hw.ports import CameraPhase, CameraStatus, HardwareError
from likelight_hw.sim.button import SimButton
from support.virtual import virtual_now


@dataclass
class GateKitchen:
    """A camera that streams at once, a light that can break, and a record of every frame out."""

    lit: bool = False
    broken: bool = False
    unreadable: bool = False
    sticks: bool = False
    full: bool = False
    disk_s: float = 0.02
    stored: list[bool] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    frames: list[tuple[float, bool]] = field(default_factory=list)
    running: bool = False
    changes: int = 0
    on_change: Callable[[], None] = lambda: None
    gate: OnAir | None = None

    def start(self) -> None:
        self.running = True
        asyncio.get_running_loop().call_later(0.05, self._stream)

    def stop(self) -> None:
        self.running = False
        assert self.gate is not None
        self.gate.on_camera(CameraStatus(CameraPhase.STOPPED))

    def set(self, on: bool) -> None:
        if self.broken and on:
            raise HardwareError("no light on pin 17")
        if self.sticks and not on:
            raise HardwareError("the light's relay sticks")
        self.lit = on

    def show(self, state: State) -> None:
        self.states.append(state)

    def frame(self) -> bool:
        """A frame comes from the sensor; it leaves if the feed says live."""
        leaves = self.running and self.states[-1] is State.LIVE
        if leaves:
            self.frames.append((asyncio.get_running_loop().time(), self.lit))
        return leaves

    async def keep(self, private: bool) -> None:
        await asyncio.sleep(self.disk_s)
        if self.full:
            raise OSError("no space is left on the card")
        self.stored.append(private)

    def _stream(self) -> None:
        assert self.gate is not None
        if self.running:
            self.gate.on_camera(CameraStatus(CameraPhase.STREAMING))

    def changed(self) -> None:
        self.changes += 1
        self.on_change()


class KitchenLight:
    """The kitchen's on-air light as the gate sees it; `kitchen.lit` is what eyes see."""

    simulated = True

    def __init__(self, kitchen: GateKitchen) -> None:
        self._kitchen = kitchen

    @property
    def lit(self) -> bool:
        if self._kitchen.unreadable:
            raise HardwareError("pin 17 can't be read")
        return self._kitchen.lit

    def set(self, on: bool) -> None:
        self._kitchen.set(on)

    def close(self) -> None:
        self._kitchen.lit = False


async def a_kitchen(
    body: Callable[[GateKitchen, OnAir], object],
    *,
    private: bool = False,
    consented: bool = True,
    configured: bool = True,
    now: Now | None = None,
) -> None:
    kitchen = GateKitchen()
    gate = OnAir(
        kitchen,
        KitchenLight(kitchen),
        show=kitchen.show,
        store_privacy=kitchen.keep,
        on_change=kitchen.changed,
        now=now or virtual_now(),
        configured=configured,
    )
    kitchen.gate = gate
    async with asyncio.TaskGroup() as group:
        running = group.create_task(gate.run())
        gate.use_stored_privacy(private=private)
        gate.on_consent(consented)
        gate.on_hours(True, None)
        await body(kitchen, gate)  # type: ignore[misc]
        running.cancel()
    assert not kitchen.lit
    assert not kitchen.running


def a_button(button: SimButton, gate: OnAir) -> WatchedButton:
    def nothing() -> None:
        pass

    return WatchedButton(
        "PRIVACY", button, PrivacyButton(gate), on_felt=nothing, on_trouble=nothing
    )


def a_gate(kitchen: GateKitchen, *, private: bool) -> OnAir:
    gate = OnAir(
        kitchen,
        KitchenLight(kitchen),
        show=kitchen.show,
        store_privacy=kitchen.keep,
        on_change=kitchen.changed,
        now=virtual_now(),
    )
    kitchen.gate = gate
    gate.use_stored_privacy(private=private)
    gate.on_consent(True)
    gate.on_hours(True, None)
    gate.on_demand(True)
    return gate


async def ended(running: asyncio.Task[None]) -> float:
    """End the gate's `run`, as the supervisor or the process does; return how long it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    running.cancel()
    await asyncio.wait([running])
    return loop.time() - began


class Unwritable(logging.Handler):
    """A log that nobody can write to."""

    def handle(self, record: logging.LogRecord) -> bool:
        raise RuntimeError("the log is full")


@contextmanager
def no_log() -> Iterator[None]:
    """Let every record of the gate and its button raise, where it is written."""
    loggers = [
        logging.getLogger(name) for name in ("likelight.gate", "likelight.appreciation.buttons")
    ]
    handler = Unwritable()
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
