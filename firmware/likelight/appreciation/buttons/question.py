"""What the crew is asked at the panel, and agrees to by holding THANKS."""

from collections.abc import Callable
from dataclasses import dataclass

from likelight.appreciation.screens.models import Screen


@dataclass(frozen=True, slots=True)
class Question:
    """`screen` asks; holding THANKS for `hold_s` seconds while it is on the panel agrees to it, and
    calls `agreed` once, on the event loop. There is no other answer: who does not want it waits.

    A `patient` question stands only where the camera waits for the crew's consent, and gives way to
    any other.
    """

    screen: Screen
    agreed: Callable[[], None]
    hold_s: float = 3.0
    patient: bool = False


class Questions:
    """The questions that are open; one at a time is asked, the one that came first.

    `of_both` is what both buttons, held together, agree to at any time; nothing asks it before.

    `on_change` is called at each change of the one that is asked.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._open: dict[str, Question] = {}
        self.of_both: Question | None = None

    @property
    def asked(self) -> Question | None:
        """The question for the panel now."""
        return min(self._open.values(), key=lambda question: question.patient, default=None)

    def of_thanks(self, about: str) -> Question | None:
        """Return the open question that is about this."""
        return self._open.get(about)

    def stands(self, question: Question) -> bool:
        """Return whether `question` may be agreed to now."""
        return question is self.asked or question is self.of_both

    def put(self, about: str, question: Question | None) -> None:
        """Ask `question`, in place of one about the same; with None ask nothing about it."""
        before = self.asked
        if question is None:
            self._open.pop(about, None)
        else:
            self._open[about] = question
        if self.asked is not before:
            self._on_change()
