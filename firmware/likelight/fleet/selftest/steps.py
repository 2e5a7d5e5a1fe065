"""The seven steps of the self-test.

The panel comes first, because it guides; the buttons second, because thumbs can answer from then
on, and whoever stands at the wall needs no keyboard. A simulated part answers for itself.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from likelight.fleet.doctor import doctor
from likelight.fleet.doctor.check import Check, Result
from likelight.fleet.doctor.checks import clock, network, service
from likelight.fleet.selftest.camera_step import look_through
from likelight.fleet.selftest.hardware import Lamp
from likelight.fleet.selftest.own_cloud import own_cloud_answers
from likelight.fleet.selftest.report import Outcome, Verdict
from likelight.fleet.selftest.session import LOOK, Step, Walk
from likelight.fleet.selftest.technician import PRIVACY, THANKS
from likelight_hw.ports import DARK, Button, LightFrame, Lights, Rgb
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay

PRESS_S = 45.0
THUMBS_S = 4.0
"""Two short lines, on two pages of a small panel."""
WARM: Rgb = (0xFF, 0xD9, 0xA0)
COLOURS: tuple[Rgb, ...] = ((0xFF, 0, 0), (0, 0xFF, 0), (0, 0, 0xFF))
"""The governor makes the red paler; it stays the reddest of the three."""
FRAME_S = 0.02
SWELL_S, REST_S = 1.2, 0.8
LET_GO_S = 5.0
"""The governor and a relay's dwell hold a change back for up to 3 s."""
SEEN = 0.5
"""A lamp that was asked for its whole light and says less than this never rose."""


async def _panel(walk: Walk) -> Outcome:
    await walk.tell(walk.words.read_this, "Look at the panel from where the crew stands.")
    if walk.panel.trouble is not None:
        return Outcome(Verdict.FAILED, walk.panel.trouble)
    display = walk.parts.display
    if isinstance(display, SimDisplay) and display.simulated:
        page = walk.panel.page
        if page is None or display.image.tobytes() != page.image().tobytes():
            return Outcome(Verdict.FAILED, "the simulated panel shows another picture")
        return Outcome(Verdict.PASSED, f"{display.info.width} x {display.info.height} pixels")
    far = display.info.reading_distance_m
    question = f"Can you read the question on it, upright and whole, from {far:g} m?"
    if (other := await walk.ask(walk.words.read_this, question, asyncio.sleep(0))) is not None:
        return other
    return Outcome(Verdict.PASSED, f"readable from {far:g} m")


async def _buttons(walk: Walk) -> Outcome:
    walk.person.forget()
    for name, button in ((THANKS, walk.parts.thanks), (PRIVACY, walk.parts.privacy)):
        if name in walk.broken_buttons:
            return Outcome(Verdict.FAILED, f"{name}: {walk.broken_buttons[name]}")
        if (bad := await _press(walk, name, button)) is not None:
            return bad
    simulated = walk.parts.thanks.simulated or walk.parts.privacy.simulated
    walk.person.thumbs = not simulated
    if simulated:
        return Outcome(Verdict.PASSED, "each was heard")
    await walk.tell(walk.words.thumbs, "From now on THANKS means yes, and PRIVACY means no.")
    if not walk.person.unattended:
        await asyncio.sleep(THUMBS_S)
    return Outcome(Verdict.PASSED, "each was heard, and is the one that it should be")


async def _press(walk: Walk, name: str, button: Button) -> Outcome | None:
    """Wait for a press of `name`; return what was wrong."""
    if not button.simulated and walk.person.unattended:
        return walk.judge(await walk.person.answer(0))
    short = walk.words.press.format(name=name)
    await walk.tell(short, f"Press {name}, once.")
    if isinstance(button, SimButton):
        button.press()
    heard = await walk.person.press(PRESS_S)
    if isinstance(heard, str) and heard != name:
        # A slip of the thumb, perhaps, or a second press of the one before.
        await walk.tell(short, f"That was {heard}. Press {name}, once more.")
        heard = await walk.person.press(PRESS_S)
    if heard == name:
        walk.seen_by = None if button.simulated else name
        return None
    if isinstance(heard, str):
        return Outcome(
            Verdict.FAILED,
            f"{name} was asked for, and {heard} was heard",
            "swap the two wires, or buttons.pin_thanks and buttons.pin_privacy",
        )
    if name in walk.down:
        words = f"{name} is down all the while: its cap is wedged, or its wires touch"
        return Outcome(Verdict.FAILED, words)
    bad = walk.judge(heard)
    if bad is not None and bad.verdict is Verdict.FAILED:
        return Outcome(Verdict.FAILED, f"{name} was pressed, and nothing was heard")
    return bad


async def _lamps(walk: Walk) -> Outcome:
    for number, lamp in enumerate(walk.parts.lamps, 1):
        which = f"Lamp {number} of {len(walk.parts.lamps)}" if len(walk.parts.lamps) > 1 else "It"
        outcome = await _one_lamp(walk, which, lamp)
        if outcome.verdict is not Verdict.PASSED:
            named = outcome.words if which == "It" else f"{which}: {outcome.words}"
            return Outcome(outcome.verdict, named, outcome.mend)
    return outcome


async def _one_lamp(walk: Walk, which: str, lamp: Lamp) -> Outcome:
    coloured = lamp.driver in ("rgb", "ws2812-pio")
    colours = COLOURS if coloured else (WARM,)
    order = " red, green, blue, one after the other," if coloured else ""
    try:
        if lamp.lights.simulated:
            return await _lamp_answers(walk, lamp.lights, colours)
        question = f"{which} glows{order} and rests, again and again. Does it?"
        short = walk.words.red_green_blue if coloured else walk.words.does_it_glow
        other = await walk.ask(short, question, _glow(lamp.lights, colours))
    finally:
        await _let_go(lamp.lights)
    if other is not None:
        if other.verdict is Verdict.FAILED and coloured:
            return Outcome(
                other.verdict, other.words, "check the wires; colours in another order: swap pins"
            )
        return other
    return Outcome(Verdict.PASSED, "it glows and rests")


async def _lamp_answers(walk: Walk, lights: Lights, colours: Sequence[Rgb]) -> Outcome:
    await walk.tell(walk.words.glows, "The lamp glows once.")
    brightest = await _swell(lights, colours[0])
    if brightest < SEEN:
        return Outcome(Verdict.FAILED, f"it rose to {brightest:.0%} only")
    if (await _let_go(lights)).level > 0:
        return Outcome(Verdict.FAILED, "it did not go dark again")
    return Outcome(Verdict.PASSED, f"it rose to {brightest:.0%} and went dark")


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


async def _let_go(lights: Lights) -> LightFrame:
    """Go dark; return what the lamp shows in the end."""
    shown = lights.write(DARK)
    with suppress(TimeoutError):
        async with asyncio.timeout(LET_GO_S):
            while shown.level > 0:
                await asyncio.sleep(FRAME_S)
                shown = lights.write(DARK)
    return shown


async def _on_air(walk: Walk) -> Outcome:
    light = walk.parts.indicator
    try:
        if light.simulated:
            await walk.tell(walk.words.on_off, "The on-air light goes on, and off.")
            light.set(True)
            lit = light.lit
            light.set(False)
            if not lit or light.lit:
                return Outcome(Verdict.FAILED, "it did not do as it was told")
            return Outcome(Verdict.PASSED, "on and off, as it was told")
        question = "ON AIR goes on and off, slowly; it, and nothing else. Does it?"
        other = await walk.ask(walk.words.on_and_off, question, _blink(walk))
    finally:
        light.set(False)
    return other or Outcome(Verdict.PASSED, "on and off, as it was told")


async def _blink(walk: Walk) -> None:
    while True:
        walk.parts.indicator.set(True)
        await asyncio.sleep(2.0)
        walk.parts.indicator.set(False)
        await asyncio.sleep(2.0)


async def _camera(walk: Walk) -> Outcome:
    await walk.tell(
        walk.words.two_seconds,
        "The camera is on for 2 seconds. Nothing is stored, nobody sees it.",
    )
    return await look_through(walk)


async def _network(walk: Walk) -> Outcome:
    await walk.tell(walk.words.looking, "Looking for the way out.")
    return await _examine(walk, (*network.WAY_OUT, clock.clock, service.port))


async def _cloud(walk: Walk) -> Outcome:
    await walk.tell(walk.words.asking, "Asking the cloud.")
    if walk.config.cloud.url is None:
        return await own_cloud_answers(walk.config, walk.ground.now)
    return await _examine(walk, network.CLOUD)


async def _examine(walk: Walk, checks: Sequence[Check]) -> Outcome:
    """Let the doctor look; the first thing that failed is the step's."""
    found = await asyncio.to_thread(doctor.examine, walk.ground, checks)
    for diagnosis in found:
        if diagnosis.finding.result is Result.FAIL:
            no = f"{diagnosis.check.what}? No: {diagnosis.finding.words}"
            return Outcome(Verdict.FAILED, no, diagnosis.fix)
    seen = (one.finding for one in found if one.finding.result is not Result.SKIP)
    words = "; ".join(finding.words for finding in seen)
    return Outcome(Verdict.PASSED, words or found[0].finding.words)


_WIRES = f"check its wires and its supply against hw/WIRING.md; {LOOK}"

STEPS: tuple[Step, ...] = (
    Step(
        "Panel",
        lambda words: words.panel,
        _WIRES,
        lambda parts: parts.display.simulated,
        _panel,
    ),
    Step(
        "Buttons",
        lambda words: words.buttons,
        "each goes from its pin to ground; the pins are in hw/WIRING.md",
        lambda parts: parts.thanks.simulated and parts.privacy.simulated,
        _buttons,
    ),
    Step(
        "Lamp",
        lambda words: words.lamp,
        _WIRES,
        lambda parts: all(lamp.lights.simulated for lamp in parts.lamps),
        _lamps,
    ),
    Step(
        "On-air light",
        lambda words: words.on_air_light,
        _WIRES,
        lambda parts: parts.indicator.simulated,
        _on_air,
    ),
    Step(
        "Camera",
        lambda words: words.camera,
        f"reseat its cable at both ends; {LOOK}",
        lambda parts: parts.camera.simulated,
        _camera,
    ),
    Step("Network", lambda words: words.network, LOOK, lambda _: False, _network),
    Step("Cloud", lambda words: words.cloud, LOOK, lambda _: False, _cloud),
)
