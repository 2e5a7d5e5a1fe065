"""What the crew is asked at the panel, and agrees to by holding THANKS."""

from collections.abc import Callable
from dataclasses import dataclass

from likelight.appreciation.screens.models import Screen


@dataclass(frozen=True, slots=True)
class Question:
    """`screen` asks; holding THANKS for `hold_s` seconds while it is on the panel agrees to it, and
    calls `agreed` once, on the event loop. There is no other answer: who does not want it waits.
    """

    screen: Screen
    agreed: Callable[[], None]
    hold_s: float = 3.0


class Questions:
    """The questions that are open; one at a time is asked, the one that came first.

    `on_change` is called at each change of the one that is asked.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._open: dict[str, Question] = {}

    @property
    def asked(self) -> Question | None:
        """The question for the panel now."""
        return next(iter(self._open.values()), None)

    def put(self, about: str, question: Question | None) -> None:
        """Ask `question`, in place of one about the same; with None ask nothing about it."""
        before = self.asked
        if question is None:
            self._open.pop(about, None)
        else:
            self._open[about] = question
        if self.asked is not before:
            self._on_change()
