"""A device that shows a code until an operator confirms it, in both stores."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from likelight.contract.enrolment import PairingState

OPEN_FOR = timedelta(minutes=15)
"""How long a code may be confirmed; and how long its device may still ask what became of it."""
MOST_OPEN = 1000
MOST_OPEN_OF_A_PLACE = 100
"""A workshop with 30 new devices, some of them restarted; the others are left for other places."""
KEPT_OF_A_DEVICE = 2
"""Open pairings of one token: the daemon's own and `likelight pair`'s."""

MOST_WRONG = 5
LOCKED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class NewPairing:
    """A device that asks to be paired: hashes of both codes and of its token, and what an operator
    sees of it."""

    device_hash: bytes
    user_hash: bytes
    token_hash: bytes
    serial: str
    sw: str
    place: str
    """The network that it asks from, as `prefix_words` has it."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """A pairing as it is stored. `kid` and `name` are the kitchen's once it is confirmed."""

    serial: str
    sw: str
    place: str
    asked_at: datetime
    expires_at: datetime
    refused: bool
    kid: str | None
    name: str | None

    @property
    def state(self) -> PairingState:
        """What the operator has decided."""
        if self.refused:
            return PairingState.REFUSED
        return PairingState.PENDING if self.kid is None else PairingState.CONFIRMED


@dataclass(frozen=True, slots=True)
class WrongCode:
    """No device shows this code; or the operator, after too many wrong ones, is locked out."""

    tries_left: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Tries:
    """The wrong codes that an operator has typed, and when the last of them."""

    wrong: int
    last_at: datetime

    def at(self, now: datetime) -> WrongCode:
        """Return what they mean `now`."""
        end = self.last_at + LOCKED_FOR
        wrong = self.wrong if now < end else 0
        return WrongCode(max(0, MOST_WRONG - wrong), end if wrong >= MOST_WRONG else None)
