"""What needs somebody, in words, and what that person does, in one sentence.

The reader stands in a shop, and need not be a technician. A device sends ids; the words are here.
"""

from typing import Final, NamedTuple

from likelight_cloud.store.signals import SignalKind


class Words(NamedTuple):
    """What is wrong, in a few words, and what to do, as one sentence."""

    what: str
    to_do: str


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
    "lgpio": Words(
        "It can't switch its lamp, ON AIR light and buttons",
        f"{_CALL_IT} that the program for its pins (lgpio) is missing.",
    ),
    "gpio-node": Words(
        "It can't switch its lamp, ON AIR light and buttons",
        f"{_CALL_IT} that it may not use its pins.",
    ),
    "pins-free": Words(
        "Another program uses the wires of its lamp, ON AIR light or buttons",
        f"{_CALL_IT} that another program holds one of its pins.",
    ),
    "pigpiod": Words(
        "Another program may switch its lamp, too", f"{_CALL_IT} that pigpiod runs on it."
    ),
    "strict-gpiod": Words(
        "Its ON AIR light could stay lit after its program ended",
        f"{_CALL_IT} that strict_gpiod is not set.",
    ),
    "pwm-overlay": Words(
        "Its lamp stays dark", f"{_CALL_IT} that the overlay for its lamp's PWM is missing."
    ),
    "pwm-audio": Words(
        "Sound makes its lamp flicker", f"{_CALL_IT} that sound uses its lamp's PWM."
    ),
    "ws2812-kernel": Words(
        "Its system is too old for its lamp",
        f"{_CALL_IT} a kernel that is too old for its WS2812 lamp.",
    ),
    "leds-node": Words("Its lamp stays dark", f"{_CALL_IT} that it may not use its LED chain."),
    "udev-rules": Words(
        "It may not use its lamp or its screen's light",
        f"{_CALL_IT} that likelight's udev rules are missing.",
    ),
    "panel-library": Words(
        "Its screen stays dark", f"{_CALL_IT} that the program for its screen is missing."
    ),
    "i2c-node": Words("Its screen stays dark", f"{_CALL_IT} that its I²C bus is off."),
    "i2c-speed": Words("Its screen changes slowly", f"{_CALL_IT} that its I²C bus is slow."),
    "spi-node": Words("Its screen stays dark", f"{_CALL_IT} that its SPI bus is off."),
    "framebuffer-size": Words(
        "Its screen's picture has the wrong size",
        f"{_CALL_IT} that its settings name another screen.",
    ),
    "camera-library": Words(
        "It can't use its camera", f"{_CALL_IT} that the program for its camera is missing."
    ),
    "apt-libraries": Words(
        "Programs for its camera and its pins are of another system",
        f"{_CALL_IT} that pip has put other libraries before apt's.",
    ),
    "fonts": Words("Its screen may lack letters", f"{_CALL_IT} that its fonts are damaged."),
    "service": Words("Its program does not run as it should", f"{_AGAIN}."),
    "service-groups": Words(
        "Its program may not start again", f"{_CALL_IT} that a group of its service is missing."
    ),
    "one-daemon": Words("Its program runs twice", f"{_AGAIN}."),
    "state-owner": Words(
        "It can't change all of its own files",
        f"{_CALL_IT} that some of its files belong to another account.",
    ),
    "watchdog-service": Words(
        "Its program would not start again by itself if it hung",
        f"{_CALL_IT} that its service has no watchdog.",
    ),
    "secret-files": Words(
        "The files with its secrets are open to others, or closed to itself",
        f"{_CALL_IT} wrong permissions of its secret files.",
    ),
    "named-files": Words(
        "It can't read a file that its settings name",
        f"{_CALL_IT} that it may not read a file that its settings name.",
    ),
    "boot-secrets": Words(
        "A password is left on its memory card",
        "Let nobody take the memory card out of the box, and ask IT to remove the password from "
        "it.",
    ),
    "local-network": Words(
        "The shop's network does not let it in",
        "Look whether the box's network cable or Wi-Fi works, and tell IT what its screen says.",
    ),
    "wifi-power-save": Words(
        "Its Wi-Fi pauses to save power",
        f"{_CALL_IT} that the power saving of its Wi-Fi is on; a network cable helps, too.",
    ),
    "dns": Words(
        "The shop's network does not find the cloud's name",
        "Ask who runs the shop's network to let the box look up names (DNS).",
    ),
    "cloud": Words(
        "Its test of the cloud did not go well",
        f"{_CALL_IT} that its doctor found trouble with the cloud.",
    ),
    "upload": Words(
        "Its pictures can't reach the cloud",
        "Ask who runs the shop's network to let the box's pictures out (WebSockets).",
    ),
}
"""By the ids of the device's health (METRICS.md there) and of the doctor's checks."""

SAME_AS: Final = {
    "boot-volume": "boot-text",
    "camera-present": "camera",
    "configuration": "config",
    "framebuffer-node": "display",
    "i2c-panel": "display",
    "notes": "brand-notes",
    "port": "address",
    "shaping": "language",
}
"""The doctor's checks of what the device's health has under another id."""


def words_of(id: str) -> Words:
    """Return the words of what a device calls `id`, also one that a newer device has."""
    return WORDS.get(SAME_AS.get(id, id)) or Words(f"It reports {id}", f"{_AGAIN}, and say: {id}.")
