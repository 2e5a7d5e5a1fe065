"""May camera frames leave the kitchen? A pure decision, from everything that bears on it."""

from dataclasses import dataclass

from likelight.contract import Cause, State
from likelight_hw.ports import CameraPhase


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that decides whether the gate may be open."""

    private: bool = True
    """The crew pressed PRIVACY. True until the durable state has been read."""
    consented: bool = False
    """The crew has agreed to this camera, or no real sensor stands behind it."""
    open_hours: bool = False
    """The kitchen's hours, and those that the cloud wishes, allow it now."""
    desired_on: bool = True
    """The cloud's wish; it can only reduce exposure."""
    admitted: bool = True
    """False while the cloud refuses this device's token: it can't be sure it is still wanted."""
    demand: bool = False
    indicator_works: bool = True
    privacy_works: bool = True
    """The PRIVACY button can be read. Who can't switch the camera off is not filmed."""
    camera: CameraPhase = CameraPhase.STOPPED


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state for the world, its cause, and whether the gate should be open."""

    state: State
    cause: Cause | None
    gate: bool


def judge(now: Conditions) -> Verdict:
    """Decide from the conditions alone; the crew's wish comes before everything but "off"."""
    if not now.desired_on:
        return Verdict(State.OFF, Cause.DESIRED, gate=False)
    if not now.consented:
        return Verdict(State.OFF, Cause.CONSENT, gate=False)
    if now.private:
        return Verdict(State.PRIVATE, Cause.BUTTON, gate=False)
    if not now.open_hours:
        return Verdict(State.CLOSED, Cause.SCHEDULE, gate=False)
    if not (now.admitted and now.indicator_works and now.privacy_works):
        return Verdict(State.FAULT, Cause.ERROR, gate=False)
    if now.camera in (CameraPhase.SILENT, CameraPhase.FAILED):
        return Verdict(State.FAULT, Cause.ERROR, gate=now.demand)
    if not now.demand:
        return Verdict(State.IDLE, Cause.DEMAND, gate=False)
    if now.camera is not CameraPhase.STREAMING:
        return Verdict(State.IDLE, Cause.DEMAND, gate=True)
    return Verdict(State.LIVE, Cause.DEMAND, gate=True)
