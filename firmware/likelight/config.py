"""The settings of one device: a TOML file over defaults that need none.

Unknown keys are refused, and all mistakes are told at once with the name of each key.
"""

import difflib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from likelight.contract import KitchenId
from likelight_hw.push.target import check_public

DEFAULT_FILE = Path("/etc/likelight/likelight.toml")


class ConfigError(Exception):
    """The configuration can't be used; the message names the file, the keys and the mend."""


def default_state_dir() -> Path:
    """Return systemd's state directory for this service, or the user's own."""
    if directory := os.environ.get("STATE_DIRECTORY"):
        return Path(directory.split(":")[0])
    state_home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state_home) / "likelight"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kitchen(_Section):
    """Who this kitchen is. `language` is the crew's."""

    id: KitchenId = "kitchen"
    name: Annotated[str, Field(min_length=1, max_length=60)] = "Our kitchen"
    language: str = "en"


class Web(_Section):
    """Where the device listens on its own network."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080


class Cloud(_Section):
    """The cloud to poll. Without a `url` the reference cloud runs embedded (single-store mode)."""

    url: str | None = None
    token_file: Path | None = None
    """A file that only the daemon can read (mode 0600 or a systemd credential)."""

    @model_validator(mode="after")
    def _token_with_url(self) -> Self:
        if (self.url is None) != (self.token_file is None):
            raise ValueError("url and token_file belong together: set both, or neither")
        return self


Fraction = Annotated[float, Field(ge=0, le=1)]
"""A part of the picture's width or height."""

Polygon = Annotated[tuple[tuple[Fraction, Fraction], ...], Field(min_length=3)]
"""Corners, each x (from the left) and y (from the top)."""


class Camera(_Section):
    """The camera's driver and the stream that it makes."""

    driver: Literal["sim", "file", "picamera2", "usb"] = "sim"
    path: Path | None = None
    device: Path | None = None
    """The USB camera's, best one of /dev/v4l/by-id/, whose names outlive a reboot."""
    masks: Annotated[tuple[Polygon, ...], Field(max_length=32)] = ()
    """What nobody outside may see: covered before the picture is encoded."""
    width: Annotated[int, Field(ge=320, le=1920, multiple_of=2)] = 1280
    height: Annotated[int, Field(ge=180, le=1080, multiple_of=2)] = 720
    fps: Annotated[int, Field(ge=5, le=60)] = 30
    bitrate: Annotated[int, Field(ge=300_000, le=20_000_000)] = 2_000_000
    barcode: bool = False
    """The simulated camera draws its capture time, for measuring."""

    @model_validator(mode="after")
    def _source_is_named(self) -> Self:
        if (self.driver == "file") != (self.path is not None):
            raise ValueError('path belongs to driver = "file": set both, or neither')
        if (self.driver == "usb") != (self.device is not None):
            raise ValueError('device belongs to driver = "usb": set both, or neither')
        return self


class Push(_Section):
    """The media server that gets the stream, too: rtmps, rtmp, rtsps or rtsp. None by default.

    `ca_file` (PEM) replaces the system's authorities.
    """

    url: str | None = None
    """Only where nothing in it is secret; what holds a stream key or a password is a `url_file`."""
    url_file: Path | None = None
    """A file that only the daemon can read (mode 0600 or a systemd credential)."""
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if self.url is not None and self.url_file is not None:
            raise ValueError("url and url_file are two ways to say one thing: set one of them")
        if self.ca_file is not None and self.url is None and self.url_file is None:
            raise ValueError("ca_file belongs to url or url_file")
        if self.url is not None:
            check_public(self.url)
        return self


class Driver(_Section):
    """A device that needs no more than the name of its driver."""

    driver: Literal["sim"] = "sim"


class Config(_Section):
    """All settings of one device. `state_dir` holds what must survive a power cut."""

    kitchen: Kitchen = Kitchen()
    web: Web = Web()
    cloud: Cloud = Cloud()
    camera: Camera = Camera()
    push: Push = Push()
    lights: Driver = Driver()
    indicator: Driver = Driver()
    display: Driver = Driver()
    buttons: Driver = Driver()
    state_dir: Path = Field(default_factory=default_state_dir)


def load(path: Path) -> Config:
    """Read the configuration at `path`. Raises `ConfigError` with one line a mistake."""
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration at {path}; name one with --config") from None
    except OSError as error:
        raise ConfigError(f"can't read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no valid TOML: {error}") from error
    try:
        return Config.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(f"{path} can't be used:\n{_mistakes(error)}") from error


def _mistakes(error: ValidationError) -> str:
    lines = []
    for mistake in error.errors():
        key = ".".join(str(part) for part in mistake["loc"])
        if mistake["type"] == "extra_forbidden":
            lines.append(f"  {key}: no such setting{_suggestion(mistake['loc'])}")
        else:
            lines.append(f"  {key}: {mistake['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)


def _suggestion(loc: tuple[int | str, ...]) -> str:
    model: type[BaseModel] = Config
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type):
            return ""
        model = field.annotation
    close = difflib.get_close_matches(str(loc[-1]), model.model_fields, n=1)
    return f"; did you mean {close[0]}?" if close else ""
