"""Whether an event was sent by who has the secret: one verifier, driven by a provider's profile.

A profile says where the signature is and what is signed: INGEST.md documents its file.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from string import Formatter
from typing import Annotated, Final, Literal

from multidict import CIMultiDict, CIMultiDictProxy
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

LEAST_SECRET = 16
"""Bytes of a secret: a shorter one could be guessed from one signed event."""

MOST_SECRET = 256

MOST_SIGNATURES = 16
"""In one request: a sender that changes its secret sends two."""

MOST_ID = 200

_PARTS: Final = frozenset({"id", "timestamp", "url", "body"})

Headers = CIMultiDict[str] | CIMultiDictProxy[str]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$", to_lower=True)]
Text = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,64}$")]
Place = Annotated[
    str,
    StringConstraints(
        pattern=r"^(header:[A-Za-z0-9-]{1,64}|body:[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7})$"
    ),
]
"""`header:NAME`, or `body:` and the path of a field of the body's JSON, `body:data.id`."""


class ProfileError(ValueError):
    """A profile can't be used; the message says what is wrong with it."""


class SignatureError(Exception):
    """A request is not what its sender has signed, or is too old; the message says which."""


def _parts_of(template: str) -> list[str]:
    parts = []
    for text, name, how, conversion in Formatter().parse(template):
        if text:
            parts.append(text)
        if name is None:
            continue
        if name not in _PARTS or how or conversion:
            raise ValueError(
                f"signed: {{{name}}} is not {{id}}, {{timestamp}}, {{url}} or {{body}}"
            )
        parts.append(f"{{{name}}}")
    return parts


class Profile(BaseModel):
    """How a provider signs: HMAC-SHA256 of the parts of `signed`, in their order.

    All of it that decides anything is signed: the body, and the id and the time, wherever they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    signature: HeaderName
    encoding: Literal["hex", "base64"]
    prefix: Text = ""
    """Before each signature; one without it is left out."""
    separator: Annotated[Text, Field(max_length=1)] = ""
    """Between several signatures in one header."""
    signed: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,200}$")]
    id: Place | None = None
    """None: an event has no id, and is known by all that is signed."""
    timestamp: Place
    """Seconds since 1970, or a time as RFC 3339 has it."""
    tolerance_s: Annotated[int, Field(ge=1, le=90_000)]
    """How many seconds that time may differ from ours."""
    key: Literal["text", "base64"] = "text"
    """How a secret is written."""
    key_prefix: Text = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """What is signed, in its order: `{id}`, `{timestamp}`, `{url}`, `{body}` and plain text."""
        return tuple(_parts_of(self.signed))

    @model_validator(mode="after")
    def _everything_is_signed(self) -> "Profile":
        parts = self.parts
        names = [part[1:-1] for part in parts if part.startswith("{")]
        if len(names) != len(set(names)):
            raise ValueError("signed: each part may be there once")
        if "body" not in names:
            raise ValueError("signed: without {body} anybody could change the event")
        for name, place in (("id", self.id), ("timestamp", self.timestamp)):
            in_header = place is not None and place.startswith("header:")
            if in_header and name not in names:
                raise ValueError(
                    f"{name} is in a header that is not signed: add {{{name}}} to signed"
                )
            if name in names and not in_header:
                raise ValueError(f"signed: {{{name}}} needs {name} to be in a header")
        neighbours = {frozenset(pair) for pair in pairwise(parts)}
        if frozenset({"{id}", "{timestamp}"}) in neighbours:
            raise ValueError(
                "signed: put something between {id} and {timestamp}, or digits can move"
            )
        return self

    def key_of(self, text: str) -> bytes:
        """Return the key that is written as `text`. Raises `ProfileError`."""
        bare = text.strip().removeprefix(self.key_prefix)
        try:
            key = base64.b64decode(bare, validate=True) if self.key == "base64" else bare.encode()
        except binascii.Error as error:
            raise ProfileError(f"a secret of {self.name} is base64, and this one is not") from error
        if not LEAST_SECRET <= len(key) <= MOST_SECRET:
            raise ProfileError(
                f"a secret has {LEAST_SECRET} to {MOST_SECRET} bytes, and this one has {len(key)}"
            )
        return key

    def new_secret(self) -> str:
        """Return a new secret of 256 random bits, written as the sender wants it."""
        if self.key == "base64":
            return self.key_prefix + base64.b64encode(secrets.token_bytes(32)).decode()
        return self.key_prefix + secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature proves: which event it is, and when it was sent."""

    id: bytes
    """A hash of its id."""
    at: datetime


def read_profile(text: str) -> Profile:
    """Return the profile in a file's `text`. Raises `ProfileError`."""
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"it is not TOML: {error}") from error
    except ValidationError as error:
        told = (
            ": ".join([*map(str, one["loc"]), one["msg"].removeprefix("Value error, ")])
            for one in error.errors(include_url=False, include_input=False)
        )
        raise ProfileError("; ".join(told)) from error


BUILT_IN: Final[Mapping[str, Profile]] = {
    path.stem: read_profile(path.read_text(encoding="utf-8"))
    for path in sorted(Path(__file__).with_name("profiles").glob("*.toml"))
}
"""The profiles that come with the cloud, by their names."""


def verify(
    profile: Profile,
    keys: Sequence[bytes],
    headers: Headers,
    *,
    url: str,
    body: bytes,
    now: datetime,
) -> Signed:
    """Return what is signed with one of `keys`, of which there are two in a rotation.

    `url` is the address as the sender was told it. Raises `SignatureError`.
    """
    given = _header(headers, profile.signature)
    values: dict[str, bytes] = {"url": _as_sent(url), "body": body}
    for name, place in (("id", profile.id), ("timestamp", profile.timestamp)):
        if place is not None and place.startswith("header:"):
            values[name] = _header(headers, place.removeprefix("header:"))
    message = b"".join(
        values[part[1:-1]] if part.startswith("{") else part.encode() for part in profile.parts
    )
    if not _is_signed(profile, keys, given, message):
        raise SignatureError(
            f"no signature in {profile.signature} is that of this request under the source's secret"
        )
    fields = _fields(profile, body)
    at = _time(values.get("timestamp", b"").decode(errors="replace") or fields["timestamp"])
    if abs(now - at) > timedelta(seconds=profile.tolerance_s):
        raise SignatureError(
            f"it was sent at {at:%Y-%m-%dT%H:%M:%SZ}, more than {profile.tolerance_s} s from now"
        )
    id = values.get("id", b"") or fields.get("id", "").encode() or message
    return Signed(hashlib.sha256(id).digest(), at)


def _header(headers: Headers, name: str) -> bytes:
    values = headers.getall(name, [])
    if len(values) != 1 or not values[0]:
        raise SignatureError(f"the header {name} must be there once")
    return _as_sent(values[0])


def _as_sent(text: str) -> bytes:
    """Return the bytes of which aiohttp has made `text`, in whatever encoding they were."""
    return text.encode(errors="surrogateescape")


def _is_signed(profile: Profile, keys: Sequence[bytes], given: bytes, message: bytes) -> bool:
    """Compare what is written, not what it means: of a text in base64 another may mean the same."""
    offered = given.split(profile.separator.encode()) if profile.separator else [given]
    if len(offered) > MOST_SIGNATURES:
        raise SignatureError(f"there are more than {MOST_SIGNATURES} signatures")
    right = [profile.prefix.encode() + _written(profile, key, message) for key in keys]
    return any(hmac.compare_digest(one, other) for one in offered for other in right)


def _written(profile: Profile, key: bytes, message: bytes) -> bytes:
    mac = hmac.new(key, message, hashlib.sha256)
    return mac.hexdigest().encode() if profile.encoding == "hex" else base64.b64encode(mac.digest())


def _fields(profile: Profile, body: bytes) -> Mapping[str, str]:
    """Return what the signed body says of its id and its time."""
    places = {"id": profile.id, "timestamp": profile.timestamp}
    wanted = {
        name: place.removeprefix("body:").split(".")
        for name, place in places.items()
        if place is not None and place.startswith("body:")
    }
    if not wanted:
        return {}
    try:
        whole: object = from_json(body)
    except ValueError as error:
        raise SignatureError("the body is not JSON") from error
    return {name: _field(whole, path) for name, path in wanted.items()}


def _field(value: object, path: Sequence[str]) -> str:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if (
        isinstance(value, bool)
        or not isinstance(value, str | int)
        or len(str(value)) > MOST_ID
        or value == ""
    ):
        raise SignatureError(f"the body has no {'.'.join(path)}")
    return str(value)


def _time(text: str) -> datetime:
    try:
        if re.fullmatch(r"[0-9]{1,11}", text):
            return datetime.fromtimestamp(int(text), UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SignatureError(
            "its time is neither seconds since 1970 nor a time as RFC 3339 has it"
        ) from error
