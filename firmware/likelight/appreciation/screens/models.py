"""What a screen says, on a panel of any size.

`words` are the screen's own words, in the crew's language.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from PIL import Image

from likelight.assets.crew_words import ENGLISH, CrewWords


@dataclass(frozen=True, slots=True)
class NoteScreen:
    """A prepared note: its words in the crew's language, and its icon's name."""

    name: ClassVar[str] = "note"
    text: str
    icon: str
    rtl: bool = False


@dataclass(frozen=True, slots=True)
class CountScreen:
    """How many likes reached the kitchen today, and the band of viewers ("30-49") if known."""

    name: ClassVar[str] = "count"
    likes_today: int
    viewers: str | None = None
    on_air: bool = False
    words: CrewWords = field(default=ENGLISH, repr=False)


@dataclass(frozen=True, slots=True)
class ThanksScreen:
    """The crew pressed THANKS: the viewers have been told."""

    name: ClassVar[str] = "thanks"
    words: CrewWords = field(default=ENGLISH, repr=False)


@dataclass(frozen=True, slots=True)
class IdleScreen:
    """Nothing new; the band of viewers ("30-49") where the kitchen wants to know while it rests."""

    name: ClassVar[str] = "idle"
    likes_today: int = 0
    words: CrewWords = field(default=ENGLISH, repr=False)
    viewers: str | None = None
    on_air: bool = False


@dataclass(frozen=True, slots=True)
class PrivateScreen:
    """The crew pressed PRIVACY: "Camera off. Press again to share."."""

    name: ClassVar[str] = "private"
    words: CrewWords = field(default=ENGLISH, repr=False)


@dataclass(frozen=True, slots=True)
class StatusScreen:
    """A state in words: what happened, and what still works or whom to call. `icon` is a name."""

    name: ClassVar[str] = "status"
    title: str
    detail: str
    icon: str


Polygons = tuple[tuple[tuple[float, float], ...], ...]
"""Masks by their corners x, y, in fractions of the picture."""


@dataclass(frozen=True, slots=True)
class MasksScreen:
    """`asks` whether the masks `asked` may take the place of those that are `held`, over the
    camera's `picture` (JPEG, under those that are held) if there is one."""

    name: ClassVar[str] = "masks"
    asks: StatusScreen
    held: Polygons
    asked: Polygons
    picture: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class NewNotesScreen:
    """Viewers have new notes; the words of some of these."""

    name: ClassVar[str] = "new notes"
    texts: tuple[str, ...]
    words: CrewWords = field(default=ENGLISH, repr=False)


@dataclass(frozen=True, slots=True)
class OnAirScreen:
    """The camera is on air; the band of viewers ("30-49") if known."""

    name: ClassVar[str] = "on air"
    viewers: str | None = None
    words: CrewWords = field(default=ENGLISH, repr=False)


@dataclass(frozen=True, slots=True)
class UpdatingScreen:
    """New software is being installed: `progress` is 0..1, or None while it is not known."""

    name: ClassVar[str] = "updating"
    progress: float | None = None
    words: CrewWords = field(default=ENGLISH, repr=False)


@dataclass(frozen=True, slots=True)
class PairingScreen:
    """The code by which an operator makes this device a kitchen: "K7QF-2MXP"."""

    name: ClassVar[str] = "pairing"
    code: str
    words: CrewWords = field(default=ENGLISH, repr=False)


@dataclass(frozen=True, slots=True)
class SelfTestScreen:
    """Step `step` (from 1) of `of` in the self-test of the hardware: what it tests, what to do.

    `passed` is None as long as the step runs.
    """

    name: ClassVar[str] = "selftest"
    step: int
    of: int
    title: str
    detail: str
    passed: bool | None = None


@dataclass(frozen=True, slots=True)
class HoldScreen:
    """Somebody answers what `asks` shows by holding a button for `seconds`; `held` are over."""

    name: ClassVar[str] = "hold"
    asks: "Screen"
    seconds: int
    held: int


@dataclass(frozen=True, slots=True)
class AimScreen:
    """The camera's picture (JPEG), on a panel in colour, for aiming; it is on air meanwhile."""

    name: ClassVar[str] = "aim"
    jpeg: bytes = field(repr=False)


Screen = (
    NoteScreen
    | CountScreen
    | OnAirScreen
    | ThanksScreen
    | IdleScreen
    | PrivateScreen
    | StatusScreen
    | NewNotesScreen
    | UpdatingScreen
    | PairingScreen
    | SelfTestScreen
    | HoldScreen
    | MasksScreen
    | AimScreen
)


@dataclass(frozen=True, slots=True)
class Page:
    """One image of a screen, the lines of text on it, and how long to hold it, in seconds."""

    image: Image.Image
    text: tuple[str, ...]
    hold_s: float
