"""The self-test's step for the crew's consent, which a real camera needs.

It is asked for at the panel, where a store has no shell; then one press of PRIVACY shares.
"""

import asyncio
from contextlib import suppress

from likelight.appreciation.buttons.hold import HeldButtons, Hold
from likelight.appreciation.buttons.question import Question, Questions
from likelight.appreciation.screens.models import StatusScreen
from likelight.daemon.panel_consent import HOLD_S, Notice
from likelight.fleet.selftest.report import Outcome, failed, passed, unseen
from likelight.fleet.selftest.session import SelfTestSession
from likelight.fleet.selftest.technician import PRIVACY, THANKS, Answer
from likelight.gate.consent import ConsentError

CONSENT_S = 120.0
"""When nobody has held THANKS after this time (s), nobody is there who may."""
SHARE_S = 60.0


class _Nothing:
    """What a button does besides answering: nothing, in a self-test."""

    def pressed(self) -> None: ...

    def released(self) -> None: ...

    def cancelled(self) -> None: ...


async def check_consent(session: SelfTestSession) -> Outcome:
    """Say whether the consent holds; where it does not, ask for it. Raises `OSError`."""
    device = session.device
    if device.camera.simulated:
        return passed("a simulated camera needs none")
    refused = await device.consent_refusal()
    if refused is None:
        return passed("it is recorded, and holds")
    notice = device.notice()
    if notice is None:
        return unseen("the device is not paired yet: it asks once it is a kitchen's")
    if session.technician.unattended or not session.technician.buttons_answer:
        return refused
    if not await _agrees(session, notice):
        return refused
    try:
        await device.record(notice)
    except ConsentError as error:
        return failed(str(error))
    if (refused := await device.consent_refusal()) is not None:
        return refused
    session.seen_by = THANKS
    await _shares(session)
    return passed(f"notice {notice.number}, until {notice.review}")


async def _agrees(session: SelfTestSession, notice: Notice) -> bool:
    """Ask, and wait for a hold of THANKS; PRIVACY, or n or s typed, means no."""
    agreed, changed = asyncio.Event(), asyncio.Event()
    questions = Questions(changed.set)
    question = Question(notice.screen(session.words, THANKS), agreed.set, HOLD_S)
    questions.put("consent", question)
    hold = Hold(questions, changed.set)
    shown = False

    async def show() -> None:
        nonlocal shown
        while True:
            changed.clear()
            screen = hold.screen or question.screen
            shown = await session.panel.show(screen)
            hold.on_panel(screen if shown else None)
            await changed.wait()

    buttons = HeldButtons(
        hold, asked=lambda: question if shown else None, asked_of_both=lambda: None
    )
    handlers = {
        THANKS: buttons.thanks(_Nothing(), lambda: True),
        PRIVACY: buttons.privacy(_Nothing(), lambda: True),
    }

    def on_edge(name: str, down: bool) -> None:
        (handlers[name].pressed if down else handlers[name].released)()

    session.say(
        f"      Has the crew signed notice {notice.number} on paper? Then hold THANKS for {HOLD_S} "
        "s. [n/s, or PRIVACY]"
    )
    session.technician.forget()
    session.on_edge = on_edge
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(agreed.wait()), group.create_task(_refuses(session))]
        showing = group.create_task(show())
        await asyncio.wait(waiting, timeout=CONSENT_S, return_when=asyncio.FIRST_COMPLETED)
        for task in (*waiting, showing):
            task.cancel()
    hold.end()
    return agreed.is_set()


async def _refuses(session: SelfTestSession) -> None:
    """Return once somebody says no, or skips."""
    while (await session.technician.answer(CONSENT_S)).answer is Answer.YES:
        pass


async def _shares(session: SelfTestSession) -> None:
    """Let the crew share with one press of PRIVACY; without it the camera stays private."""
    released, alone = asyncio.Event(), False

    def on_edge(name: str, down: bool) -> None:
        nonlocal alone
        if down:
            # Beside THANKS its release never shares, as in the daemon.
            alone = name == PRIVACY and THANKS not in session.down
        elif name == PRIVACY and alone:
            released.set()

    words = session.words
    session.say("      It is recorded. Press PRIVACY, once, to share for the camera's step.")
    await session.panel.show(StatusScreen(words.recorded, words.press_privacy, "check"))
    session.on_edge = on_edge
    with suppress(TimeoutError):
        async with asyncio.timeout(SHARE_S):
            await released.wait()
    if released.is_set():
        await session.device.set_private(False)
