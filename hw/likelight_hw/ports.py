"""The protocols between the firmware and its hardware, with their units.

Real drivers and simulators satisfy the same protocols. Brightness is perceived, 0..1; a driver
turns it into a duty cycle. Wall times are microseconds since the epoch.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    # Only for the types: what reads a configuration imports this module without drawing.
    from PIL import Image

Rgb = tuple[int, int, int]
"""Red, green and blue, each 0..255, sRGB."""


@dataclass(frozen=True, slots=True)
class LightFrame:
    """What a lamp shows at one instant: perceived brightness 0..1, and a colour."""

    level: float
    rgb: Rgb


DARK = LightFrame(0.0, (0, 0, 0))


class Lights(Protocol):
    """A lamp. Every driver stands behind the `FlashGovernor`; see governor.py."""

    simulated: bool

    def write(self, frame: LightFrame) -> LightFrame:
        """Show `frame` at once and return what is really shown.

        The two differ while the governor holds a change back; the caller writes again until they
        agree. Never blocks. Raises `HardwareError` when the lamp is gone.
        """

    def close(self) -> None:
        """All off. May be called twice."""


class Indicator(Protocol):
    """The on-air light: only on or off, and no effect can change it."""

    simulated: bool

    @property
    def lit(self) -> bool: ...

    def set(self, on: bool) -> None:
        """Switch the light. Raises `HardwareError` when it can't be switched."""

    def close(self) -> None:
        """Off. May be called twice."""


@dataclass(frozen=True, slots=True)
class DisplayInfo:
    """A panel: size in pixels, Pillow mode ("1" or "RGB"), pixel pitch and reading distance.

    `burns_in` is true for an OLED: no image may stay in one place on it for long.
    """

    width: int
    height: int
    mode: Literal["1", "RGB"]
    mm_per_px: float
    reading_distance_m: float
    burns_in: bool = False


class Display(Protocol):
    """A panel that shows whole images."""

    simulated: bool
    info: DisplayInfo

    async def show(self, image: "Image.Image") -> None:
        """Put `image` (of the panel's size and mode) on the panel; return once it is there.

        When several wait, the newest wins. Raises `HardwareError` when the panel is gone.
        """

    async def set_brightness(self, level: float) -> None:
        """Set perceived brightness, 0..1; 0 blanks the panel, which keeps its image.

        A panel that can't be dimmed is off at 0 and fully lit above. Raises `HardwareError` when
        the panel is gone.
        """

    async def close(self) -> None:
        """Blank the panel. May be called twice."""


class Button(Protocol):
    """A button, already debounced."""

    simulated: bool

    def edges(self) -> AsyncGenerator[bool, None]:
        """Yield True at each press and False at each release, in turn, for ever.

        Raises `HardwareError` when the button can't be read.
        """


class Rendition(IntEnum):
    """One of the streams that a camera makes of the same picture."""

    MAIN = 0
    """As configured; always there while the camera streams."""
    LOW = 1
    """About 640x360 at 400 kbit/s."""
    SLIDE = 2
    """The size of LOW, at about 5 frames a second and 140 kbit/s."""


MAIN_ONLY = frozenset({Rendition.MAIN})


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """An encoded stream: size in pixels, nominal frames per second, simulated or not."""

    width: int
    height: int
    fps: int
    simulated: bool
    rendition: Rendition = Rendition.MAIN


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One H.264 picture in Annex B form. A keyframe is an IDR with SPS and PPS before it."""

    data: bytes
    keyframe: bool
    captured_us: int
    """Wall time of the capture, microseconds since the epoch."""
    rendition: Rendition = Rendition.MAIN


@dataclass(frozen=True, slots=True)
class Jpeg:
    """One JPEG picture and its capture time in microseconds since the epoch."""

    data: bytes
    captured_us: int
    rendition: Rendition = Rendition.MAIN
    """MAIN or LOW, by its size."""


@dataclass(frozen=True, slots=True)
class PlaceholderSpec:
    """A placeholder to draw and to encode at the stream's size: shown until camera frames pass.

    The camera process draws the words and colours that it is given; `name` comes back with them.
    """

    name: str
    title: str
    paper: Rgb
    ink: Rgb
    badge: str | None = None


@dataclass(frozen=True, slots=True)
class DrawnPlaceholder:
    """A placeholder as the camera process drew it, `width` x `height` pixels, as the stream is.

    One H.264 keyframe (Annex B, with SPS and PPS) and one JPEG; and the same in the size of LOW.
    """

    name: str
    width: int
    height: int
    access_unit: bytes
    jpeg: bytes
    small: "DrawnPlaceholder | None" = None


class CameraPhase(StrEnum):
    """What a camera does, as the daemon sees it."""

    STOPPED = "stopped"
    """Sensor and encoders are off, by request; the child is ready, or starting."""
    STARTING = "starting"
    """Asked to start; no frame yet."""
    STREAMING = "streaming"
    """Frames arrive."""
    SILENT = "silent"
    """Frames should arrive, and none came for 1 s."""
    FAILED = "failed"
    """The child died, was killed or can't open its source; a new try is under way."""


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """A phase, and for `FAILED` and `SILENT` a reason that IT can act on.

    `code` is the reason's short name, for the telephone: K1 hung, K2 died, K3 no source,
    K4 never gave a picture.
    """

    phase: CameraPhase
    reason: str | None = None
    code: str | None = None


class CameraSink(Protocol):
    """Takes what a camera makes. Called on the event loop; must not block."""

    def on_format(self, stream: StreamFormat) -> None:
        """A rendition (re)starts with this format; its next access unit is a keyframe."""

    def on_access_unit(self, unit: AccessUnit) -> None: ...

    def on_jpeg(self, jpeg: Jpeg) -> None: ...

    def on_placeholder(self, placeholder: DrawnPlaceholder) -> None: ...

    def on_status(self, status: CameraStatus) -> None: ...


class Camera(Protocol):
    """The daemon's end of a camera. Commands take effect soon; none of them waits."""

    simulated: bool
    """True when the picture comes from no real sensor (`sim` and `file`)."""

    @property
    def status(self) -> CameraStatus: ...

    async def run(self, sink: CameraSink, specs: Sequence[PlaceholderSpec]) -> None:
        """Keep the camera alive, for ever: spawn, read, kill when it hangs, try again.

        Cancelling ends the child and leaves no process behind.
        """

    def start(self) -> None:
        """Ask for H.264, from a keyframe on. Idempotent; survives a restart of the child."""

    def stop(self) -> None:
        """Sensor and encoders off; the child stays. Idempotent."""

    def keyframe(self, rendition: Rendition = Rendition.MAIN) -> None:
        """Ask for a keyframe as the next frame of `rendition`."""

    def renditions(self, wanted: frozenset[Rendition]) -> None:
        """Ask for these renditions and no others; MAIN comes in any case."""

    def jpeg_rate(self, fps: float, renditions: frozenset[Rendition] = MAIN_ONLY) -> None:
        """Ask for JPEGs of MAIN's or LOW's size, or both, at up to this rate, 0..30; 0 for none."""

    def show_lamp(self, frame: LightFrame) -> None:
        """Tell a simulated scene how the lamp glows; newest wins. Real cameras ignore it."""


class HardwareError(Exception):
    """A device is absent, busy or broken; the message says which, and what to do."""
