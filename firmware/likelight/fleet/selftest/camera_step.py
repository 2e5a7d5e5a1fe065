"""The self-test's step for the camera: real frames, behind the same gate as in the daemon.

A real sensor needs the crew's consent and no PRIVACY, and the on-air light is lit before the first
frame and until the camera's process has ended. A panel in colour then shows the picture, with the
masks, for aiming; PRIVACY ends all of it at once. Pictures stay in memory and are forgotten.
"""

import asyncio
import io
from contextlib import suppress

from PIL import Image, ImageStat

from likelight.appreciation.screens.models import AimScreen
from likelight.daemon.aiming import AIM_S
from likelight.fleet.selftest.report import Outcome, failed, passed, unseen
from likelight.fleet.selftest.session import SelfTestSession
from likelight.fleet.selftest.technician import PRIVACY
from likelight_hw.ports import (
    AccessUnit,
    CameraPhase,
    CameraStatus,
    DrawnPlaceholder,
    Jpeg,
    StreamFormat,
)

FIRST_FRAME_S = 25.0
"""A camera process on a Zero 2 W needs about 8 s, and one that failed is tried again."""
WATCH_S = 2.0
JPEG_FPS = 5.0
AIM_EVERY_S = 0.5
"""Drawing takes a Zero 2 W a tenth of a second, and turning a camera takes a person more."""
DARK_BELOW, FLAT_BELOW = 8, 3
"""Of 255: the mean luma of a picture with the lens cap on, and the standard deviation of an empty
one."""


class FrameCounter:
    """Counts the frames that come from the camera. Only the last picture is kept."""

    def __init__(self) -> None:
        self.stream: StreamFormat | None = None
        self.units = 0
        self.keyframe_first: bool | None = None
        self.picture: bytes | None = None
        self.status = CameraStatus(CameraPhase.STOPPED)
        self.arrived = asyncio.Event()
        self.pictured = asyncio.Event()
        """Set with each picture."""

    def on_format(self, stream: StreamFormat) -> None:
        self.stream = stream

    def on_access_unit(self, unit: AccessUnit) -> None:
        if self.keyframe_first is None:
            self.keyframe_first = unit.keyframe
        self.units += 1
        self._look()

    def on_jpeg(self, jpeg: Jpeg) -> None:
        self.picture = jpeg.data
        self.pictured.set()
        self._look()

    def on_placeholder(self, placeholder: DrawnPlaceholder) -> None: ...

    def on_status(self, status: CameraStatus) -> None:
        self.status = status

    def _look(self) -> None:
        if self.units and self.picture:
            self.arrived.set()


async def check_camera(session: SelfTestSession) -> Outcome:
    """Run the camera for two seconds and judge its pictures. Raises `HardwareError`."""
    await session.tell(
        session.words.two_seconds,
        "The camera is on for 2 seconds. Nothing is stored, nobody sees it.",
    )
    device = session.device
    camera, light = device.camera, device.indicator
    if not camera.simulated and (refused := await device.camera_refusal()) is not None:
        return refused
    counter, private = FrameCounter(), asyncio.Event()
    aims = device.display.info.mode == "RGB" and session.technician.buttons_answer

    def on_edge(name: str, down: bool) -> None:
        if name == PRIVACY and down:
            camera.stop()
            private.set()
            # Nothing is waited for any more.
            counter.arrived.set()

    session.on_edge = on_edge
    # Without the on-air light no picture: this raises when the light can't be switched on.
    light.set(True)
    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(camera.run(counter, ()))
            camera.jpeg_rate(JPEG_FPS)
            camera.start()
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_FRAME_S):
                    await counter.arrived.wait()
            before = counter.units
            if counter.arrived.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(WATCH_S):
                        await private.wait()
            fps = (counter.units - before) / WATCH_S
            if aims and counter.arrived.is_set() and not private.is_set():
                await _aim(session, counter, private)
            camera.stop()
            running.cancel()
    finally:
        light.set(False)
    if private.is_set():
        await device.set_private(True)
        return unseen("PRIVACY was pressed: the camera is off, and stays so")
    return await _judge(session, counter, fps)


async def _aim(session: SelfTestSession, counter: FrameCounter, private: asyncio.Event) -> None:
    """Show the picture on the panel until somebody presses a button, or answers, or for 3 minutes.

    It is never in a report: only eyes can say whether a camera looks at the right place.
    """
    session.say("      The panel shows the picture. Aim the camera, then press THANKS. [y]")
    session.technician.forget()

    async def show() -> None:
        while True:
            await counter.pictured.wait()
            counter.pictured.clear()
            if counter.picture is not None:
                await session.panel.show(AimScreen(counter.picture))
                await asyncio.sleep(AIM_EVERY_S)

    async with asyncio.TaskGroup() as group:
        showing = group.create_task(show())
        answering = group.create_task(session.technician.answer(AIM_S))
        ending = group.create_task(private.wait())
        await asyncio.wait((answering, ending), return_when=asyncio.FIRST_COMPLETED)
        for task in (showing, answering, ending):
            task.cancel()


async def _judge(session: SelfTestSession, counter: FrameCounter, fps: float) -> Outcome:
    if not counter.arrived.is_set() or counter.picture is None:
        return failed(counter.status.reason or "no picture came")
    if not counter.keyframe_first or counter.stream is None:
        return failed("the stream did not begin with a keyframe")
    mean, spread = await asyncio.to_thread(_light_of, counter.picture)
    if mean < DARK_BELOW or spread < FLAT_BELOW:
        return failed(
            "pictures come, and there is nothing in them",
            "take the cap off, and switch on the kitchen's light",
        )
    measured = f"{counter.stream.width} x {counter.stream.height}, {fps:.0f} frames a second"
    wanted = session.device.nominal_fps
    if not session.device.camera.simulated and fps < wanted / 2:
        return failed(
            f"{measured} of {wanted}",
            "ask for less (camera.width, camera.fps), or cool and feed the board",
        )
    return passed(measured)


def _light_of(jpeg: bytes) -> tuple[float, float]:
    """Return mean and standard deviation of a picture's luma, 0..255."""
    luma = ImageStat.Stat(Image.open(io.BytesIO(jpeg), formats=["JPEG"]).convert("L"))
    return luma.mean[0], luma.stddev[0]
