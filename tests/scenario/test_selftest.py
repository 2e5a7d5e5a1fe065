"""The self-test with somebody in front of it, on the virtual clock: hands, thumbs, and nobody."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from likelight import consent
from likelight.appreciation.store import DeviceStore
from likelight.config import Config
from likelight.fleet.parts import Lamp, Parts
from likelight.fleet.person import Person
from likelight.fleet.report import Report, Verdict, write
from likelight.fleet.steps import STEPS
from likelight.fleet.walk import Walk
from likelight_hw.governor import FlashGovernor
from likelight_hw.ports import (
    DARK,
    AccessUnit,
    CameraPhase,
    CameraSink,
    CameraStatus,
    Card,
    HardwareError,
    Jpeg,
    LightFrame,
    StreamFormat,
)
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay
from likelight_hw.sim.indicator import SimIndicator
from likelight_hw.sim.lights import SimLights
from support.machine import NOW, Machine
from support.virtual import run_virtual

FPS = 25
CLOUD = {"url": "https://cloud.example", "token_file": "/etc/likelight/token"}
MACHINE = Machine({"/run/systemd/timesync/synchronized": "", "/etc/likelight/token": "s3cret"})
QUESTIONS = {"Panel": "Can you read", "Lamp": "glows", "On-air light": "ON AIR goes"}


def picture(*, black: bool = False) -> bytes:
    image, file = Image.new("L", (64, 36), 0), io.BytesIO()
    if not black:
        ImageDraw.Draw(image).rectangle((0, 0, 32, 36), 200)
    image.save(file, "JPEG")
    return file.getvalue()


class HandHeldLights(SimLights):
    simulated = False


class HandHeldIndicator(SimIndicator):
    simulated = False


class HandHeldDisplay(SimDisplay):
    simulated = False


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

    async def run(self, sink: CameraSink, cards: Sequence[Card]) -> None:
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
    """Real parts on a wall, and somebody who does as `answers` says.

    `answers`: what to type, by a part of what is said; for "Press THANKS" the button to press.
    """

    def __init__(self, tmp_path: Path, answers: dict[str, str], *, unattended: bool = False) -> None:
        clock = asyncio.get_running_loop().time
        self.bulb = HandHeldLights(clock)
        self.light, self.display = HandHeldIndicator(), HandHeldDisplay()
        self.thanks, self.privacy = Thumb(), Thumb()
        self.camera = Sensor(self.light)
        self.lines: list[str] = []
        self.state_dir = tmp_path / "state"
        self.person = Person(unattended=unattended, hint=self.say)
        self._answers = answers
        self._tmp_path = tmp_path
        self._clock = clock

    def say(self, line: str) -> None:
        self.lines.append(line)
        for words, answer in self._answers.items():
            if words in line:
                asyncio.get_running_loop().call_later(2.0, self._do, answer)

    def _do(self, answer: str) -> None:
        buttons = {"THANKS": self.thanks, "PRIVACY": self.privacy}
        if answer in buttons:
            buttons[answer].contacts.press()
        else:
            self.person.hear_line(answer)

    async def walk(self, **camera: Any) -> Report:
        settings = {"state_dir": self.state_dir, "cloud": CLOUD}
        config = Config.model_validate(settings)
        ground = MACHINE.ground(self._tmp_path, config)
        parts = Parts(
            [Lamp(FlashGovernor(self.bulb, self._clock), "pwm")],
            self.light,
            self.display,
            self.thanks,
            self.privacy,
            self.camera,
            FPS,
        )
        try:
            return await Walk(ground, parts, self.person, self.say).through(STEPS, lambda: NOW)
        finally:
            await parts.close()

    def consent(self, review: date = date(2027, 5, 31)) -> None:
        self.state_dir.mkdir(exist_ok=True)
        consent.write(
            self.state_dir,
            consent.Consent(signed_by="A", notice="1", recorded_at=NOW, review=review),
        )

    @property
    def dark(self) -> bool:
        return self.bulb.frame == DARK and not self.light.lit and self.display.image.getbbox() is None


BUTTONS = {"Press THANKS": "THANKS", "Press PRIVACY": "PRIVACY"}
TYPED = {**BUTTONS, "Can you read": "y", "glows": "yes", "ON AIR goes": "Y"}
THUMBS = {**BUTTONS, "Can you read": "y", "glows": "THANKS", "ON AIR goes": "THANKS"}


def verdicts(report: Report) -> dict[str, str]:
    return {step.name: step.verdict.value for step in report.steps}


def scenario(
    tmp_path: Path,
    answers: dict[str, str],
    prepare: Callable[[Kitchen], None] = Kitchen.consent,
    *,
    unattended: bool = False,
) -> tuple[Kitchen, Report, float]:
    """Walk once; return the kitchen, the report and how many seconds it took."""
    seen: list[Any] = []

    async def body() -> None:
        kitchen = await asyncio.to_thread(Kitchen.__new__, Kitchen)
        kitchen.__init__(tmp_path, answers, unattended=unattended)  # type: ignore[misc]
        await asyncio.to_thread(prepare, kitchen)
        began = asyncio.get_running_loop().time()
        report = await kitchen.walk()
        seen.extend((kitchen, report, asyncio.get_running_loop().time() - began))

    run_virtual(body())
    kitchen, report, seconds = seen
    return kitchen, report, seconds
