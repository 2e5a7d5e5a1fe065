"""The steps of the self-test for the lamp and the on-air light.

A simulated part answers for itself.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from likelight.fleet.selftest.report import Outcome, StepVerdict, failed, passed
from likelight.fleet.selftest.session import SelfTestSession
from likelight.fleet.selftest.under_test import SingleLamp
from likelight_hw.ports import DARK, LightFrame, Lights, Rgb

WARM: Rgb = (0xFF, 0xD9, 0xA0)
COLOURS: tuple[Rgb, ...] = ((0xFF, 0, 0), (0, 0xFF, 0), (0, 0, 0xFF))
"""The governor makes the red paler; it stays the reddest of the three."""
FRAME_S = 0.02
SWELL_S, REST_S = 1.2, 0.8
DARK_WITHIN_S = 5.0
"""The governor, and the shortest time that a relay stays on, delay a change by up to 3 s."""
BRIGHT = 0.5
"""A lamp that was asked for its full level, and reports less than this, did not rise."""


async def check_lamps(session: SelfTestSession) -> Outcome:
    lamps = session.device.lamps
    for number, lamp in enumerate(lamps, 1):
        which = f"Lamp {number} of {len(lamps)}" if len(lamps) > 1 else "It"
        outcome = await _one_lamp(session, which, lamp)
        if outcome.verdict is not StepVerdict.PASSED:
            named = outcome.words if which == "It" else f"{which}: {outcome.words}"
            return Outcome(outcome.verdict, named, outcome.fix)
    return outcome


async def _one_lamp(session: SelfTestSession, which: str, lamp: SingleLamp) -> Outcome:
    coloured = lamp.driver in ("rgb", "ws2812-pio")
    colours = COLOURS if coloured else (WARM,)
    order = " red, green, blue, one after the other," if coloured else ""
    try:
        if lamp.lights.simulated:
            return await _simulated_lamp(session, lamp.lights, colours)
        question = f"{which} glows{order} and rests, again and again. Does it?"
        short = session.words.red_green_blue if coloured else session.words.does_it_glow
        other = await session.ask(short, question, _glow(lamp.lights, colours))
    finally:
        await _go_dark(lamp.lights)
    if other is not None:
        if other.verdict is StepVerdict.FAILED and coloured:
            return Outcome(
                other.verdict, other.words, "check the wires; colours in another order: swap pins"
            )
        return other
    return passed("it glows and rests")


async def _simulated_lamp(
    session: SelfTestSession, lights: Lights, colours: Sequence[Rgb]
) -> Outcome:
    await session.tell(session.words.glows, "The lamp glows once.")
    brightest = await _swell(lights, colours[0])
    if brightest < BRIGHT:
        return failed(f"it rose to {brightest:.0%} only")
    if (await _go_dark(lights)).level > 0:
        return failed("it did not go dark again")
    return passed(f"it rose to {brightest:.0%} and went dark")


async def _glow(lights: Lights, colours: Sequence[Rgb]) -> None:
    while True:
        for rgb in colours:
            await _swell(lights, rgb)
            await asyncio.sleep(REST_S)


async def _swell(lights: Lights, rgb: Rgb) -> float:
    """Rise and fall once; return the brightest that the lamp said it was."""
    brightest, frames = 0.0, round(SWELL_S / FRAME_S)
    for frame in range(2 * frames + 1):
        level = 1 - abs(frame - frames) / frames
        brightest = max(brightest, lights.write(LightFrame(level, rgb)).level)
        await asyncio.sleep(FRAME_S)
    return brightest


async def _go_dark(lights: Lights) -> LightFrame:
    """Go dark; return what the lamp shows in the end."""
    shown = lights.write(DARK)
    with suppress(TimeoutError):
        async with asyncio.timeout(DARK_WITHIN_S):
            while shown.level > 0:
                await asyncio.sleep(FRAME_S)
                shown = lights.write(DARK)
    return shown


async def check_on_air_light(session: SelfTestSession) -> Outcome:
    light = session.device.indicator
    try:
        if light.simulated:
            await session.tell(session.words.on_off, "The on-air light goes on, and off.")
            light.set(True)
            lit = light.lit
            light.set(False)
            if not lit or light.lit:
                return failed("it did not follow")
            return passed("on and off, as requested")
        question = "ON AIR goes on and off, slowly; it, and nothing else. Does it?"
        other = await session.ask(session.words.on_and_off, question, _blink(session))
    finally:
        light.set(False)
    return other or passed("on and off, as requested")


async def _blink(session: SelfTestSession) -> None:
    while True:
        session.device.indicator.set(True)
        await asyncio.sleep(2.0)
        session.device.indicator.set(False)
        await asyncio.sleep(2.0)
