"""The self-test with somebody in front of it, on the virtual clock, and with nobody."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from likelight.appreciation.screens.models import AimScreen, SelfTestScreen
from likelight.appreciation.screens.render import pages
from likelight.appreciation.sync.store import DeviceStore
from likelight.config.settings import Config
from likelight.daemon.assembly import assemble
from likelight.daemon.prepare import prepare
from likelight.fleet.selftest.report import SelfTestReport, StepVerdict, write_report
from likelight.fleet.selftest.session import SelfTestSession
from likelight.fleet.selftest.steps import STEPS
from likelight.fleet.selftest.technician import Technician
from likelight.fleet.selftest.under_test import SingleLamp, under_test
from likelight.gate.consent import Consent, read_consent, write_consent
from likelight.gate.marker import MARKER_FILE, Marker
from likelight.gate.privacy_memory import PrivacyMemory
from likelight.runtime.clock_sync import BootClock
from likelight_hw.lamps.governor import FlashGovernor
from likelight_hw.ports import (
    DARK,
    AccessUnit,
    CameraPhase,
    CameraSink,
    CameraStatus,
    HardwareError,
    Jpeg,
    LightFrame,
    PlaceholderSpec,
    StreamFormat,
)
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay
from likelight_hw.sim.indicator import SimIndicator
from likelight_hw.sim.lights import SimLights
from support.machine import NOW, Machine
from support.virtual import run_virtual

FPS = 25
USB = {"driver": "usb", "device": "/dev/video0", "fps": FPS}
"""A real sensor, as far as its rules go: `Sensor` stands in for it."""
CLOUD = {"url": "https://cloud.example", "token_file": "/etc/likelight/token"}
MACHINE = Machine({"/run/systemd/timesync/synchronized": "", "/etc/likelight/token": "s3cret"})


def picture(*, black: bool = False) -> bytes:
    image, file = Image.new("L", (64, 36), 0), io.BytesIO()
    if not black:
        ImageDraw.Draw(image).rectangle((0, 0, 32, 36), 200)
    image.save(file, "JPEG")
    return file.getvalue()


class ClockThatWasSet(BootClock):
    def is_set(self) -> bool:
        return True


class HandHeldLights(SimLights):
    simulated = False


class HandHeldIndicator(SimIndicator):
    simulated = False


class HandHeldDisplay(SimDisplay):
    simulated = False

    def __init__(self) -> None:
        super().__init__()
        self.shown: set[bytes] = set()
        """Every picture that it was sent."""

    async def show(self, image: Image.Image) -> None:
        await super().show(image)
        self.shown.add(image.tobytes())


class Thumb:
    """A real button, as far as anybody can tell: pressed by somebody, not by software."""

    simulated = False

    def __init__(self, *, broken: bool = False) -> None:
        self.contacts = SimButton()
        self._broken = broken

    async def edges(self) -> AsyncIterator[bool]:
        if self._broken:
            raise HardwareError("busy: another program holds GPIO 5")
        async for edge in self.contacts.edges():
            yield edge


@dataclass
class Sensor:
    """A camera with a sensor; `lit` is how the on-air light was at each frame."""

    light: SimIndicator
    jpeg: bytes = field(default_factory=picture)
    fps: float = FPS
    simulated: bool = False
    started: bool = False
    lit: list[bool] = field(default_factory=list)

    @property
    def status(self) -> CameraStatus:
        return CameraStatus(CameraPhase.STOPPED)

    async def run(self, sink: CameraSink, specs: Sequence[PlaceholderSpec]) -> None:
        sink.on_format(StreamFormat(1280, 720, FPS, simulated=False))
        if not self.fps:
            sink.on_status(CameraStatus(CameraPhase.FAILED, "no camera is connected", "K3"))
            await asyncio.Event().wait()
        while True:
            await asyncio.sleep(1 / self.fps)
            if self.started:
                sink.on_access_unit(AccessUnit(b"", not self.lit, 0))
                sink.on_jpeg(Jpeg(self.jpeg, 0))
                self.lit.append(self.light.lit)

    def start(self) -> None:
        self.started = True

    def stop(self) -> None:
        self.started = False

    def keyframe(self) -> None: ...

    def jpeg_rate(self, fps: float) -> None: ...

    def show_lamp(self, frame: LightFrame) -> None: ...


class Kitchen:
    """Real hardware on a wall, and somebody who does as `answers` says.

    `answers`: what to type, or the button to press, by a part of what is said.
    """

    def __init__(
        self, tmp_path: Path, answers: dict[str, str], *, unattended: bool = False
    ) -> None:
        self.loop = asyncio.get_running_loop()
        clock = self.loop.time
        self.bulb = HandHeldLights(clock)
        self.light, self.display = HandHeldIndicator(), HandHeldDisplay()
        self.thanks, self.privacy = Thumb(), Thumb()
        self.camera = Sensor(self.light)
        self.lines: list[str] = []
        self.state_dir = tmp_path / "state"
        self.language = "en"
        self.paired = True
        self.technician = Technician(unattended=unattended, hint=self.say)
        self._answers = answers
        self._tmp_path = tmp_path
        self._clock = clock

    def say(self, line: str) -> None:
        self.lines.append(line)
        for words, answer in self._answers.items():
            if words in line:
                self.loop.call_later(2.0, self._do, answer)

    def _do(self, answer: str) -> None:
        buttons = {"THANKS": self.thanks, "PRIVACY": self.privacy}
        name, _, seconds = answer.partition(" for ")
        if seconds:
            buttons[name].contacts.hold()
            self.loop.call_later(float(seconds), buttons[name].contacts.release)
        elif answer in buttons:
            buttons[answer].contacts.press()
        else:
            self.technician.on_line(answer)

    async def selftest(self) -> SelfTestReport:
        kitchen = {"id": "demo", "name": "A kitchen", "language": self.language}
        config = Config.model_validate(
            {"state_dir": self.state_dir, "cloud": CLOUD, "kitchen": kitchen, "camera": USB}
        )
        system = await asyncio.to_thread(MACHINE.system, self._tmp_path, config)
        # The token is where the doctor looks, and nobody else's.
        await asyncio.to_thread((self._tmp_path / "etc/likelight/token").chmod, 0o600)
        await asyncio.to_thread(self.state_dir.mkdir, exist_ok=True)
        prepared = await asyncio.to_thread(prepare, config, None)
        tokens = ("s3cret",) if self.paired else ()
        clock = ClockThatWasSet(self.state_dir)
        prepared = replace(prepared, now=lambda: NOW, clock=clock, tokens=tokens)
        async with assemble(config, prepared) as assembled:
            device = replace(
                under_test(config, prepared, assembled),
                lamps=[SingleLamp(FlashGovernor(self.bulb, self._clock), "pwm")],
                indicator=self.light,
                display=self.display,
                thanks=self.thanks,
                privacy=self.privacy,
                camera=self.camera,
            )
            try:
                return await SelfTestSession(system, device, self.technician, self.say).run(
                    STEPS, lambda: NOW
                )
            finally:
                device.lamps[0].lights.close()
                self.light.close()
                await self.display.close()

    def consent(self, review: date = date(2027, 5, 31)) -> None:
        self.state_dir.mkdir(exist_ok=True)
        write_consent(
            self.state_dir,
            Consent(kitchen="demo", signed_by="A", notice="1", recorded_at=NOW, review=review),
        )
        asyncio.run(_press(self, private=False))

    @property
    def dark(self) -> bool:
        return (
            self.bulb.frame == DARK and not self.light.lit and self.display.image.getbbox() is None
        )


BUTTONS = {"Press THANKS, once": "THANKS", "Press PRIVACY, once": "PRIVACY"}
TYPED = {**BUTTONS, "Can you read": "y", "glows": "yes", "ON AIR goes": "Y", "Aim the": "y"}
THUMBS = {
    **BUTTONS,
    "Can you read": "y",
    "glows": "THANKS",
    "ON AIR goes": "THANKS",
    "Aim the": "THANKS",
}


def verdicts(report: SelfTestReport) -> dict[str, str]:
    return {step.name: step.verdict.value for step in report.steps}


def scenario(
    tmp_path: Path,
    answers: dict[str, str],
    prepare: Callable[[Kitchen], None] = Kitchen.consent,
    *,
    unattended: bool = False,
) -> tuple[Kitchen, SelfTestReport, float]:
    """Run it once; return the kitchen, the report and how many seconds it took."""
    seen: list[Any] = []

    async def body() -> None:
        kitchen = Kitchen(tmp_path, answers, unattended=unattended)
        await asyncio.to_thread(prepare, kitchen)
        began = asyncio.get_running_loop().time()
        report = await kitchen.selftest()
        seen.extend((kitchen, report, asyncio.get_running_loop().time() - began))

    run_virtual(body())
    kitchen, report, seconds = seen
    return kitchen, report, seconds


def test_with_a_keyboard_everything_is_seen_and_all_is_dark_after(tmp_path: Path) -> None:
    kitchen, report, seconds = scenario(tmp_path, TYPED)
    assert report.verdict is StepVerdict.PASSED, report.to_text()
    assert list(verdicts(report)) == [
        "Panel",
        "Buttons",
        "Lamp",
        "On-air light",
        "Consent",
        "Camera",
        "Network",
        "Cloud",
    ]
    assert [step.seen_by for step in report.steps][:4] == [
        "keyboard",
        "PRIVACY",
        "keyboard",
        "keyboard",
    ]
    assert max(frame.level for _, frame in kitchen.bulb.history) == 1.0
    assert kitchen.dark
    assert seconds < 300


def test_the_panel_speaks_the_crew_s_language_and_the_terminal_english(tmp_path: Path) -> None:
    def german(kitchen: Kitchen) -> None:
        kitchen.consent()
        kitchen.language = "de"

    kitchen, report, _ = scenario(tmp_path, TYPED, german)
    assert report.verdict is StepVerdict.PASSED, report.to_text()
    assert report.steps[0].name == "Panel"
    assert any("Press THANKS, once." in line for line in kitchen.lines)
    for screen in (
        SelfTestScreen(1, 8, "Display", "Könnt ihr das lesen?"),
        SelfTestScreen(2, 8, "Knöpfe", "Drückt PRIVACY"),
        SelfTestScreen(3, 8, "Lampe", "Funktio\u00adniert.", passed=True),
    ):
        assert pages(screen, kitchen.display.info)[0].image.tobytes() in kitchen.display.shown


def test_the_light_is_lit_before_the_first_frame_and_until_the_last(tmp_path: Path) -> None:
    kitchen, _, _ = scenario(tmp_path, TYPED)
    assert len(kitchen.camera.lit) > FPS
    assert all(kitchen.camera.lit)


def test_thumbs_answer_once_the_buttons_are_known_to_work(tmp_path: Path) -> None:
    kitchen, report, _ = scenario(tmp_path, THUMBS)
    assert report.verdict is StepVerdict.PASSED, report.to_text()
    assert [step.seen_by for step in report.steps][2:4] == ["THANKS", "THANKS"]
    assert any("THANKS means yes" in line for line in kitchen.lines)
    _, report, _ = scenario(tmp_path, {**THUMBS, "glows": "PRIVACY"})
    assert verdicts(report)["Lamp"] == "failed"
    assert report.steps[2].fix


def test_a_thumb_before_the_buttons_are_known_is_not_an_answer(tmp_path: Path) -> None:
    _, report, _ = scenario(tmp_path, {**TYPED, "Can you read": "THANKS"})
    assert verdicts(report)["Panel"] == "not seen"


def test_swapped_buttons_are_reported_and_not_believed(tmp_path: Path) -> None:
    answers = {**THUMBS, "Press THANKS, once": "PRIVACY", "ON AIR goes": "n"}
    _, report, _ = scenario(tmp_path, answers)
    buttons = report.steps[1]
    assert buttons.words == "THANKS was asked for, and PRIVACY was heard"
    assert "swap" in (buttons.fix or "")
    assert verdicts(report)["Lamp"] == "not seen"
    assert verdicts(report)["On-air light"] == "failed"


def test_a_slip_of_the_thumb_is_forgiven_and_a_wedged_button_is_reported(tmp_path: Path) -> None:
    slip = {**TYPED, "Press THANKS, once.": "PRIVACY", "Press THANKS, once more": "THANKS"}
    del slip["Press THANKS, once"]
    _, report, _ = scenario(tmp_path, slip)
    assert verdicts(report)["Buttons"] == "passed"

    def wedge(kitchen: Kitchen) -> None:
        kitchen.consent()
        kitchen.loop.call_soon_threadsafe(kitchen.thanks.contacts.hold)

    _, report, _ = scenario(tmp_path, {**TYPED, "Press THANKS, once": ""}, wedge)
    assert "down all the while" in report.steps[1].words
    assert report.steps[1].verdict is StepVerdict.FAILED


def test_who_walks_away_does_not_hang_it(tmp_path: Path) -> None:
    kitchen, report, seconds = scenario(tmp_path, {})
    seen = verdicts(report)
    assert {seen[name] for name in ("Panel", "Buttons", "Lamp", "On-air light")} == {"not seen"}
    assert report.verdict is StepVerdict.UNSEEN
    assert report.steps[2].words == "nobody answered"
    assert seconds < 5 * 60
    assert kitchen.dark


def test_what_is_typed_wrong_is_asked_again_and_skips_are_reported(tmp_path: Path) -> None:
    answers = {**TYPED, "Can you read": "perhaps", "Please type": "y", "glows": "s"}
    _, report, _ = scenario(tmp_path, answers)
    assert verdicts(report)["Panel"] == "passed"
    assert (report.steps[2].verdict, report.steps[2].words) == (StepVerdict.UNSEEN, "skipped")
    _, report, _ = scenario(tmp_path, {**TYPED, "Press THANKS, once": "n"})
    assert report.steps[1].words == "THANKS was pressed, and nothing was heard"


def test_unattended_nobody_is_waited_for_and_real_parts_count_as_not_seen(tmp_path: Path) -> None:
    kitchen, report, seconds = scenario(tmp_path, {}, unattended=True)
    assert list(verdicts(report).values()) == ["not seen"] * 4 + ["passed"] * 4
    assert seconds < 10
    assert not report.to_json()["simulated"]
    assert kitchen.dark


def break_all(kitchen: Kitchen) -> None:
    kitchen.consent()
    kitchen.bulb.broken = kitchen.display.broken = kitchen.light.broken = True
    kitchen.privacy = Thumb(broken=True)


def test_what_is_broken_fails_in_words_and_without_light_no_camera(tmp_path: Path) -> None:
    kitchen, report, _ = scenario(tmp_path, TYPED, break_all)
    assert list(verdicts(report).values()) == ["failed"] * 4 + [
        "passed",
        "failed",
        "passed",
        "passed",
    ]
    for step in report.steps[:4]:
        assert step.fix, step
    assert "GPIO 5" in report.steps[1].words
    assert "unplugged" in report.steps[2].words
    assert not kitchen.camera.lit


async def _press(kitchen: Kitchen, *, private: bool) -> None:
    store = DeviceStore(kitchen.state_dir / "device.sqlite", kitchen="demo")
    await store.open()
    memory = PrivacyMemory(store, Marker(kitchen.state_dir / MARKER_FILE, "demo"), None)
    await memory.keep(private)
    memory.close()
    await store.close()


def private(kitchen: Kitchen) -> None:
    kitchen.consent()
    asyncio.run(_press(kitchen, private=True))


def marker_lost(kitchen: Kitchen) -> None:
    kitchen.consent()
    (kitchen.state_dir / MARKER_FILE).unlink()


def another_kitchens(kitchen: Kitchen) -> None:
    kitchen.consent()
    record = read_consent(kitchen.state_dir)
    assert record is not None
    write_consent(kitchen.state_dir, record.model_copy(update={"kitchen": "bistro-7"}))


def store_lost(kitchen: Kitchen) -> None:
    kitchen.consent()
    (kitchen.state_dir / "device.sqlite").unlink()


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda kitchen: None, "consent is not recorded"),
        (lambda kitchen: kitchen.consent(date(2026, 11, 21)), "has passed"),
        (private, "only the crew can share again"),
        (marker_lost, "only the crew can share again"),
        (store_lost, "only the crew can share again"),
        (another_kitchens, "void here"),
    ],
)
def test_a_sensor_stays_off_without_the_crews_word(
    tmp_path: Path, prepare: Callable[[Kitchen], None], words: str
) -> None:
    kitchen, report, _ = scenario(tmp_path, TYPED, prepare)
    assert words in report.steps[5].words
    assert report.verdict is StepVerdict.UNSEEN
    assert not kitchen.camera.lit


CONSENTS = {"signed notice 1": "THANKS for 5.4", "to share": "PRIVACY"}


@pytest.mark.parametrize(
    ("answers", "consented", "shared", "camera"),
    [
        ({}, True, True, "passed"),
        ({"signed notice 1": "THANKS for 4.8"}, False, False, "not recorded"),
        ({"signed notice 1": "PRIVACY"}, False, False, "not recorded"),
        ({"signed notice 1": "y"}, False, False, "not recorded"),
        ({"to share": "THANKS"}, True, False, "only the crew can share again"),
        ({"Aim the": "PRIVACY"}, True, False, "PRIVACY was pressed"),
    ],
)
def test_the_crew_consents_at_the_panel_before_the_sensor_is_opened(
    tmp_path: Path, answers: dict[str, str], *, consented: bool, shared: bool, camera: str
) -> None:
    kitchen, report, _ = scenario(tmp_path, {**THUMBS, **CONSENTS, **answers}, lambda kitchen: None)
    step = report.steps[5]
    assert camera in f"{step.words} {step.verdict.value}"
    record = read_consent(kitchen.state_dir)
    assert (record is not None) is consented
    assert record is None or (record.signed_by, record.notice) == ("signed on paper", "1")
    assert Marker(kitchen.state_dir / MARKER_FILE, "demo").says_shared is shared
    assert bool(kitchen.camera.lit) is (camera in ("passed", "PRIVACY was pressed"))
    aimed = pages(AimScreen(kitchen.camera.jpeg), kitchen.display.info)[0].image.tobytes()
    assert (aimed in kitchen.display.shown) is bool(kitchen.camera.lit)
    assert kitchen.dark


def test_a_device_that_is_not_paired_records_no_consent(tmp_path: Path) -> None:
    def unpaired(kitchen: Kitchen) -> None:
        kitchen.paired = False

    kitchen, report, _ = scenario(tmp_path, {**THUMBS, **CONSENTS}, unpaired)
    assert "not paired yet" in report.steps[4].words
    assert read_consent(kitchen.state_dir) is None
    assert not kitchen.camera.lit


def with_camera(**changes: Any) -> Callable[[Kitchen], None]:
    def prepare(kitchen: Kitchen) -> None:
        kitchen.consent()
        kitchen.camera = Sensor(kitchen.light, **changes)

    return prepare


@pytest.mark.parametrize(
    ("camera", "words"),
    [
        ({"fps": 0}, "no camera is connected"),
        ({"fps": 8}, "8 frames a second of 25"),
        ({"jpeg": picture(black=True)}, "there is nothing in them"),
    ],
)
def test_a_camera_that_shows_too_little_fails(
    tmp_path: Path, camera: dict[str, Any], words: str
) -> None:
    kitchen, report, _ = scenario(tmp_path, TYPED, with_camera(**camera))
    assert words in report.steps[5].words
    assert report.steps[5].verdict is StepVerdict.FAILED
    assert not kitchen.light.lit


def test_ended_in_the_middle_all_is_dark(tmp_path: Path) -> None:
    async def body() -> None:
        kitchen = Kitchen(
            tmp_path, {**BUTTONS, "Can you read": "y", "glows": "never"}, unattended=False
        )
        await asyncio.to_thread(kitchen.consent)
        async with asyncio.TaskGroup() as group:
            testing = group.create_task(kitchen.selftest())
            while kitchen.bulb.frame.level < 0.9:
                await asyncio.sleep(0.02)
            testing.cancel()
        assert kitchen.dark

    run_virtual(body())


def test_the_report_is_written_whole_for_people_and_for_programs(tmp_path: Path) -> None:
    _, report, _ = scenario(tmp_path, {**TYPED, "glows": "n"})
    write_report(report, tmp_path / "kitchen.json")
    text = (tmp_path / "kitchen.txt").read_text()
    assert "FAILED    Lamp: the answer was no (seen by keyboard)" in text
    assert "fix: check its wires" in text
    assert "In all: failed" in text
    assert "s3cret" not in text + (tmp_path / "kitchen.json").read_text()
    assert {file.name for file in tmp_path.iterdir()} >= {"kitchen.json", "kitchen.txt"}
    assert not list(tmp_path.glob(".kitchen*"))
