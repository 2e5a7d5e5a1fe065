"""Pictures that the board itself encodes: the sensor's buffer goes to the encoder uncopied.

For Pi 3, Pi 4 and Zero 2 W, in place of the pipeline that paints a copy and runs x264
(pipeline.py). The masks are painted into the sensor's buffer before picamera2 hands it to the
encoder; JPEGs and the smaller renditions are made from `lores`, a second and smaller picture of the
same frame, painted too.
"""

import time
from collections import deque
from typing import Any

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import JpegEncoder, PaintedPicture
from likelight_hw.camera.latest_value import LatestValue
from likelight_hw.camera.pace import Pace
from likelight_hw.camera.parent import Parent
from likelight_hw.camera.picamera import Picamera, as_hardware_error, captured, wall_us
from likelight_hw.camera.small import SmallRenditions
from likelight_hw.camera.wire import pack_access_unit, pack_format, pack_jpeg
from likelight_hw.picture.mask import Masks
from likelight_hw.ports import AccessUnit, Jpeg, Rendition, StreamFormat

_MOST_UNSENT = 30
"""A second of access units; the loop takes them with each frame, so more means that it is stuck."""


class HardwareCamera:
    """A sensor and its encoder. `arrivals` is readable while an access unit or `lores` waits.

    `encoder` makes an encoder of picamera2; None is the board's own.
    """

    def __init__(self, config: CameraConfig, encoder: Any = None) -> None:
        from picamera2.encoders import H264Encoder

        self.sensor = Picamera(config, lores=True)
        assert self.sensor.lores_size
        self.width, self.height, self.fps = self.sensor.width, self.sensor.height, config.fps
        self.small = self.sensor.lores_size
        self._config = config
        self._make_encoder = encoder or H264Encoder
        self._encoder: Any = None
        self._wake: LatestValue[bool] = LatestValue()
        self.arrivals = self._wake.wake_fd
        self._units: deque[AccessUnit] = deque(maxlen=_MOST_UNSENT)
        self._pictures: LatestValue[Any] = LatestValue()
        self._picture_wanted = False
        self._masks = {
            "main": Masks(config.masks, self.width, self.height),
            "lores": Masks(config.masks, *self.small),
        }
        self.sensor.driver.pre_callback = self._arrived

    def start(self) -> None:
        """Switch sensor and encoder on; the first access unit is a keyframe."""
        from picamera2.outputs import Output

        camera = self

        class UnitOutput(Output):  # type: ignore[misc]  # picamera2 has no types
            def outputframe(
                self,
                frame: bytes,
                keyframe: bool = True,
                timestamp: int = 0,
                packet: object = None,
                audio: bool = False,
            ) -> None:
                camera._encoded(frame, keyframe, timestamp)

        self._encoder = self._make_encoder(
            bitrate=self._config.bitrate,
            repeat=True,
            iperiod=self.fps,
            framerate=self.fps,
            profile="constrained baseline",
        )
        with as_hardware_error("the board's H.264 encoder can't be started"):
            self.sensor.driver.start_encoder(self._encoder, UnitOutput(), name="main")
        self.sensor.start()

    def stop(self) -> None:
        """Switch both off."""
        self.sensor.driver.stop()
        self.sensor.driver.stop_encoder()
        self._picture_wanted = False
        self._release(self._pictures.take())
        self._units.clear()
        self._wake.take()

    def close(self) -> None:
        """Switch both off, and release them."""
        self.stop()
        self.sensor.close()

    def keyframe(self) -> None:
        """Ask for a keyframe soon: one of the next frames."""
        self._encoder.force_key_frame()

    def want_picture(self) -> None:
        """Ask for the next frame's `lores`."""
        self._picture_wanted = True

    def units(self) -> list[AccessUnit]:
        """Return the access units that have come since the last call."""
        self._wake.take()
        return [self._units.popleft() for _ in range(len(self._units))]

    def picture(self, onto: PaintedPicture) -> int | None:
        """Copy the `lores` that has come; return its wall time in microseconds, or None."""
        request = self._pictures.take()
        if request is None:
            return None
        with self.sensor.planes(request, "lores") as frame:
            onto.planes.paste(frame)
        captured_us = captured(request.get_metadata())
        request.release()
        return captured_us

    def _arrived(self, request: Any) -> None:
        """Hide what is private, before any encoder runs; called on picamera2's thread."""
        if self._config.masks:
            for stream, masks in self._masks.items():
                with self.sensor.planes(request, stream) as frame:
                    masks.paint(frame)
        if self._picture_wanted:
            self._picture_wanted = False
            request.acquire()
            self._release(self._pictures.put(request))
            self._wake.put(True)

    def _encoded(self, data: bytes, keyframe: bool, since_first_us: int) -> None:
        """Keep an access unit for the loop; called on the encoder's thread."""
        sensor_ns = (self._encoder.firsttimestamp + since_first_us) * 1000
        self._units.append(AccessUnit(bytes(data), keyframe, wall_us(sensor_ns)))
        self._wake.put(True)

    @staticmethod
    def _release(request: Any) -> None:
        if request is not None:
            request.release()


class HardwarePipeline:
    """Passes on what the board encodes, in the forms that are asked for."""

    def __init__(self, camera: HardwareCamera, parent: Parent) -> None:
        self.width, self.height, self.fps = camera.width, camera.height, camera.fps
        self._camera = camera
        self._parent = parent
        self._picture = PaintedPicture(*camera.small)
        self._jpeg: JpegEncoder | None = None
        self._jpeg_due = False
        self._small = SmallRenditions(self._picture, camera.fps, parent, simulated=False)
        self._pace = Pace(camera.fps)
        self._keyframes_asked = 0
        self._gap = False

    def open(self, stream: int) -> None:
        camera = self._camera
        self._keyframes_asked = self._parent.desired.keyframes[Rendition.MAIN]
        self._gap = self._jpeg_due = False
        self._pace.reset()
        self._small.open(stream)
        camera.start()
        form = StreamFormat(camera.width, camera.height, camera.fps, simulated=False)
        self._parent.send(pack_format(form, stream))

    def close(self) -> None:
        self._camera.stop()
        self._jpeg = None
        self._small.close()

    def release(self) -> None:
        self._camera.close()

    def wait(self, stream: int) -> bool:
        return self._parent.wait_for(self._camera.arrivals, stream)

    def take(self) -> None:
        for unit in self._camera.units():
            self._send_h264(unit)
        asked = self._parent.desired.keyframes[Rendition.MAIN]
        if asked != self._keyframes_asked:
            self._keyframes_asked = asked
            self._camera.keyframe()
        self._take_picture()
        self._jpeg_due |= self._pace.due(time.monotonic(), self._parent.desired.jpeg_fps)
        if self._jpeg_due or self._small.wanted:
            self._camera.want_picture()

    def _send_h264(self, unit: AccessUnit) -> None:
        if self._parent.backlogged or (self._gap and not unit.keyframe):
            # The daemon missed one. What it gets next must not depend on that.
            if not self._gap:
                self._camera.keyframe()
            self._gap = True
            return
        self._gap = False
        self._parent.send(pack_access_unit(unit))

    def _take_picture(self) -> None:
        captured_us = self._camera.picture(self._picture)
        if captured_us is None or self._parent.backlogged:
            return
        due, self._jpeg_due = self._jpeg_due, False
        if due and Rendition.MAIN in self._parent.desired.jpegs:
            self._jpeg = self._jpeg or JpegEncoder(*self._camera.small)
            self._parent.send(pack_jpeg(Jpeg(self._jpeg.encode(self._picture), captured_us)))
        self._small.send(captured_us, gap=False, jpeg=due)
