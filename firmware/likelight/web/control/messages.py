"""What goes over the control socket: requests of the command line, and the daemon's answers."""

from pydantic import BaseModel, ConfigDict, Field

from likelight.contract import MAX_FINDINGS, DeviceFinding, State


class Request(BaseModel):
    """What a command asks for; a field that the daemon does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CommandAnswer(BaseModel):
    """What a daemon answers. During an update it may be newer, and say more than is known here."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PlayRequest(Request):
    """Which effect to show."""

    effect: str


class FindingsRequest(Request):
    """What the doctor finds not well, the worst first."""

    findings: tuple[DeviceFinding, ...] = Field(max_length=MAX_FINDINGS)


class DoneAnswer(CommandAnswer):
    """The daemon did it, and has nothing to report."""


class StatusAnswer(CommandAnswer):
    """Which device this is, and how it is; `holds` are what holds the lamp back."""

    kitchen: str
    state: State
    holds: tuple[str, ...]


class HoldsAnswer(CommandAnswer):
    """What holds the lamp back now, sorted by name."""

    holds: tuple[str, ...]


class EffectStart(CommandAnswer):
    """An effect that the lamp will show: its name, its start from now, and how long it lasts."""

    name: str
    starts_s: float
    seconds: float


class EffectsAnswer(CommandAnswer):
    """The effects that the lamp will show; `simulated` when no real lamp does."""

    effects: tuple[EffectStart, ...]
    simulated: bool


class SkipAnswer(CommandAnswer):
    """Whether there was a note to skip."""

    skipped: bool


class ConsentAnswer(CommandAnswer):
    """Whether the crew's consent holds for the running daemon, and the same in words."""

    holds: bool
    words: str


class HealthAnswer(CommandAnswer):
    """How the device is, as far as the doctor asks. Plain words: a newer daemon may say others."""

    kitchen: str
    cloud: str
    """A `CloudConnection`."""
    troubles: tuple[str, ...]
    """Each is a `Trouble`."""
    pairing_code: str | None = None
    obstacle: str | None = None
    """The code of an `Obstacle`."""
    camera_reason: str | None
    camera_code: str | None
    """None unless the camera has a trouble."""
    catalogue: str = ""
    """Why the device does not show the notes that the cloud asks for; else empty."""
    hardware: dict[str, str]
