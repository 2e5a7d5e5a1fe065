"""The device under test: the parts of an assembled one, as the steps use them. It never runs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from likelight.config.settings import Config
from likelight.daemon.device import Device
from likelight.daemon.panel_consent import Notice, notice_today, record_signed
from likelight.daemon.prepare import Prepared
from likelight.fleet.selftest.own_cloud import ask_own_cloud
from likelight.fleet.selftest.report import Outcome, failed, unseen
from likelight.gate.consent import ConsentStatus
from likelight.gate.zone import kitchen_zone
from likelight_hw.lamps.group import GovernedLamps
from likelight_hw.ports import Button, Camera, Display, Indicator, LightFrame, Lights

_WITHOUT_CONSENT = {
    ConsentStatus.MISSING: unseen(
        "the crew's consent is not recorded; at the panel THANKS held for 5 s records it"
    ),
    ConsentStatus.OVERDUE: unseen("the review date of the crew's consent has passed"),
    ConsentStatus.OTHER_KITCHEN: unseen(
        "the consent on record is another kitchen's, and void here"
    ),
    ConsentStatus.UNREADABLE: failed(
        "the record of the crew's consent can't be read", "`sudo likelight consent show` says why"
    ),
    ConsentStatus.NO_CLOCK: unseen("the clock is not set, so no consent can be judged"),
}
_PRIVATE = unseen(
    "PRIVACY is on; only the crew can share again, with one press while likelight runs"
)


@dataclass(frozen=True, slots=True)
class SingleLamp:
    """One lamp, while the others are dark, and what its driver is called."""

    lights: Lights
    driver: str


@dataclass(frozen=True, slots=True)
class DeviceUnderTest:
    """Everything that a device is wired to, and what the device itself answers."""

    lamps: Sequence[SingleLamp]
    indicator: Indicator
    display: Display
    thanks: Button
    privacy: Button
    camera: Camera
    nominal_fps: int
    camera_refusal: Callable[[], Awaitable[Outcome | None]]
    """Returns why a real camera must not be opened now; None when it may be."""
    consent_refusal: Callable[[], Awaitable[Outcome | None]]
    """Returns why the crew's consent is missing or not valid now; None when it is valid."""
    notice: Callable[[], Notice | None]
    """What the crew can consent to at the panel; None on a device that is not paired."""
    record: Callable[[Notice], Awaitable[None]]
    """Records that the crew has signed it. Raises `ConsentError` or `OSError`."""
    set_private: Callable[[bool], Awaitable[None]]
    """Does what a press of PRIVACY does, for good. Raises `OSError`."""
    ask_own_cloud: Callable[[], Awaitable[None]] | None
    """As `ask_own_cloud` of `own_cloud.py`; None when the cloud is elsewhere."""

    @property
    def simulated(self) -> tuple[str, ...]:
        """The names of the parts that are only simulated."""
        parts = (
            ("lamp", all(lamp.lights.simulated for lamp in self.lamps)),
            ("on-air light", self.indicator.simulated),
            ("panel", self.display.simulated),
            ("THANKS", self.thanks.simulated),
            ("PRIVACY", self.privacy.simulated),
            ("camera", self.camera.simulated),
        )
        return tuple(name for name, simulated in parts if simulated)


class _Solo:
    """The lamp `number` of `lamps` alone."""

    def __init__(self, lamps: GovernedLamps, number: int, *, simulated: bool) -> None:
        self.simulated = simulated
        self._lamps = lamps
        self._number = number

    def write(self, frame: LightFrame) -> LightFrame:
        self._lamps.solo(self._number)
        return self._lamps.write(frame)

    def close(self) -> None:
        self._lamps.close()


def under_test(config: Config, prepared: Prepared, device: Device) -> DeviceUnderTest:
    """Return the parts of `device`, which was assembled from `config` and `prepared`."""

    on_air, kitchen = device.on_air, config.kitchen

    async def without_consent() -> Outcome | None:
        await device.permissions.consent.reload()
        consent = device.permissions.consent.health
        if consent is None or not consent.holds:
            return _WITHOUT_CONSENT[consent.status if consent else ConsentStatus.MISSING]
        return None

    async def refusal() -> Outcome | None:
        if (without := await without_consent()) is not None:
            return without
        if device.on_air.wants_privacy:
            return _PRIVATE
        desired = prepared.store.desired
        if desired is not None and desired.mode == "off":
            return unseen("the cloud keeps this camera off")
        return None

    async def set_private(private: bool) -> None:
        if private:
            on_air.start_privacy()
        await device.keep_privacy(private)
        if not private:
            on_air.end_privacy()

    def notice() -> Notice | None:
        if not prepared.tokens:
            return None
        now = prepared.now().astimezone(kitchen_zone(kitchen.timezone))
        return notice_today(config.consent, kitchen.id, now)

    async def record(notice: Notice) -> None:
        await record_signed(notice, config.state_dir, partial(set_private, True), prepared.now)

    hardware, cloud = device.hardware, device.embedded_cloud
    return DeviceUnderTest(
        lamps=[
            SingleLamp(_Solo(hardware.lights, number, simulated=lamp.driver == "sim"), lamp.driver)
            for number, lamp in enumerate(config.wiring.lights)
        ],
        indicator=hardware.indicator,
        display=hardware.display,
        thanks=hardware.thanks,
        privacy=hardware.privacy,
        camera=device.camera.process,
        nominal_fps=config.camera.fps,
        camera_refusal=refusal,
        consent_refusal=without_consent,
        notice=notice,
        record=record,
        set_private=set_private,
        ask_own_cloud=(
            (lambda: ask_own_cloud(cloud, config.kitchen.id, prepared.tokens[0]))
            if cloud and prepared.tokens
            else None
        ),
    )
