"""The steps of the self-test for the panel and the two buttons.

A simulated part answers for itself.
"""

import asyncio

from likelight.fleet.selftest.report import Outcome, StepVerdict, failed, passed
from likelight.fleet.selftest.session import SelfTestSession
from likelight.fleet.selftest.technician import PRIVACY, THANKS
from likelight_hw.ports import Button
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay

PRESS_S = 45.0
READ_S = 4.0
"""Time to read two short lines, which take two pages on a small panel."""


async def check_panel(session: SelfTestSession) -> Outcome:
    await session.tell(session.words.read_this, "Look at the panel from where the crew stands.")
    if session.panel.trouble is not None:
        return failed(session.panel.trouble)
    display = session.device.display
    if isinstance(display, SimDisplay) and display.simulated:
        page = session.panel.page
        if page is None or display.image.tobytes() != page.image().tobytes():
            return failed("the simulated panel shows another picture")
        return passed(f"{display.info.width} x {display.info.height} pixels")
    far = display.info.reading_distance_m
    question = f"Can you read the question on it, upright and whole, from {far:g} m?"
    other = await session.ask(session.words.read_this, question, asyncio.sleep(0))
    if other is not None:
        return other
    return passed(f"readable from {far:g} m")


async def check_buttons(session: SelfTestSession) -> Outcome:
    session.technician.forget()
    for name, button in ((THANKS, session.device.thanks), (PRIVACY, session.device.privacy)):
        if name in session.broken_buttons:
            return failed(f"{name}: {session.broken_buttons[name]}")
        if (bad := await _press(session, name, button)) is not None:
            return bad
    simulated = session.device.thanks.simulated or session.device.privacy.simulated
    session.technician.buttons_answer = not simulated
    if simulated:
        return passed("each works")
    await session.tell(
        session.words.buttons_answer, "From now on THANKS means yes, and PRIVACY means no."
    )
    if not session.technician.unattended:
        await asyncio.sleep(READ_S)
    return passed("each works, and is the one that it should be")


async def _press(session: SelfTestSession, name: str, button: Button) -> Outcome | None:
    """Wait for a press of `name`; return what was wrong."""
    if not button.simulated and session.technician.unattended:
        return session.outcome_of(await session.technician.answer(0))
    short = session.words.press.format(name=name)
    await session.tell(short, f"Press {name}, once.")
    if isinstance(button, SimButton):
        button.press()
    reply = await session.technician.press(PRESS_S)
    if isinstance(reply, str) and reply != name:
        # Perhaps the wrong button by mistake, or a second press of the one before.
        await session.tell(short, f"That was {reply}. Press {name}, once more.")
        reply = await session.technician.press(PRESS_S)
    if reply == name:
        session.seen_by = None if button.simulated else name
        return None
    if isinstance(reply, str):
        return failed(
            f"{name} was asked for, and {reply} was heard",
            "swap the two wires, or buttons.pin_thanks and buttons.pin_privacy",
        )
    if name in session.down:
        words = f"{name} is down all the while: its cap is stuck, or its wires touch"
        return failed(words)
    bad = session.outcome_of(reply)
    if bad is not None and bad.verdict is StepVerdict.FAILED:
        return failed(f"{name} was pressed, and nothing was heard")
    return bad
