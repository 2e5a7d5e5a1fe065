"""The camera of one device: a component that runs its process and passes on what it sends."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from likelight.assets.fonts import BOLD
from likelight.assets.placeholder_words import SIMULATED
from likelight.config.settings import CameraSettings
from likelight.contract import State
from likelight.daemon.placeholders import placeholder_specs
from likelight.daemon.push import Push
from likelight.feed.hub import Hub
from likelight.feed.placeholders import Placeholder
from likelight.feed.rendition import Rendition
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.process import CameraProcess
from likelight_hw.ports import (
    AccessUnit,
    CameraPhase,
    CameraStatus,
    DrawnPlaceholder,
    Jpeg,
    StreamFormat,
)


class Gate(Protocol):
    """Says whether camera frames may leave now."""

    @property
    def open(self) -> bool: ...


def camera_config(camera: CameraSettings) -> CameraConfig:
    """Return the configuration of the camera's process, made from the settings `camera`."""
    simulated = camera.driver in ("sim", "file")
    return CameraConfig(
        driver=camera.driver,
        path=camera.path or camera.device,
        width=camera.width,
        height=camera.height,
        fps=camera.fps,
        bitrate=camera.bitrate,
        barcode=camera.barcode,
        badge=SIMULATED if simulated else None,
        font=BOLD,
        masks=camera.masks,
    )


class DeviceCamera:
    """Runs `process` and hands on what it sends to `hub` and `push`: frames while `gate` is open.

    `packaged` are the placeholders until the camera has drawn its own. `on_status` is called with
    each new status, `on_placeholder` after each placeholder that the camera has drawn, and
    `on_picture` with each JPEG that has passed the gate.
    """

    def __init__(
        self,
        process: CameraProcess,
        gate: Gate,
        hub: Hub,
        push: Push | None,
        *,
        packaged: Sequence[Placeholder],
        on_status: Callable[[CameraStatus], None],
        on_placeholder: Callable[[], None],
        on_picture: Callable[[bytes], None],
    ) -> None:
        self.process = process
        """The self-test runs it alone."""
        self._gate = gate
        self._hub = hub
        self._push = push
        self._on_status = on_status
        self._on_placeholder = on_placeholder
        self._on_picture = on_picture
        self._specs = placeholder_specs(simulated=process.simulated)
        self._not_drawn = {spec.name for spec in self._specs}
        for placeholder in packaged:
            hub.set_placeholder(placeholder)

    @property
    def status(self) -> CameraStatus:
        """How the camera is."""
        return self.process.status

    @property
    def restarts(self) -> int:
        """How many of the camera's processes were lost or killed."""
        return self.process.restarts

    @property
    def starting(self) -> bool:
        """True until the camera has drawn its placeholders, or has failed."""
        return bool(self._not_drawn) and self.status.phase is not CameraPhase.FAILED

    async def run(self) -> None:
        """Run the camera until cancelled."""
        await self.process.run(self, self._specs)

    def on_format(self, stream: StreamFormat) -> None:
        rendition = Rendition(stream.rendition)
        self._hub.set_format(stream.width, stream.height, stream.fps, rendition)
        if self._push is not None and rendition is Rendition.MAIN:
            self._push.set_format(stream)

    def on_access_unit(self, unit: AccessUnit) -> None:
        if not self._gate.open:
            return  # one that was on its way when the gate shut
        rendition = Rendition(unit.rendition)
        self._hub.publish(
            unit.data, keyframe=unit.keyframe, captured_us=unit.captured_us, rendition=rendition
        )
        if self._push is not None and rendition is Rendition.MAIN:
            self._push.on_unit(unit)

    def on_jpeg(self, jpeg: Jpeg) -> None:
        if self._gate.open:
            rendition = Rendition(jpeg.rendition)
            self._hub.publish_jpeg(jpeg.data, captured_us=jpeg.captured_us, rendition=rendition)
            self._on_picture(jpeg.data)

    def on_placeholder(self, drawn: DrawnPlaceholder) -> None:
        small = _placeholder(drawn.small) if drawn.small else None
        self._hub.set_placeholder(replace(_placeholder(drawn), small=small))
        self._not_drawn.discard(drawn.name)
        self._on_placeholder()

    def on_status(self, status: CameraStatus) -> None:
        self._on_status(status)


def _placeholder(drawn: DrawnPlaceholder) -> Placeholder:
    return Placeholder.from_keyframe(
        State(drawn.name), drawn.access_unit, drawn.jpeg, drawn.width, drawn.height
    )
