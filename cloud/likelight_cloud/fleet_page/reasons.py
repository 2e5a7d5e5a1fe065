"""Why a kitchen needs somebody, and what that person does, in one sentence.

The reader stands in a shop, and need not be a technician. A device sends ids; the words are here.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from likelight.contract import Health
from likelight.contract.figures import (
    FULL_MB,
    SLOWED,
    THROTTLES_C,
    UNDERVOLTAGE,
    WARN_BEFORE_REVIEW,
    WEAK_DBM,
)
from likelight_cloud.store.signals import SignalKind


class Words(NamedTuple):
    """What is wrong, in a few words, and what to do, as one sentence."""

    what: str
    to_do: str


CLOCK_OFF_MS: Final = 60_000

_CALL_IT: Final = "Call IT, and say that the box in the kitchen reports"
_AGAIN: Final = "Pull the box's plug, wait 10 seconds, put it back, and call IT if this stays"


OFFLINE: Final = Words(
    "Nothing is heard of it",
    "Look whether the box in the kitchen has power and its network cable or Wi-Fi works, and read "
    "what its screen says.",
)
INTERRUPTED: Final = Words(
    "Somebody watches, and no picture arrives",
    "Look whether the internet in the shop is slow for others, too, and restart the shop's router "
    "if it is.",
)
CAMERA: Final = Words(
    "The camera does not work",
    "Look whether the camera's cable is firmly in at both ends, then pull the box's plug, wait "
    "10 seconds, and put it back.",
)

OF_SIGNAL: Final[dict[SignalKind, tuple[str, Words]]] = {
    SignalKind.LAMP: (
        "likes-not-lit",
        Words(
            "Viewers like, and the lamp lights none of it",
            "Look whether the lamp is lit, and whether its plug and cable are firmly in.",
        ),
    ),
    SignalKind.PICTURES: ("interrupted", INTERRUPTED),
    SignalKind.QUIET: (
        "quiet-week",
        Words(
            "No like and no note has come for a week",
            "Look whether guests can find the page, by the code in the shop or the link on the "
            "order page.",
        ),
    ),
}
"""By what the cloud itself has found out: the id and the words. A spike needs nobody."""

WORDS: Final[dict[str, Words]] = {
    "camera": CAMERA,
    "lamp": Words(
        "The lamp does not work",
        "Look whether the lamp's plug and cable are firmly in, then pull the box's plug, wait 10 "
        "seconds, and put it back.",
    ),
    "display": Words(
        "The screen does not work",
        "Look whether the screen's cable is firmly in, then pull the box's plug, wait 10 seconds, "
        "and put it back.",
    ),
    "on-air-light": Words(
        "The ON AIR light does not work",
        "Look whether the ON AIR light's cable is firmly in; until it works the camera stays off.",
    ),
    "thanks-button": Words(
        "The THANKS button is stuck",
        "Wipe the THANKS button and look whether something presses on it or its cable is loose.",
    ),
    "privacy-button": Words(
        "The PRIVACY button can't be read",
        "Wipe the PRIVACY button and look whether something presses on it or its cable is loose.",
    ),
    "disk-full": Words("Its memory card is full", f"{_CALL_IT} a full memory card."),
    "disk-read-only": Words(
        "Its memory card is worn out",
        "Ask IT for a new memory card for the box, and change it.",
    ),
    "store-in-memory": Words(
        "It can't store anything", f"{_CALL_IT} that it forgets everything when it is switched off."
    ),
    "state-dir": Words(
        "It can't store anything", f"{_CALL_IT} that its state directory can't be used."
    ),
    "cloud-store": Words("Its own database is damaged", f"{_CALL_IT} a damaged database."),
    "store-damaged": Words(
        "Its memory was damaged, and it began a new one",
        "Ask the crew to press PRIVACY once when they are ready, and IT to check the memory card.",
    ),
    "kitchen-changed": Words(
        "It was another kitchen before",
        "Record the consent of this crew with IT, and let the crew press PRIVACY once.",
    ),
    "config": Words("A setting is wrong", f"{_CALL_IT} a mistake in its configuration."),
    "address": Words("Its page has no address", f"{_CALL_IT} that its port or address is taken."),
    "boot-text": Words(
        "The file on its memory card has a mistake",
        f"{_CALL_IT} what the box's screen says of likelight.txt.",
    ),
    "language": Words(
        "It can't write the crew's language",
        f"{_CALL_IT} that the letters of the crew's language are missing.",
    ),
    "brand-notes": Words("The brand's notes can't be used", f"{_CALL_IT} a mistake in the notes."),
    "catalogue": Words(
        "It refuses the new notes, and goes on with those before",
        "Tell IT that the box refuses the new notes, and that its log says which note is wrong.",
    ),
    "push-url": Words(
        "Its stream to a media server has a wrong address", f"{_CALL_IT} a wrong push address."
    ),
    "not-paired": Words("It has no token", "Tell IT the code that the box's screen shows."),
    "pairing-refused": Words(
        "It was refused", "Ask IT which kitchen this box is, and read its screen's code to them."
    ),
    "cloud-offline": Words("It does not reach the cloud", OFFLINE.to_do),
    "cloud-refused": Words("Its token is refused", f"{_CALL_IT} that the cloud refuses its token."),
    "cloud-superseded": Words(
        "Two boxes say that they are this kitchen",
        f"{_CALL_IT} that a second box has a copy of its memory card.",
    ),
    "clock": Words(
        "Its clock is not set",
        "Ask who runs the shop's network to let the box reach a time server (UDP port 123).",
    ),
    "consent": Words(
        "The crew's consent is missing, or is to be looked at again",
        "Talk to the crew about the camera, and record with IT what they decide.",
    ),
    "power": Words(
        "Its power is too low",
        "Use the power supply that came with the box, and plug it straight into the wall.",
    ),
    "board": Words(
        "Its settings are for another box",
        f"{_CALL_IT} that its settings name another model of Raspberry Pi.",
    ),
    "camera-memory": Words(
        "It has little memory for pictures", f"{_CALL_IT} too little memory for its camera."
    ),
    "time-zone": Words(
        "It does not know what time it is in the kitchen",
        f"{_CALL_IT} that its time zone is not set.",
    ),
    "state-lasts": Words(
        "It forgets everything when it is switched off",
        f"{_CALL_IT} that what it stores does not last.",
    ),
    "disk-space": Words(
        "Its memory card is almost full", f"{_CALL_IT} a memory card that is almost full."
    ),
    "disk-health": Words(
        "Its memory card has errors, or is almost worn out",
        "Ask IT for a new memory card for the box, and change it.",
    ),
    "watchdog-board": Words(
        "It would not restart by itself if it hung",
        f"{_CALL_IT} that its hardware watchdog is off.",
    ),
    "route": Words(
        "It has no way out of the shop's network",
        "Look whether the box's network cable or Wi-Fi works, and restart the shop's router.",
    ),
    "heat": Words(
        "It is too hot, and slowed down",
        "Move the box away from the oven and other heat, and let air reach all its sides.",
    ),
    "wifi-signal": Words(
        "Its Wi-Fi is weak",
        "Move the box or the router so that no steel is between them, or use a network cable.",
    ),
    "simulated": Words(
        "Not all of its lamp, screen, buttons and camera are real",
        f"{_CALL_IT} simulated hardware.",
    ),
    "tls": Words(
        "Its connection to the cloud is not secure",
        f"{_CALL_IT} a fault of its secure connection (TLS).",
    ),
    "clock-off": Words(
        "Its clock is wrong",
        "Ask who runs the shop's network to let the box reach a time server (UDP port 123).",
    ),
}
"""By the ids of the device's health (METRICS.md there) and of the doctor's checks."""

_SAME_AS: Final = {
    "boot-volume": "boot-text",
    "camera-present": "camera",
    "configuration": "config",
    "notes": "brand-notes",
    "port": "address",
}
"""The doctor's checks of what the device's health has under another id."""


def words_of(id: str) -> Words:
    """Return the words of what a device calls `id`, also one that a newer device has."""
    return WORDS.get(_SAME_AS.get(id, id)) or Words(f"It reports {id}", f"{_AGAIN}, and say: {id}.")


def of_health(health: Health, today: date) -> Iterator[str]:
    """Yield the ids of what is not well, the most urgent first."""
    findings = health.findings or ()
    flags = health.throttled or 0
    yield from (one.id for one in findings if one.level == "fail")
    if flags & UNDERVOLTAGE:
        yield "power"
    if flags & SLOWED or (health.temp_c is not None and health.temp_c >= THROTTLES_C):
        yield "heat"
    if health.disk_free_mb is not None and health.disk_free_mb < FULL_MB:
        yield "disk-space"
    if health.clock_skew_ms is not None and abs(health.clock_skew_ms) > CLOCK_OFF_MS:
        yield "clock-off"
    if health.rssi is not None and health.rssi < WEAK_DBM:
        yield "wifi-signal"
    if health.consent_review is not None and health.consent_review < today + WARN_BEFORE_REVIEW:
        yield "consent"
    yield from (one.id for one in findings if one.level == "warn")
