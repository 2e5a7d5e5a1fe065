"""Screens as pictures: a pure function of the screen and of the panel."""

from likelight.appreciation.screens import figure, masks, message, pairing
from likelight.appreciation.screens.aim import aim
from likelight.appreciation.screens.canvas import Drawn
from likelight.appreciation.screens.models import (
    AimScreen,
    CountScreen,
    HoldScreen,
    IdleScreen,
    MasksScreen,
    NewNotesScreen,
    NoteScreen,
    OnAirScreen,
    Page,
    PairingScreen,
    PrivateScreen,
    Screen,
    SelfTestScreen,
    StatusScreen,
    ThanksScreen,
    UpdatingScreen,
)
from likelight_hw.ports import DisplayInfo

_LEAST_HOLD_S = 4.0
_FIRST_LOOK_S = 2.0
_PER_LETTER_S = 0.06


def pages(screen: Screen, panel: DisplayInfo) -> tuple[Page, ...]:
    """Return the images of `screen`, of the panel's size and mode, in the order to show them.

    The type is the largest that fits; it is never smaller than 15 arc-minutes at the panel's
    reading distance; further words go on further pages instead. Pure and repeatable; touches no
    disk. Takes some tens of milliseconds on a Pi: call it in a thread.
    """
    return tuple(Page(image, text, hold_s(text)) for image, text in _draw(screen, panel))


def hold_s(text: tuple[str, ...]) -> float:
    """Return how long to show these lines, in seconds: time to notice them, then to read."""
    letters = sum(len(line) for line in text)
    return max(_LEAST_HOLD_S, _FIRST_LOOK_S + _PER_LETTER_S * letters)


def _draw(screen: Screen, panel: DisplayInfo) -> list[Drawn]:
    match screen:
        case NoteScreen():
            return message.note(screen, panel)
        case CountScreen():
            return figure.count(screen, panel)
        case ThanksScreen():
            return message.thanks(screen, panel)
        case IdleScreen():
            return figure.idle(screen, panel)
        case PrivateScreen():
            return message.private(screen, panel)
        case StatusScreen():
            return message.status(screen, panel)
        case NewNotesScreen():
            return message.new_notes(screen, panel)
        case OnAirScreen():
            return message.on_air(screen, panel)
        case UpdatingScreen():
            return message.updating(screen, panel)
        case SelfTestScreen():
            return message.self_test(screen, panel)
        case HoldScreen():
            asks = screen.asks
            if isinstance(asks, MasksScreen):
                asks = asks.asks
            if not isinstance(asks, StatusScreen):
                return _draw(asks, panel)[:1]
            return message.hold(asks, screen.held, screen.seconds, panel)
        case MasksScreen():
            return masks.masks(screen, panel)
        case AimScreen():
            return aim(screen, panel)
        case PairingScreen():
            return pairing.pairing(screen, panel)
