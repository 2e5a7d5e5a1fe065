"""What may keep a device from its cloud: for each the code to say on the telephone, and what to do.

The panel's sentences are the crew's words, `panel/obstacle_screen.py`; the lamp's patterns are in
`lamp/patterns.py`. STORE.md has all three.
"""

from enum import Enum
from typing import NamedTuple


class _Told(NamedTuple):
    """What IT is told."""

    code: str
    said: str
    fix: str


class Obstacle(Enum):
    """In the order in which they must be mended: each hides those after it."""

    WIFI_OFF = _Told(
        "W3",
        "the Wi-Fi is switched off",
        "Write the country into likelight.txt, such as country = DE, or "
        "`sudo raspi-config nonint do_wifi_country DE`; then switch off and on.",
    )
    WIFI_UNSEEN = _Told(
        "W2",
        "no Wi-Fi of that name is in reach",
        "Compare ssid in likelight.txt with the access point's name, letter by letter; a name that "
        "is not sent out needs hidden = yes. Or move the two closer together.",
    )
    WIFI_REFUSED = _Told(
        "W1",
        "the Wi-Fi refuses this device's password",
        "Write ssid, security and passphrase into likelight.txt anew, then switch off and on; or "
        "on a USB stick.",
    )
    NO_LINK = _Told(
        "N5",
        "no cable is plugged in, and no Wi-Fi is set",
        "Plug in the network cable, or write the Wi-Fi into likelight.txt.",
    )
    NO_ADDRESS = _Told(
        "N4",
        "the network gives no address (DHCP)",
        "Restart the router. A network without DHCP needs address, gateway and dns in "
        "likelight.txt.",
    )
    NO_NAME = _Told(
        "N1",
        "the cloud's name is not found (DNS)",
        "Check the address in cloud = of likelight.txt, and let the network's name server know it.",
    )
    WRONG_TIME = _Told(
        "T1",
        "with this time no certificate is valid",
        "Let this device reach a time server: NTP, UDP port 123.",
    )
    LOG_IN = _Told(
        "N2",
        "something else answers for the cloud: a log-in page, or a filter",
        "Let this device past the log-in page: give its network address free access.",
    )
    NOT_SECURE = _Told(
        "N6",
        "what answers shows no good certificate for the cloud (TLS)",
        "Let this device reach the cloud without a proxy that opens its connections; an authority "
        "of your own goes into cloud.ca_file.",
    )
    NO_ANSWER = _Told(
        "C5",
        "the network is there, and the cloud does not answer",
        "Let TCP to the cloud out of the firewall; ask whoever runs the cloud whether it is up.",
    )
    CODE_USED = _Told(
        "C6",
        "another device has used the code of this card",
        "Confirm the code that the panel shows, or make a new one: "
        "`likelight-cloud kitchen code KID`.",
    )
    CODE_VOID = _Told(
        "C7",
        "the code of this card has expired, or a newer one ended it",
        "Confirm the code that the panel shows, or make a new one: "
        "`likelight-cloud kitchen code KID`.",
    )
    NOT_CLAIMED = _Told(
        "C3",
        "nobody has confirmed the code on the panel",
        "Read the code on the panel to IT, who types "
        "`likelight-cloud pairing confirm CODE KID` on the cloud's server.",
    )

    @property
    def code(self) -> str:
        """What to say on the telephone."""
        return self.value.code

    @property
    def said(self) -> str:
        """What it is, in words for IT."""
        return self.value.said

    @property
    def fix(self) -> str:
        """What to do, in a sentence or two."""
        return self.value.fix
