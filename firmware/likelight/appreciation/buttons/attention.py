"""What the crew's presses mean: is somebody at the panel, and do they wait for an answer?"""

import asyncio

ANSWER_S = 3.0
"""How long the answer to a button stays before a note may return."""
ATTENDED_S = 60.0
"""For this long after a press, somebody probably still stands in front of the panel."""
SETTLED_S = 1.2
"""A note that waited for somebody appears this long after their press.

By then a short press has sent its thanks, which must not count for a note that nobody has read yet,
and a long press is recognised.
"""
FELT_S = 0.6
"""How long the frame that acknowledges a press stays when no answer replaces it."""

_NEVER = float("-inf")


class Attention:
    """What the last presses mean now, on the running loop's clock."""

    def __init__(self) -> None:
        self._pressed_at = _NEVER
        self._felt_until = _NEVER
        self._answering_until = _NEVER
        self.holding = False
        """Somebody holds a button to answer a question, or aims the camera: that must be on the
        panel meanwhile."""

    @property
    def felt(self) -> bool:
        """A button was pressed, and the panel shows no answer to it yet."""
        return _now() < self._felt_until

    @property
    def answering(self) -> bool:
        """The panel shows the answer to a press, or a question that is being answered."""
        return self.holding or _now() < self._answering_until

    @property
    def crew_present(self) -> bool:
        """Somebody probably stands in front of the panel."""
        return _now() < self._pressed_at + ATTENDED_S

    @property
    def press_resolved(self) -> bool:
        """Somebody is there, and it is known what their press meant."""
        return self.crew_present and _now() >= self._pressed_at + SETTLED_S

    @property
    def ends(self) -> tuple[float, ...]:
        """The loop times at which one of these changes by itself; some may be past."""
        pressed = self._pressed_at
        return (self._felt_until, self._answering_until, pressed + SETTLED_S, pressed + ATTENDED_S)

    def press(self) -> None:
        """A button went down."""
        self._felt_until = _now() + FELT_S
        self.note_presence()

    def begin_answer(self) -> None:
        """The panel begins to answer a press, or says that the camera has become private.

        That does not count as presence: it becomes private without a press too, as at each start.
        """
        self._answering_until = _now() + ANSWER_S

    def note_presence(self) -> None:
        """Somebody is there, but no answer has to be shown for it."""
        self._pressed_at = _now()

    def answered(self) -> None:
        """The panel shows something new: no frame is needed any more."""
        self._felt_until = _NEVER

    def stop_answering(self) -> None:
        """End the answer, so that something else can be shown."""
        self._answering_until = _NEVER


def _now() -> float:
    return asyncio.get_running_loop().time()
