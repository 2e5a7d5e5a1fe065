"""What the panel has to know of its kitchen."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date, tzinfo

from likelight.appreciation.panel.situation import LineToMend
from likelight.appreciation.sync.diagnosis import Observed
from likelight.contract import Catalogue
from likelight.runtime.troubles import Trouble


async def _nothing() -> None: ...


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """The words of the notes, the kitchen's time, and when the crew must not be disturbed.

    In `quiet()` hours the panel is dark, or as bright as `night_brightness` says (0..1) if it does
    not burn in. With `viewers_at_rest` the resting screen says how many watch; else these and the
    likes take turns, in large figures, for as long as somebody does. `review_due` returns the date
    by which the crew's consent must be reviewed, when that is soon, `pairing_code` the code that
    waits for an operator, `file_mistakes` those in the boot volume's `likelight.txt`, and
    `observed` what is seen on the way to the cloud before it is asked for news. The crew is told
    once of the notes `new_notes`; then `new_notes_read` is called.
    """

    catalogue: Catalogue
    timezone: tzinfo | None = None
    quiet: Callable[[], bool] = lambda: False
    night_brightness: float = 0.0
    viewers_at_rest: bool = False
    review_due: Callable[[], date | None] = lambda: None
    troubles: Callable[[], tuple[Trouble, ...]] = lambda: ()
    pairing_code: Callable[[], str | None] = lambda: None
    file_mistakes: Callable[[], tuple[LineToMend, ...]] = lambda: ()
    observed: Callable[[], Observed] = Observed
    new_notes: tuple[str, ...] = ()
    new_notes_read: Callable[[], Coroutine[None, None, None]] = _nothing
