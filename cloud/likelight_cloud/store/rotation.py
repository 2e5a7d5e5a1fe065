"""How far a kitchen's device is on its way to a new token, in both stores."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from likelight.contract import Desired


class RotationStep(StrEnum):
    """What has happened last."""

    ASKED = "asked"
    """The device is asked to draw a new token, and has not answered yet."""
    HALF_WAY = "half-way"
    """A new token is valid beside the one before, until a device has come with it twice."""
    DONE = "done"
    """The new token alone is valid."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """The last step of a kitchen's rotation, and when it was."""

    step: RotationStep
    at: datetime


class Taken(Enum):
    """What became of a token that a device has drawn."""

    NOT = "not"
    """It was not asked for, or came under one that is not valid."""
    BEFORE = "before"
    """It is valid already: the reply was lost."""
    NOW = "now"


def may_take(desired: Desired, valid: Collection[bytes], under: bytes) -> bool:
    """Return whether a device that has come with the token `under` may bring a new one.

    Each rotation takes one: a thief of a token can't bring another one at any other time.
    """
    return desired.rotate and under in valid
