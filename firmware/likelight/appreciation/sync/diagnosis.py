"""From what a device sees of its network and its cloud to the one thing that must be mended first:
a pure function."""

from dataclasses import dataclass
from typing import Final

from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.sync.client import FailureKind
from likelight.runtime.network_manager import Link

_ORDER: Final = tuple(Obstacle)
_OF_LINK: Final = {
    Link.WIFI_OFF: Obstacle.WIFI_OFF,
    Link.WIFI_UNSEEN: Obstacle.WIFI_UNSEEN,
    Link.WIFI_REFUSED: Obstacle.WIFI_REFUSED,
    Link.NOTHING: Obstacle.NO_LINK,
    Link.NO_ADDRESS: Obstacle.NO_ADDRESS,
    Link.LOG_IN: Obstacle.LOG_IN,
}
_OF_FAILURE: Final = {
    FailureKind.NETWORK: Obstacle.NO_ANSWER,
    FailureKind.NAME_SERVER: Obstacle.NO_ANSWER,
    FailureKind.DNS: Obstacle.NO_NAME,
    FailureKind.CLOCK: Obstacle.WRONG_TIME,
    FailureKind.INTERCEPTED: Obstacle.LOG_IN,
    FailureKind.CERTIFICATE: Obstacle.NOT_SECURE,
    FailureKind.CLOUD: Obstacle.NO_ANSWER,
}
"""A file of the configuration that can't be used has words of its own."""
_SOMETHING_ANSWERED: Final = (
    FailureKind.DNS,
    FailureKind.CLOCK,
    FailureKind.INTERCEPTED,
    FailureKind.CERTIFICATE,
    FailureKind.CLOUD,
)
_THERE: Final = (Link.UP, Link.LOG_IN)


@dataclass(frozen=True, slots=True)
class Observed:
    """What a device sees on the way to its cloud; None is what it does not know, or finds well."""

    link: Link | None = None
    """The local network, as NetworkManager reports it."""
    failure: FailureKind | None = None
    """How the last question to the cloud failed; None once one was answered."""
    code: Obstacle | None = None
    """What the cloud said of the code that came with the card."""
    waits_for_operator: bool = False
    """An operator has not confirmed this device, or has refused it."""


def diagnose(seen: Observed) -> Obstacle | None:
    """Return what must be mended first; None where nothing is in the way, or nothing is known."""
    return min(_found(seen), key=_ORDER.index, default=None)


def _found(seen: Observed) -> set[Obstacle]:
    found = {seen.code} if seen.code else set()
    if seen.waits_for_operator:
        found.add(Obstacle.NOT_CLAIMED)
    if seen.failure in _OF_FAILURE:
        found.add(_OF_FAILURE[seen.failure])
    if seen.failure is FailureKind.NAME_SERVER and seen.link in _THERE:
        found.add(Obstacle.NO_NAME)
    # What has answered came by some link: a cable carries all where the Wi-Fi fails.
    if seen.link in _OF_LINK and seen.failure not in _SOMETHING_ANSWERED:
        found.add(_OF_LINK[seen.link])
    return found
