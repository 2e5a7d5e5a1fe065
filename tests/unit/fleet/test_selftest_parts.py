"""The self-test's keyboard, its texts on every panel, and what it leaves in the state directory."""

import asyncio
import os
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from likelight.appreciation.screens.models import SelfTestScreen
from likelight.appreciation.screens.render import pages
from likelight.assets.crew_words import ENGLISH
from likelight.fleet.selftest.steps import STEPS
from likelight.fleet.selftest.technician import Answer, Reply, Technician, keyboard
from likelight_hw.panels import PANELS
from support.waiting import WITHIN_S

ON_THE_PANEL = (
    ENGLISH.read_this,
    ENGLISH.press.format(name="PRIVACY"),
    ENGLISH.buttons_answer,
    ENGLISH.does_it_glow,
    ENGLISH.not_seen,
)


@pytest.mark.parametrize("panel", PANELS)
def test_what_is_said_on_the_panel_takes_no_more_than_three_pages(panel: str) -> None:
    for words in ON_THE_PANEL:
        longest = max((step.name for step in STEPS), key=len)
        screen = SelfTestScreen(7, 7, longest, words)
        assert len(pages(screen, PANELS[panel].info)) <= 3, words


async def test_lines_are_heard_whole_however_they_come(
    nothing_blocks_the_loop: BlockBuster,
) -> None:
    # The loop says that there is something to read; then reading doesn't wait.
    nothing_blocks_the_loop.functions["os.read"].can_block_in(
        "likelight/fleet/selftest/technician.py", "read"
    )
    reading, writing = os.pipe()
    lines: list[str] = []
    came = asyncio.Event()

    def hear(line: str) -> None:
        lines.append(line)
        if len(lines) == 3:
            came.set()

    async with keyboard(reading, hear):
        os.write(writing, b"y")
        os.write(writing, b"es\nn\n\xff")
        os.write(writing, b"\n")
        async with asyncio.timeout(WITHIN_S):
            await came.wait()
        os.close(writing)  # Ctrl-D, or a terminal that is gone: no busy loop
        await asyncio.sleep(0)
    os.close(reading)
    assert lines == ["yes", "n", "\ufffd"]


async def test_a_stream_that_nobody_can_wait_for_says_nothing(tmp_path: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    async with keyboard(nothing, pytest.fail):
        await asyncio.sleep(0)
    os.close(nothing)


async def test_only_what_is_said_after_the_question_answers_it() -> None:
    technician = Technician(unattended=False)
    technician.on_line("n")
    technician.forget()
    asyncio.get_running_loop().call_soon(technician.on_line, " YES ")
    assert await technician.answer(5) == Reply(Answer.YES, "keyboard")
    assert await Technician(unattended=True).answer(1e9) == Reply(Answer.NOBODY)
