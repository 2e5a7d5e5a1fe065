"""Notices a camera child that gives no picture or no answer, and says when it must be killed.

After 1 s of silence viewers get the placeholder, after 2 s the child is killed.
"""

import asyncio
import contextlib
from typing import NamedTuple

from likelight_hw.camera.child_state import ChildState
from likelight_hw.camera.requests import CameraRequests
from likelight_hw.camera.status import HUNG, NO_PICTURE, StatusReporter, failed, silent
from likelight_hw.camera.timeouts import CameraTimeouts
from likelight_hw.child.link import ChildLink
from likelight_hw.ports import CameraPhase, CameraStatus

_RESTARTED = "the camera hung and was restarted"


class Deadline(NamedTuple):
    """Until when to wait for the child's next sign, and what it means if none comes by then."""

    at: float
    status: CameraStatus | None
    """None means that it is time to ask for one."""


class Watchdog:
    """Watches one child until it is lost or must be killed."""

    def __init__(
        self,
        child: ChildState,
        requests: CameraRequests,
        status: StatusReporter,
        timeouts: CameraTimeouts,
    ) -> None:
        self._child = child
        self._requests = requests
        self._status = status
        self._timeouts = timeouts

    async def watch(self, link: ChildLink) -> CameraStatus | None:
        """Wait until `link` is lost (return None), or the child must be killed (return why).

        Raises what the sink raised, if it did.
        """
        loop = asyncio.get_running_loop()
        while not link.lost:
            due = self._next_deadline()
            if loop.time() >= due.at:
                if due.status is None:
                    self._requests.ping()
                elif due.status.phase is CameraPhase.FAILED:
                    return due.status
                else:
                    self._status.set(due.status)
                continue
            self._child.changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due.at):
                    await self._child.changed.wait()
        if link.error is not None:
            raise link.error
        return None

    def _next_deadline(self) -> Deadline:
        child, times = self._child, self._timeouts
        wanted = bool(self._requests.desired.stream)
        if child.ready_at is None:
            reason = f"the camera process was not ready within {times.ready_s:g} s"
            return Deadline(child.began_at + times.ready_s, failed(reason, NO_PICTURE))
        if not wanted and child.stream:
            reason = "the camera did not stop when it was asked to"
            return Deadline(child.asked_at + times.hung_s, failed(reason, HUNG))
        if child.pinged_at is not None:
            reason = f"the camera process has not answered for {times.silent_s:g} s"
            return self._silence(child.pinged_at, reason)
        if not wanted:
            return Deadline(child.answered_at + times.ping_every_s, None)
        if child.frame_at is None:
            reason = f"the camera gave no picture within {times.first_frame_s:g} s"
            return Deadline(child.asked_at + times.first_frame_s, failed(reason, NO_PICTURE))
        reason = f"the camera has given no picture for {times.silent_s:g} s"
        return self._silence(child.frame_at, reason)

    def _silence(self, since: float, reason: str) -> Deadline:
        """Return the deadlines of silence: first it is reported, then the child must be killed."""
        if self._status.current.phase is not CameraPhase.SILENT:
            return Deadline(since + self._timeouts.silent_s, silent(reason))
        return Deadline(since + self._timeouts.hung_s, failed(_RESTARTED, HUNG))
