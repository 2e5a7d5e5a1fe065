"""How a device becomes a kitchen's, and takes another token: what it and the cloud say to each
other, and the codes.

The device draws its own token and keeps it; the cloud gets a checksum of it alone.
"""

import re
import secrets
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from likelight.contract import KitchenId, KitchenName, Wire

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U, which are taken for others."""
_LENGTH = 26
"""Of 5 bits each: at least 128."""
_USER_LENGTH = 8
"""40 bits: enough where an operator has five tries, and a code ends after 15 minutes."""
_GROUP = 4
_MISREAD = str.maketrans("ILO", "110")
_BETWEEN = re.compile(r"[\s\u00ad\u2010-\u2015-]")
"""What stands between the groups, also once a word processor has had them."""


def new_code() -> str:
    """Return an enrolment code, in groups of four, as people read it."""
    return _drawn(_LENGTH)


def new_user_code() -> str:
    """Return a code for a device to show, in groups of four, as people read it."""
    return _drawn(_USER_LENGTH)


def code_of(typed: str) -> str:
    """Return the enrolment code that somebody has typed, without what is between its groups.

    Raises `ValueError` in words that do not repeat it.
    """
    return _read(typed, "an enrolment code", _LENGTH)


def user_code_of(typed: str) -> str:
    """Return the code of a device that somebody has typed, as `code_of` does."""
    return _read(typed, "a device's code", _USER_LENGTH)


def _drawn(length: int) -> str:
    code = "".join(secrets.choice(_LETTERS) for _ in range(length))
    return "-".join(code[at : at + _GROUP] for at in range(0, length, _GROUP))


def _read(typed: str, what: str, length: int) -> str:
    code = _BETWEEN.sub("", typed).upper().translate(_MISREAD)
    if len(code) != length:
        raise ValueError(f"{what} has {length} letters and digits, and this has {len(code)}")
    if not set(code) <= set(_LETTERS):
        raise ValueError(f"{what} has letters and digits only, and no U")
    return code


Checksum = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256, as `sha256sum` writes it."""
Printable = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,64}$")]


class DeviceFacts(Wire):
    """Which device asks, for the operator's eyes."""

    serial: Printable
    sw: Printable


class EnrolRequest(Wire):
    """Body of `POST /v1/enrol`."""

    code: Annotated[str, StringConstraints(max_length=128), AfterValidator(code_of)]
    token_sha256: Checksum
    device: DeviceFacts


class TokenRequest(Wire):
    """Body of `POST /v1/kitchens/{kid}/token`, and of its reply, which repeats it."""

    token_sha256: Checksum


class EnrolReply(Wire):
    """Which kitchen the device is now."""

    kid: KitchenId
    name: KitchenName


class PairingRequest(Wire):
    """Body of `POST /v1/pairing`."""

    token_sha256: Checksum
    device: DeviceFacts


class PairingOffer(Wire):
    """Two codes: the device keeps one, by which it asks again, and shows the other."""

    device_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22,64}$")]
    user_code: Annotated[str, StringConstraints(pattern=rf"^[{_LETTERS}]{{4}}-[{_LETTERS}]{{4}}$")]
    interval: Annotated[int, Field(ge=1, le=60)]
    """The least time between two questions, in seconds."""
    expires_in: Annotated[int, Field(ge=1, le=900)]
    """How long an operator may confirm it, in seconds from the reply on."""


class PairingState(StrEnum):
    """What the operator has decided."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class PairingAnswer(Wire):
    """What became of a pairing; which kitchen the device is once it is confirmed."""

    state: PairingState
    kid: KitchenId | None = None
    name: KitchenName | None = None

    @model_validator(mode="after")
    def _names_a_kitchen(self) -> Self:
        if self.state is PairingState.CONFIRMED and (self.kid is None or self.name is None):
            raise ValueError("a confirmed pairing has the kitchen's kid and name")
        return self
