"""The self-test's look through the camera: real frames, behind the same gate as always.

A real sensor needs the crew's consent and no PRIVACY, and the on-air light is lit before the first
frame and until the camera's process has ended. Pictures stay in memory and are forgotten.
"""

import asyncio
import io
from contextlib import suppress

from PIL import Image, ImageStat

from likelight.appreciation.sync.store import DeviceStore
from likelight.fleet.doctor.checks.clock import is_set
from likelight.fleet.selftest.report import Outcome, Verdict
from likelight.fleet.selftest.session import Walk
from likelight.gate.consent import ConsentError, ConsentStatus, consent_status, read_consent
from likelight.gate.zone import kitchen_zone
from likelight.runtime.store_errors import StoreError
from likelight_hw.ports import (
    AccessUnit,
    CameraPhase,
    CameraStatus,
    DrawnPlaceholder,
    Jpeg,
    StreamFormat,
)

FIRST_FRAME_S = 25.0
"""A camera process on a Zero 2 W takes some 8 s to be ready, and one that failed is tried again."""
WATCH_S = 2.0
JPEG_FPS = 5.0
DARK_BELOW, FLAT_BELOW = 8, 3
"""Of 255: the mean of a picture under a cap, and the spread of one that has nothing in it."""


class _Eyes:
    """What comes out of the camera. Only the last picture is kept."""

    def __init__(self) -> None:
        self.stream: StreamFormat | None = None
        self.units = 0
        self.keyframe_first: bool | None = None
        self.picture: bytes | None = None
        self.status = CameraStatus(CameraPhase.STOPPED)
        self.came = asyncio.Event()

    def on_format(self, stream: StreamFormat) -> None:
        self.stream = stream

    def on_access_unit(self, unit: AccessUnit) -> None:
        if self.keyframe_first is None:
            self.keyframe_first = unit.keyframe
        self.units += 1
        self._look()

    def on_jpeg(self, jpeg: Jpeg) -> None:
        self.picture = jpeg.data
        self._look()

    def on_placeholder(self, placeholder: DrawnPlaceholder) -> None: ...

    def on_status(self, status: CameraStatus) -> None:
        self.status = status

    def _look(self) -> None:
        if self.units and self.picture:
            self.came.set()


async def look_through(walk: Walk) -> Outcome:
    """Let the camera run for two seconds and judge what came. Raises `HardwareError`."""
    camera, light = walk.parts.camera, walk.parts.indicator
    if not camera.simulated and (refused := await _refused(walk)) is not None:
        return refused
    eyes = _Eyes()
    # No light, no picture: this raises when it can't be lit.
    light.set(True)
    try:
        async with asyncio.TaskGroup() as group:
            living = group.create_task(camera.run(eyes, ()))
            camera.jpeg_rate(JPEG_FPS)
            camera.start()
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_FRAME_S):
                    await eyes.came.wait()
            before = eyes.units
            if eyes.came.is_set():
                await asyncio.sleep(WATCH_S)
            fps = (eyes.units - before) / WATCH_S
            camera.stop()
            living.cancel()
    finally:
        light.set(False)
    return await _judge(walk, eyes, fps)


async def _judge(walk: Walk, eyes: _Eyes, fps: float) -> Outcome:
    if not eyes.came.is_set() or eyes.picture is None:
        return Outcome(Verdict.FAILED, eyes.status.reason or "no picture came")
    if not eyes.keyframe_first or eyes.stream is None:
        return Outcome(Verdict.FAILED, "the stream did not begin with a keyframe")
    mean, spread = await asyncio.to_thread(_light_of, eyes.picture)
    if mean < DARK_BELOW or spread < FLAT_BELOW:
        return Outcome(
            Verdict.FAILED,
            "pictures come, and there is nothing in them",
            "take the cap off, and switch on the kitchen's light",
        )
    told = f"{eyes.stream.width} x {eyes.stream.height}, {fps:.0f} frames a second"
    wanted = walk.parts.nominal_fps
    if not walk.parts.camera.simulated and fps < wanted / 2:
        return Outcome(
            Verdict.FAILED,
            f"{told} of {wanted}",
            "ask for less (camera.width, camera.fps), or cool and feed the board",
        )
    return Outcome(Verdict.PASSED, told)


def _light_of(jpeg: bytes) -> tuple[float, float]:
    """Return mean and standard deviation of a picture's luma, 0..255."""
    luma = ImageStat.Stat(Image.open(io.BytesIO(jpeg), formats=["JPEG"]).convert("L"))
    return luma.mean[0], luma.stddev[0]


async def _refused(walk: Walk) -> Outcome | None:
    """Return why a real sensor may not be looked through now."""
    config = walk.config
    try:
        record = await asyncio.to_thread(read_consent, config.state_dir)
    except ConsentError as error:
        return Outcome(Verdict.FAILED, str(error))
    zone = await asyncio.to_thread(kitchen_zone, config.kitchen.timezone)
    clock = await asyncio.to_thread(is_set, walk.ground)
    match consent_status(record, walk.ground.now(), zone, clock_is_set=clock):
        case ConsentStatus.VALID:
            return await _switched_off(walk)
        case ConsentStatus.NO_CLOCK:
            return Outcome(Verdict.UNSEEN, "the clock is not set, so no consent can be judged")
        case ConsentStatus.OVERDUE:
            return Outcome(Verdict.UNSEEN, "the review date of the crew's consent has passed")
    return Outcome(
        Verdict.UNSEEN, "the crew's consent is not recorded (likelight consent record does that)"
    )


async def _switched_off(walk: Walk) -> Outcome | None:
    file = walk.config.state_dir / "device.sqlite"
    if not await asyncio.to_thread(file.exists):
        return None
    store = DeviceStore(file, now=walk.ground.now)
    try:
        await store.open()
    except StoreError as error:
        return Outcome(Verdict.FAILED, str(error))
    finally:
        await store.close()
    if store.private:
        return Outcome(Verdict.UNSEEN, "the crew pressed PRIVACY; only the crew can share again")
    if store.desired is not None and store.desired.mode == "off":
        return Outcome(Verdict.UNSEEN, "the cloud keeps this camera off")
    return None
