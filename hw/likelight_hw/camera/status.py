"""The camera's status: reported to the sink, and logged, whenever it changes."""

import logging

from likelight_hw.ports import CameraPhase, CameraSink, CameraStatus

_log = logging.getLogger(__name__)

HUNG, DIED, NO_SOURCE, NO_PICTURE = "K1", "K2", "K3", "K4"
"""The short codes that the crew reads to IT on the phone; see `CameraStatus.code`."""


def silent(reason: str) -> CameraStatus:
    """Return the status of a camera that has sent nothing for a while."""
    return CameraStatus(CameraPhase.SILENT, reason, HUNG)


def failed(reason: str, code: str) -> CameraStatus:
    """Return the status of a camera that has failed, or that we must kill."""
    return CameraStatus(CameraPhase.FAILED, reason, code)


class StatusReporter:
    """Keeps the status, and reports each change of it."""

    def __init__(self) -> None:
        self.current = CameraStatus(CameraPhase.STOPPED)
        self._sink: CameraSink | None = None
        self._in_trouble = False

    def report_to(self, sink: CameraSink) -> None:
        """Report to `sink` from now on, beginning with the present status."""
        self._sink = sink
        sink.on_status(self.current)

    def reset(self) -> None:
        """Return to STOPPED, and report no more."""
        self.current = CameraStatus(CameraPhase.STOPPED)
        self._sink = None
        self._in_trouble = False

    def set(self, status: CameraStatus) -> None:
        """Make `status` the present one; a trouble is logged when it begins and when it ends."""
        if status == self.current:
            return
        self.current = status
        trouble = status.phase in (CameraPhase.SILENT, CameraPhase.FAILED)
        if trouble and not self._in_trouble:
            _log.warning("The camera is in trouble: %s", status.reason)
        elif self._in_trouble and not trouble:
            _log.info("The camera works again")
        self._in_trouble = trouble
        if self._sink is not None:
            self._sink.on_status(status)
