"""The rule of the gate: from all conditions to one decision. Pure."""

from dataclasses import dataclass

from likelight.contract import Cause, State
from likelight_hw.ports import CameraPhase


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that decides whether the gate may be open."""

    private: bool = True
    """The crew pressed PRIVACY. True until the durable state has been read."""
    consented: bool = False
    """The crew's consent to this camera holds, or the camera is simulated."""
    open_hours: bool = False
    """The kitchen's own opening hours and the cloud's schedule both allow it now."""
    desired_on: bool = True
    """What the cloud wants; it can switch the camera off, and never end the crew's privacy."""
    admitted: bool = True
    """False while the cloud refuses this device's token: the kitchen may have been given up."""
    demand: bool = False
    """Somebody watches, or did a moment ago."""
    aiming: bool = False
    """The kitchen's own panel shows the picture, so that the crew can aim the camera."""
    indicator_works: bool = True
    privacy_works: bool = True
    """The PRIVACY button can be read. A crew that can't switch the camera off is not filmed."""
    configured: bool = True
    """False while a last good configuration runs: the new one may hold a mask or shorter hours."""
    camera: CameraPhase = CameraPhase.STOPPED

    @property
    def wanted(self) -> bool:
        """Whether anybody wants the picture."""
        return self.demand or self.aiming


@dataclass(frozen=True, slots=True)
class Decision:
    """The state that the world sees, its cause, and whether the gate should be open."""

    state: State
    cause: Cause
    gate_open: bool


def decide(conditions: Conditions) -> Decision:
    """Decide from the conditions alone. If several shut the gate, the cause is the first below."""
    if not conditions.desired_on:
        return Decision(State.OFF, Cause.DESIRED, gate_open=False)
    if not conditions.consented:
        return Decision(State.OFF, Cause.CONSENT, gate_open=False)
    if conditions.private:
        return Decision(State.PRIVATE, Cause.BUTTON, gate_open=False)
    if not conditions.open_hours:
        return Decision(State.CLOSED, Cause.SCHEDULE, gate_open=False)
    if not (conditions.configured and conditions.admitted):
        return Decision(State.FAULT, Cause.ERROR, gate_open=False)
    if not (conditions.indicator_works and conditions.privacy_works):
        return Decision(State.FAULT, Cause.ERROR, gate_open=False)
    if conditions.camera in (CameraPhase.SILENT, CameraPhase.FAILED):
        return Decision(State.FAULT, Cause.ERROR, gate_open=conditions.wanted)
    if not conditions.wanted:
        return Decision(State.IDLE, Cause.DEMAND, gate_open=False)
    if conditions.camera is not CameraPhase.STREAMING:
        return Decision(State.IDLE, Cause.DEMAND, gate_open=True)
    return Decision(State.LIVE, Cause.DEMAND, gate_open=True)


def in_words(conditions: Conditions) -> str:
    """Say for the log what keeps the camera off.

    PRIVACY is left out, and so is all that changes with a press: whether somebody watches, and what
    camera and light do, which log their own troubles.
    """
    if not conditions.desired_on:
        return "The camera is off: the cloud wants it off"
    if not conditions.consented:
        return "The camera is off: it waits for the crew's consent"
    if not conditions.open_hours:
        return "The camera is off: the kitchen is closed"
    if not conditions.configured:
        return "The camera is off: the configuration has a mistake, and the last good one runs"
    if not conditions.admitted:
        return "The camera is off: the cloud refuses this device's token"
    if not conditions.privacy_works:
        return "The camera is off: the PRIVACY button can't be read"
    return "The camera is ready: it may go on when somebody watches"
