"""Where a camera child's packets go: pictures to the sink, the rest into what is known of it."""

import asyncio

from likelight_hw.camera.child_state import ChildState
from likelight_hw.camera.requests import CameraRequests
from likelight_hw.camera.status import NO_SOURCE, StatusReporter, failed
from likelight_hw.camera.wire import (
    CameraMessage,
    unpack_access_unit,
    unpack_alive,
    unpack_format,
    unpack_jpeg,
    unpack_placeholder,
)
from likelight_hw.child.packets import ChildPacket
from likelight_hw.ports import CameraPhase, CameraSink, CameraStatus


class PacketDispatch:
    """Takes the packets of one child. No picture of a stream that was stopped gets through."""

    def __init__(
        self,
        child: ChildState,
        requests: CameraRequests,
        status: StatusReporter,
        sink: CameraSink,
    ) -> None:
        self._child = child
        self._requests = requests
        self._status = status
        self._sink = sink

    def on_packet(self, packet: ChildPacket) -> None:
        """Take one packet."""
        child, sink = self._child, self._sink
        desired = self._requests.desired
        streams = bool(desired.stream) and child.stream == desired.stream
        match packet.kind:
            case CameraMessage.ACCESS_UNIT if streams:
                self._on_access_unit(packet)
            case CameraMessage.JPEG if streams:
                sink.on_jpeg(unpack_jpeg(packet))
            case CameraMessage.FORMAT:
                form, child.stream = unpack_format(packet.payload)
                if child.stream == desired.stream:
                    sink.on_format(form)
            case CameraMessage.RESTING:
                child.note_resting()
            case CameraMessage.ALIVE:
                if unpack_alive(packet.payload) == desired.ping:
                    self._on_answer()
            case CameraMessage.PLACEHOLDER:
                sink.on_placeholder(unpack_placeholder(packet.payload))
            case CameraMessage.READY:
                child.note_ready(_now())
                if not desired.stream:
                    self._status.set(CameraStatus(CameraPhase.STOPPED))
            case CameraMessage.TROUBLE:
                reason = packet.payload.decode()
                child.note_trouble(reason, _now())
                self._status.set(failed(reason, NO_SOURCE))

    def _on_access_unit(self, packet: ChildPacket) -> None:
        self._child.note_frame(_now())
        if self._status.current.phase is not CameraPhase.STREAMING:
            self._status.set(CameraStatus(CameraPhase.STREAMING))
            self._child.changed.set()
        self._sink.on_access_unit(unpack_access_unit(packet))

    def _on_answer(self) -> None:
        child = self._child
        child.note_answer(_now())
        if self._status.current.phase is CameraPhase.SILENT and child.frame_at is None:
            streams = bool(self._requests.desired.stream)
            phase = CameraPhase.STARTING if streams else CameraPhase.STOPPED
            self._status.set(CameraStatus(phase))
        child.changed.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
