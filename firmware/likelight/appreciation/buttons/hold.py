"""A question on the panel that the crew answers by holding a button: THANKS, or both at once.

A hold counts only while the panel shows the question, from its first second to its last, and only
without an interruption. Both buttons together also mean that PRIVACY's release does not share.
"""

import asyncio
from collections.abc import Callable

from likelight.appreciation.buttons.question import Question, Questions
from likelight.appreciation.buttons.watched import ButtonHandler
from likelight.appreciation.screens.models import HoldScreen, Screen

CONFIRM_S = 0.1
"""A release is believed after 50 ms. It must be heard before the end of the hold, also after the
event loop stood still."""


class Hold:
    """A hold under way, from the press to the answer to one of `questions`.

    `on_change` is called with each second.
    """

    def __init__(self, questions: Questions, on_change: Callable[[], None]) -> None:
        self._questions = questions
        self._on_change = on_change
        self._question: Question | None = None
        self._held = 0
        self._since: float | None = None
        """When the panel began to show it; None before."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def screen(self) -> HoldScreen | None:
        """What the panel must show now; None while nothing is held."""
        question = self._question
        if question is None:
            return None
        return HoldScreen(question.screen, round(question.hold_s), self._held)

    def begin(self, question: Question) -> None:
        """What answers `question` went down."""
        self._stop()
        self._question = question
        self._on_change()

    def end(self) -> None:
        """It was released, or does not count. Without a hold nothing happens."""
        if self._question is not None:
            self._stop()
            self._question = None
            self._on_change()

    def on_panel(self, screen: Screen | None) -> None:
        """The panel shows `screen` from now on; None for nothing that can be relied on."""
        question = self._question
        if question is None:
            return
        if not isinstance(screen, HoldScreen) or screen.asks != question.screen:
            self._stop()
        elif screen.held == screen.seconds == self._held:
            self.end()
            if self._questions.stands(question):
                question.agreed()
        elif self._since is None:
            self._since = _now()
            self._wait()

    def _wait(self) -> None:
        assert self._question is not None
        assert self._since is not None
        due = self._since + self._held + 1
        if self._held + 1 >= self._question.hold_s:
            due += CONFIRM_S
        self._tick_at(due)

    def _tick_at(self, due: float) -> None:
        self._timer = asyncio.get_running_loop().call_at(due, self._tick, due)

    def _tick(self, due: float) -> None:
        assert self._question is not None
        if _now() > due + CONFIRM_S:
            self._tick_at(_now() + CONFIRM_S)
            return
        self._held += 1
        if self._held < self._question.hold_s:
            self._wait()
        self._on_change()

    def _stop(self) -> None:
        self._held, self._since = 0, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class HeldButtons:
    """Lets holds answer, and lets each button do besides what its own handler says.

    `asked` returns the question that is on the panel, which THANKS answers, and `asked_of_both` the
    one that both buttons answer together; None for none.
    """

    def __init__(
        self,
        hold: Hold,
        *,
        asked: Callable[[], Question | None],
        asked_of_both: Callable[[], Question | None],
    ) -> None:
        self._hold = hold
        self._asked = asked
        self._asked_of_both = asked_of_both
        self._down: set[_Side] = set()
        self._thanks: _Side | None = None

    def thanks(self, own: ButtonHandler, works: Callable[[], bool]) -> ButtonHandler:
        """Return the handler of THANKS, which does what `own` does and answers alone, too.

        While the button has a trouble, and so not `works()`, only `own` gets its presses: a wire
        that is shorted must not take PRIVACY from the crew.
        """
        self._thanks = _Side(self, own, works)
        return self._thanks

    def privacy(self, own: ButtonHandler, works: Callable[[], bool]) -> ButtonHandler:
        """Return the handler of PRIVACY, as `thanks` does; it answers only beside THANKS."""
        return _Side(self, own, works)

    def down(self, side: "_Side") -> None:
        self._down.add(side)
        self._hold.end()
        if len(self._down) > 1:
            # An elbow, or the crew's consent: no thanks, and what PRIVACY has shut stays so.
            for held in self._down:
                held.own.cancelled()
            question = self._asked_of_both()
        else:
            question = self._asked() if side is self._thanks else None
        if question is not None:
            self._hold.begin(question)

    def up(self, side: "_Side") -> None:
        self._down.discard(side)
        self._hold.end()


class _Side:
    """One of the buttons, by what is `own` to it."""

    def __init__(self, buttons: HeldButtons, own: ButtonHandler, works: Callable[[], bool]) -> None:
        self.own = own
        self._buttons = buttons
        self._works = works

    def pressed(self) -> None:
        self.own.pressed()
        if self._works():
            self._buttons.down(self)

    def released(self) -> None:
        self._buttons.up(self)
        self.own.released()

    def cancelled(self) -> None:
        self._buttons.up(self)
        self.own.cancelled()


def _now() -> float:
    return asyncio.get_running_loop().time()
