"""What a camera is asked to be."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from likelight_hw.picture import mask

Driver = Literal["sim", "file", "picamera2", "usb"]


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """One camera: where its picture comes from, and how it is encoded.

    `path` is the file's, or the USB camera's device. `width`, `height` and `fps` are what the
    picture should have; a file keeps its own rate, and its own size within `width` x `height` and
    720p. `bitrate` is in bits per second. `masks` cover parts of every picture before it is
    encoded. `badge` is painted into every picture; None paints none. `barcode` paints the capture
    time (see barcode.py). `font` is a TrueType file for clock, badge and placeholders; None takes
    Pillow's own. `seed` arranges the simulated kitchen. Raises `ValueError` for values that no
    picture can have.
    """

    driver: Driver = "sim"
    path: Path | None = None
    width: int = 1280
    height: int = 720
    fps: int = 30
    bitrate: int = 2_000_000
    barcode: bool = False
    badge: str | None = "SIMULATED"
    font: Path | None = None
    seed: int = 0
    masks: tuple[mask.Polygon, ...] = ()

    def __post_init__(self) -> None:
        if self.driver == "file" and self.path is None:
            raise ValueError("a camera that plays a file needs the file's path")
        if self.driver == "usb" and self.path is None:
            raise ValueError("a USB camera needs its device, as in /dev/v4l/by-id/NAME")
        if not (320 <= self.width <= 1920 and 180 <= self.height <= 1080):
            raise ValueError("a picture is 320x180 to 1920x1080 pixels")
        if self.width % 2 or self.height % 2:
            raise ValueError("a picture's width and height are even numbers")
        if not 1 <= self.fps <= 60:
            raise ValueError("a camera makes 1 to 60 frames a second")
        if not 100_000 <= self.bitrate <= 50_000_000:
            raise ValueError("a stream has 100 kbit/s to 50 Mbit/s")
        mask.check(self.masks)

    @property
    def simulated(self) -> bool:
        """True when the picture comes from no real sensor."""
        return self.driver in ("sim", "file")

    def to_json(self) -> str:
        """Return the config as JSON, for the child."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "CameraConfig":
        """Return the config that `to_json` wrote."""
        fields = json.loads(text)
        for name in ("path", "font"):
            fields[name] = Path(fields[name]) if fields[name] else None
        fields["masks"] = tuple(
            tuple((x, y) for x, y in polygon) for polygon in fields.get("masks", ())
        )
        return cls(**fields)
