"""What the crew's screen says while no note is to be read: a pure decision."""

from dataclasses import dataclass, replace
from typing import Final

from likelight.appreciation.poll import Link
from likelight.appreciation.screens.models import (
    CountScreen,
    IdleScreen,
    PrivateScreen,
    Screen,
    StatusScreen,
    ThanksScreen,
)
from likelight.contract import State

STARTING: Final = StatusScreen("Good to see you.", "The lamp is waking up.", "wave")
OFFLINE: Final = StatusScreen(
    "No internet.", "The lamp and your buttons still work.", "cloud_crossed"
)
REFUSED: Final = StatusScreen("The cloud doesn't know this device.", "Call IT, code C1.", "wrench")
SUPERSEDED: Final = StatusScreen("Two devices share one name.", "Call IT, code C2.", "wrench")
FAULT: Final = StatusScreen(
    "The camera is having trouble.", "The lamp still works.", "camera_crossed"
)
THANKS_KEPT: Final = StatusScreen("Thanks kept.", "Off it goes with the internet.", "hands")

_TROUBLE: Final = {
    Link.STARTING: STARTING,
    Link.OFFLINE: OFFLINE,
    Link.REFUSED: REFUSED,
    Link.SUPERSEDED: SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides what the screen says. `viewers` is a band such as "30-49"."""

    link: Link
    camera: State
    likes_today: int
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
    if now.link in _TROUBLE:
        return _TROUBLE[now.link]
    if now.camera is State.FAULT:
        return _fault(now.trouble)
    if now.lively:
        return CountScreen(now.likes_today, now.viewers, on_air=now.camera is State.LIVE)
    return IdleScreen(now.likes_today)


def _fault(code: str | None) -> StatusScreen:
    # Most troubles pass within seconds, so nobody is sent to the phone at once.
    words = f"{FAULT.detail} If this stays, call IT, code {code}."
    return replace(FAULT, detail=words) if code else FAULT
