"""The technician who runs the self-test, and how they answer: by keyboard or by button."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

THANKS, PRIVACY = "THANKS", "PRIVACY"


class Answer(StrEnum):
    """The answer to a question."""

    YES = "yes"
    NO = "no"
    SKIP = "skip"
    NOBODY = "nobody"
    """Nobody answered in time, or nobody is there to be asked."""


_WORDS = {"y": Answer.YES, "yes": Answer.YES, "n": Answer.NO, "no": Answer.NO}
_WORDS |= {"s": Answer.SKIP, "skip": Answer.SKIP}
_BUTTONS = {THANKS: Answer.YES, PRIVACY: Answer.NO}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and who gave it: "keyboard" or a button's name."""

    answer: Answer
    by: str | None = None


NOBODY = Reply(Answer.NOBODY)


class Technician:
    """Collects answers from keys and buttons. `unattended`: nobody is there, so no question waits.

    THANKS means yes and PRIVACY means no, once `buttons_answer` says that both buttons work.
    """

    def __init__(self, *, unattended: bool, hint: Callable[[str], None] = lambda _: None) -> None:
        self.unattended = unattended
        self.buttons_answer = False
        self._hint = hint
        self._inputs: asyncio.Queue[str] = asyncio.Queue()
        """Lines of the keyboard, and names of buttons as they are pressed."""

    def on_line(self, line: str) -> None:
        self._inputs.put_nowait(line.strip().lower())

    def on_button(self, name: str) -> None:
        self._inputs.put_nowait(name)

    async def answer(self, within_s: float) -> Reply:
        """Return the next answer."""
        if self.unattended:
            return NOBODY
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    reply = self._parse(await self._inputs.get())
                    if reply is not None:
                        return reply
        return NOBODY

    async def press(self, within_s: float) -> str | Reply:
        """Return the name of the button that is pressed next, or what the keyboard says."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    said = await self._inputs.get()
                    if said in _BUTTONS:
                        return said
                    if (reply := self._parse(said)) and reply.answer is not Answer.YES:
                        return reply
        return NOBODY

    def forget(self) -> None:
        """Drop every input up to now: the question comes after it."""
        while not self._inputs.empty():
            self._inputs.get_nowait()

    def _parse(self, said: str) -> Reply | None:
        if said in _BUTTONS:
            return Reply(_BUTTONS[said], said) if self.buttons_answer else None
        if said in _WORDS:
            return Reply(_WORDS[said], "keyboard")
        self._hint("Please type y, n or s (skip), and Enter.")
        return None


@asynccontextmanager
async def keyboard(stream: int, on_line: Callable[[str], None]) -> AsyncIterator[None]:
    """Call `on_line` with each line that is typed, while the block runs; `stream` is a descriptor.

    A stream that the event loop can't watch (a file, /dev/null) gives no line.
    """
    loop, typed = asyncio.get_running_loop(), bytearray()

    def read() -> None:
        # Called when there is something to read: it doesn't wait.
        data = os.read(stream, 4096)
        typed.extend(data)
        while b"\n" in typed:
            line, _, rest = typed.partition(b"\n")
            typed[:] = rest
            on_line(line.decode(errors="replace"))
        if not data:
            loop.remove_reader(stream)

    try:
        loop.add_reader(stream, read)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        loop.remove_reader(stream)
