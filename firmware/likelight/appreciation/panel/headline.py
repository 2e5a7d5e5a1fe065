"""What the crew's screen says while it shows no note: a pure decision."""

from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.panel.obstacle_screen import obstacle_screen
from likelight.appreciation.panel.situation import LineToMend, Situation
from likelight.appreciation.screens.models import (
    CountScreen,
    IdleScreen,
    OnAirScreen,
    PairingScreen,
    PrivateScreen,
    Screen,
    StatusScreen,
    ThanksScreen,
)
from likelight.appreciation.sync.client import FailureKind
from likelight.appreciation.sync.connection import CloudConnection
from likelight.assets.crew_words import ENGLISH, CrewWords
from likelight.contract import Cause, State
from likelight.runtime.troubles import Trouble

FILE = "likelight\u200b.txt"
"""The title of what is said about the file; it breaks before the dot alone."""
_CODES = {
    # What keeps the device from remembering anything, PRIVACY included, is the first that a private
    # crew is told.
    Trouble.STATE_DIR: "S2",
    Trouble.DISK_FULL: "D1",
    Trouble.DISK_READ_ONLY: "D2",
    Trouble.STORE_IN_MEMORY: "D3",
    Trouble.PAIRING_REFUSED: "C4",
    Trouble.NOT_PAIRED: "C3",
    Trouble.CONFIG: "S1",
    Trouble.CLOUD_STORE: "D4",
    Trouble.BOOT_TEXT: "S7",
    Trouble.ADDRESS: "N3",
    Trouble.LANGUAGE: "S3",
    Trouble.BRAND_NOTES: "S4",
    Trouble.PUSH_URL: "S5",
}

_NOT_THERE_YET = (None, "C3")
"""What PRIVACY's screen has as a code where the obstacle says more."""


def answers(words: CrewWords = ENGLISH) -> tuple[Screen, ...]:
    """Return the screens that may answer a press."""
    return ThanksScreen(words), PrivateScreen(words), _thanks_kept(words)


def headline(now: Situation, words: CrewWords = ENGLISH) -> Screen:
    """Return the screen for a situation: first an answer to a button, then what is wrong."""
    if now.first is not None:
        return now.first
    if now.thanking:
        # "Thanks sent" would be untrue while nobody can have got it.
        return (
            ThanksScreen(words)
            if now.connection is CloudConnection.CONNECTED
            else _thanks_kept(words)
        )
    later = now.patient or now.hiding or now.just_liked or "THANKS" in now.stuck
    if now.question is not None and not later:
        return now.question
    if now.file_mistakes and not (now.hiding or now.just_liked):
        return _mistakes(now, words)
    if now.camera is State.PRIVATE:
        return _private(now, words)
    if now.stuck:
        return _stuck(now.stuck, words)
    unclaimed = now.obstacle is Obstacle.NOT_CLAIMED and now.pairing_code is None
    if now.obstacle is not None and not now.has_worked and not unclaimed:
        return obstacle_screen(now.obstacle, now.pairing_code, words)
    if told := _device(now, words):
        return told
    if now.connection is not CloudConnection.CONNECTED:
        return _not_connected(now, words)
    if now.camera is State.FAULT:
        return _fault(now.trouble, words)
    if now.camera is State.LIVE and not now.likes_today:
        # A large zero would look like a bad mark.
        return OnAirScreen(now.viewers, words)
    if now.lively:
        return CountScreen(now.likes_today, now.viewers, now.camera is State.LIVE, words)
    viewers = now.viewers if now.viewers_at_rest else None
    return _off(now, words) or IdleScreen(
        now.likes_today, words, viewers, on_air=now.camera is State.LIVE
    )


def _thanks_kept(words: CrewWords) -> StatusScreen:
    return StatusScreen(words.thanks_kept, words.thanks_wait, "hands")


def _mistakes(now: Situation, words: CrewWords) -> StatusScreen:
    """Say each mistake in the file by its line, and what to do there: until it is mended the device
    may have no network, and no crew is asked about the rest."""
    said = [_mending(words, mistake) for mistake in now.file_mistakes]
    if now.camera is State.PRIVATE:
        said += [words.camera_off, words.press_again]
    title = f"USB: {FILE}" if now.file_mistakes[0].on_stick else FILE
    return StatusScreen(title, " ".join(said), "wrench")


def _mending(words: CrewWords, mistake: LineToMend) -> str:
    line, text = mistake.line, mistake.text
    match mistake.remedy:
        case "write":
            return words.line_write.format(line=line, text=text)
        case "add":
            return words.line_add.format(text=text)
        case "save":
            return words.save_as_text
    return words.line_delete.format(line=line)


def _private(now: Situation, words: CrewWords) -> Screen:
    """Say that the crew is private and how to share, and the code of what is wrong."""
    code = next((code for trouble, code in _CODES.items() if trouble in now.troubles), None)
    if now.obstacle is not None and not now.has_worked and code in _NOT_THERE_YET:
        code = now.obstacle.code
    if code is None:
        return PrivateScreen(words)
    detail = f"{words.press_again} {words.call_it.format(code=code)}"
    return StatusScreen(words.camera_off, detail, "camera_crossed")


def _device(now: Situation, words: CrewWords) -> StatusScreen | PairingScreen | None:
    """Return what the crew should do about the first trouble that it can do something about."""
    for trouble in now.troubles:
        match trouble:
            case Trouble.NOT_PAIRED if now.pairing_code is not None:
                return PairingScreen(now.pairing_code, words)
            case Trouble.NOT_PAIRED | Trouble.PAIRING_REFUSED | Trouble.ADDRESS:
                return _no_connection(_CODES[trouble], words)
            case (
                Trouble.CONFIG
                | Trouble.STATE_DIR
                | Trouble.LANGUAGE
                | Trouble.BRAND_NOTES
                | Trouble.PUSH_URL
            ):
                title = words.settings_mistake
            case Trouble.DISK_FULL:
                title = words.card_full
            case Trouble.DISK_READ_ONLY | Trouble.STORE_IN_MEMORY | Trouble.CLOUD_STORE:
                title = words.card_failing
            case _:
                continue
        return StatusScreen(title, words.call_it.format(code=_CODES[trouble]), "wrench")
    return None


def _stuck(names: tuple[str, ...], words: CrewWords) -> StatusScreen:
    if len(names) > 1:
        return StatusScreen(words.both_stuck, words.wipe_both.format(code="B3"), "wrench")
    (name,) = names
    code = "B2" if name == "PRIVACY" else "B1"
    return StatusScreen(words.stuck.format(name=name), words.wipe_one.format(code=code), "wrench")


def _not_connected(now: Situation, words: CrewWords) -> StatusScreen:
    """Return the screen for a cloud that is not connected, with the reason when offline."""
    match now.connection, now.failure:
        case CloudConnection.STARTING, _:
            return StatusScreen(words.welcome, words.waking, "wave")
        case CloudConnection.REFUSED, _:
            return _no_connection("C1", words)
        case CloudConnection.SUPERSEDED, _:
            return _no_connection("C2", words)
        case _, FailureKind.SETTINGS:
            return StatusScreen(words.settings_mistake, words.call_it.format(code="S6"), "wrench")
    match now.obstacle, now.failure:
        case Obstacle.WRONG_TIME, _:
            return StatusScreen(words.wrong_time, words.call_it.format(code="T1"), "clock")
        case Obstacle() as obstacle, _ if obstacle is not Obstacle.NO_ANSWER:
            return _no_connection(obstacle.code, words)
        case _, FailureKind.CLOUD:
            # It ends by itself, as a rule: nobody need call.
            return StatusScreen(words.no_connection, words.still_works, "cloud_crossed")
    return StatusScreen(words.no_internet, words.still_works, "cloud_crossed")


def _no_connection(code: str, words: CrewWords) -> StatusScreen:
    """Say what a cook needs to know; the code tells IT why."""
    detail = f"{words.still_works} {words.call_it.format(code=code)}"
    return StatusScreen(words.no_connection, detail, "cloud_crossed")


def _off(now: Situation, words: CrewWords) -> Screen | None:
    """Return why the camera is closed or off, or soon will be, if that is known."""
    if now.camera is State.CLOSED and now.opens_at is not None:
        again = words.again(now.opens_at, now.today or now.opens_at.date())
        return StatusScreen(words.camera_off, again, "clock")
    if now.camera is State.OFF and now.cause is Cause.CONSENT:
        return now.question or StatusScreen(
            words.camera_off, words.waits_for_consent, "camera_crossed"
        )
    if now.camera is State.OFF and now.cause is Cause.DESIRED:
        return StatusScreen(words.camera_off, words.office, "camera_crossed")
    if until := now.consent_until:
        detail = f"{words.consent_until.format(date=until)} {words.call_it.format(code='A1')}"
        return StatusScreen(words.consent_ends, detail, "clock")
    return None


def _fault(code: str | None, words: CrewWords) -> StatusScreen:
    # Most troubles end within seconds, so the words ask nobody to call IT at once.
    stays = f" {words.if_it_stays.format(code=code)}" if code else ""
    return StatusScreen(words.camera_trouble, words.lamp_works + stays, "wrench")
