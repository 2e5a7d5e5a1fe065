"""Lets unmodified picamera2 run on libcamera's "virtual" pipeline, which has no hardware.

What prevents that, and is repaired here:

* picamera2 imports `pykms` for a preview that nobody opens;
* it asks every camera for a raw stream; the virtual pipeline refuses that role;
* it allocates a frame as one plane; the virtual pipeline wants NV12 as two;
* the pipeline makes NV12 only: a stream asked for as YUV420 gets its chroma untangled, in place,
  before anybody sees it, so that the format of the field runs;
* the pipeline completes all queued requests at once: they are held back to `FrameDurationLimits`,
  and `SensorTimestamp` says when each was due.
"""

import importlib
import importlib.abc
import importlib.machinery
import mmap
import os
import sys
import time
import types
from collections.abc import Sequence


class _Hook(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Patches picamera2 as soon as it is imported; costs nothing until then."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "picamera2":
            return None
        sys.meta_path.remove(self)
        install()
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return sys.modules[spec.name]

    def exec_module(self, module: types.ModuleType) -> None:
        """The module has been executed by `install`."""


def wait_for_picamera2() -> None:
    if not any(isinstance(finder, _Hook) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Hook())


def install() -> None:
    _stub_pykms()
    package = importlib.import_module("picamera2")
    _refuse_no_raw(package.Picamera2)
    _allocate_two_planes()
    _offer_yuv420(package.Picamera2)
    _untangle_and_pace()


def _stub_pykms() -> None:
    stub = types.ModuleType("pykms")

    class PixelFormat:
        RGB888 = BGR888 = XRGB8888 = XBGR8888 = ABGR8888 = YUV420 = YVU420 = NV12 = None

    def no_card(*_: object) -> None:
        raise RuntimeError("there is no display on this machine")

    stub.PixelFormat = PixelFormat
    stub.Card = no_card
    sys.modules["pykms"] = stub


def _refuse_no_raw(camera: type) -> None:
    camera._get_raw_modes = lambda self: [{"format": "NV12", "size": (1920, 1080)}]


def _allocate_two_planes() -> None:
    import libcamera
    import picamera2.picamera2 as module
    from picamera2.allocators import DmaAllocator

    class TwoPlanes(DmaAllocator):
        def allocate(self, libcamera_config, use_case):
            self.libcamera_fds = []
            self.cleanup()
            for fd in self.open_fds:
                os.close(fd)
            self.frame_buffers, self.open_fds = {}, []
            for stream in libcamera_config:
                luma = stream.stride * stream.size.height
                self.frame_buffers[stream.stream] = [
                    self._buffer(libcamera, n, luma) for n in range(stream.buffer_count)
                ]

        def _buffer(self, libcamera, number, luma):
            length = luma + luma // 2
            fd = self.dmaHeap.alloc(f"virtualcam-{number}", length).get()
            self.open_fds.append(fd)
            planes = [libcamera.FrameBuffer.Plane(), libcamera.FrameBuffer.Plane()]
            for plane, offset, size in ((planes[0], 0, luma), (planes[1], luma, luma // 2)):
                plane.fd, plane.offset, plane.length = fd, offset, size
            self.libcamera_fds.append(planes[0].fd)
            self.mapped_buffers_used[planes[0].fd] = False
            buffer = libcamera.FrameBuffer(planes)
            access = mmap.PROT_READ | mmap.PROT_WRITE
            self.mapped_buffers[buffer] = mmap.mmap(planes[0].fd, length, mmap.MAP_SHARED, access)
            return buffer

    module.DmaAllocator = TwoPlanes


def _offer_yuv420(camera: type) -> None:
    make, update = camera._make_libcamera_config, camera._update_camera_config

    def make_as_nv12(self, config):
        streams = [name for name in ("main", "lores") if config.get(name)]
        self.as_yuv420 = [name for name in streams if config[name]["format"] == "YUV420"]
        return make(
            self, {**config, **{n: {**config[n], "format": "NV12"} for n in self.as_yuv420}}
        )

    def update_as_yuv420(self, config, libcamera_config):
        result = update(self, config, libcamera_config)
        for name in self.as_yuv420:
            config[name]["format"] = "YUV420"
        return result

    camera._make_libcamera_config = make_as_nv12
    camera._update_camera_config = update_as_yuv420


def _untangle_and_pace() -> None:
    import libcamera
    import numpy as np
    import picamera2.picamera2 as module
    from picamera2.encoders.encoder import Encoder
    from picamera2.request import CompletedRequest

    complete, metadata = CompletedRequest.__init__, CompletedRequest.get_metadata

    def completed(self, request, camera):
        complete(self, request, camera)
        for name in camera.as_yuv420:
            memory = camera.allocator.mapped_buffers[request.buffers[camera.stream_map[name]]]
            stream = camera.camera_config[name]
            luma = stream["stride"] * stream["size"][1]
            chroma = np.frombuffer(memory, np.uint8, luma // 2, luma)
            chroma[:] = chroma.reshape(-1, 2).T.copy().reshape(-1)
        limits = camera.camera_config["controls"]["FrameDurationLimits"]
        self.duration = limits[1] / 1e6
        now = time.monotonic()
        camera.next_due = max(getattr(camera, "next_due", 0.0), now - self.duration) + self.duration
        self.due = camera.next_due

    def timed(self):
        stamps = {"SensorTimestamp": int(self.due * 1e9), "FrameDuration": int(self.duration * 1e6)}
        return {**metadata(self), **stamps}

    def handle(self, flushid=None):
        with self._lock:
            ready = [
                (self.cameras[request.cookie], request)
                for request in self.cms.get_ready_requests()
                if request.status == libcamera.Request.Status.Complete and request.cookie != flushid
            ]
        for camera, request in [(c, CompletedRequest(r, c)) for c, r in ready]:
            wait = request.due - time.monotonic()
            if wait > 0 and camera.started:
                time.sleep(wait)
            if request.stop_count != camera.stop_count:
                continue  # stopped meanwhile: the requests of that run are gone
            with camera._requestslock:
                camera._requests += [request]
            os.write(camera.notifyme_w, b"\x00")

    def since_first(self, request):
        at = int(request.due * 1e6)
        if self.firsttimestamp is None:
            self.firsttimestamp = at
        return at - self.firsttimestamp

    CompletedRequest.__init__ = completed
    CompletedRequest.get_metadata = timed
    module.CameraManager.handle_request = handle
    Encoder._timestamp = since_first
