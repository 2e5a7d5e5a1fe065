"""All that decides what the crew's screen says while it shows no note."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.screens.models import Screen
from likelight.appreciation.sync.client import FailureKind
from likelight.appreciation.sync.connection import CloudConnection
from likelight.contract import Cause, State
from likelight.runtime.troubles import Trouble


class LineToMend(NamedTuple):
    """A mistake in line `line` of `likelight.txt`. `remedy` is write, add, delete or save; `text`
    the line to write or to add. The file is the boot volume's, or `on_stick`.
    """

    line: int
    remedy: str
    text: str
    on_stick: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides what the screen says. `viewers` is a band such as "30-49".

    `failure` explains `CloudConnection.OFFLINE`; `cause` and `opens_at` explain a camera that is
    closed or off. `opens_at` and `today` are in the kitchen's own time. `consent_until` is the date
    by which the crew must sign again, once it is near. `stuck` names the buttons that do not work.
    """

    connection: CloudConnection
    camera: State
    likes_today: int
    failure: FailureKind = FailureKind.NETWORK
    obstacle: Obstacle | None = None
    """What must be mended first, as far as that is known."""
    has_worked: bool = True
    """The cloud has answered this kitchen's device before."""
    cause: Cause | None = None
    opens_at: datetime | None = None
    today: date | None = None
    consent_until: date | None = None
    stuck: tuple[str, ...] = ()
    trouble: str | None = None
    """The camera's trouble as a short code, to be read to IT on the phone."""
    troubles: tuple[Trouble, ...] = ()
    """What is wrong with the device as a whole, the most urgent first."""
    file_mistakes: tuple[LineToMend, ...] = ()
    """Those in `likelight.txt` on the boot volume, or in that of a USB stick."""
    pairing_code: str | None = None
    """What an operator confirms this device by, while it is not paired."""
    viewers: str | None = None
    viewers_at_rest: bool = False
    """The kitchen wants to know how many watch also while nothing happens."""
    lively: bool = False
    """Likes have just come; or somebody watches, and the screen does not say so at rest."""
    just_liked: bool = False
    """Likes have come in the last seconds: they go before what waits for the crew."""
    thanking: bool = False
    """The crew has just pressed THANKS."""
    hiding: bool = False
    """The kitchen has just become private."""
    first: Screen | None = None
    """What goes before all else: a question that is being answered, what became of that, or the
    picture for aiming the camera."""
    question: Screen | None = None
    """What the crew is asked, and agrees to by holding THANKS."""
    patient: bool = False
    """The question stands only where the camera waits for the crew's consent."""
