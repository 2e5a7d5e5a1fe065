"""Whoever walks through the self-test, and how they answer: by keyboard, or with a thumb."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

THANKS, PRIVACY = "THANKS", "PRIVACY"


class Answer(StrEnum):
    """What came of a question."""

    YES = "yes"
    NO = "no"
    SKIP = "skip"
    NOBODY = "nobody"
    """Nobody answered in time, or nobody is there to be asked."""


_WORDS = {"y": Answer.YES, "yes": Answer.YES, "n": Answer.NO, "no": Answer.NO}
_WORDS |= {"s": Answer.SKIP, "skip": Answer.SKIP}
_THUMBS = {THANKS: Answer.YES, PRIVACY: Answer.NO}


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, and who gave it: "keyboard" or a button's name."""

    answer: Answer
    by: str | None = None


NOBODY = Heard(Answer.NOBODY)


class Person:
    """Hears keys and buttons. `unattended` means that there is nobody: no question is waited for.

    THANKS means yes and PRIVACY means no, once `thumbs` says that both buttons work.
    """

    def __init__(self, *, unattended: bool, hint: Callable[[str], None] = lambda _: None) -> None:
        self.unattended = unattended
        self.thumbs = False
        self._hint = hint
        self._said: asyncio.Queue[str] = asyncio.Queue()
        """Lines of the keyboard, and names of buttons as they are pressed."""

    def hear_line(self, line: str) -> None:
        self._said.put_nowait(line.strip().lower())

    def hear_button(self, name: str) -> None:
        self._said.put_nowait(name)

    async def answer(self, within_s: float) -> Heard:
        """Return the next answer."""
        if self.unattended:
            return NOBODY
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    heard = self._understand(await self._said.get())
                    if heard is not None:
                        return heard
        return NOBODY

    async def press(self, within_s: float) -> str | Heard:
        """Return the name of the button that is pressed next, or what the keyboard says."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    said = await self._said.get()
                    if said in _THUMBS:
                        return said
                    if (heard := self._understand(said)) and heard.answer is not Answer.YES:
                        return heard
        return NOBODY

    def forget(self) -> None:
        """Nothing that was said until now counts; a question is coming."""
        while not self._said.empty():
            self._said.get_nowait()

    def _understand(self, said: str) -> Heard | None:
        if said in _THUMBS:
            return Heard(_THUMBS[said], said) if self.thumbs else None
        if said in _WORDS:
            return Heard(_WORDS[said], "keyboard")
        self._hint("Please type y, n or s (skip), and Enter.")
        return None


@asynccontextmanager
async def keyboard(stream: int, hear: Callable[[str], None]) -> AsyncIterator[None]:
    """Give each line that is typed to `hear`, for the time of the block; `stream` is a descriptor.

    A stream that nobody can wait for (a file, /dev/null) says nothing.
    """
    loop, typed = asyncio.get_running_loop(), bytearray()

    def read() -> None:
        # Called when there is something to read: it doesn't wait.
        data = os.read(stream, 4096)
        typed.extend(data)
        while b"\n" in typed:
            line, _, rest = typed.partition(b"\n")
            typed[:] = rest
            hear(line.decode(errors="replace"))
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
