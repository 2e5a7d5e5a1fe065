"""What becomes of an enrolment code, in both stores."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class CodeRefusal(Enum):
    """Why a code enrols no device."""

    UNKNOWN = "unknown"
    """Never drawn, or a newer one took its place, or its kitchen was removed."""
    USED = "used"
    """By a device with another token."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The kitchen whose device has proved itself with a code."""

    kid: str
    name: str


@dataclass(frozen=True, slots=True)
class Code:
    """An enrolment code as it is stored: its hash alone, beside that of the token that used it."""

    expires_at: datetime
    token_hash: bytes | None

    def refusal(self, token_hash: bytes, at: datetime) -> CodeRefusal | None:
        """Return why a device with this token may not use the code at `at`; None when it may.

        The device that has used it may ask again for ever: the first reply may have been lost.
        """
        if self.token_hash == token_hash:
            return None
        if self.token_hash is not None:
            return CodeRefusal.USED
        return CodeRefusal.EXPIRED if at >= self.expires_at else None
