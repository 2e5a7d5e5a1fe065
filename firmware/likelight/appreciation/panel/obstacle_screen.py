"""What the panel says of each obstacle until a new device has reached its cloud."""

from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.screens.models import PairingScreen, StatusScreen
from likelight.assets.crew_words import CrewWords


def obstacle_screen(
    obstacle: Obstacle, pairing_code: str | None, words: CrewWords
) -> StatusScreen | PairingScreen:
    """Return the screen that says it, with `pairing_code` where an operator could confirm it."""
    if pairing_code is not None and obstacle is Obstacle.NOT_CLAIMED:
        return PairingScreen(pairing_code, words)
    if obstacle is Obstacle.WRONG_TIME:
        call = words.call_it.format(code=obstacle.code)
        return StatusScreen(words.wrong_time, call, "clock")
    code = f"{obstacle.code}, {pairing_code}" if pairing_code is not None else obstacle.code
    detail = f"{sentence(obstacle, words)} {words.call_it.format(code=code)}"
    return StatusScreen(words.no_connection, detail, "cloud_crossed")


def sentence(obstacle: Obstacle, words: CrewWords) -> str:
    """Return the sentence for an obstacle."""
    match obstacle:
        case Obstacle.WIFI_OFF:
            return words.wifi_off
        case Obstacle.WIFI_UNSEEN:
            return words.wifi_unseen
        case Obstacle.WIFI_REFUSED:
            return words.wifi_refused
        case Obstacle.NO_LINK:
            return words.no_link
        case Obstacle.NO_ADDRESS:
            return words.no_address
        case Obstacle.NO_NAME:
            return words.no_name
        case Obstacle.WRONG_TIME:
            return words.wrong_time
        case Obstacle.LOG_IN:
            return words.log_in
        case Obstacle.NOT_SECURE:
            return words.not_secure
        case Obstacle.NO_ANSWER:
            return words.no_answer
        case Obstacle.CODE_USED:
            return words.code_used
        case Obstacle.CODE_VOID:
            return words.code_void
        case Obstacle.NOT_CLAIMED:
            return words.tell_code
