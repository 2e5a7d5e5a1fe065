"""How a device becomes a kitchen's: what it and the cloud say to each other, and the code itself.

The device draws its own token and keeps it; the cloud gets a checksum of it alone.
"""

import re
import secrets
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from likelight.contract import KitchenId, KitchenName, Wire

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U, which are taken for others."""
_LENGTH = 26
"""Of 5 bits each: at least 128."""
_GROUP = 4
_MISREAD = str.maketrans("ILO", "110")
_BETWEEN = re.compile(r"[\s\u00ad\u2010-\u2015-]")
"""What stands between the groups, also once a word processor has had them."""


def new_code() -> str:
    """Return an enrolment code, in groups of four, as people read it."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def code_of(typed: str) -> str:
    """Return the code that somebody has typed, without what is between its groups.

    Raises `ValueError` in words that do not repeat it.
    """
    code = _BETWEEN.sub("", typed).upper().translate(_MISREAD)
    if len(code) != _LENGTH:
        raise ValueError(
            f"an enrolment code has {_LENGTH} letters and digits, and this has {len(code)}"
        )
    if not set(code) <= set(_LETTERS):
        raise ValueError("an enrolment code has letters and digits only, and no U")
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


class EnrolReply(Wire):
    """Which kitchen the device is now."""

    kid: KitchenId
    name: KitchenName
