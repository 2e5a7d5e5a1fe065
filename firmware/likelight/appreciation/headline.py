"""What the crew's screen says while no note is to be read: a pure decision."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from likelight.appreciation.cloud import Why
from likelight.appreciation.poll import Link
from likelight.appreciation.screens import words
from likelight.appreciation.screens.models import (
    CountScreen,
    IdleScreen,
    OnAirScreen,
    PrivateScreen,
    Screen,
    StatusScreen,
    ThanksScreen,
)
from likelight.contract import Cause, State

STARTING: Final = StatusScreen("Good to see you.", "The lamp is waking up.", "wave")
OFFLINE: Final = StatusScreen(
    "No internet.", "The lamp and your buttons still work.", "cloud_crossed"
)
REFUSED: Final = StatusScreen("The cloud doesn't know this device.", "Call IT, code C1.", "wrench")
SUPERSEDED: Final = StatusScreen("Two devices share one name.", "Call IT, code C2.", "wrench")
FAULT: Final = StatusScreen("The camera is having trouble.", "The lamp still works.", "wrench")
THANKS_KEPT: Final = StatusScreen("Thanks kept.", "Off it goes with the internet.", "hands")

ANSWERS: Final[tuple[Screen, ...]] = (ThanksScreen(), PrivateScreen(), THANKS_KEPT)
"""What a press may be answered with."""

_OFFLINE: Final = {
    Why.LINE: OFFLINE,
    Why.NAMES: StatusScreen("The cloud's name is unknown.", "Call IT, code N1.", "cloud_crossed"),
    Why.CLOCK: StatusScreen("The time here is wrong.", "Call IT, code T1.", "clock"),
    Why.STRANGER: StatusScreen("The network blocks us.", "Call IT, code N2.", "cloud_crossed"),
    Why.CLOUD: StatusScreen("The cloud is having trouble.", OFFLINE.detail, "cloud_crossed"),
}
_TROUBLE: Final = {
    Link.STARTING: STARTING,
    Link.REFUSED: REFUSED,
    Link.SUPERSEDED: SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides what the screen says. `viewers` is a band such as "30-49".

    `why` explains `Link.OFFLINE`, `cause` and `opens_at` (in the kitchen's own time) a camera that
    is closed or off. `consent_until` is the crew's date to sign by, once it is near. `stuck` names
    the buttons that a hand can't use.
    """

    link: Link
    camera: State
    likes_today: int
    why: Why = Why.LINE
    cause: Cause | None = None
    opens_at: datetime | None = None
    consent_until: date | None = None
    stuck: tuple[str, ...] = ()
    trouble: str | None = None
    """The camera's trouble as a short code, to be read to IT on the phone."""
    viewers: str | None = None
    lively: bool = False
    """Somebody watches, or likes have just come."""
    thanking: bool = False
    """The crew has just pressed THANKS."""


def headline(now: Situation) -> Screen:
    """Return the screen for a situation: an answer to a button first, then what is wrong."""
    if now.thanking:
        # "Thanks sent" would be untrue while nobody can have got it.
        return ThanksScreen() if now.link is Link.CONNECTED else THANKS_KEPT
    if now.camera is State.PRIVATE:
        return PrivateScreen()
    if now.stuck:
        return _stuck(now.stuck)
    if now.link is Link.OFFLINE:
        return _OFFLINE[now.why]
    if now.link in _TROUBLE:
        return _TROUBLE[now.link]
    if now.camera is State.FAULT:
        return _fault(now.trouble)
    if now.camera is State.LIVE and not now.likes_today:
        # A zero in large figures would be a score.
        return OnAirScreen(now.viewers)
    if now.lively:
        return CountScreen(now.likes_today, now.viewers, on_air=now.camera is State.LIVE)
    return _off(now) or IdleScreen(now.likes_today)


def _stuck(names: tuple[str, ...]) -> StatusScreen:
    if len(names) > 1:
        return StatusScreen("Both buttons are stuck.", "Wipe them, or call IT, code B3.", "wrench")
    (name,) = names
    code = "B2" if name == "PRIVACY" else "B1"
    return StatusScreen(f"{name} is stuck.", f"Wipe it, or call IT, code {code}.", "wrench")


def _off(now: Situation) -> StatusScreen | None:
    """Return why the camera is closed or off, or soon will be, if that is known."""
    if now.camera is State.CLOSED and now.opens_at is not None:
        return StatusScreen(words.CAMERA_OFF, f"On again at {now.opens_at:%H:%M}.", "clock")
    if now.camera is State.OFF and now.cause is Cause.CONSENT:
        return StatusScreen(words.CAMERA_OFF, "It waits for your consent.", "camera_crossed")
    if now.camera is State.OFF and now.cause is Cause.DESIRED:
        return StatusScreen(words.CAMERA_OFF, "The office switched it off.", "camera_crossed")
    if until := now.consent_until:
        return StatusScreen(f"Consent ends {until:%-d %b}.", "Call IT, code A1.", "clock")
    return None


def _fault(code: str | None) -> StatusScreen:
    # Most troubles pass within seconds, so nobody is sent to the phone at once.
    words = f"{FAULT.detail} If this stays, call IT, code {code}."
    return replace(FAULT, detail=words) if code else FAULT
