"""Playing effects on the lamp without a daemon, for the person who wires it."""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence

from likelight.appreciation.lamp.lamp import Lamp
from likelight.appreciation.lamp.palette import brand
from likelight.appreciation.lamp.trial import Planned
from likelight.config.settings import Config
from likelight.config.state_dir import held
from likelight.runtime.clock import utc_now
from likelight_hw import registry
from likelight_hw.ports import DARK, LightFrame

Plan = Callable[[Lamp], Sequence[Planned]]


def play_alone(config: Config, plan: Plan, say: Callable[[Planned], None]) -> bool:
    """Open the lamps of `config`, play what `plan` asks of them to its end, and switch them off.

    `say` is called with each effect when it begins. Holds the state directory, so that no daemon
    starts meanwhile. Returns whether any lamp gave light. Raises `ConfigError` when a daemon runs,
    `HardwareError` when there is no such driver, and `KeyboardInterrupt`, with all lamps dark, when
    a signal ends it.
    """
    with held(config.state_dir):
        try:
            return asyncio.run(_play(config, plan, say))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


async def _play(config: Config, plan: Plan, say: Callable[[Planned], None]) -> bool:
    lit: list[LightFrame] = []
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    assert me is not None
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(ending, me.cancel)
    lamp = Lamp(
        registry.open_lights(config.wiring.lights, time.monotonic),
        now=utc_now,
        on_frame=lit.append,
        on_lit=lambda total, at: None,
        palette=brand(config.brand.glow, config.brand.heart),
    )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(lamp.run())
        began = loop.time()
        for one in plan(lamp):
            await _until(began + one.starts_s)
            say(one)
            ends = began + one.starts_s + one.effect.seconds
        await _until(ends)
        running.cancel()
    return any(frame.level > DARK.level for frame in lit)


async def _until(moment: float) -> None:
    await asyncio.sleep(moment - asyncio.get_running_loop().time())
