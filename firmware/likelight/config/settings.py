"""The settings of one device: a TOML file over defaults that need none.

Unknown keys are refused, and all mistakes are reported at once, with line and name of each key.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from likelight.appreciation.lamp import palette
from likelight.assets.catalogue import BUNDLED, TROUBLE, primary_language
from likelight.config.address import check_cloud_url, check_proxy_url, check_public_url
from likelight.config.hardware import HardwareSettings, with_kit
from likelight.config.layers import Layer, layer_of, merged, read_layers
from likelight.config.paired import with_paired
from likelight.config.pins import Mistake, pin_mistakes
from likelight.config.places import default_state_dir
from likelight.config.report import MistakeReport, validation_mistakes
from likelight.config.section import FullPath, Number, Section, Switch, Whole
from likelight.contract import BOARDS, KitchenId, KitchenName
from likelight.contract.schedule import WEEKDAYS, Hours, daily, spans, weekly
from likelight.gate.zone import kitchen_zone
from likelight.runtime.tls import MalformedCaFile, ca_file_error
from likelight.web.http.contact import check_contact
from likelight.web.http.proxies import proxy_network
from likelight.web.http.public_site import PublicSite, check_embed_origin
from likelight_hw import boards
from likelight_hw.push.target import check_public
from likelight_hw.suggest import did_you_mean

TOKEN_FILE = "token"  # noqa: S105  the name of a file


class ConfigError(Exception):
    """The configuration can't be used; the message names the file, the keys and the fix."""


class KitchenSettings(Section):
    """Who this kitchen is. `language` is the crew's."""

    id: KitchenId = "kitchen"
    name: KitchenName = "Our kitchen"
    language: str = "en"
    catalogue: FullPath | None = None
    """A folder with the brand's own notes; its cloud must have the same."""
    timezone: str | None = None
    """IANA's name of it, such as "Europe/Berlin"; None for the computer's own."""

    @field_validator("language")
    @classmethod
    def _has_notes(cls, language: str) -> str:
        known = BUNDLED.languages()
        if language not in known and not TROUBLE:
            primary = primary_language(language.strip())
            close = f'; write "{primary}"' if primary in known else did_you_mean(primary, known)
            raise ValueError(f"there are no notes in {language!r}{close}")
        return language

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        kitchen_zone(name)
        return name


class WebSettings(Section):
    """Where the device listens on its own network."""

    host: str = "127.0.0.1"
    port: Annotated[Whole, Field(ge=1024, le=65535)] = 8080
    """The service has no right to a port below 1024."""
    public_urls: tuple[str, ...] = ()
    """Where viewers open it by a name: of the store's DNS, or a proxy's in front of it."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or ranges of proxies whose `X-Forwarded-For` says who asks."""
    contact: str | None = None
    """Who answers questions about privacy and faults, as a URI."""
    embed_origins: tuple[str, ...] = ()
    """The sites whose pages may have /embed/{kid} in a frame."""

    @field_validator("public_urls")
    @classmethod
    def _are_addresses(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_public_url(url) for url in urls)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(proxy_network(proxy)) for proxy in proxies)

    @field_validator("embed_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_embed_origin(origin) for origin in origins)

    @field_validator("contact")
    @classmethod
    def _answers(cls, contact: str | None) -> str | None:
        return None if contact is None else check_contact(contact)

    @property
    def site(self) -> PublicSite:
        """What the pages for viewers need of it."""
        return PublicSite(self.contact, self.public_urls, self.embed_origins)


class CloudSettings(Section):
    """The cloud to poll. Without a `url` the reference cloud runs embedded (single-store mode)."""

    url: str | None = None
    token_file: FullPath | None = None
    """A file that only the daemon can read (mode 0600 or a systemd credential), where it is not in
    the state directory."""

    proxy: str | None = None
    """The HTTP proxy through which polls and upload leave the store's network."""
    ca_file: FullPath | None = None
    """The authorities (PEM) that may sign the cloud's certificate, in place of the system's."""

    @field_validator("proxy")
    @classmethod
    def _is_a_proxy(cls, proxy: str | None) -> str | None:
        return None if proxy is None else check_proxy_url(proxy)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        return None if url is None else check_cloud_url(url)

    @model_validator(mode="after")
    def _beside_url(self) -> Self:
        if self.token_file is not None and self.url is None:
            raise ValueError("token_file belongs to url: a cloud inside makes its own token")
        if self.proxy is not None and self.url is None:
            raise ValueError("proxy belongs to url: without a cloud elsewhere there is none")
        if self.ca_file is not None and not (self.url or "").lower().startswith("https://"):
            raise ValueError("ca_file belongs to a url that begins with https://")
        return self


Fraction = Annotated[Number, Field(ge=0, le=1)]
"""A part of the picture's width or height."""

Polygon = Annotated[tuple[tuple[Fraction, Fraction], ...], Field(min_length=3)]
"""Corners, each x (from the left) and y (from the top)."""


class CameraSettings(Section):
    """The camera's driver and the stream that it makes."""

    driver: Literal["sim", "file", "picamera2", "usb"] = "sim"
    path: FullPath | None = None
    device: FullPath | None = None
    """The USB camera's; best one of /dev/v4l/by-id/, whose names stay the same after a reboot."""
    masks: Annotated[tuple[Polygon, ...], Field(max_length=32)] = ()
    """What nobody outside may see: covered before the picture is encoded."""
    width: Annotated[Whole, Field(ge=320, le=1920, multiple_of=2)] = 1280
    height: Annotated[Whole, Field(ge=180, le=1080, multiple_of=2)] = 720
    fps: Annotated[Whole, Field(ge=5, le=60)] = 30
    bitrate: Annotated[Whole, Field(ge=300_000, le=20_000_000)] = 2_000_000
    barcode: Switch = False
    """The simulated camera draws its capture time, for measuring."""

    @model_validator(mode="after")
    def _source_is_named(self) -> Self:
        if (self.driver == "file") != (self.path is not None):
            raise ValueError('path belongs to driver = "file": set both, or neither')
        if (self.driver == "usb") != (self.device is not None):
            raise ValueError('device belongs to driver = "usb": set both, or neither')
        return self


class BrandSettings(Section):
    """The brand's colours, which the lamp shows as light: `glow` for likes, `heart` for notes."""

    glow: str = "#FFD9A0"
    heart: str = "#C2255C"

    @field_validator("glow", "heart")
    @classmethod
    def _is_no_alarm(cls, colour: str) -> str:
        palette.safe(colour)
        return colour


class PushSettings(Section):
    """The media server that gets the stream, too: rtmps, rtmp, rtsps or rtsp. None by default.

    `ca_file` (PEM) replaces the system's authorities.
    """

    url: str | None = None
    """Only where nothing in it is secret; what holds a stream key or a password is a `url_file`."""
    url_file: FullPath | None = None
    """A file that only the daemon can read (mode 0600 or a systemd credential)."""
    ca_file: FullPath | None = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if self.url is not None and self.url_file is not None:
            raise ValueError("url and url_file say the same thing twice: set one of them")
        if self.ca_file is not None and self.url is None and self.url_file is None:
            raise ValueError("ca_file belongs to url or url_file")
        if self.url is not None:
            check_public(self.url)
        return self


class ScheduleSettings(Section):
    """When the kitchen may be watched, in its own time; without a row, at any time.

    A row is "11:00-23:00", "11:00-14:00, 17:00-02:00" (past midnight) or "closed". As soon as one
    day has a row, a day without one is closed.
    """

    monday: str | None = None
    tuesday: str | None = None
    wednesday: str | None = None
    thursday: str | None = None
    friday: str | None = None
    saturday: str | None = None
    sunday: str | None = None

    @field_validator("*")
    @classmethod
    def _is_hours(cls, text: str | None) -> str | None:
        if text is not None:
            spans(text)
        return text

    def hours(self, zone: tzinfo) -> Hours | None:
        """Return the hours in `zone`; None when they are not limited."""
        days = ((day, getattr(self, day)) for day in WEEKDAYS)
        rows = {day: text for day, text in days if text is not None}
        return weekly(rows, zone) if rows else None


class ConsentSettings(Section):
    """Which notice the crew is asked to consent to, and for how long a consent at the panel holds.

    No setting can be a consent.
    """

    notice: Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[0-9A-Za-z.-]+$")] = "1"
    """The number on the notice: a new one with each new text."""
    review_after_days: Annotated[Whole, Field(ge=1, le=730)] = 365


class QuietSettings(Section):
    """The crew's quiet hours, every day, in the kitchen's own time: "22:00-06:30".

    The lamp rests then, a display is dark or this bright (0..1, perceived), and notes wait.
    """

    hours: str | None = None
    brightness: Annotated[Number, Field(ge=0, le=1)] = 0.15

    @field_validator("hours")
    @classmethod
    def _is_hours(cls, text: str | None) -> str | None:
        if text is not None:
            spans(text)
        return text

    def during(self, zone: tzinfo) -> Hours:
        """Return the hours in `zone`; without any it is never quiet."""
        return daily(self.hours, zone) if self.hours else weekly({}, zone)


class Config(HardwareSettings):
    """All settings of one device. `state_dir` holds what must survive a power cut."""

    kitchen: KitchenSettings = KitchenSettings()
    web: WebSettings = WebSettings()
    cloud: CloudSettings = CloudSettings()
    camera: CameraSettings = CameraSettings()
    push: PushSettings = PushSettings()
    brand: BrandSettings = BrandSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    consent: ConsentSettings = ConsentSettings()
    quiet: QuietSettings = QuietSettings()
    state_dir: FullPath = Field(default_factory=default_state_dir)

    @property
    def token_file(self) -> Path:
        """Where the token for a cloud elsewhere stands."""
        return self.cloud.token_file or self.state_dir / TOKEN_FILE


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """A configuration, and the layers that it was read from."""

    config: Config
    layers: tuple[Layer, ...]


def read_config(path: Path, state_dir: Path | None = None) -> Config:
    """Read the configuration at `path`, whose device keeps its state in `state_dir` if it names no
    other. Raises `ConfigError` with one line for each mistake."""
    return read_layered(path, os.environ, state_dir=state_dir).config


def read_layered(
    path: Path,
    environ: Mapping[str, str],
    assignments: Iterable[str] = (),
    state_dir: Path | None = None,
) -> ReadConfig:
    """Read the configuration at `path` with all that lies over it, `--set`'s assignments last, and
    below it the kitchen that was paired.

    Raises `ConfigError` with one line for each mistake.
    """
    try:
        layers = read_layers(path, environ, assignments)
        layers = with_paired(layers, state_dir or default_state_dir())
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration at {path}; name one with --config") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"can't read {path}: {why}") from error
    settings = merged(layers)
    layered = _within_camera_limits(with_kit(settings))
    config, wrong = None, []
    try:
        config = Config.model_validate(layered)
        wrong = [*pin_mistakes(config), *_wrong_authorities(config)]
    except ValidationError as error:
        wrong = [*validation_mistakes(error, Config), *_wrong_pins(layered, error)]
    broken = any(layer.mistakes for layer in layers)
    if broken:
        # What was not understood may be just what another setting lacks.
        wrong = [mistake for mistake in wrong if mistake.other is None and _stands(layers, mistake)]
    if config is None or broken or wrong:
        report = MistakeReport(layers, settings).text_of(wrong)
        raise ConfigError(f"{path} can't be used:\n{report}")
    return ReadConfig(config, tuple(layers))


def _wrong_authorities(config: Config) -> list[Mistake]:
    """Return a mistake for each file of authorities that holds none.

    One that can't be read is not a mistake: it may be there when it is needed.
    """
    named = {("cloud", "ca_file"): config.cloud.ca_file, ("push", "ca_file"): config.push.ca_file}
    found = {key: ca_file_error(file) for key, file in named.items() if file is not None}
    return [
        Mistake(key, str(error))
        for key, error in found.items()
        if isinstance(error, MalformedCaFile)
    ]


def _stands(layers: Sequence[Layer], mistake: Mistake) -> bool:
    """Return whether a value stands where the mistake is, and not a table, which may lack one."""
    found = layer_of(layers, mistake.key)
    value: Any = found[0].settings if found else {}
    for part in mistake.key if found else ():
        value = value[part]
    return mistake.key[0] not in Config.model_fields or not isinstance(value, dict)


def _within_camera_limits(settings: dict[str, Any]) -> dict[str, Any]:
    """Return `settings`; where the camera has no value, take what the board can do."""
    camera = settings.get("camera", {})
    if settings.get("board") not in BOARDS or not isinstance(camera, dict):
        return settings
    limits = boards.board(settings["board"]).camera
    usual = CameraSettings()
    least = {
        "width": min(usual.width, limits.width),
        "height": min(usual.height, limits.height),
        "fps": min(usual.fps, limits.fps),
    }
    return {**settings, "camera": {**least, **camera}}


def _wrong_pins(settings: dict[str, Any], error: ValidationError) -> list[Mistake]:
    """Check the pins of the parts that are valid, so that all mistakes are reported at once."""
    bad = [mistake["loc"] for mistake in error.errors()]
    if ("board",) in bad:
        return []
    sound = {name: settings[name] for name in HardwareSettings.model_fields if name in settings}
    for name in {loc[0] for loc in bad}:
        lamps = sound.pop(str(name), None)
        if name == "lights" and lamps and isinstance(lamps, list):
            unsound = {loc[1] for loc in bad if loc[:1] == ("lights",) and len(loc) > 1}
            sound["lights"] = [{} if i in unsound else lamp for i, lamp in enumerate(lamps)]
    return pin_mistakes(HardwareSettings.model_validate(sound))
